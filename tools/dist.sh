#!/bin/sh
# SPDX-License-Identifier: ISC
# dist.sh BUILD NAME: BUILD/NAME.tar.gz, what git tracks plus configure, the same bytes for the same sources.
set -eu
build=$1 name=$2
rm -rf "$build/dist"
mkdir -p "$build/dist/$name"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files -z | tar -c --null -T - | tar -x -C "$build/dist/$name"
	when=$(git log -1 --format=%ct)
else
	# Inside a release archive: all but what was built.
	tar -c --exclude="./$build" --exclude='./build*' --exclude=./config.mk --exclude=./config.log --exclude=./config.status . |
	    tar -x -C "$build/dist/$name"
	when=$(stat -c %Y configure.ac)
fi
cp configure "$build/dist/$name/configure"
# configure must look newer than configure.ac, or make would want autoconf.
find "$build/dist/$name" -exec touch -d "@$when" {} +
touch -d "@$((when + 1))" "$build/dist/$name/configure"
tar -C "$build/dist" --sort=name --owner=0 --group=0 --numeric-owner -c "$name" | gzip -9n >"$build/$name.tar.gz"
rm -rf "$build/dist"
echo "$build/$name.tar.gz"
