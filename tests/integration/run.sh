#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILDDIR [PATTERN]: the real program against real servers on loopback; TAP on stdout, 1 when a test failed.
# PATTERN picks the tests whose name contains it.  KEEP_BED=1 leaves the servers' files behind.
# LONG=1 kills and reloads the daemon as often as a release wants it (200 and 1,000 times).
here=$(dirname "$0")
exec python3 -B "$here/main.py" "${1:-build}" "${2:-}"
