#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Each way to call make, on whatever build machine, gives the same archive; each option
# does what it says; and what a build machine lacks is said in one line.

load kbuild

@test "museum 1, 2: a pristine tree builds with O=, absolute" {
	run ! grep 'No such file' "$work/ref.log"
	[ -s "$ref/kernel/kheaders.o" ]
	[ "$(names "$ref" | wc -l)" -gt 5000 ]
	run ! grep '^[^#]*Module\.symvers' "$tree/kernel/Makefile.kheaders" "$tree/scripts/kheaders/Makefile"
}

@test "museum 2: O=, relative, with modules_prepare before and after" {
	configure "$out"
	kbuild "$out" modules_prepare
	(cd "$tree" && make O="$(realpath --relative-to=. "$out")" ARCH=um \
		HOSTCC="ccache gcc" XZ="$work/xz-0" -j2 kernel/kheaders.o) >"$out.log" 2>&1
	like_ref "$out"
	kbuild "$out" modules_prepare
}

@test "museum 1, 2, 11: in-tree after mrproper, and mrproper leaves the tree as it was" {
	clone_tree
	cd "$src"
	find . -type f -o -type l | sort >../before
	make ARCH=um mrproper
	make ARCH=um tinyconfig
	ARCH=um scripts/kconfig/merge_config.sh -m .config "$ref.config"
	make ARCH=um olddefconfig
	make ARCH=um XZ="$work/xz-0" -j2 kernel/kheaders.o
	like_ref "$src"
	# git shows nothing of what was made: the kernel's .gitignore and ours name it all.
	git init -q
	find . -path ./.git -prune -o \( -type f -o -type l \) -print | sort |
		comm -13 ../before - >../made
	git check-ignore --stdin <../made | comm -23 ../made - >../shown
	rm -r .git
	[ -s ../made ]
	diff /dev/null ../shown
	make ARCH=um clean
	run ! ls kernel/kheaders_data.tar.xz kernel/.kheaders/tree kernel/.kheaders/others.tar.xz
	make ARCH=um mrproper
	find . -type f -o -type l | sort >../after
	diff ../before ../after
}

@test "museum 2, 6, 7: a read-only source tree, another user, umask, locale, zone, directory and time" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	out=$dir/other/deep/er
	configure "$out"
	cat >other/build.sh <<-EOT
		umask 077
		cd "$out"
		touch "$tree/kernel/x" 2>/dev/null && exit 1
		exec make -C "$tree" O="$out" ARCH=um XZ="$work/xz-0" -j3 kernel/kheaders.o
	EOT
	chmod 755 other
	chown -R nobody other
	env -i PATH="$PATH" HOME=/nonexistent TZ=Asia/Kathmandu LC_ALL=C.UTF-8 \
		XZ_OPT=-9 TAR_OPTIONS=--sort=none \
		setpriv --reuid=nobody --regid=nogroup --clear-groups \
		sh other/build.sh
	like_ref "$out"
}

