#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILDDIR [PATTERN]: the real program against real servers on loopback; TAP on stdout, 1 when a test failed.
# PATTERN picks the tests whose name contains it.  KEEP_BED=1 leaves the servers' files behind.
here=$(dirname "$0")
exec python3 -B "$here/main.py" "${1:-build}" "${2:-}"
