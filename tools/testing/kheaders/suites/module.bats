#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make module: kheaders.ko for a kernel that is built already, with small trees in the place
# of headers and, in the tests that take longer, with those of Debian's 6.1. The module
# itself is tested in guests of Debian's kernels (VARIANT=stock).

bats_require_minimum_version 1.5.0

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	export top here LC_ALL=C
}

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# module KDIR [ARG...]: as make module does, with all that is built below ./build.
module() {
	local kdir=$1
	shift
	"$top/scripts/module/module.sh" "$kdir" build "$@"
}

# headers: ./h, as Kbuild sees them. Each line is an option of the kernel.
headers() {
	mkdir -p h/include/{config,generated} h/arch/x86/include/generated
	cat >h/Makefile <<-'EOT'
		srctree := $(CURDIR)
		objtree := .
		KERNELRELEASE := 6.9.1
		SRCARCH := x86
		CC := gcc
		HOSTCC := gcc
		include $(M)/Kbuild
		modules: ;
	EOT
	printf '%s\n' "$@" >h/include/config/auto.conf
	echo 6.9.1 >h/include/config/kernel.release
	: >h/include/generated/autoconf.h
	printf '0x01234567\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n' >h/Module.symvers
}

# fails TEXT: make module says that, ends with 1 and leaves nothing but its log.
fails() {
	run module h
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "kheaders: $1" ]
	[ "${#lines[@]}" = 1 ]
	[ -z "$(find build -mindepth 1 ! -name log 2>/dev/null)" ]
}

@test "module: a directory that is none of headers" {
	fails "KDIR=h: no Makefile there; name the directory of a kernel's headers (package linux-headers-RELEASE) or of its build"
	headers
	rm h/include/generated/autoconf.h
	fails "KDIR=$PWD/h: no $PWD/h/include/generated/autoconf.h; it is not that of a kernel which was configured: call \"make modules_prepare\" there"
	headers
	: >h/Module.symvers
	fails "KDIR=$PWD/h: no $PWD/h/Module.symvers; only a whole build of Linux 6.9.1 makes it"
}

@test "museum 49: make module refuses kernels that it is not for, and trees that it made" {
	headers CONFIG_IKHEADERS_PROC=y
	fails "KDIR=$PWD/h: Linux 6.9.1 has /proc/kheaders.tar.xz already (CONFIG_IKHEADERS_PROC)"
	headers
	: >h/include/config/kheaders.id
	fails "KDIR=$PWD/h: it was unpacked from the kheaders.ko of Linux 6.9.1; name the headers that this was built with, or take that kheaders.ko"
	rm h/include/config/kheaders.id
	headers CONFIG_RANDSTRUCT=y
	fails "KDIR=$PWD/h: Linux 6.9.1 has a randomized structure layout (CONFIG_RANDSTRUCT); the seed, which each module needs, is secret"
}

@test "module: ARCH= that the headers are not of" {
	headers
	rm -r h/arch
	fails "KDIR=$PWD/h: it was not configured for ARCH=x86: name its own, or leave ARCH out"
}

@test "module: compilers that are not here, or have no headers" {
	local at=$PWD/nowhere
	headers
	sed -i "s,^CC :=.*,CC := $at/gcc -m64," h/Makefile
	fails "$at/gcc -m64, the kernel's compiler, is not here: install it, or name another with CC="
	headers
	sed -i "s,^HOSTCC :=.*,HOSTCC := $at/gcc," h/Makefile
	fails "$at/gcc compiles no programs for this machine: install gcc and libc6-dev, or name another compiler with HOSTCC="
	headers
	# As gcc does without libc6-dev.
	sed -i 's,^HOSTCC :=.*,HOSTCC := gcc -nostdinc,' h/Makefile
	fails "gcc -nostdinc compiles no programs for this machine: install gcc and libc6-dev, or name another compiler with HOSTCC="
}

