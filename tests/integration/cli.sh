#!/bin/sh
# SPDX-License-Identifier: ISC
# cli.sh BUILDDIR: the command line without any network.  TAP on stdout, 1 when a test failed.
set -u
export LC_ALL=C.UTF-8
program=${1:-build}/m365dnsd
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count=0
failed=0

if ! [ -x "$program" ]; then
	echo "1..0 # SKIP $program is not built"
	exit 1
fi

ok()
{
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok()
{
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $1"
	shift
	printf '# %s\n' "$@"
}

# run NAME EXIT ARGUMENT...: runs the program, keeps what it writes in $dir/out and $dir/err.
run()
{
	name=$1 want=$2
	shift 2
	"$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	rc=$?
	if [ "$rc" -eq "$want" ]; then
		ok "$name: exit $want"
	else
		not_ok "$name: exit $want" "exit $rc" "$(head -n 5 "$dir/err")"
	fi
}

# says FILE PATTERN: an extended regular expression that a line of out or err must fit.
says()
{
	if grep -Eq -e "$2" "$dir/$1"; then
		ok "$name: $1 has $2"
	else
		not_ok "$name: $1 has $2" "$(head -n 5 "$dir/$1")"
	fi
}

silent()
{
	if [ -s "$dir/$1" ]; then
		not_ok "$name: nothing on $1" "$(head -n 5 "$dir/$1")"
	else
		ok "$name: nothing on $1"
	fi
}

usage_error()
{
	pattern=$2
	name=$1
	shift 2
	run "$name" 64 "$@"
	says err "$pattern"
	silent out
}

# ---- what the program tells of itself ----

run --help 0 --help
says out '^Usage: m365dnsd '
says out '^  -c, --config=FILE'
silent err
run -h 0 -h
run '--help before a mistake' 0 --help --nonsense
run --version 0 --version
says out '^m365dnsd [0-9]+\.[0-9]+\.[0-9]+$'
says out '^c-ares [0-9]'
says out '^libevent [0-9]'
silent err
run -V 0 -V
run --list-records 0 --list-records
says out '^autodiscover .* autodiscover\.outlook\.com$'
silent err
run '--list-records of a cloud' 0 --list-records --cloud 21vianet
says out '^mx .*partner\.outlook\.cn$'
run --list-resolvers 0 --list-resolvers
says out '^google .* 8\.8\.8\.8'
run --list-findings 0 --list-findings
says out '^spf-multiple +error '
run '--list-findings -v' 0 --list-findings -v
says out '^    -> '

# ---- wrong usage ----

usage_error 'the daemon without its file' '/nonexistent.conf' -c /nonexistent.conf
usage_error 'a domain and no mode' 'say --once or --wait' contoso.test
usage_error 'an unknown option' '--nonsense: no such option' --once --nonsense contoso.test
usage_error 'an unknown letter' '-x: no such option' -x
usage_error 'an ambiguous option' '--list: no such option, or an ambiguous one' --list
usage_error 'a missing argument' '--format: needs an argument' --once contoso.test --format
usage_error 'an argument too many' '--once: takes no argument' --once=1
usage_error 'two modes' 'one mode at a time' --once --check-config
usage_error 'no domain' 'no domain is named' --once
usage_error 'a bad format' '"xml" is not text, json' --once --format xml contoso.test
usage_error 'a bad duration' 'no duration' --wait=soon contoso.test
usage_error 'a bad domain' 'is no domain name' --once contoso..test
usage_error 'a bad service' 'telegraph' --once --services telegraph contoso.test
usage_error 'a bad cloud' '--cloud: "cumulus" is not one of' --once --cloud cumulus contoso.test
usage_error 'a bad profile' '--profile: "high" is not one of' --once --profile high contoso.test
usage_error 'a bad proof' '--verification: ' --once --verification ms12345678 contoso.test
usage_error 'a bad resolver' '--resolver: ' --once --resolver nobody contoso.test
usage_error 'a bad port' 'no port' --once --authority-port 99999 contoso.test
usage_error 'a domain where none is taken' 'takes no domain' --check-config contoso.test
usage_error 'options of no domain' '--tenant: no domain is named' --once --tenant contoso
usage_error 'a file that is not there' 'No such file' --once -c "$dir/none.conf"

run 'control bytes in an argument' 64 --once "$(printf 'a\033[31m\nb')"
if LC_ALL=C grep -q "$(printf '\033')" "$dir/err"; then
	not_ok 'they do not reach the terminal' "$(cat -v "$dir/err")"
else
	ok 'they do not reach the terminal'
fi

for args in '--nonsense' '--services telegraph contoso.test' 'contoso..test'; do
	# shellcheck disable=SC2086  # the words are meant to be split
	run "nagios: $args" 3 --once --format nagios $args
	says out '^M365DNS UNKNOWN: [^|]+$'
	silent err
done

# ---- configuration ----

cat >"$dir/right.conf" <<EOF
database = "$dir/m365dnsd.db"
domain "contoso.test" {
	services = {"exchange", "teams"}
}
EOF
cat >"$dir/wrong.conf" <<EOF
nonsense = 1
interval_floor = 0
domain "contoso.test" { cloud = cumulus }
domain "contoso.test" { profile = high }
domain "double..dot" { }
EOF
run '--check-config, right' 0 --check-config -c "$dir/right.conf"
says out "^$dir/right.conf: ok\$"
silent err
run '--check-config -q, right' 0 --check-config -q -c "$dir/right.conf"
silent out
run '--check-config, that of the container' 0 --check-config -c contrib/container/m365dnsd.conf
run '--check-config, wrong' 64 --check-config -c "$dir/wrong.conf"
for line in 1 2 3 4 5; do
	says err "^$dir/wrong.conf:$line: "
done
silent out
run '--check-config, wrong, for nagios' 3 --check-config --format nagios -c "$dir/wrong.conf"
says out "^M365DNS UNKNOWN: $dir/wrong.conf:1: "
run '--once, wrong' 64 --once -c "$dir/wrong.conf"
says err "^$dir/wrong.conf:1: "
mkdir "$dir/conf.d"
echo 'domain "fabrikam.test" { services = {"telegraph"} }' >"$dir/conf.d/fabrikam.conf"
run 'conf.d beside the file' 64 --check-config -c "$dir/right.conf"
says err "^$dir/conf.d/fabrikam.conf:1: "
rm -r "$dir/conf.d"

# ---- import ----

cat >"$dir/graph.json" <<EOF
{"value":[{"@odata.type":"#microsoft.graph.domainDnsTxtRecord","label":"contoso.test","recordType":"Txt","text":"MS=ms12345678"},
{"label":"contoso.test","recordType":"Mx","mailExchange":"contoso-test.mail.protection.outlook.com","preference":0},
{"label":"crm.contoso.test","recordType":"CName","canonicalName":"a.test"}]}
EOF
run '--import of Graph' 0 --import "$dir/graph.json" --domain contoso.test
says out 'verification = "MS=ms12345678"'
says out 'mx = [{]"0 contoso-test.mail.protection.outlook.com"[}]'
says err 'crm.contoso.test CNAME a.test: not a record'
cp "$dir/out" "$dir/import.conf"
run '--import passes --check-config' 0 --check-config -c "$dir/import.conf"
run '--import of standard input' 64 --import - --domain contoso.test
says err 'standard input: it is empty'
silent out
run '--import of nothing' 64 --import "$dir/none" --domain contoso.test
says err 'none: No such file'

# ---- output that cannot be written ----

for mode in --help --version --list-findings; do
	"$program" $mode >&- 2>"$dir/err"
	rc=$?
	if [ "$rc" -eq 74 ]; then ok "$mode, stdout closed: exit 74"; else not_ok "$mode, stdout closed: exit 74" "exit $rc"; fi
	name="$mode, stdout closed"
	says err 'standard output'
	if ! [ -w /dev/full ]; then
		ok "$mode, stdout full # SKIP no /dev/full"
		continue
	fi
	"$program" $mode >/dev/full 2>"$dir/err"
	rc=$?
	if [ "$rc" -eq 74 ]; then ok "$mode, stdout full: exit 74"; else not_ok "$mode, stdout full: exit 74" "exit $rc"; fi
	name="$mode, stdout full"
	says err 'No space left'
done
"$program" --version >"$dir/out" 2>&- <&-
rc=$?
if [ "$rc" -eq 0 ]; then ok 'stdin and stderr closed: exit 0'; else not_ok 'stdin and stderr closed: exit 0' "exit $rc"; fi

echo "1..$count"
[ "$failed" -eq 0 ]
