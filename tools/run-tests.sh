#!/bin/sh
# SPDX-License-Identifier: ISC
# run-tests.sh BUILD group: COMMAND... group: COMMAND...
#
# Runs each command, counts its tests and ends with one line "N passed, N failed, N skipped"; exit 1 on any failure.
# A command prints either TAP ("ok 1 - name", "not ok", "# SKIP why") or Check's "100%: Checks: 3, Failures: 0, Errors: 0".
# One that is not there, dies or says neither is one failure.  Its whole output is kept in BUILD/log.
#
# BUILD_FAILED=1  the build before this was not clean: one failure more
# WRAP=COMMAND    put before each program (valgrind)
# SLOW=N          the programs run so many times slower than usual
set -u
build=$1
shift
log=$build/log
mkdir -p "$log"
passed=0 failed=0 skipped=0
group= failures= skips=
slow=${SLOW:-1}
limit=$(( ${TEST_TIMEOUT:-900} * slow ))
# Generous: a machine that builds something else meanwhile must not fail a test.
export CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER="$slow" PYTHONDONTWRITEBYTECODE=1
[ -z "${WRAP:-}" ] || export CK_FORK=no

# Prints "passed failed skipped" from the output in $1; exit status of the command in $2.
count() {
	awk -v status="$2" '
	/^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
		gsub(/[^0-9 ]/, ""); bad = $3 + $4; p += $2 - bad; f += bad; said = 1
	}
	/^ok / && /# *[Ss][Kk][Ii][Pp]/ { s++; seen++; said = 1; next }
	/^ok /       { p++; seen++; said = 1 }
	/^not ok /   { f++; seen++; said = 1 }
	/^Bail out!/ { f++; said = 1 }
	/^1\.\.0/    { if (/[Ss][Kk][Ii][Pp]/) s++; said = 1 }
	/^1\.\.[1-9]/ { plan = substr($1, 4) + 0; said = 1 }
	END {
		if (plan > seen) f += plan - seen
		if (!f && (!said || status != 0)) f++
		print p + 0, f + 0, s + 0
	}' "$1"
}

# "integration/run.sh" rather than "run.sh"; "replay_dns_message" without its corpus.
label() {
	set -- $1
	case $1 in
	tests/*) echo "${1#tests/}" ;;
	*) basename "$1" ;;
	esac
}

run() {
	name=$(label "$1")
	out=$log/$(echo "$name" | tr / _).log
	program=${1%% *}
	printf '%-12s %-28s ' "$group" "$name"
	if [ -x "$program" ]; then
		wrap=
		[ "$group" = lint ] || wrap=${WRAP:-}
		timeout -k 10 "$limit" $wrap $1 >"$out" 2>&1
		status=$?
		[ $status -ne 124 ] || echo "stopped after $limit seconds" >>"$out"
	else
		echo "$program was not built" >"$out"
		status=127
	fi
	set -- $(count "$out" $status)
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	printf '%s passed' "$1"
	[ "$2" -eq 0 ] || printf ', %s FAILED' "$2"
	[ "$3" -eq 0 ] || printf ', %s skipped' "$3"
	echo
	if [ "$2" -ne 0 ]; then
		failures="$failures  $group $name (all of it in $out)
"
		grep -v '^ok ' "$out" | tail -n 40 | sed 's/^/    | /'
	fi
	[ "$3" -eq 0 ] || skips="$skips$(sed -n \
	    's/^\(ok\|1\.\.0\)[ 0-9]*\(- \)*\(.*\)# *[Ss][Kk][Ii][Pp][Pp]*[Ee]*[Dd]*:* *\(.*\)/\3(\4)/p' "$out" |
	    sed "s|^|  $name: |")
"
}

if [ "${BUILD_FAILED:-0}" -ne 0 ]; then
	failed=1
	failures='  the build itself (see above)
'
fi
for arg; do
	case $arg in
	*:) group=${arg%:} ;;
	*) run "$arg" ;;
	esac
done
[ -z "$skips" ] || printf '\nSkipped:\n%s' "$skips"
[ -z "$failures" ] || printf '\nFailed:\n%s' "$failures"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
