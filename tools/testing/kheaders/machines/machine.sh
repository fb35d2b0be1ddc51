#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tries the two commands of the README in a root of Debian that has git and make, and
# otherwise only what Debian itself needs. Usage, as root:
#
#	machine.sh DEBIAN USER DIR CHECK
#
# The first three are the words of a row of machines/list; CHECK is check-fast, or
# check, which takes as long as it does here. What is tried is a clone, in DIR there, of
# what was committed here. Prints TAP; what each command said is in
# build/machines/DEBIAN-USER.log, and the root stays in build/machines/DEBIAN-USER if
# something failed.

set -eu
. "$(dirname "$0")/../lib.sh"

debian=$1 user=$2 dir=$3 check=$4
root=$build/machines/$debian-$user log=$build/machines/$debian-$user.log

# as USER COMMAND: logs in there and runs it.
as() {
	echo "+ $1: $2" >>"$log"
	# shellcheck disable=SC2016 # for that shell
	unshare --mount --pid --fork --kill-child sh -euc '
		root=$1 user=$2 command=$3
		# A machine has a file system of its own, which tests make private copies of.
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys"
		mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
		for node in null zero full random urandom tty; do
			: >"$root/dev/$node"
			mount --bind "/dev/$node" "$root/dev/$node"
		done
		mkdir "$root/dev/pts" "$root/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		ln -s pts/ptmx "$root/dev/ptmx"
		ln -s /proc/self/fd "$root/dev/fd"
		exec chroot "$root" su - "$user" -c "$command"' \
		- "$root" "$1" "$2" </dev/null >>"$log" 2>&1
}

# make_root: a bare root, with this machine's network settings.
make_root() {
	rm -rf "$root"
	mkdir -p "$root"
	debian_root "$debian" "$root" --variant=minbase --include="git,make$more" >"$log" 2>&1 &&
	apt-config dump --no-empty Acquire >"$root/etc/apt/apt.conf.d/99machine" &&
	cp /etc/resolv.conf /etc/hosts "$root/etc" &&
	git -C "$top" bundle create -q "$root/kheaders.bundle" HEAD || return 1
	[ "$user" = root ] || as root "useradd -m -s /bin/bash $user && install -d -o $user $dir"
	[ -z "$more" ] || echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
	as "$user" "git clone -q /kheaders.bundle $dir"
}

# run_as_told: make run as one who may not install packages, and what it says then.
run_as_told() {
	! as "$user" "cd $dir && make run" || return 1
	told=$(tail -n 2 "$log" | sed -n 's/^kheaders: only root can install packages: as root, call "\(.*\)" and "\(.*\)", then start again$/\1 \&\& \2/p')
	[ "$told" ] && as root "$told"
}

# run: the main job, with its summary whole.
run() {
	as "$user" "cd $dir && make run" || return 1
	for line in 'Archive:  [0-9]* bytes with [0-9]* files' 'Symbols:  .* 0 differ' \
			'Module:   hello kernel' 'eBPF:     .* the eBPF program saw process'; do
		tail -n 20 "$log" | grep -q "^$line" || return 1
	done
}

check() {
	as "$user" "cd $dir && make $check" || return 1
	tail -n 1 "$log" | sed -n 's/^[0-9]* passed, 0 failed/# &/p' | grep .
}

n=0
# try NAME COMMAND
try() {
	n=$((n + 1))
	from=$(date +%s)
	if "$2"; then
		echo "ok $n $1 in $(($(date +%s) - from)) s"
	else
		echo "not ok $n $1: see $log"
		tail -n 20 "$log" | sed 's/^/# /'
		exit 1
	fi
}

more=
[ "$user" != sudoer ] || more=,sudo
mkdir -p "$build/machines"
if [ "$user" = user ]; then
	echo 1..4
else
	echo 1..3
fi
try "Debian $debian with git and make, and a clone in $dir" make_root
[ "$user" != user ] || try "what an ordinary user is told, root does" run_as_told
try "museum 39: make run as $user" run
try "make $check as $user" check
rm -rf --one-file-system "$root"
