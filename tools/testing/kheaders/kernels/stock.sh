#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Gets a kernel as Debian ships it, for the tests of kheaders.ko. Usage:
#
#	stock.sh VERSION ARCH release	prints its release, or nothing if apt knows none
#	stock.sh VERSION ARCH headers	its headers: prints what make module takes as KDIR=
#	stock.sh VERSION ARCH		and its image, with kheaders.ko made of the headers:
#					prints build/kernel/VERSION-ARCH-stock, in which
#					boot.sh finds what it looks for where a kernel was built
#
# VERSION is like 6.1: the highest release of it that apt knows is taken. ARCH is x86_64 or
# arm64; its compiler is that of CROSS_COMPILE in the environment. Nothing is installed:
# the packages are unpacked in build/stock, and the logs are beside them.

set -eu
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || die "usage: stock.sh VERSION ARCH [release|headers]"
version=$1 arch=$2 cross=${CROSS_COMPILE-} programs=
case $arch in
x86_64)	debian=amd64 image=arch/x86/boot/bzImage ;;
arm64)	debian=arm64 image=arch/arm64/boot/Image ;;
*)	die "ARCH=$arch VARIANT=stock: Debian's own kernels are booted for x86_64 and arm64: take one of these" ;;
esac
native=$(dpkg --print-architecture)
kernel="KERNEL=$version ARCH=$arch VARIANT=stock"
stock=$build/stock/$version-$arch log=$build/stock/$version-$arch.log
apt=$build/apt/stock/$debian
out=$build/kernel/$version-$arch-stock
cure="take another version"
[ "$debian" != "$native" ] || cure="call apt-get update, or $cure"
# The options of the make that calls this must not reach those below.
unset MAKEFLAGS ARCH
# What init.sh and the tests take, with what those depend on.
modules="virtio_pci 9pnet_virtio 9p overlay"

mkdir -p "$build/stock"

# apt COMMAND...: one of apt's, with this machine's mirrors. For another kind of machine,
# with lists of both kinds, so that what is taken of each is of the same release.
apt() {
	if [ "$debian" = "$native" ]; then
		command=$1; shift
		"$command" -o APT::Sandbox::User="$(id -un)" "$@"
	else
		apt_in "$apt" "$debian,$native" "$@"
	fi
}

