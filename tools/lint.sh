#!/bin/sh
# SPDX-License-Identifier: ISC
# lint.sh BUILD: every rule that a machine can hold, as TAP.  A check is a function that prints what is wrong; silence is
# good.  Adding one is adding a function and a line at the end.
set -u
build=$1
n=0

check() {
	n=$((n + 1))
	out=$("$2" 2>&1)
	if [ -z "$out" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$out" | sed 's/^/# /'
	fi
}
check_with() {
	if command -v "$1" >/dev/null 2>&1; then
		check "$2" "$3"
	else
		n=$((n + 1))
		echo "ok $n - $2 # SKIP $1 is not installed"
	fi
}

c_files() {
	find include src tests tools contrib -name '*.[ch]'
}
scripts() {
	find tools tests contrib debian .ci -type f ! -path 'tests/golden/*' 2>/dev/null | while read -r f; do
		case $(head -n 1 "$f" | tr -d '\0') in
		'#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'*) echo "$f" ;;
		esac
	done
}

layers() {
	tools/lint-layers.sh
}

# The archive of the core asks nobody for network, disk or HTTP: third parties are JSON, configuration and IDNA only.
core_symbols() {
	nm -g "$build/libcore.a" 2>/dev/null | awk '
	NF == 3 { own[$3] = 1 }
	$1 == "U" { wanted[$2] = 1 }
	END { for (s in wanted) if (!(s in own)) print s }' | sort |
	    grep -E '^(ev(ent|timer|signal|util)_|ares_|sqlite3_|MHD_|curl_|(socket|connect|bind|sendto|recvfrom|poll|epoll_wait)$)'
}

