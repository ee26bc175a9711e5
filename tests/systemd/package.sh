#!/bin/sh
# SPDX-License-Identifier: ISC
# package.sh BUILD: the Debian packages of BUILD/deb are installed, upgraded, removed and purged under a real systemd.  TAP.
# guest_package.py is what runs inside.
set -u
build=${1:-build} name=package
ls "$build"/deb/m365dnsd_*.deb >/dev/null 2>&1 || { echo '1..0 # SKIP there is no package (make deb)'; exit 0; }
. tests/systemd/boot.sh

mkdir "$root/packages"
cp "$build"/deb/m365dnsd_*.deb "$root/packages/m365dnsd.deb"
cp "$build"/deb/monitoring-plugins-m365dnsd_*.deb "$root/packages/plugin.deb"
cp debian/tests/command debian/tests/service "$root/packages/"
# The next version is the same files with a higher number.
next=$dir/next
dpkg-deb -R "$root/packages/m365dnsd.deb" "$next"
sed -i 's/^Version: .*/&+next/' "$next/DEBIAN/control"
dpkg-deb -Znone --root-owner-group -b "$next" "$root/packages/next.deb" >"$log/next.log" 2>&1 || cat "$log/next.log"
# A machine that is a container itself may forbid its packages to start anything.
rm -f "$root/usr/sbin/policy-rc.d"
boot guest_package.py
