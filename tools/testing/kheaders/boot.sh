#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a kernel that kernel.sh built and runs a command in it. Usage:
#
#	boot.sh OBJTREE SECONDS COMMAND [ARG...]
#
# The guest's root is this machine's or, for another architecture, the one that
# root.sh makes with this repository in it; read-only under an overlay that is gone
# after the boot, so COMMAND sees the same files as here and can't harm them. Its
# words must hold no white space. What it prints comes out here, and is kept in
# OBJTREE.boot.log with the kernel's messages. Returns COMMAND's status, or 124
# if it did not end within SECONDS.

set -eu
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: boot.sh OBJTREE SECONDS COMMAND [ARG...]"
out=$1 seconds=$2; shift 2
log=$out.boot.log
words=$(echo "$*" | tr ' ' ',')
append="panic=-1 reboot=t kheaders.command=$words" init=$here/guest-init.sh

if grep -q '^CONFIG_UML=y' "$out/.config"; then
	# Its memory is a file in TMPDIR, which must allow mmap(PROT_EXEC). Its processes
	# are some of ours that wake each other at each system call: on one CPU that is
	# four times as fast.
	! findmnt -n -t tmpfs -O nonoexec /dev/shm >/dev/null || export TMPDIR=/dev/shm
	cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
	set -- taskset -c "$cpu" "$(image_of "$out")" mem=1G con=null con0=null,fd:1 \
		root=host rootfstype=hostfs rootflags=/ ro quiet
else
	# With KVM it would hang where /dev/kvm exists, but does not work.
	root=/
	set -- -accel tcg -smp 2 -m 2G -nodefaults -no-user-config -display none \
		-serial stdio -no-reboot -kernel "$(image_of "$out")"
	if grep -q '^CONFIG_ARM64=y' "$out/.config"; then
		root=$("$here/root.sh" arm64)
		cp "$here/guest-init.sh" "$root/sbin/guest-init.sh"
		append="console=ttyAMA0 $append kheaders.top=$top" init=/sbin/guest-init.sh
		set -- qemu-system-aarch64 -M virt -cpu cortex-a72 "$@" \
			-fsdev "local,id=top,path=$top,security_model=none,readonly=on,multidevs=remap" \
			-device "virtio-9p-device,fsdev=top,mount_tag=top"
	else
		# Without ACPI, QEMU names its devices on the kernel's command line.
		append="console=ttyS0 $append"
		set -- qemu-system-x86_64 -M microvm,rtc=on,acpi=off -cpu max "$@"
	fi
	set -- "$@" -fsdev "local,id=root,path=$root,security_model=none,readonly=on,multidevs=remap" \
		-device "virtio-9p-device,fsdev=root,mount_tag=host" -append
	append="quiet root=host rootfstype=9p ro $append"
	append="$append rootflags=trans=virtio,version=9p2000.L,msize=262144,cache=loose"
fi

append="$append init=$init"
# shellcheck disable=SC2086 # UML takes the words one by one, QEMU as one
case $1 in
*qemu*)	timeout "$seconds" "$@" "$append" ;;
*)	timeout "$seconds" "$@" $append ;;
esac </dev/null 2>&1 | sed -u 's,\r$,,' | tee "$log" | grep -v --line-buffered '^kheaders-status: '

status=$(sed -n 's/^kheaders-status: //p' "$log")
case $status in
[0-9]*)	exit "$status" ;;
esac
say "$(basename "$out"): the guest did not come to the end of $words, see $log"
exit 124
