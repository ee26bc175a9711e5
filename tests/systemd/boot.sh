#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154		# build and name are the caller's
# boot.sh, to be read by others: boots a real systemd in a container.  Reading it makes the container, with its files below
# $root; "boot GUEST.py" boots it, runs that program inside, prints its TAP and fails if a test did.  The caller has set
# build and name before.
#
# The container is this machine's own root file system under an overlay in memory, so it needs neither an image nor a
# network, and nothing of it stays.  Needs root, overlayfs and systemd-nspawn; says so and skips where one is missing.
# The log of the guest and the journal of the container end up in BUILD/log/systemd-NAME.
log=$build/log/systemd-$name
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
cgroups=/sys/fs/cgroup
[ ! -d $cgroups/unified ] || cgroups=$cgroups/unified

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

[ "$(id -u)" -eq 0 ] || skip 'the service test needs root'
command -v systemd-nspawn >/dev/null || skip 'systemd-nspawn is not installed (package systemd-container)'
[ -x /lib/systemd/systemd ] || skip 'systemd is not installed'
[ "$(stat -f -c %T $cgroups)" = cgroup2fs ] || skip 'there is no cgroup2 file system'
python=$(python3 -c 'import sys; print(sys.executable)') || skip 'python3 is not installed'
mkdir -p "$log" && rm -f "$log/tap" || exit 1
dir=$(mktemp -d) || exit 1

# nspawn leaves these two behind when it may not ask a service manager for a scope of its own.
own_cgroup=$cgroups$(sed -n 's/^0:://p' /proc/self/cgroup)
cgroups_before=$(ls -d "$own_cgroup/payload" "$own_cgroup/supervisor" 2>/dev/null)
remove_cgroups() {
	for c in "$own_cgroup/payload" "$own_cgroup/supervisor"; do
		case $cgroups_before in
		*"$c"*) ;;
		*) [ ! -d "$c" ] || find "$c" -depth -type d -exec rmdir {} + 2>/dev/null ;;
		esac
	done
}
clean_up() {
	mountpoint -q "$dir/root" && umount "$dir/root"
	mountpoint -q "$dir" && umount "$dir"
	rmdir "$dir"
	remove_cgroups
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

mount -t tmpfs -o size=512m,mode=755 tmpfs "$dir" || skip 'no tmpfs can be mounted here'
mkdir "$dir/upper" "$dir/work" "$dir/root" "$dir/results"
mount -t overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root" 2>/dev/null ||
    skip 'no overlay can be mounted here'
root=$dir/root
rm -rf "$root/etc/m365dnsd" "$root/var/lib/m365dnsd" "$root/var/lib/private/m365dnsd"

boot() {
	# Not the journal of this machine.
	systemd-id128 new >"$root/etc/machine-id"
	mkdir -p "$root/usr/local/lib/m365dnsd-test"
	cp "tests/systemd/$1" tests/systemd/guestlib.py tests/bed/hostile.py tests/bed/dnswire.py "$root/usr/local/lib/m365dnsd-test"
	# Of the services of this machine none is started: the target wants the basics and the test.
	cat >"$root/etc/systemd/system/m365dnsd-test.target" <<-'END'
		[Unit]
		Requires=basic.target m365dnsd-test.service
		After=basic.target
		AllowIsolate=yes
	END
	cat >"$root/etc/systemd/system/m365dnsd-test.service" <<-END
		[Unit]
		After=basic.target
		[Service]
		Type=oneshot
		Environment=PYTHONDONTWRITEBYTECODE=1
		ExecStart=$python /usr/local/lib/m365dnsd-test/$1 /results
		StandardError=file:/results/guest.log
		ExecStopPost=/bin/systemctl poweroff --no-block
	END

	keep=--keep-unit
	[ ! -d /run/systemd/system ] || keep=
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout -k 5 "${SYSTEMD_TEST_LIMIT:-120}" systemd-nspawn --quiet --directory="$root" \
	    --register=no $keep --private-network --bind="$dir/results:/results" --console=pipe \
	    /lib/systemd/systemd systemd.unit=m365dnsd-test.target systemd.show_status=no </dev/null >"$log/console.log" 2>&1
	cp "$dir"/results/* "$log" 2>/dev/null
	if [ -s "$log/tap" ]; then
		cat "$log/tap"
	else
		echo 'Bail out! the container did not boot'
		tail -n 20 "$log/console.log" | sed 's/^/# /'
		exit 1
	fi
	! grep -q '^not ok' "$log/tap" && grep -q '^1\.\.' "$log/tap"
}