@test "module: directories that make does not take" {
	local dir
	headers
	for dir in "a b" "a'b" a:b a,b 'a#b' a%b 'a[b' 'a*b' 'a?b'; do
		cp -r h "$dir"
		run make -s --no-print-directory -C "$top" module KDIR="$PWD/$dir"
		echo "$output"
		[ "$status" = 2 ]
		[ "${lines[0]}" = "kheaders: \"$PWD/$dir\" has white space or one of :'\"\`&;|<>\$()\\,%#[]*? in it, which make takes for something else: move it" ]
		run "$top/scripts/module/module.sh" h "$dir/build"
		echo "$output"
		[ "$output" = "kheaders: \"$PWD/$dir/build\" has white space or one of :'\"\`&;|<>\$()\\,%#[]*? in it, which make takes for something else: move it" ]
	done
}

@test "module: a directory for it that can't be written" {
	headers
	mkdir -p repo/scripts log ours
	cp -r "$top/scripts/module" repo/scripts
	: >file
	: >log/log
	local as=
	if [ "$(id -u)" = 0 ]; then
		as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
		chmod -R a+rX "$BATS_RUN_TMPDIR" .
		chmod a+w log
	else
		chmod a-w ours log/log
	fi
	while read -r script words; do
		echo "$script $words"
		# shellcheck disable=SC2086 # words
		run $as "repo/scripts/module/$script" $words
		echo "$output"
		[ "$status" = 1 ]
		[ "$output" = "kheaders: $(echo "$words" | cut -d ' ' -f 2) can't be written: is it another user's? Remove it, or take another clone" ]
	done <<-EOT
		module.sh h file
		module.sh h log
		module.sh h ours
		module.sh h ours/build
		kconfig.sh h file conf --oldconfig
		kconfig.sh h ours conf --oldconfig
		kconfig.sh h ours/build conf --oldconfig
	EOT
}

@test "module: a second one in the same directory" {
	headers
	mkdir build
	: >build/log
	run flock build/log "$top/scripts/module/module.sh" h build
	[ "$status" = 1 ]
	[ "$output" = "kheaders: another make module is at work in $PWD/build: wait for it" ]
}

# without_conf ARG...: kconfig.sh where there is no program for it.
without_conf() {
	mkdir -p bin
	for program in sh dirname mkdir awk mv; do
		ln -sf "$(command -v "$program")" bin
	done
	PATH=$PWD/bin "$top/scripts/module/kconfig.sh" /nowhere "$@"
}

@test "module: the configuration without a program for it is what kconfig makes" {
	# In build/ by kconfig, in plain/ without.
	same() {
		mkdir -p build plain
		cp build/.config plain 2>/dev/null || :
		"$top/scripts/module/kconfig.sh" /nowhere "$PWD/build" conf --olddefconfig
		without_conf "$PWD/plain" conf --olddefconfig
		diff <(grep ^CONFIG_ build/.config | sort) <(grep ^CONFIG_ plain/.config | sort)
	}
	same
	cmp plain/.config <(grep -v '^#' "$top/scripts/module/default.config")
	# A choice stays, also one without the rest, or after the default.
	sed -i 's/^CONFIG_IKHEADERS_SYSFS=y/# CONFIG_IKHEADERS_SYSFS is not set/' build/.config
	same
	grep -x '# CONFIG_IKHEADERS_SYSFS is not set' build/.config
	grep -x '# CONFIG_IKHEADERS_SYSFS is not set' plain/.config
	echo CONFIG_IKHEADERS_STRIP_NONE=y >>build/.config
	same
	grep '^CONFIG_IKHEADERS_STRIP_' build/.config | grep -x CONFIG_IKHEADERS_STRIP_NONE=y
	echo CONFIG_IKHEADERS_STRIP_COMMENTS=y >build/.config
	same
	grep -x CONFIG_IKHEADERS_STRIP_COMMENTS=y build/.config
	grep -x CONFIG_IKHEADERS_SYSFS=y build/.config
}

