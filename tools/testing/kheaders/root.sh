#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the root file system for guests of another architecture than this
# machine's: Debian's compiler, make and what the tests call. Usage:
#
#	root.sh ARCH
#
# ARCH is arm64, arm or riscv, as the kernel names them. Prints the directory,
# build/root/ARCH, which is made once. The packages are unpacked and not configured,
# which would run programs of that architecture here.

set -eu
. "$(dirname "$0")/lib.sh"

arch=$1
root=$build/root/$arch
packages="base-files busybox-static bash dash coreutils diffutils findutils grep sed mawk
tar xz-utils gzip mount util-linux kmod procps make gcc libc6-dev"
# riscv64 came with trixie.
suite=bookworm
case $arch in
arm64)	debian=arm64 packages="$packages clang libbpf-dev" ;;
arm)	debian=armhf ;;
riscv)	debian=riscv64 suite=trixie packages="$packages clang libbpf-dev" ;;
esac

if [ "$(cat "$root.made" 2>/dev/null)" != "$suite $packages" ]; then
	say "making a root file system for $arch in $root"
	rm -rf "$root" "$root.tmp"
	mkdir -p "$root.tmp"
	# shellcheck disable=SC2086 # a list of names
	mmdebstrap --quiet --arch="$debian" --variant=extract \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--include="$(echo $packages | tr ' ' ,)" "$suite" "$root.tmp" \
		>"$build/root/$arch.log" 2>&1 || {
		tail -n 5 "$build/root/$arch.log" >&2
		die "mmdebstrap failed for $arch, see $build/root/$arch.log"
	}
	# What configuring the packages would have made.
	ln -sf mawk "$root.tmp/usr/bin/awk"
	ln -sf gcc "$root.tmp/usr/bin/cc"
	ln -sf dash "$root.tmp/bin/sh"
	mkdir -p "$root.tmp$top" "$root.tmp/proc" "$root.tmp/sys" "$root.tmp/dev" \
		"$root.tmp/mnt" "$root.tmp/tmp"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root.tmp/etc/passwd"
	mv "$root.tmp" "$root"
	echo "$suite $packages" >"$root.made"
fi
echo "$root"
