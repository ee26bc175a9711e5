#!/bin/sh
# SPDX-License-Identifier: ISC
# lint-docs.sh BUILD: what README.md and docs/*.md name is there: options, blocks of configuration, findings and other words with
# a hyphen, keys, metrics, alerts, paths of HTTP, and the files that links lead to.  Blocks that begin with ```conf, and what README.md
# writes with <<'.', are whole configurations.
set -u
build=$1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
program=$build/m365dnsd
manual='man/m365dnsd.8 man/m365dnsd.conf.5 man/check_m365dnsd.8 etc/openapi.json'

# words FILE PATTERN: what matches, each once
words() {
	grep -oE -- "$2" "$1" | sort -u
}
# unknown DOC WHAT LIST: says which words of standard input are not lines of LIST
unknown() {
	sort -u | comm -23 - "$3" | sed "s|^|$1: no such $2: |"
}

{ "$program" --help; "$build/check_m365dnsd" --help; } >"$tmp/help"
words "$tmp/help" '--[a-z][a-z0-9-]+' >"$tmp/options"
# What ./configure takes, where the text speaks of it.
printf '%s\n' --prefix --with-systemdsystemunitdir >>"$tmp/options"
sort -uo "$tmp/options" "$tmp/options"
# shellcheck disable=SC2086
{
	"$program" --list-findings | cut -d' ' -f1
	"$program" --list-records | cut -d' ' -f1
	cat $manual | tr -c 'a-z0-9-' '\n'
} | sort -u >"$tmp/hyphens"
# shellcheck disable=SC2086
{ "$build/tools/conf-keys" | cut -d' ' -f2; cat $manual | tr -c 'a-z0-9_' '\n'; } | sort -u >"$tmp/keys"
sed -n 's/^\.It Li \(m365dnsd_[a-z0-9_]*\)$/\1/p' man/m365dnsd.8 | sort -u >"$tmp/metrics"
sed -n 's/.*alert: //p' contrib/prometheus/rules.yml | sort -u >"$tmp/alerts"

# Command lines come apart at pipes, blanks of the shell and back ticks; options of other programs are theirs.
options_of() {
	sed 's/[|;`{(]/\n/g; s/&&/\n/g; s/<<.*//' "$1" |
	sed -E '/^[ $#]*(sudo +)?(az|aws|chown|curl|install|jq|journalctl|sqlite3|systemctl) /d' | grep -oE -- '(^|[ `])--[a-z][a-z0-9-]+' |
	tr -d ' `'
}

# Each block of configuration into a file of its own, named after its first line.
blocks_of() {
	awk -v dir="$tmp" -v doc="$(basename "$1")" '
	/^```conf$/ || /<<'"'\\.'"'/ { out = dir "/" doc ":" FNR + 1 ".conf"; next }
	/^```/ || /^\.$/ { out = "" }
	out != "" { print > out }' "$1"
}

# shellcheck disable=SC2016		# the back ticks are those of the text
for doc in README.md docs/*.md; do
	options_of "$doc" | unknown "$doc" option "$tmp/options"
	words "$doc" '`[a-z0-9]+(-[a-z0-9]+)+`' | tr -d '`' | unknown "$doc" 'finding or word' "$tmp/hyphens"
	sed -nE 's/^(ERROR|warning|info) ([a-z0-9-]+):.*/\2/p' "$doc" | unknown "$doc" finding "$tmp/hyphens"
	words "$doc" '`[a-z0-9]+(_[a-z0-9]+)+`' | tr -d '`' | grep -v ^m365dnsd_ | unknown "$doc" key "$tmp/keys"
	words "$doc" '\<m365dnsd_[a-z0-9_]+' | unknown "$doc" metric "$tmp/metrics"
	words "$doc" '\<M365Dns[A-Za-z]+' | unknown "$doc" alert "$tmp/alerts"
	words "$doc" 'localhost:8365/(-/)?[a-z.]+' | sed 's/^[^/]*//' | while read -r path; do
		grep -q "\"${path}[/\"]" etc/openapi.json || echo "$doc: no such path: $path"
	done
	words "$doc" '\]\([^)#:]+[)#]' | sed 's/^](//; s/.$//' | while read -r file; do
		test -e "$(dirname "$doc")/$file" || echo "$doc: a link to $file"
	done
	blocks_of "$doc"
done
for block in "$tmp"/*.conf; do
	"$program" --check-config -c "$block" 2>&1 | grep -v ': ok$' | sed "s|^$tmp/||"
done
