#!/bin/sh
# SPDX-License-Identifier: ISC
# setup.sh [--list] [--need SET]... [--want SET]...
#
# Makes sure that what a set of targets needs is on this machine.  On Debian and Ubuntu, with the rights to do so, it
# installs what is missing; elsewhere it prints the one command to type.  A wanted set that cannot be had is named and
# passed over, a needed one ends in an error.  Quiet when all is there, so every target may call it every time.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# set, how to see that it is there, Debian package, Fedora package
table() {
	cat <<-'END'
	build	cmd:gcc|clang|cc		gcc			gcc
	build	file:stdio.h		libc6-dev		glibc-devel
	build	cmd:make		make			make
	build	cmd:autoconf|built	autoconf		autoconf
	build	cmd:pkg-config		pkg-config		pkgconf-pkg-config
	build	pc:libcares		libc-ares-dev		c-ares-devel
	build	pc:libevent_core	libevent-dev		libevent-devel
	build	pc:sqlite3		libsqlite3-dev		sqlite-devel
	build	pc:libcurl		libcurl4-openssl-dev	libcurl-devel
	build	pc:libmicrohttpd	libmicrohttpd-dev	libmicrohttpd-devel
	build	pc:zlib			zlib1g-dev		zlib-devel
	build	pc:libconfuse		libconfuse-dev		libconfuse-devel
	build	pc:jansson		libjansson-dev		jansson-devel
	build	pc:libidn2		libidn2-dev		libidn2-devel
	test	pc:check		check			check-devel
	test	cmd:mandoc		mandoc			mandoc
	test	cmd:python3		python3			python3
	test	cmd:openssl		openssl			openssl
	bed	cmd:knotd		knot			knot
	bed	cmd:kdig		knot-dnsutils		knot-utils
	bed	cmd:unbound		unbound			unbound
	bed	cmd:python3		python3			python3
	lint	cmd:mandoc		mandoc			mandoc
	lint	cmd:shellcheck		shellcheck		ShellCheck
	lint	cmd:promtool		prometheus		golang-github-prometheus
	watch	cmd:prometheus		prometheus		golang-github-prometheus
	valgrind	cmd:valgrind	valgrind		valgrind
	fuzz	cmd:clang		clang			clang
	fuzz	fuzzer:			libclang-rt-dev		compiler-rt
	bench	cmd:dnsperf		dnsperf			dnsperf
	web	cmd:nginx		nginx-light		nginx
	web	cmd:wrk			wrk			wrk
	web	cmd:python3		python3			python3
	browser	cmd:chromium|chromium-browser|google-chrome	chromium	chromium
	browser	cmd:node		nodejs			nodejs
	browser	cmd:npm			npm			nodejs-npm
	systemd	cmd:systemd-nspawn	systemd-container	systemd-container
	systemd	cmd:python3		python3			python3
	systemd	cmd:strace		strace			strace
	deb	cmd:dpkg-buildpackage	dpkg-dev		dpkg-dev
	deb	cmd:dh			debhelper		debhelper
	deb	cmd:lintian		lintian			lintian
	deb	cmd:fakeroot		fakeroot		fakeroot
	END
}

purpose() {
	case $1 in
	build) echo 'to build (make)' ;;
	test) echo 'to test (make check)' ;;
	bed) echo 'real name servers on loopback (make demo, check-integration)' ;;
	lint) echo 'to check scripts, man pages and metrics (make lint)' ;;
	watch) echo 'to look at the metrics as Prometheus does (make demo WATCH=yes, check-integration)' ;;
	valgrind) echo 'make check-valgrind' ;;
	fuzz) echo 'make fuzz' ;;
	bench) echo 'make bench' ;;
	web) echo 'to compare HTTP with nginx (make bench)' ;;
	browser) echo 'to test the page in a real browser (make check, check-browser, screenshots)' ;;
	systemd) echo 'to boot a systemd with the service (make check-systemd)' ;;
	deb) echo 'to make Debian packages (make deb)' ;;
	esac
}