@test "module: without the archive's own option, the configuration is as with it" {
	mkdir build
	echo '# CONFIG_IKHEADERS_PROC is not set' >build/.config
	"$top/scripts/module/kconfig.sh" /nowhere "$PWD/build" conf --olddefconfig
	diff <(grep ^CONFIG_ build/.config | sort) <(grep ^CONFIG_ "$top/scripts/module/default.config" | sort)
}

@test "module: no program for the configuration, in one line and nothing left" {
	for args in mconf "conf --oldconfig"; do
		# shellcheck disable=SC2086 # words
		run without_conf "$PWD/build" $args
		[ "$status" = 1 ]
		[ "$output" = "kheaders: neither /nowhere/scripts/kconfig/${args%% *} nor kconfig-${args%% *} runs here: install the package kconfig-frontends-nox" ]
		[ ! -e build ]
	done
}

@test "module: menuconfig without a terminal" {
	run timeout 10 "$top/scripts/module/kconfig.sh" /nowhere build mconf </dev/null
	[ "$status" = 1 ]
	[ "$output" = "kheaders: menuconfig needs a terminal: use oldconfig, or write the options into build/.config" ]
	[ ! -e build ]
}

@test "module: savedefconfig writes what differs from the defaults" {
	mkdir build
	echo CONFIG_IKHEADERS_STRIP_NONE=y >build/.config
	"$top/scripts/module/kconfig.sh" /nowhere "$PWD/build" conf --savedefconfig=defconfig
	cmp build/defconfig <(echo CONFIG_IKHEADERS_STRIP_NONE=y)
}

# stock [VERSION]: Debian's headers of it are $kdir, of $release.
stock() {
	release=$("$here/kernels/stock.sh" "${1:-6.1}" x86_64 release)
	[ -n "$release" ] || skip "apt knows no linux-image-${1:-6.1}"
	kdir=$("$here/kernels/stock.sh" "${1:-6.1}" x86_64 headers)
}

# unpack: what is in build/kheaders.ko is in ./t.
unpack() {
	"$top/scripts/extract-ikheaders" build/kheaders.ko >archive
	rm -rf t
	mkdir t
	xz -dc archive | tar -xf - -C t
}

# state DIR: each file there, its time and size.
state() {
	find "$1" -printf '%p %T@ %s %l\n' | sort
}

# bats test_tags=long
@test "module: Debian's headers, in one tree, and as they were" {
	stock
	state "${kdir%/usr/src/*}" >before
	# Kbuild would write there.
	KBUILD_OUTPUT=$PWD/other module "$kdir"
	[ ! -e other ]
	state "${kdir%/usr/src/*}" | diff before -
	# Whoever builds it, and where.
	mkdir -p an/other/directory
	(cd an/other/directory && umask 077 && module "$kdir/../${kdir##*/}/")
	cmp build/kheaders.ko an/other/directory/build/kheaders.ko
	[ "$(ls -A build)" = "$(printf '.config\nkheaders.ko\nlog')" ]
	[ "$(modinfo -F vermagic build/kheaders.ko | cut -d ' ' -f 1)" = "$release" ]
	modinfo -F version build/kheaders.ko | grep -xE '[0-9a-f]{16}'
	unpack
	cmp "$kdir/Module.symvers" t/Module.symvers
	[ "$(cat t/include/config/kernel.release)" = "$release" ]
	diff <(grep -v '^CONFIG_[A-Z_]*="' "$kdir/.config") <(grep -v '^CONFIG_[A-Z_]*="' t/.config)
	strip -R .note.gnu.build-id -o modpost "$kdir/scripts/mod/modpost.real-lsb-64"
	cmp modpost t/scripts/mod/modpost
	run -1 grep -rlF "$kdir" t
	[ -z "$(find t -type l)" ]
	# All headers, of one architecture alone, but for what tells when the kernel was built.
	[ "$(ls t/arch)" = x86 ]
	for tree in "$kdir" "${kdir%-*}-common"; do
		(cd "$tree" && find include arch/x86/include -name '*.h')
	done | grep -v '^include/generated/\(compile\|utsversion\)\.h$' | sort -u >headers
	[ "$(wc -l <headers)" -gt 5000 ]
	(cd t && find include arch/x86/include -name '*.h') | sort | diff headers -
}

