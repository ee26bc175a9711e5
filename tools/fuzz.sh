#!/bin/sh
# SPDX-License-Identifier: ISC
# fuzz.sh BUILD SECONDS NAME...: run each libFuzzer program for so long, starting from the committed corpus.  New inputs
# gather in BUILD/corpus; what makes a program fail is left in BUILD/finds: mend it, then put it into tests/fuzz/corpus.
set -u
build=$1 seconds=$2
shift 2
mkdir -p "$build/finds" "$build/log"
failed=0
for name; do
	mkdir -p "$build/corpus/$name"
	seeds=tests/fuzz/corpus/$name dict=
	[ -d "$seeds" ] || seeds=
	[ ! -f "tests/fuzz/$name.dict" ] || dict=-dict=tests/fuzz/$name.dict
	printf '%-24s ' "$name"
	if "$build/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 $dict \
	    -artifact_prefix="$build/finds/$name-" "$build/corpus/$name" $seeds >"$build/log/fuzz_$name.log" 2>&1; then
		sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)/\1 runs, no find/p' "$build/log/fuzz_$name.log"
	else
		echo FAILED
		tail -n 30 "$build/log/fuzz_$name.log"
		failed=$((failed + 1))
	fi
done
echo "$# targets, $failed failed"
[ "$failed" -eq 0 ]
