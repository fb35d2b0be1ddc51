#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Host programs, as a device gets them: where those of the archive do not run, they are
# built, and that takes no more than the documentation says. Programs for arm64 stand in
# for those of an archive that comes from a machine of another kind. What is built when,
# and what can't be, is in hostprogs.bats.
#
# bats file_tags=generator

load kbuild

programs="scripts/basic/fixdep scripts/mod/modpost scripts/genksyms/genksyms"

# unpack_three: an archive that has these.
unpack_three() {
	shared modversions '' CONFIG_MODVERSIONS=y
	grep -x CONFIG_IKHEADERS_HOSTPROGS=y "$out/.config"
	unpack "$out"
}

# as_nobody COMMAND...: on_tree makes as a user who can't write to the tree.
as_nobody() {
	local as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
	chown -R nobody "$module"
	"$@"
}

# few_tools: makes few/, a PATH without a compiler.
few_tools() {
	local tool
	mkdir few
	for tool in env sh make find head grep sed rm mktemp uname cat awk cmp dirname od; do
		ln -s "$(type -P $tool)" few/
	done
}

@test "museum 20: ready host programs that work stay as they are, also where nothing can be written" {
	local before
	unpack_three
	before=$(cd "$h" && sha256sum $programs)
	run -0 ext
	says_nothing_built
	[ "$before" = "$(cd "$h" && sha256sum $programs)" ]
	[ "$(id -u)" != 0 ] || as_nobody run -0 ext
}

@test "museum 20: host programs for another machine are built on the device" {
	unpack_three
	(cd "$h" && foreign $programs)
	run -0 ext
	says_built fixdep modpost genksyms
	grep -q kheaders_greeting "$module/Module.symvers"
	run ! grep -q '^0x00000000' "$module/Module.symvers"
}

@test "museum 20: host programs are built with another C library, and by another compiler than gcc" {
	local hostcc
	unpack_three
	for hostcc in musl-gcc clang; do
		(cd "$h" && rm $programs)
		run -0 on_tree modules_prepare HOSTCC=$hostcc
		says_built fixdep modpost genksyms
		grep -F "by $hostcc" "$h/scripts/kheaders/built"
	done
}

@test "museum 20: host programs are built once, and from then on the tree is only read" {
	local files
	unpack_three
	(cd "$h" && rm $programs)
	run -0 on_tree modules_prepare
	says_built fixdep modpost genksyms
	files=$(find "$h" | sort)
	run -0 ext
	says_nothing_built
	[ "$files" = "$(find "$h" | sort)" ]
	[ "$(id -u)" = 0 ] || return 0
	as_nobody run -0 ext
	printf '%s\n' "mount --bind '$h' '$h'" "mount -o remount,ro,bind '$h'" \
		"! touch '$h/x' 2>/dev/null" 'exec "$@"' >read-only
	as="unshare --mount sh -eu $dir/read-only" run -0 ext
}

@test "museum 20: where there is no compiler, one line says what to install" {
	unpack_three
	few_tools
	PATH=$dir/few run -2 ext
	echo "$output" | grep 'kheaders: not found: CC=gcc LD=ld, .*: install it (packages gcc, binutils)'
	rm "$h/scripts/basic/fixdep"
	PATH=$dir/few run -2 ext
	echo "$output" | grep 'kheaders: scripts/basic/fixdep is not in the tree, and there is no compiler to build it: install gcc'
}

@test "museum 20: where the kernel's own compiler is not here, one line says to name another" {
	unpack_three
	echo 'CC = /vendor/bin/clang' >>"$h/Makefile.kernel"
	run -2 ext
	echo "$output" | grep 'kheaders: not found: CC=/vendor/bin/clang, .* name yours, as in CC=gcc'
	run -0 ext CC=gcc
}

@test "museum 20: objtool is built from its source" {
	local hostcc
	shared_x86_64
	run ! grep -F "$work" "$out/kernel/.kheaders/made/tools/objtool/objtool.args"
	unpack "$out"
	run -0 ext
	says_nothing_built
	cp "$module/kheaders_greeter.o" want.o
	readelf -SW want.o | grep -F .orc_unwind
	for hostcc in gcc clang; do
		foreign "$h/tools/objtool/objtool"
		run -0 ext HOSTCC=$hostcc
		says_built objtool
		cmp want.o "$module/kheaders_greeter.o"
	done

	# With another C library, for which there is no libelf here.
	foreign "$h/tools/objtool/objtool"
	run -2 ext HOSTCC="$(other_libc)"
	echo "$output" | grep "kheaders: tools/objtool/objtool .* musl-gcc .* can't build it: .*elf.h: No such file.* (packages gcc, libc6-dev, libelf-dev)"
}

# device_root COMMAND...: makes device/, a root with make, a compiler, its libraries and
# headers, and the COMMANDs, each from the first of $boxes that has it; and on-device,
# which runs a command in that root.
device_root() {
	local name box
	rm -rf device
	mkdir -p device/{usr/{bin,lib,lib64,libexec,include},proc,dev,tree,mod,tmp}
	# gcc looks for the rest of itself beside where it is.
	(cd device && ln -s usr/bin usr/lib usr/lib64 .)
	for name in make gcc as ld nm; do
		cp -L "$(type -P $name)" "device/bin/$name"
	done
	for name; do
		for box in $boxes; do
			case $box in
			mksh)	echo sh ;;
			toybox)	toybox ;;
			*)	busybox --list ;;
			esac | tr ' ' '\n' | grep -qx "$name" || continue
			cp -L "$(type -P $box)" device/bin/
			ln -s "$box" "device/bin/$name"
			break
		done
		[ -e "device/bin/$name" ] || { echo "no $name in $boxes"; return 1; }
	done
	cat >on-device <<-EOT
		cd "$dir/device"
		mount --bind /usr/lib usr/lib
		mount --bind /usr/lib64 usr/lib64
		[ ! -d /usr/libexec ] || mount --bind /usr/libexec usr/libexec
		mount --bind /usr/include usr/include
		mount --bind /dev dev
		mount -t proc proc proc
		mount --bind "$h" tree
		mount --bind "$module" mod
		exec chroot . /bin/sh -c "PATH=/bin; export PATH; \$*"
	EOT
}

@test "museum 43: the documented commands alone will do, of busybox, or of mksh and toybox with what it lacks" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a root of its own"
	local commands boxes
	shared_x86_64
	commands=$(sed -n '/^What the device must have/,/^Programs that make runs/s/^    //p' \
		"$top/Documentation/admin-guide/kheaders.rst")
	[ "$(echo $commands | wc -w)" -gt 15 ]
	# toybox has no shell, awk and others yet.
	for boxes in busybox "mksh toybox busybox"; do
		unpack "$out"
		rm -f "$module"/*.o "$module"/*.ko
		device_root $commands
		on_device() {
			run env -i unshare --mount --pid --fork sh -eu "$dir/on-device" "$@"
			echo "$boxes: $output"
			[ "$status" = 0 ]
			[ -z "$(echo "$output" | grep -i 'not found\|usage:\|unknown option')" ]
		}
		on_device make -C /tree M=/mod modules
		[ -s "$module/kheaders_caller.ko" ]
		says_nothing_built
		(cd "$h" && rm scripts/basic/fixdep scripts/mod/modpost tools/objtool/objtool)
		on_device make -C /tree M=/mod clean
		[ ! -e "$module/kheaders_caller.ko" ]
		on_device make -C /tree M=/mod modules
		echo "$output" | grep '^kheaders: built for .*: fixdep modpost objtool$'
		[ -s "$module/kheaders_caller.ko" ]
	done
}
