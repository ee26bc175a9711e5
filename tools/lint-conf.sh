#!/bin/sh
# SPDX-License-Identifier: ISC
# lint-conf.sh BUILD: the keys that the program knows, those of m365dnsd.conf(5) and those of the example file are the
# same, section by section.  In the man page a section is ".Ss The SECTION section" (or "Global keys") and a key ".It Ic
# key"; in the example a section is "SECTION NAME {" and a key "key =", both perhaps commented out.
set -u
build=$1
man=man/m365dnsd.conf.5
example=etc/m365dnsd.conf.example
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

"$build/tools/conf-keys" | sort -u >"$tmp/keys"

awk '
/^\.Sh/ { section = "" }
/^\.Ss Global keys/ { section = "global" }
/^\.Ss The .* section/ { section = $3 }
/^\.It Ic / && section != "" { print section, $3 }' "$man" | sort -u >"$tmp/man"

# "# word word ..." is prose, "# key = value" and "# section "name" {" are configuration.
awk '
{ sub(/^[# \t]+/, "") }
/^}/ { if (depth > 0) depth--; next }
/^[a-z0-9_]+([ \t]+"[^"]*")?[ \t]*\{/ {
	name[++depth] = $1
	line = $0; sub(/^[^{]*\{/, "", line)
	if (line ~ /}[ \t]*$/) {		# a section on one line
		n = split(line, word, /[ \t;]+/)
		for (i = 1; i < n; i++)
			if (word[i + 1] == "=") print name[depth], word[i]
		depth--
	}
	next
}
/^[a-z0-9_]+[ \t]*=/ { key = $0; sub(/[ \t]*=.*/, "", key); print depth ? name[depth] : "global", key }' \
    "$example" | sort -u >"$tmp/example"

sections=$(cut -d' ' -f1 "$tmp/keys" | sort -u)
for where in man example; do
	file=$man
	[ $where = man ] || file=$example
	comm -23 "$tmp/keys" "$tmp/$where" | sed "s|^|$file lacks the key: |"
	comm -13 "$tmp/keys" "$tmp/$where" | while read -r section key; do
		# A section may stand inside another one; the section itself is no key.
		echo "$sections" | grep -qx "$key" || echo "$file has a key that the program does not know: $section $key"
	done
done