# Debian's headers know theirs. People who cross-build have another one exported.
# bats test_tags=long
@test "module: whatever ARCH and CDPATH are exported" {
	stock
	module "$kdir"
	mv build/kheaders.ko one.ko
	ARCH=arm64 CDPATH=.:.. module "$kdir"
	cmp one.ko build/kheaders.ko
	module "$kdir" ARCH=arm64
	cmp one.ko build/kheaders.ko
}

# bats test_tags=long
@test "module: what is built with it is what the headers build, in silence" {
	stock
	module "$kdir"
	unpack
	cp -r "$top/tools/testing/selftests/kheaders/testmod" ours
	cp -r ours theirs
	make -C "$kdir" M="$PWD/theirs" CC=gcc modules
	make -C "$PWD/t" M="$PWD/ours" modules >log 2>&1 || { cat log; false; }
	run -1 grep -E "WARNING|ERROR|^kheaders:" log
	"$here/judges/modules.py" ours theirs
	diff <(modprobe --dump-modversions ours/kheaders_caller.ko) <(modprobe --dump-modversions theirs/kheaders_caller.ko)
}

# bats test_tags=long
@test "module: HOSTPROGS= are those in the archive, and not those that build it" {
	stock
	mkdir -p programs/scripts
	cp -rL "$kdir/scripts"/{basic,mod,genksyms,recordmcount*,sign-file} programs/scripts
	HOSTPROGS=programs run module "$kdir"
	[ "$status" = 1 ]
	[ "$output" = "kheaders: HOSTPROGS=programs: no tools there; name a directory like KDIR, or an unpacked linux-kbuild" ]
	cp -rL "$kdir/tools" programs
	# Nothing could be built with that one.
	cp "$(type -P true)" programs/scripts/basic/fixdep
	HOSTPROGS=programs module "$kdir"
	[ "$(ls -A build)" = "$(printf '.config\nkheaders.ko\nlog')" ]
	unpack
	strip -R .note.gnu.build-id -o fixdep "$(type -P true)"
	cmp fixdep t/scripts/basic/fixdep
}

# bats test_tags=long
@test "module: options of .config" {
	stock
	mkdir build
	printf 'CONFIG_IKHEADERS_PROC=y\n# CONFIG_IKHEADERS_EXTMOD is not set\n# CONFIG_IKHEADERS_SYSFS is not set\n' >build/.config
	module "$kdir"
	unpack
	[ ! -e t/Makefile ]
	[ ! -e t/Module.symvers ]
	[ -e t/include/linux/fs.h ]
	nm build/kheaders.ko >symbols
	run -1 grep sysfs_create_bin_file symbols
}

# bats test_tags=long
@test "module: what fails in the build is named, and nothing is left" {
	stock
	run module "$kdir" XZ=/nowhere/xz
	echo "$output"
	[ "$status" = 1 ]
	[ "${lines[1]}" = "kheaders: CONFIG_IKHEADERS_PROC needs xz, there is no XZ=/nowhere/xz here (package xz-utils)" ]
	[ "${lines[2]}" = "kheaders: building kheaders.ko for Linux $release failed, see $PWD/build/log" ]
	[ "${#lines[@]}" = 3 ]
	[ "$(ls -A build)" = "$(printf '.config\nlog')" ]
}

