#!/bin/sh
# SPDX-License-Identifier: ISC
# lint-layers.sh: prints each include that breaks the layers.  Rooms know the rooms below them and nobody above; a
# library is known in one place; tests may look at anything.  The tables are those of ARCHITECTURE.md.
set -u

# room: the faces it may include besides its own
rooms() {
	cat <<-'END'
	base
	dns base
	conf base dns
	plan base dns conf
	resolver base dns conf
	eval base dns conf plan resolver
	board base dns conf plan resolver eval
	sched base dns conf plan resolver eval board
	view base dns conf plan resolver eval board
	loop base
	transport base dns conf resolver loop
	store base dns conf plan resolver eval board
	notify base dns conf plan resolver eval board view loop
	http base loop
	daemon base dns conf plan resolver eval board sched view loop transport store notify http
	END
}

# pattern of a library's headers, pattern of the files that may include it
libraries() {
	cat <<-'END'
	confuse\.h		src/conf/.*
	idn2\.h			src/dns/idna\.c
	jansson\.h		src/view/.*|src/conf/import.*
	event2/.*		src/loop/.*
	ares.*\.h		src/transport/.*
	sqlite3.*\.h		src/store/.*
	curl/.*			src/notify/.*
	microhttpd\.h		src/http/.*
	zlib\.h			src/http/gzip\.c
	END
}

# Prints "file room-of-the-file header" for each include of a face or of a library.
includes() {
	find include src tests -name '*.[ch]' | sort | while read -r file; do
		case $file in
		include/m365dnsd/*) room=$(basename "$file" .h) ;;
		src/*) room=${file#src/} room=${room%%/*} ;;
		*) room=tests ;;
		esac
		sed -n 's/^[ \t]*#[ \t]*include[ \t]*[<"]\([^>"]*\)[>"].*/\1/p' "$file" | sed "s|^|$file $room |"
	done
}

{ rooms | sed 's/^/room /'; libraries | sed 's/^/library /'; includes | sed 's/^/include /'; } | awk '
$1 == "room" {
	known[$2] = 1
	may[$2, $2] = 1
	for (i = 3; i <= NF; i++)
		may[$2, $i] = 1
}
$1 == "library" { n++; header[n] = "^(" $2 ")$"; place[n] = "^(" $3 ")$" }
$1 != "include" { next }
!($3 in known) && $3 != "tests" {
	if (!told[$3]++)
		print $2 ": room " $3 " is not in the table of tools/lint-layers.sh"
	next
}
$4 ~ /^m365dnsd\/.*\.h$/ {
	face = $4; sub(/^m365dnsd\//, "", face); sub(/\.h$/, "", face)
	if ($3 != "tests" && !(($3, face) in may))
		print $2 ": " $3 " may not include the face of " face
	next
}
# A header of the inside of a room: written with its path by tests, by its bare name in the room.
$4 ~ /^src\// || $4 ~ /^\.\.\// {
	if ($3 != "tests")
		print $2 ": reaches into " $4
	next
}
{
	for (i = 1; i <= n; i++)
		if ($4 ~ header[i] && $2 !~ place[i] && $3 != "tests")
			print $2 ": only " place[i] " may include " $4
}'
