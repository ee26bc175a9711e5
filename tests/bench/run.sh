#!/bin/bash
# SPDX-License-Identifier: ISC
#
# run.sh BUILD: how fast a whole pass is, beside a bare c-ares loop and dnsperf that ask the same questions of the same eight
# servers on loopback.  Absolute figures drift by 2x on a shared machine; the ratios are of runs side by side, and the
# instruction counts are noise-free.  BENCH_DOMAINS (2000) and BENCH_ROUNDS (5) make it longer.
set -eu

build=${1:-build}
cd "$(dirname "$0")/../.."
domains=${BENCH_DOMAINS:-2000}
rounds=${BENCH_ROUNDS:-5}
port=${BENCH_PORT:-5399}
window=64
tmp=$(mktemp -d)
server=
trap 'stop_server; rm -rf "$tmp"' EXIT

# Server and client have a processor each where there are two.
on_server= on_client=
if [ "$(nproc)" -ge 2 ] && command -v taskset >/dev/null; then
	on_server='taskset -c 0' on_client='taskset -c 1'
fi

start_server() {	# arguments of bench_server after the port
	: >"$tmp/server"
	$on_server "$build/bench/bench_server" "$port" "$@" >>"$tmp/server" &
	server=$!
	until grep -q ready "$tmp/server"; do
		kill -0 "$server" || exit 1
	done
}
stop_server() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || :
	server=
}

config() {		# N domains
	printf 'resolvers = {}\ndatabase = ""\nauthorities = none\nconfirm = 1\nwindow = %s\n' "$window"
	for i in 1 2 3 4 5 6 7 8; do
		printf 'resolver "r%s" { address = {"127.53.0.%s:%s"} rate = 0 }\n' "$i" "$i" "$port"
	done
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
		printf "domain \"d%05d.test\" { verification = \"MS=ms12345678\" services = {\"exchange\", \"teams\"} }\n", i }'
}

# The questions are those of the program itself, read off one domain at the server.
questions() {		# N domains
	awk -v n="$1" '{ line[NR] = $0 } END { for (i = 0; i < n; i++) for (k = 1; k <= NR; k++) {
		l = line[k]; sub("d00000", sprintf("d%05d", i), l); print l } }' "$tmp/plan"
}

field() {		# name=value of the line that begins with a word
	awk -v word="$1" -v name="$2" '$1 == word { for (i = 2; i <= NF; i++) if (split($i, v, "=") == 2 && v[1] == name) print v[2] }'
}
median() {
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
ratios() {		# title, column, column, aim: the ratio of two columns of $tmp/rounds, median and range
	awk -v a="$2" -v b="$3" '{ print $a / $b }' "$tmp/rounds" | sort -g |
	    awk -v title="$1" -v aim="${4:-}" '{ v[NR] = $1 } END { m = v[int((NR + 1) / 2)]
		printf "  %-22s %.2f  [%.2f to %.2f]%s\n", title, m, v[1], v[NR],
		    aim == "" ? "" : sprintf("  aim %s: %s", aim, m >= aim ? "met" : "missed") }'
}

