# SPDX-License-Identifier: ISC
# findings-man.awk: the table of findings (include/m365dnsd/findings.def) as a page of the manual.
#
#	awk -f tools/findings-man.awk -v date='November 21, 2026' include/m365dnsd/findings.def >m365dnsd-findings.7
#
# A row of the table is FINDING(id, "code", SEVERITY_X, "title", "advice", "test"), over several lines; a line
# "/* ---- words ---- */" begins a section.

# The next string literal of row from its start, without its quotes; row loses it.
function take_string(	text) {
	match(row, /"([^"\\]|\\.)*"/)
	text = substr(row, RSTART + 1, RLENGTH - 2)
	row = substr(row, RSTART + RLENGTH)
	gsub(/\\"/, "\"", text)
	return text
}

# Running text: roff's own characters made harmless, {placeholders} in italics.
function roff(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	while (match(text, /[{][a-z]+[}]/))
		text = substr(text, 1, RSTART - 1) "\\fI" substr(text, RSTART + 1, RLENGTH - 2) "\\fR" \
		    substr(text, RSTART + RLENGTH)
	while (match(text, /[.] [A-Z]/))	# a sentence begins on a line of its own
		text = substr(text, 1, RSTART) "\n" substr(text, RSTART + 2)
	return text ~ /^[.']/ ? "\\&" text : text
}

function section_end() {
	if (in_section)
		print ".El"
	in_section = 0
}

BEGIN {
	print ".\\\" SPDX-License-Identifier: ISC"
	print ".\\\" Made by tools/findings-man.awk from include/m365dnsd/findings.def."
	print ".Dd " date
	print ".Dt M365DNSD-FINDINGS 7\n.Os"
	print ".Sh NAME\n.Nm m365dnsd-findings\n.Nd what m365dnsd finds, and what to do about it"
	print ".Sh DESCRIPTION"
	print "Every diagnosis of"
	print ".Xr m365dnsd 8"
	print "has a code that never changes its meaning."
	print "With the code comes a severity, the record and the servers that it is about, the lines that prove it, and an advice."
	print ".Bl -tag -width warning"
	print ".It Sy error\nMail, sign-in, discovery or verification breaks for somebody."
	print "A record with an error of its own is not published, and the exit code is 2."
	print ".It Sy warning\nIt works today, but is fragile, unsupported or about to break."
	print ".It Sy info\nIt explains what is seen."
	print ".El"
	print ".Pp"
	print "What stands here is the usual severity;"
	print "it is lower at a record that is optional, in the internal view, and where another server makes up for it."
	print "In the advice,"
	print ".Em name\nand\n.Em type\nare those of the record,"
	print ".Em found\nis what is there,"
	print ".Em wanted\nwhat should be there,"
	print ".Em server\nwho says so, and"
	print ".Em n\na number or a time."
	print ".Pp"
	print "The same table without the manual:"
	print ".Ql m365dnsd --list-findings -v ."
}

/^\/\* ---- .* ---- \*\/$/ {
	section_end()
	title = substr($0, 9, length($0) - 16)
	print ".Sh " toupper(title)
	print ".Bl -tag -width Ds"
	in_section = 1
}

/^FINDING\(/ { row = ""; in_row = 1 }
in_row { row = row $0 }
in_row && /\)$/ {
	in_row = 0
	severity = row
	sub(/^.*SEVERITY_/, "", severity)
	sub(/,.*/, "", severity)
	code = take_string()
	print ".It Sy " code " Pq " tolower(severity)
	print roff(take_string()) "."
	print ".Pp"
	print roff(take_string())
}

END {
	section_end()
	print ".Sh SEE ALSO\n.Xr m365dnsd.conf 5 ,\n.Xr check_m365dnsd 8 ,\n.Xr m365dnsd 8"
}
