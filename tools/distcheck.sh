#!/bin/sh
# SPDX-License-Identifier: ISC
# distcheck.sh BUILD NAME: does the archive build where nothing may be written to the sources and there is no autoconf,
# pass its tests, install below DESTDIR, and leave nothing but the configuration when it is uninstalled?
set -eu
build=$(cd "$1" && pwd) name=$2
work=$build/distcheck
[ ! -d "$work" ] || { chmod -R u+w "$work"; rm -rf "$work"; }
mkdir -p "$work/out"
tar -C "$work" -xzf "$build/$name.tar.gz"
chmod -R a-w "$work/$name"
# Our own make must not hand its flags and variables down.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD CONFIG || :
export AUTOCONF=false

step() {
	echo "distcheck: $*"
}
die() {
	echo "distcheck: $*" >&2
	exit 1
}

jobs=$(nproc 2>/dev/null || echo 1)
cd "$work/out"
step configure outside the source tree
"../$name/configure" --prefix=/usr --enable-werror >configure.log || { cat configure.log; exit 1; }
step build and test
make -j"$jobs" >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
make -j"$jobs" check-all
step install
make install DESTDIR="$work/root" >install.log
for f in usr/lib/nagios/plugins/check_m365dnsd usr/share/man/man8/m365dnsd.8 usr/share/man/man5/m365dnsd.conf.5 usr/share/man/man7/m365dnsd-findings.7 etc/m365dnsd/m365dnsd.conf etc/m365dnsd/conf.d \
    usr/share/bash-completion/completions/m365dnsd usr/share/zsh/site-functions/_m365dnsd \
    usr/share/m365dnsd/prometheus/rules.yml usr/share/m365dnsd/grafana/m365dnsd.json; do
	[ -e "$work/root/$f" ] || die "$f was not installed"
done
units=$(sed -n 's/^systemdsystemunitdir = //p' config.mk)
if [ -n "$units" ]; then
	grep -q '^ExecStart=/usr/sbin/m365dnsd$' "$work/root$units/m365dnsd.service" || die 'the unit does not start the program'
	[ -e "$work/root$units/m365dnsd.socket" ] || die 'm365dnsd.socket was not installed'
fi
if [ -x build/m365dnsd ]; then
	"$work/root/usr/sbin/m365dnsd" --version
fi
echo '# mine' >>"$work/root/etc/m365dnsd/m365dnsd.conf"
make install DESTDIR="$work/root" >>install.log
grep -q '^# mine$' "$work/root/etc/m365dnsd/m365dnsd.conf" || die 'a second installation overwrote the configuration'
step uninstall
make uninstall DESTDIR="$work/root" >>install.log
left=$(find "$work/root" -type f)
[ "$left" = "$work/root/etc/m365dnsd/m365dnsd.conf" ] || die "left behind: $left"
make clean >/dev/null
cd "$build"
chmod -R u+w "$work"
rm -rf "$work"
echo "distcheck: $name.tar.gz is fit to be released"