# with_modules COMMAND...: as root, where /lib/modules and what dkms knows are empty.
with_modules() {
	# shellcheck disable=SC2016 # that shell's own
	unshare --mount --propagation private sh -euc '
		for directory in /lib/modules /var/lib/dkms /usr/src; do
			mkdir -p "$directory" "$1$directory"
			mount --bind "$1$directory" "$directory"
		done
		shift
		exec "$@"' - "$PWD/root" "$@"
}

@test "module: dkms-install builds for all kernels with headers" {
	[ "$(id -u)" = 0 ] || skip "dkms is root's"
	local version
	version=$(make -s --no-print-directory -C "$top" version)
	cat >dkms <<-'EOT'
		#!/bin/sh
		cd "$(dirname "$0")" || exit
		echo "$*" >>called
		case $* in
		status*) cat status ;;
		*' -k without') exit 77 ;;
		*' -k broken') exit 10 ;;
		esac
	EOT
	chmod +x dkms
	mkdir -p root/lib/modules/no-headers
	ln -s /nowhere root/lib/modules/no-headers/build
	# calls LINE...: dkms was called so.
	calls() {
		diff <(printf "%s\n" "$@" | sed "s,kheaders,kheaders/$version,") called
		rm called
	}
	: >status
	PATH=$PWD:$PATH with_modules "$top/scripts/module/dkms.sh" '' >output
	cat output
	calls "status kheaders" "add kheaders"
	grep -x 'kheaders: no headers in /lib/modules/RELEASE/build: dkms builds kheaders.ko once a kernel has some' output
	for release in first second without; do
		mkdir -p "root/lib/modules/$release/build"
		: >"root/lib/modules/$release/build/Makefile"
	done
	echo "kheaders/$version: added" >status
	PATH=$PWD:$PATH with_modules "$top/scripts/module/dkms.sh" ''
	calls "status kheaders" "remove kheaders --all" "add kheaders" "install kheaders -k first" \
		"install kheaders -k second" "install kheaders -k without"
	# One that fails is told, and does not keep others from theirs.
	mkdir "root/lib/modules/broken"
	ln -s ../first/build "root/lib/modules/broken"
	PATH=$PWD:$PATH run with_modules "$top/scripts/module/dkms.sh" ''
	echo "$output"
	[ "$status" = 1 ]
	[ "${lines[-1]}" = "kheaders: dkms built no kheaders.ko for Linux broken, see above" ]
	calls "status kheaders" "remove kheaders --all" "add kheaders" "install kheaders -k broken" \
		"install kheaders -k first" "install kheaders -k second" "install kheaders -k without"
	[ "$(ls root/usr/src)" = "kheaders-$version" ]
}

# bats test_tags=long
@test "museum 50: dkms builds the module for two kernels, also below make, and nothing is left" {
	[ "$(id -u)" = 0 ] || skip "dkms is root's"
	local version kdir release releases=
	version=$(make -s --no-print-directory -C "$top" version)
	for kernel in 6.1 6.12; do
		stock "$kernel"
		releases="$releases $release"
		mkdir -p "root/lib/modules/$release"
		ln -s "$kdir" "root/lib/modules/$release/build"
	done
	# Headers that were unpacked from one.
	mkdir -p root/lib/modules/unpacked/build/include/config
	: >root/lib/modules/unpacked/build/Makefile
	: >root/lib/modules/unpacked/build/include/config/kheaders.id
	make -s -C "$top" dkms-install DESTDIR="$PWD/root"
	find root/usr root/lib >before
	with_modules make -C "$top" dkms-install || {
		cat root/var/lib/dkms/kheaders/*/build/make.log
		false
	}
	for release in $releases; do
		ko=$(find "root/lib/modules/$release" -name 'kheaders.ko*')
		[ "$(modinfo -F vermagic "./$ko" | cut -d ' ' -f 1)" = "$release" ]
	done
	with_modules dkms status | grep -c "^kheaders/$version, .*: installed" | grep -x 2
	with_modules dkms remove "kheaders/$version" --all
	# But for depmod's lists.
	find root/usr root/lib ! -name 'modules.*' | diff before -
}