@test "museum 8: a source tree of symbolic links" {
	src=$dir/links
	cp -as "$tree" "$src"
	configure "$out"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=slow
@test "museum 36: the same bytes with objtool, in two directories and in-tree" {
	local other=$dir/an/other/directory
	shared_x86_64
	names "$out" | grep -x tools/objtool/objtool
	configure "$other"
	kbuild "$other" kernel/kheaders.o
	cmp "$other/kernel/kheaders_data.tar.xz" "$out/kernel/kheaders_data.tar.xz"
	clone_tree
	cd "$src"
	make ARCH=x86 mrproper
	cp "$out/.config" .
	make ARCH=x86_64 HOSTCC="ccache gcc" XZ="$work/xz-0" -j2 kernel/kheaders.o
	cmp kernel/kheaders_data.tar.xz "$out/kernel/kheaders_data.tar.xz"
}

# bats test_tags=generator
@test "museum 6, 19: -j1 runs one at a time, -j4 gives the same bytes" {
	clone_ref
	cat >xz <<-EOT
		#!/bin/sh
		mkdir "$dir/xz.lock" || touch "$dir/xz.overlap"
		xz "\$@" -0
		status=\$?
		rmdir "$dir/xz.lock"
		exit \$status
	EOT
	chmod +x xz
	rm "$out"/kernel/.kheaders/*.tar.xz
	kbuild "$out" -j1 XZ="$dir/xz" kernel/kheaders.o
	[ ! -e xz.overlap ]
	like_ref "$out"
	rm "$out"/kernel/.kheaders/*.tar.xz
	kbuild "$out" -j4 kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "a build machine with busybox's tools makes the same archive" {
	local applet
	clone_ref
	mkdir applets
	for applet in $(busybox --list); do
		# GNU tar is asked for by name; these are no tools of text and files.
		case $applet in
		tar|xz|ar|sh|bc|dpkg|rpm|env|su|mount|umount) ;;
		*) ln -s "$(type -P busybox)" "applets/$applet" ;;
		esac
	done
	[ "$(PATH=$dir/applets type -P realpath)" = "$dir/applets/realpath" ]
	drop_archive "$out"
	PATH=$dir/applets:$PATH kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "museum 10: a missing tool is one line that names it, and no archive is left" {
	clone_ref
	rm "$out"/kernel/.kheaders/*.tar.xz
	run -2 kbuild "$out" XZ=no-such-xz kernel/kheaders.o
	[ "$(echo "$output" | grep -c '^kheaders: CONFIG_IKHEADERS_PROC needs xz, there is no XZ=no-such-xz here (package xz-utils)$')" -ge 1 ]
	run ! ls "$out"/kernel/.kheaders/*.tar.xz
	[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	run -2 kbuild "$out" TAR=no-such-tar kernel/kheaders.o
	echo "$output" | grep '^kheaders: CONFIG_IKHEADERS_PROC needs GNU tar, there is no TAR=no-such-tar here'
	run -2 kbuild "$out" XZ=false kernel/kheaders.o
	echo "$output" | grep "^kheaders: XZ=false can't pack "
	# Both may be commands with options.
	run -2 kbuild "$out" TAR='busybox tar' kernel/kheaders.o
	echo "$output" | grep '^kheaders: CONFIG_IKHEADERS_PROC needs GNU tar, TAR=busybox tar is another'
	kbuild "$out" XZ="$work/xz-0 -v" TAR='tar --check-links' kernel/kheaders.o
	like_ref "$out"
	rm "$out"/kernel/.kheaders/*.tar.xz
	printf '#!/bin/sh\nexec busybox tar "$@"\n' >bbtar
	chmod +x bbtar
	run -2 kbuild "$out" TAR="$dir/bbtar" kernel/kheaders.o
	echo "$output" | grep '^kheaders: CONFIG_IKHEADERS_PROC needs GNU tar'
	# One that is there and fails: an archive without an id once counted as good.
	mkdir fails
	printf '#!/bin/sh\nexit 1\n' >fails/sha256sum
	chmod +x fails/sha256sum
	PATH=$dir/fails:$PATH run -2 kbuild "$out" kernel/kheaders.o
	[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

@test "museum 35: LLVM=1, with nothing of binutils and gcc" {
	local package tool
	mkdir only-llvm
	for tool in /usr/sbin/* /usr/bin/*; do
		ln -sf "$tool" only-llvm/
	done
	for package in $(dpkg-query -W -f '${Package} ' 'binutils*' 'gcc-*' 'g++-*' 'cpp-*' gcc g++ cpp); do
		for tool in $(dpkg -L "$package" 2>/dev/null | sed -n 's,.*/bin/,,p'); do
			rm -f "only-llvm/$tool"
		done
	done
	rm -f only-llvm/{cc,c++,c89,c99}
	mkdir "$out"
	cp "$ref/.config" "$out"
	local PATH=$dir/only-llvm
	run ! type -P strip ld gcc as
	make -C "$tree" O="$out" ARCH=um LLVM=1 HOSTLDFLAGS=-fuse-ld=lld olddefconfig
	make -C "$tree" O="$out" ARCH=um LLVM=1 HOSTLDFLAGS=-fuse-ld=lld XZ="$work/xz-0" -j2 \
		kernel/kheaders.o kernel/kheaders_symvers.o kernel/kheaders_test.o
	names "$ref" >names
	names "$out" | diff names -

	# And plain "make M=" in its tree takes clang, too.
	unpack "$out"
	ext
	llvm-readelf -p .comment "$module/kheaders_caller.ko" | grep clang
	# gcc does not have the options that the kernel gives to clang.
	run -2 ext CC=gcc
	[ "$(grep -o 'kheaders: .*' <<<"$output")" = \
		"kheaders: clang built this kernel, and only clang can build its modules: gcc is not clang; name one.  Stop." ]
}

@test "sparse and W=1 find nothing in the C files of the feature" {
	clone_ref
	rm "$out"/kernel/kheaders*.o
	run -0 kbuild "$out" C=2 W=1 CF="-Wsparse-error" kernel/kheaders.o \
		kernel/kheaders_symvers.o kernel/kheaders_test.o
	echo "$output"
	echo "$output" | grep CHECK
	echo "$output" | run ! grep -E 'kernel/kheaders.*(warning|error)'
	# Goals that people use to look into it.
	rm "$out/include/generated/kheaders_have.h"
	kbuild "$out" kernel/kheaders_symvers.i kernel/kheaders.s
	grep -F "$(show "$out" include/config/kheaders.id)" "$out/kernel/kheaders.s"
}

@test "without modules, without sysfs, without proc, as a module, by mainline's name" {
	option() {
		grep -c "^CONFIG_$1=$2\$" "$out/.config" || :
	}
	vary "$out" '# CONFIG_MODULES is not set'
	[ "$(option IKHEADERS_EXTMOD y)" = 0 ]
	kbuild "$out" kernel/kheaders.o
	names "$out" | run ! grep '^Makefile'

	vary "$out" '# CONFIG_SYSFS is not set'
	[ "$(option IKHEADERS_PROC y)$(option IKHEADERS_SYSFS y)" = 10 ]
	kbuild "$out" kernel/kheaders.o

	vary "$out" '# CONFIG_PROC_FS is not set' CONFIG_IKHEADERS=y
	[ "$(option IKHEADERS_PROC y)" = 0 ]

	vary "$out" '# CONFIG_IKHEADERS_PROC is not set' CONFIG_IKHEADERS=m \
		'# CONFIG_IKHEADERS_KUNIT_TEST is not set'
	[ "$(option IKHEADERS_PROC m)$(option IKHEADERS_SYSFS y)" = 11 ]
	kbuild "$out" kernel/kheaders.o

	vary "$out" '# CONFIG_IKHEADERS_PROC is not set'
	[ "$(option IKHEADERS_SYSFS y)" = 0 ]
}

# bats test_tags=slow
@test "each patch of make patch builds by itself, and the same as make apply" {
	clone_tree
	"$top/scripts/overlay/revert" "$src"
	GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.com \
		"$top/scripts/overlay/patch" "$src" "$dir/patches"
	local seen=0
	for patch in "$dir"/patches/*.patch; do
		(cd "$src" && GIT_CEILING_DIRECTORIES=$dir git apply "$patch")
		# The options of the feature are not there before its patch.
		configure "$out" 2>&1 || make -C "$src" O="$out" ARCH=um olddefconfig
		kbuild "$out" kernel/fork.o
		if [ -e "$src/init/Kconfig.kheaders" ]; then
			kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o kernel/kheaders_test.o
			seen=1
		fi
	done
	[ "$seen" = 1 ]
	[ ! -e "$out/include/generated/kheaders_have.h" ]
	like_ref "$out"
	# As in an object tree that has not seen the patches one by one.
	cp -a "$ref" at-once
	kbuild "$dir/at-once" kernel/kheaders.o kernel/kheaders_symvers.o kernel/kheaders_test.o
	for object in kheaders.o kheaders_symvers.o kheaders_test.o; do
		cmp "at-once/kernel/$object" "$out/kernel/$object"
	done
}

# bats test_tags=generator
@test "museum 59: packages of headers, which take all of scripts/ in the object tree, do not grow" {
	[ "$(du -sk "$ref/scripts/kheaders" | cut -f 1)" -lt 500 ]
}
