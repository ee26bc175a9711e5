#!/bin/sh
# SPDX-License-Identifier: ISC
# coverage.sh BUILD: lines run by the tests, a file and a room a line; the annotated sources are in BUILD/gcov.
set -eu
build=$(cd "$1" && pwd)
mkdir -p "$build/gcov"
root=$(pwd)
cd "$build/gcov"
find "$build/obj/src" -name '*.gcno' | while read -r notes; do
	gcov -p -r -s "$root" -o "$(dirname "$notes")" "$notes" 2>/dev/null
done | awk '
/^File / { file = $0; gsub(/^File .|.$/, "", file) }
/^Lines executed:/ && file ~ /^src\/.*\.c$/ {
	split($0, part, /[:% ]+/)
	percent = part[3]; lines = part[5]
	printf "%6.1f %%  %5d  %s\n", percent, lines, file
	split(file, dir, "/")
	hit[dir[2]] += percent * lines / 100; all[dir[2]] += lines
	file = ""
}
END {
	for (room in all) {
		printf "%6.1f %%  %5d  room %s\n", 100 * hit[room] / all[room], all[room], room
		h += hit[room]; a += all[room]
	}
	if (a) printf "%6.1f %%  %5d  total\n", 100 * h / a, a
}' | sort -k4,4 -k3
