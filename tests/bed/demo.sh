#!/bin/sh
# SPDX-License-Identifier: ISC
# demo.sh BUILDDIR [--watch]: contoso.test goes live on a small Internet of real servers on loopback.  `make demo` calls it.
set -e
here=$(dirname "$0")
exec python3 -B "$here/demo.py" "$@"