licence_line() {
	{ c_files; scripts; echo Makefile; echo configure.ac; ls systemd/* web/*.js tests/browser/*.js; } | while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: ISC' || echo "$f: no SPDX line"
	done
}

# 120 columns are the aim, 140 the end, but for rows of test cases.  Tabs count to the next multiple of 8.
# shellcheck disable=SC2016
shape() {
	c_files | xargs awk -v max=140 '
	{
		line = $0; width = 0
		while ((t = index(line, "\t")) > 0) {
			width = int((width + t - 1) / 8 + 1) * 8
			line = substr(line, t + 1)
		}
		width += length(line)
		if (width > max && FILENAME !~ /^tests/) print FILENAME ":" FNR ": " width " columns"
		if ($0 ~ /[ \t]$/) print FILENAME ":" FNR ": blank at the end of the line"
	}'
}

# Functions that have no bound on what they write, or no place in a daemon.
banned() {
	find src contrib -name '*.[ch]' -exec grep -nE '(^|[^_a-zA-Z0-9])(strcpy|strcat|sprintf|vsprintf|gets|alloca|strtok|system|atoi|atol)\(' /dev/null {} +
}

man_pages() {
	mandoc -Tlint -W warning man/* "$build"/man/*
}

# Every finding of the table has its place in the page made of it, with title and advice.
findings_documented() {
	page=$build/man/m365dnsd-findings.7
	sed -n 's/^FINDING([A-Z0-9_]*, "\([a-z0-9-]*\)", SEVERITY_\([A-Z]*\),.*/\1 \2/p' include/m365dnsd/findings.def |
	while read -r code severity; do
		grep -A 3 "^\.It Sy $code Pq $(echo "$severity" | tr '[:upper:]' '[:lower:]')\$" "$page" | grep -q '^\.Pp' ||
		    echo "$page: $code is not in it"
	done
	test "$(grep -c '^FINDING(' include/m365dnsd/findings.def)" = "$(grep -c '^\.It Sy .* Pq' "$page")" ||
	    echo "$page: not as many findings as in the table"
}

# Keys of the configuration: the program's table, the man page and the example say the same.
# conf-keys prints "section key" lines; in the man page a key is ".It Ic key" below ".Ss section".
conf_documented() {
	tools/lint-conf.sh "$build"
}

# 1.2 is as good as the best daemons get that need the Internet.  verify looks for the program, which is not installed here.
units() {
	dir=$(mktemp -d) || return
	cp systemd/*.socket "$dir"
	sed 's|/usr/sbin/m365dnsd|/bin/true|' systemd/m365dnsd.service >"$dir/m365dnsd.service"
	SYSTEMD_UNIT_PATH=$dir: systemd-analyze verify --man=no "$dir"/*
	systemd-analyze security --offline=true --threshold=12 --no-pager "$dir/m365dnsd.service" >"$dir/score" 2>&1 ||
	    grep -v '✓' "$dir/score"
	rm -rf "$dir"
}

shell_scripts() {
	scripts | xargs shellcheck
	shellcheck "$build"/completions/*.bash
}

# What the metrics would be scraped as: the golden files of the tests.
metrics() {
	for f in tests/golden/*.prom; do
		promtool check metrics <"$f" 2>&1 | sed "s|^|$f: |"
	done
}

# Every metric of the golden files has its line in the manual.
metrics_documented() {
	sed -n 's/^# HELP \([a-z0-9_]*\) .*/\1/p' tests/golden/daemon.prom tests/golden/daemon.cells.prom | sort -u |
	while read -r metric; do
		grep -q "^\.It Li $metric\$" man/m365dnsd.8 || echo "man/m365dnsd.8: $metric is not in it"
	done
}

# The packages are of this version, and a spec of rpm can be read.
packages() {
	version=$(sed -n 's/^AC_INIT(\[m365dnsd\], \[\([^]]*\)\].*/\1/p' configure.ac)
	head -n 1 debian/changelog | grep -qF "m365dnsd ($version)" || echo "debian/changelog: not of version $version"
	head -n 1 NEWS | grep -qF "m365dnsd $version" || echo "NEWS: not of version $version"
	grep -qx "Version: *$version" contrib/rpm/m365dnsd.spec || echo "contrib/rpm/m365dnsd.spec: not of version $version"
}
rpm_spec() {
	out=$(rpmspec -P contrib/rpm/m365dnsd.spec 2>&1) || echo "$out"
}

# Alerts and dashboard name metrics that there are, and each alert has a test.
monitoring() {
	python3 -B tools/lint-monitoring.py
}
# promtool is silent about what is right, but for a line of success.
alerts() {
	dir=$(mktemp -d) || return
	python3 -B tools/lint-monitoring.py --rules >"$dir/dashboard.yml"
	for what in 'check config contrib/prometheus/scrape.yml' "check rules $dir/dashboard.yml" 'test rules tests/prometheus/rules_test.yml'; do
		# shellcheck disable=SC2086
		promtool $what >"$dir/out" 2>&1 || cat "$dir/out"
	done
	rm -rf "$dir"
}

# A comment that sends its reader to a document sends him to one that is here.
comment_documents() {
	c_files | xargs grep -noE '[A-Za-z0-9_./-]+\.md\b' | while IFS=: read -r f line doc; do
		[ -e "$doc" ] || echo "$f:$line: there is no $doc"
	done
}

# What README.md and the guides name is in the program.
docs() {
	tools/lint-docs.sh "$build"
}

check 'layers: includes go downwards, one library one room' layers
check 'libcore.a needs neither network nor disk nor HTTP' core_symbols
check 'each file names its licence' licence_line
check 'lines have 140 columns at most and no blank at the end' shape
check 'no function without a bound' banned
check 'documents that comments name are there' comment_documents
if [ -x "$build/tools/conf-keys" ]; then
	check 'configuration keys, man page and example agree' conf_documented
fi
check 'metrics and man page agree' metrics_documented
check 'findings and man page agree' findings_documented
if [ -x "$build/m365dnsd" ]; then
	check 'what README.md and docs/ name is there' docs
fi
check 'packages are of this version' packages
check_with rpmspec 'the spec of rpm' rpm_spec
check_with mandoc 'man pages' man_pages
check_with systemd-analyze 'units of systemd, and their exposure is 1.2 at most' units
check_with shellcheck 'shell scripts' shell_scripts
check_with promtool 'metrics' metrics
check_with python3 'alerts and dashboard use metrics that there are' monitoring
check_with promtool 'alerts fire when they should, and the queries of the dashboard are PromQL' alerts
echo "1..$n"
