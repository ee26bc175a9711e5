#!/bin/sh
# SPDX-License-Identifier: ISC
# deb.sh BUILD NAME: makes the Debian packages of BUILD/NAME.tar.gz in BUILD/deb, and has lintian look at them.
set -eu
build=$(cd "$1" && pwd) name=$2
dir=$build/deb
rm -rf "$dir"
mkdir -p "$dir"
tar -C "$dir" -xzf "$build/$name.tar.gz"
# Our own make must not hand its flags and variables down.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD CONFIG || :

of_changelog=$(dpkg-parsechangelog -l "$dir/$name/debian/changelog" -S Version)
[ "m365dnsd-$of_changelog" = "$name" ] || { echo "deb: debian/changelog says $of_changelog, configure.ac ${name#*-}" >&2; exit 1; }
cd "$dir/$name"
dpkg-buildpackage -us -uc -ui >"$dir/build.log" 2>&1 || { tail -n 40 "$dir/build.log" >&2; exit 1; }
cd "$dir"
rm -rf "${dir:?}/$name"
command -v lintian >/dev/null || { echo 'deb: lintian is not installed, so nobody has looked at the packages' >&2; exit 0; }
lintian --fail-on error,warning --allow-root m365dnsd_*.changes
ls "$dir"/*.deb
