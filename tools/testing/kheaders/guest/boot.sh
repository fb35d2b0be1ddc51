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
# words must hold no white space. With ROOT in the environment, a guest of x86_64 has
# the root that root.sh makes of that release of Debian. What COMMAND prints comes
# out here, and is kept in OBJTREE.boot.log (OBJTREE-ROOT.boot.log) with the kernel's
# messages. Returns COMMAND's status, or 124 if it did not end within SECONDS.

set -eu
. "$(dirname "$0")/../lib.sh"

[ $# -ge 3 ] || die "usage: boot.sh OBJTREE SECONDS COMMAND [ARG...]"
out=$1 seconds=$2; shift 2
arch=$(arch_of "$out")
log=$out${ROOT:+-$ROOT}.boot.log
words=$(echo "$*" | tr ' ' ',')
[ -z "${ROOT-}" ] || [ "$arch" = x86_64 ] ||
	die "ROOT=$ROOT is for kernels of x86_64, and $out is one of $arch"
case $arch+${ROOT-} in
um+|x86_64+) tree=/ ;;
*)	tree=$("$here/guest/root.sh" "${ROOT:-$arch}") ;;
esac

# has OPTION: whether the kernel does.
has() {
	grep -q "^CONFIG_$1=y" "$out/.config"
}

root=host
! has BLOCK || root=/dev/root
# On the kernel's command line, for any guest.
append="ro quiet panic=-1 reboot=t kheaders.command=$words kheaders.top=$top"

# uml: boots a kernel of User-mode Linux on this machine's root.
uml() {
	# Its memory is a file in TMPDIR, which must allow mmap(PROT_EXEC). Its processes
	# are some of ours that wake each other at each system call: on one CPU that is
	# four times as fast.
	! findmnt -n -t tmpfs -O nonoexec /dev/shm >/dev/null || export TMPDIR=/dev/shm
	cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
	# shellcheck disable=SC2086 # UML takes the words one by one
	timeout "$seconds" taskset -c "$cpu" "$(image_of "$out")" mem=1G con=null con0=null,fd:1 \
		rootfstype=hostfs rootflags=/ root=$root $append init="$here/guest/init.sh"
}

# qemu: boots a kernel of another architecture, or of x86_64, in QEMU.
qemu() {
	# With KVM it would hang where /dev/kvm exists, but does not work.
	set -- -accel tcg -smp 2 -m 2G -nodefaults -no-user-config -display none \
		-serial stdio -no-reboot -kernel "$(image_of "$out")"
	console=ttyS0 init=$here/guest/init.sh device=virtio-9p-device
	kind=$arch
	# A distribution's kernel has drivers of PCI, as modules in its initrd.
	if [ -e "$out/initrd" ]; then
		device=virtio-9p-pci
		[ "$arch" != x86_64 ] || kind=stock
		set -- "$@" -initrd "$out/initrd"
	fi
	case $kind in
	arm64)	set -- qemu-system-aarch64 -M virt -cpu cortex-a72 "$@"
		console=ttyAMA0 ;;
	arm)	set -- qemu-system-arm -M virt -cpu cortex-a15 "$@"
		console=ttyAMA0 ;;
	riscv)	set -- qemu-system-riscv64 -M virt "$@" ;;
	stock)	set -- qemu-system-x86_64 -M pc -cpu Nehalem "$@" ;;
	# Without ACPI, QEMU names its devices on the kernel's command line. What later
	# processors have is slow to emulate: programs take a sixth longer on "max".
	*)	set -- qemu-system-x86_64 -M microvm,rtc=on,acpi=off -cpu Nehalem "$@" ;;
	esac
	# Where QEMU gets little of a CPU, x86 finds no timer that keeps the time it measures,
	# and stops.
	[ "$arch" != x86_64 ] || append="$append no_timer_check lpj=10000000"

	if [ "$tree" != / ]; then
		cp "$here/guest/init.sh" "$tree/sbin/guest-init.sh"
		init=/sbin/guest-init.sh
		set -- "$@" -device "$device,fsdev=top,mount_tag=top" \
			-fsdev "local,id=top,path=$top,security_model=none,readonly=on,multidevs=remap"
	fi
	timeout "$seconds" "$@" -device "$device,fsdev=root,mount_tag=$root" \
		-fsdev "local,id=root,path=$tree,security_model=none,readonly=on,multidevs=remap" \
		-append "console=$console root=$root rootfstype=9p $append init=$init rootflags=trans=virtio,version=9p2000.L,msize=262144,cache=loose"
}

machine=qemu
[ "$arch" != um ] || machine=uml
$machine </dev/null 2>&1 | sed -u 's,\r$,,' | tee "$log" | grep -v --line-buffered '^kheaders-status: '

status=$(sed -n 's/^kheaders-status: //p' "$log")
case $status in
[0-9]*)	exit "$status" ;;
esac
say "$(basename "$out"): the guest did not come to the end of $words, see $log"
exit 124