# Is the probe $1 satisfied?
there() {
	case $1 in
	cmd:*)
		for c in $(echo "${1#cmd:}" | tr '|' ' '); do
			command -v "$c" >/dev/null 2>&1 && return 0
			# In a release archive configure is there already and autoconf is not needed.
			[ "$c" = built ] && [ -x configure ] && return 0
		done
		return 1 ;;
	pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
	file:*) echo "#include <${1#file:}>" | ${CC:-cc} -E - >/dev/null 2>&1 ;;
	fuzzer:) [ -n "$(find "$(clang -print-resource-dir 2>/dev/null)/lib" -name 'libclang_rt.fuzzer*.a' 2>/dev/null)" ] ;;
	esac
}

# What of set $1 is not there: column $2 of the table (3 Debian, 4 Fedora).
missing() {
	table | while read -r set probe debian fedora; do
		[ "$set" = "$1" ] || continue
		there "$probe" || if [ "$2" = 4 ]; then echo "$fedora"; else echo "$debian"; fi
	done
}

list() {
	for set in build test bed lint watch valgrind fuzz bench web browser systemd deb; do
		printf '%-10s %s\n' "$set" "$(purpose $set)"
		table | while read -r s probe debian fedora; do
			[ "$s" = "$set" ] || continue
			if there "$probe"; then state=there; else state=MISSING; fi
			printf '  %-20s %s\n' "$debian" "$state"
		done
	done
}

unique() {
	printf '%s\n' "$@" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Installing knot and unbound must not start them: they would take port 53 of this machine.  invoke-rc.d asks
# policy-rc.d, and 101 means no.  A policy that the machine has already stays in force.
POLICY=/usr/sbin/policy-rc.d
policy_made=
policy_remove() {
	[ -z "$policy_made" ] || $root rm -f "$POLICY"
	policy_made=
}
policy_put() {
	[ ! -e "$POLICY" ] || return 0
	printf '#!/bin/sh\nexit 101\n' | $root tee "$POLICY" >/dev/null && policy_made=yes && $root chmod 755 "$POLICY"
}

apt_install() {
	echo "Installing: $*"
	trap policy_remove EXIT
	trap 'exit 130' INT TERM HUP
	policy_put
	$root env DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
		echo 'apt-get update failed; trying with the package lists that are here' >&2
	$root env DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --no-install-recommends "$@" >/dev/null
	status=$?
	policy_remove
	# Nor shall they come up with the next boot.
	for service in knot unbound prometheus nginx; do
		case " $* " in
		*" $service "*) $root systemctl disable --quiet "$service" 2>/dev/null || : ;;
		esac
	done
	return $status
}

# How to become root without asking anybody: "" or "sudo -n"; fails when there is no way.
find_root() {
	root=
	[ "$(id -u)" -ne 0 ] || return 0
	root='sudo -n'
	sudo -n true 2>/dev/null
}

# Print the one command that installs sets $*.
print_command() {
	if command -v dnf >/dev/null 2>&1; then
		echo "  sudo dnf install $(unique $(for s; do missing "$s" 4; done))"
	elif command -v apt-get >/dev/null 2>&1; then
		echo "  sudo apt-get update && sudo apt-get install --no-install-recommends $(unique $(for s; do missing "$s" 3; done))"
	else
		echo "  (your package manager) install, as Debian calls them: $(unique $(for s; do missing "$s" 3; done))"
	fi
}

need= want= show=
while [ $# -gt 0 ]; do
	case $1 in
	--list) show=yes; shift ;;
	--need) need="$need $2"; shift 2 ;;
	--want) want="$want $2"; shift 2 ;;
	*) echo "usage: setup.sh [--list] [--need SET]... [--want SET]..." >&2; exit 64 ;;
	esac
done
[ -z "$show" ] || list

packages=$(unique $(for s in $need $want; do missing "$s" 3; done))
[ -n "$packages" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && find_root; then
	apt_install $packages
fi

# Whatever apt said: what counts is what is there now.
lacking=
for s in $need; do
	[ -z "$(missing "$s" 3)" ] || lacking="$lacking $s"
done
if [ -n "$lacking" ]; then
	{ echo "Missing:$lacking.  Type:"; print_command $lacking; } >&2
	exit 1
fi
for s in $want; do
	[ -z "$(missing "$s" 3)" ] || echo "Going on without: $(missing "$s" 3 | tr '\n' ' ')($(purpose "$s"))" >&2
done
exit 0
