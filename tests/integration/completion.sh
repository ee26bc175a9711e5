#!/bin/bash
# SPDX-License-Identifier: ISC
# completion.sh BUILDDIR: what the shells complete, word by word as readline cuts them.  TAP on stdout, 1 when a test failed.
set -u
build=${1:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count=0 failed=0

ok()
{
	count=$((count + 1))
	echo "ok $count - $1"
}
not_ok()
{
	count=$((count + 1)) failed=1
	echo "not ok $count - $1"
	shift
	printf '# %s\n' "$@"
}
equal()
{
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $3" "got:    $2"; fi
}

if ! [ -r "$build/completions/m365dnsd.bash" ]; then
	echo 'Bail out! the completions were not made'
	exit 1
fi
# shellcheck disable=SC1091
. "$build/completions/m365dnsd.bash"

# replies WORD...: what bash would offer when the cursor stands behind the last word.
replies()
{
	COMP_WORDS=(m365dnsd "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_m365dnsd 2>"$dir/err"
	cat "$dir/err"
	echo "${COMPREPLY[*]-}"
}

# ---- the table: words before the cursor, and what is to be offered ----

cat >"$dir/my.conf" <<'END'
# domain "no.test"
domain "contoso.test" { tenant = "contoso" }
  domain "fabrikam.test" {
END
mkdir "$dir/files" "$dir/conf.d"
echo 'domain "northwind.test" {' >"$dir/conf.d/northwind.test.conf"
touch "$dir/files/graph.json"

while IFS='|' read -r words wanted; do
	IFS=' ' read -ra line <<<"${words%<}"
	# "<" ends a line whose last word is empty.
	[ "${words%<}" = "$words" ] || line+=('')
	equal "bash: m365dnsd $words" "$(replies "${line[@]//DIR/$dir}")" "${wanted//DIR/$dir}"
done <<'END'
--on|--once
--format <|text json ndjson csv nagios prometheus
--format j|json
--format = <|text json ndjson csv nagios prometheus
--format = n|ndjson nagios
--format=n|--format=ndjson --format=nagios
--format x|
--once --color a|auto always
--fix z|zone
--fix = n|nsupdate
--cloud g|gcc gcc-high
--profile hybrid|hybrid hybrid-mx-onprem
--until <|published visible complete
--resolver quad9|quad9 quad9-secure quad9-ecs
--services t|teams tls-rpt
--services exchange,t|exchange,teams exchange,tls-rpt
--services teams,t|teams,tls-rpt
--services = dkim,dm|dkim,dmarc
--services=dkim,dm|--services=dkim,dmarc
--import DIR/files/gr|DIR/files/graph.json
-c DIR/my|DIR/my.conf
--config = DIR/my|DIR/my.conf
--config=DIR/my|--config=DIR/my.conf
--tenant <|
--spf-check --|
--once -c DIR/my.conf <|contoso.test fabrikam.test northwind.test
--once --config DIR/my.conf con|contoso.test
--wait --config = DIR/my.conf f|fabrikam.test
-c DIR/my.conf --wait c|contoso.test
-c DIR/none/none.conf --once <|
END

# ---- every option of --help, and nothing else ----

equal 'bash: the options are those of --help' "$(replies -- | tr ' ' '\n' | sort)" \
    "$("$build/m365dnsd" --help | sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p' | sort)"
equal 'bash: it completes the program' "$(complete -p m365dnsd)" 'complete -F _m365dnsd m365dnsd'

# ---- zsh ----

zsh=$build/completions/m365dnsd.zsh
equal 'zsh: the options are those of --help' "$(grep -o "^	'[*]*(*[^[]*" "$zsh" | grep -o -- '--[a-z-]*[a-z]' | sort -u)" \
    "$("$build/m365dnsd" --help | sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p' | sort)"
if command -v zsh >/dev/null; then
	equal 'zsh: the file can be read' "$(zsh -n "$zsh" 2>&1)" ''
else
	count=$((count + 1))
	echo "ok $count - zsh: the file can be read # SKIP zsh is not installed"
fi
echo "1..$count"
exit $failed