# unpack DIR PACKAGE...: below DIR, whole or not at all.
unpack() {
	into=$1; shift
	rm -rf "$into" "$into.new"
	mkdir -p "$into.new/packages"
	(cd "$into.new/packages" && apt apt-get download "$@") >"$log" 2>&1 ||
		die "apt-get can't download $*, see $log: go online, or $cure"
	for package in "$into.new/packages"/*.deb; do
		dpkg-deb -x "$package" "$into.new" 2>"$log" ||
			die "dpkg-deb can't unpack $package, see $log: is the disk full?"
	done
	rm -r "$into.new/packages"
	mv "$into.new" "$into"
}

get_headers() {
	depends=$(apt apt-cache depends "linux-headers-$release" 2>"$log") ||
		die "apt knows no linux-headers-$release, see $log: $cure"
	common=$(echo "$depends" | sed -n 's/.*Depends: \(linux-headers-.*\)/\1/p')
	kbuild=$(echo "$depends" | sed -n 's/.*Depends: \(linux-kbuild-.*\)/\1/p')
	# The programs are those of the machine that builds and, beside them, the guest's.
	unpack "$stock" "linux-headers-$release" "$common" "$kbuild:$native"
	[ "$debian" = "$native" ] || unpack "$stock/programs" "$kbuild"
	sed -i "s,/usr/src,$stock/usr/src," "$headers/Makefile"
	echo "$release" >"$stock/release"
}

# initrd DIR: loads modules that were unpacked in DIR, since Debian's drivers are modules,
# and goes on with init.sh.
initrd() {
	root=$1 initrd=$1/initrd
	mkdir -p "$initrd/bin" "$initrd/modules"
	find "$root" -path '*/bin/busybox' -exec cp {} "$initrd/bin" ';'
	depmod -b "$root" "$release" >"$log" 2>&1 ||
		die "depmod can't read the modules of Debian's Linux $release, see $log"
	for module in $modules; do
		modprobe -d "$root" -S "$release" --show-depends "$module" 2>"$log" ||
			die "Debian's Linux $release lacks the module $module, see $log: name another in stock.sh"
	done >"$root/depends"
	awk '/^insmod / && !seen[$2]++ { print $2 }' "$root/depends" >"$root/modules"
	number=100
	while read -r module; do
		cp "$module" "$initrd/modules/$number-${module##*/}"
		number=$((number + 1))
	done <"$root/modules"
	cat >"$initrd/init" <<-'EOT'
		#!/bin/busybox sh
		bb=/bin/busybox
		word() {
			$bb sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline
		}
		$bb mkdir -p /proc /new
		$bb mount -t proc proc /proc
		for module in /modules/*; do
			case $module in
			*.xz)	$bb xz -dc "$module" >/module.ko ;;
			*)	$bb cp "$module" /module.ko ;;
			esac
			$bb insmod /module.ko
		done
		$bb mount -t 9p -o "ro,$(word rootflags)" "$(word root)" /new
		init=$(word init)
		$bb umount /proc
		exec $bb switch_root /new "$init"
	EOT
	chmod +x "$initrd/init"
	(cd "$initrd" && find . >"$root/files" && cpio -o -H newc <"$root/files" >"$root/cpio" &&
	 gzip -1 <"$root/cpio" >"$out/initrd") 2>"$log" ||
		die "no initrd can be made of $initrd, see $log: is the disk full?"
}

get_image() {
	say "getting Debian's Linux $release"
	rm -rf "$out"
	mkdir -p "$out/${image%/*}" "$out/kernel" "$out/include/config"
	# A busybox of the same kind, which needs no libraries.
	unpack "$out/root" "linux-image-$release" busybox-static
	mv "$out/root/boot/vmlinuz-$release" "$out/$image"
	initrd "$out/root"
	rm -r "$out/root"
	ln -s "$headers/.config" "$headers/Module.symvers" "$out"
	ln -s "$headers" "$out/source"
	echo "exec make -C '$headers' ARCH='$arch' CROSS_COMPILE='$cross' \"\$@\"" >"$out/kmake"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$out"
	sh "$out/kmake" M="$out/testmod" modules >"$log" 2>&1 ||
		die "Debian's headers build no module, see $log"
	echo "$release" >"$out/include/config/kernel.release"
}

[ "$debian" = "$native" ] || apt_lists "$apt" apt apt-get update --error-on=any ||
	die "$kernel: apt-get can't get the lists of Debian's packages for $debian, see $apt.log: go online"
names=$(apt apt-cache pkgnames "linux-image-$version" 2>"$log") ||
	die "apt-cache can't tell which kernels there are, see $log"
release=
for name in $(echo "$names" | sed -nE "s/^linux-image-($version\.[^-]*(-[0-9]+)?-$debian)\$/\1/p"); do
	if [ -z "$release" ] || older "$release" "$name"; then
		release=$name
	fi
done
if [ "${3-}" = release ]; then
	echo "$release"
	exit
fi
[ "$release" ] ||
	die "$kernel: apt knows no linux-image-$version of Debian's: $cure"
headers=$stock/usr/src/linux-headers-$release
[ "$(cat "$stock/release" 2>/dev/null)" = "$release" ] || get_headers
if [ "${3-}" = headers ]; then
	echo "$headers"
	exit
fi

[ "$(cat "$out/include/config/kernel.release" 2>/dev/null)" = "$release" ] || get_image
[ "$debian" = "$native" ] || programs=$(echo "$stock"/programs/usr/lib/linux-kbuild-*)
HOSTPROGS=$programs "$top/scripts/module/module.sh" "$headers" "$out/module" \
	${cross:+CROSS_COMPILE="$cross"} >&2
mv "$out/module/kheaders.ko" "$out/kernel"
build_command "$out" "$arch" "$cross" >"$log" 2>&1 ||
	die "building the kheaders command failed, see $log"
echo "$out"
