#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILD: what make install installs, as a service under a real systemd.  TAP.  guest.py is what runs inside.
set -u
build=${1:-build} name=install
. tests/systemd/boot.sh

# A unit directory that every systemd looks into; where it goes otherwise is the business of make distcheck.
${MAKE:-make} --no-print-directory BUILD="$build" DESTDIR="$root" systemdsystemunitdir=/etc/systemd/system install \
    >"$log/install.log" 2>&1 || { echo "not ok 1 - make install"; sed 's/^/# /' "$log/install.log"; exit 1; }
boot guest.py