# Marginal instructions a query, so that start-up counts for nothing: the difference of two sizes.
instructions() {	# queries of the smaller, of the larger; the command with %s for 50 and 200
	for n in 50 200; do
		valgrind --tool=callgrind --callgrind-out-file=/dev/null ${3//%s/$n} 2>&1 >/dev/null | awk '/Collected/ { print $4 }'
	done | awk -v few="$1" -v many="$2" '{ v[NR] = $1 } END { printf "%d", (v[2] - v[1]) / (many - few) }'
}

# ---- the questions, and the configuration ----

config 1 >"$tmp/1.conf"
start_server 0 "$tmp/one"
"$build/m365dnsd" -c "$tmp/1.conf" --once --format ndjson >/dev/null || :
stop_server
# What the diagnosis asks aside goes to one resolver and, where it is Microsoft's, once for all domains: less than a hundredth.
grep -F d00000.test "$tmp/one" >"$tmp/plan"
per_domain=$(wc -l <"$tmp/plan")
for n in 50 200 "$domains"; do
	config "$n" >"$tmp/$n.conf"
	questions "$n" >"$tmp/$n.list"
done
queries=$((domains * per_domain * 8))
echo "$domains domains x $per_domain questions x 8 resolvers = $queries queries a pass, $window in flight at each"

# ---- side by side ----

# Of ten thousand domains an administrator reads what is wrong and the result of each (-q); programs read documents (ndjson).
whole() {		# seconds and processor time of the whole process, output and all; arguments: its output
	local TIMEFORMAT='%R %U %S'
	{ time $on_client "$build/m365dnsd" -c "$tmp/$domains.conf" --once "$@" >/dev/null 2>&1; } 2>&1 | tail -n 1 |
	    awk -v q="$queries" '{ printf "whole queries=%d seconds=%.3f qps=%.0f cpu_us=%.2f\n", q, $1, q / $1, ($2 + $3) * 1e6 / q }'
}
dnsperf_qps() {
	if command -v dnsperf >/dev/null; then
		$on_client dnsperf -s 127.53.0.1 -p "$port" -d "$tmp/$domains.list" -n 8 -c 8 -q $((8 * window)) 2>/dev/null |
		    awk '/Queries per second/ { print $4 }'
	else
		echo 1
	fi
}

start_server
: >"$tmp/rounds"
for round in $(seq "$rounds"); do
	whole -q >"$tmp/w"
	whole --format ndjson >"$tmp/n"
	$on_client "$build/bench/bench_bare" "$tmp/$domains.list" "$port" "$window" >"$tmp/b"
	$on_client "$build/bench/bench_pipeline" "$tmp/$domains.conf" >"$tmp/p"
	$on_client "$build/bench/bench_transport" "$tmp/$domains.list" "$port" "$window" >"$tmp/t"
	d=$(dnsperf_qps)
	echo "$(field whole qps <"$tmp/w") $(field bare qps <"$tmp/b") $(field pipeline qps <"$tmp/p") \
	    $(field transport qps <"$tmp/t") $d $(field whole cpu_us <"$tmp/w") $(field bare cpu_us <"$tmp/b") \
	    $(field pipeline cpu_us <"$tmp/p") $(field transport cpu_us <"$tmp/t") \
	    $(field whole qps <"$tmp/n") $(field whole cpu_us <"$tmp/n")" >>"$tmp/rounds"
	awk -v r="$round" 'END { printf "round %d: whole %d (ndjson %d), pass %d, transport %d, bare c-ares %d, dnsperf %d queries/s\n",
		r, $1, $10, $3, $4, $2, $5 }' "$tmp/rounds"
done

echo 'ratios of queries a second, median [range]:'
ratios 'whole / bare' 1 2 0.9
ratios 'whole, ndjson / bare' 10 2
ratios 'pass / bare' 3 2 0.9
ratios 'transport / bare' 4 2 0.9
if command -v dnsperf >/dev/null; then
	ratios 'whole / dnsperf' 1 5
	ratios 'bare / dnsperf' 2 5
fi
echo 'ratios of processor time a query:'
ratios 'bare / whole' 7 6
ratios 'bare / whole, ndjson' 7 11
ratios 'bare / pass' 7 8
ratios 'bare / transport' 7 9
printf 'processor time a query, us: whole %s (ndjson %s), pass %s, transport %s, bare %s\n' \
    "$(awk '{ print $6 }' "$tmp/rounds" | median)" "$(awk '{ print $11 }' "$tmp/rounds" | median)" "$(awk '{ print $8 }' "$tmp/rounds" | median)" \
    "$(awk '{ print $9 }' "$tmp/rounds" | median)" "$(awk '{ print $7 }' "$tmp/rounds" | median)"
sed -n 's/^cells/memory and stalls: cells/p' "$tmp/p"
"$build/bench/bench_sides"

# ---- instructions ----

if command -v valgrind >/dev/null; then
	few=$((50 * per_domain * 8)) many=$((200 * per_domain * 8))
	echo "user instructions a query (callgrind):" \
	    "transport $(instructions $few $many "$build/bench/bench_transport $tmp/%s.list $port $window")," \
	    "bare $(instructions $few $many "$build/bench/bench_bare $tmp/%s.list $port $window")," \
	    "pass $(instructions $few $many "$build/bench/bench_pipeline $tmp/%s.conf")," \
	    "whole $(instructions $few $many "$build/m365dnsd -c $tmp/%s.conf --once -q")," \
	    "with ndjson $(instructions $few $many "$build/m365dnsd -c $tmp/%s.conf --once --format ndjson")"
fi
stop_server

# ---- one dead of eight ----

start_server 8
for round in $(seq "$rounds"); do
	$on_client "$build/bench/bench_transport" "$tmp/$domains.list" "$port" "$window" 8 | field transport seconds
	$on_client "$build/bench/bench_transport" "$tmp/$domains.list" "$port" "$window" -8 | field transport seconds
done | awk 'NR % 2 { dead = $1; next } { print dead / $1 }' | sort -g |
    awk '{ v[NR] = $1 } END { printf "one dead of eight: the seven take %.2f [%.2f to %.2f] of their time without it\n",
	v[int((NR + 1) / 2)], v[1], v[NR] }'
stop_server

# ---- the daemon: memory, start, HTTP ----

tests/bench/bench_daemon.py "$build"
