#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# How the archive is built: every way to call make, every option, and the museum
# of what broke before, on the kernel $KERNEL (6.12). $arch is um where nothing else is
# said, because its tree is prepared in seconds; what the archive holds is tested on
# booted kernels.

bats_require_minimum_version 1.5.0

setup_file() {
	export LC_ALL=C
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	export top here
	tree=$("$here/kernels/source.sh" "${KERNEL:-6.12}")
	work=$(cd "$here/suites" && sh -c '. ../lib.sh; scratch kbuild' sh)/$(basename "$tree")
	ref=$work/ref
	rm -rf "$work"
	mkdir -p "$work"
	if [ "$(stat -c %d "$tree")" != "$(stat -c %d "$work")" ]; then
		# For hard links to it.
		mkdir "$work/source"
		cp -a "$tree" "$work/source"
		tree=$work/source/${tree##*/}
	fi
	export tree work ref

	# Compressing well takes as long as all the rest, and is no part of what is
	# tested here: a later option wins.
	printf '#!/bin/sh\nexec xz "$@" -0\n' >"$work/xz-0"
	# A rustc by rustup only works for the user who has it, and pahole is not everywhere:
	# the configuration would depend on who calls make, and where.
	mkdir "$work/bin"
	for tool in rustc bindgen pahole; do
		printf '#!/bin/sh\necho 0\nexit 1\n' >"$work/bin/$tool"
	done
	chmod +x "$work/xz-0" "$work"/bin/*
	PATH=$work/bin:$PATH
	configure "$ref"
	kbuild "$ref" kernel/kheaders.o >"$work/ref.log" 2>&1 ||
		{ cat "$work/ref.log" >&2; return 1; }
}

teardown_file() {
	rm -rf "$work"
}

# configure DIR [LINE...]: a new object tree for $arch with the tests' options, and
# the LINEs on top of them.
configure() {
	mkdir -p "$1"
	kbuild "$1" tinyconfig >"$1.log" 2>&1 || { tail "$1.log"; return 1; }
	[ "$1" != "$ref" ] || cp "$1/.config" "$work/tiny"
	set_options "$@"
}

# vary DIR LINE...: the same of a copy of the reference's, but without an archive. That
# takes a fourth of the time. DIR may be one that is there.
vary() {
	if [ ! -e "$1/include" ]; then
		mkdir -p "$1"
		cp -a "$ref/." "$1"
		rm -rf "$1/scripts/kheaders" "$1"/kernel/*kheaders* "$1"/kernel/.*kheaders*
	fi
	cp "$work/tiny" "$1/.config"
	set_options "$@"
}

set_options() {
	local out=$1; shift
	(cd "$here/suites" && sh -c '. ../lib.sh; cat $(fragments "$1" "$2")' sh "$tree" "${arch:-um}") \
		>"$out.config"
	printf '%s\n' "$@" >>"$out.config"
	(cd "$out" && ARCH=${arch:-um} "${src:-$tree}/scripts/kconfig/merge_config.sh" -m .config \
		"$out.config") >>"$out.log" 2>&1 &&
	kbuild "$out" olddefconfig >>"$out.log" 2>&1 ||
		{ tail "$out.log"; return 1; }
}

# kbuild DIR ARG...: make in the object tree DIR, of the source tree $src. Only its host
# programs are many enough for ccache: make asks CC at each start what it knows.
kbuild() {
	local out=$1; shift
	make -C "${src:-$tree}" O="$out" ARCH="${arch:-um}" HOSTCC="ccache gcc" \
		XZ="$work/xz-0" -j2 "$@"
}

# like_ref FILE: whether an archive has the bytes of the reference.
like_ref() {
	cmp "$ref/kernel/kheaders_data.tar.xz" "$1/kernel/kheaders_data.tar.xz"
}

# A source tree of its own for a test that changes it: hard links, so whatever is
# changed must be replaced and not written into (edit does that).
clone_tree() {
	src=$work/$1
	cp -al "$tree" "$src"
}

# edit FILE SED: changes it, or its times if SED is empty.
edit() {
	cp -p "$1" "$1.new"
	sed -i "$2" "$1.new"
	[ -z "$2" ] || ! cmp "$1" "$1.new" || { echo "$1 has nothing to $2"; return 1; }
	mv "$1.new" "$1"
}

# The names in an archive, and one file of it.
names() {
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -tf -
}

show() {
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -xOf - "$2"
}

# unpack DIR: into $work/h, which is made anew.
unpack() {
	rm -rf "$work/h"
	mkdir "$work/h"
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -xf - -C "$work/h"
}

# ext ARG...: make M=$module in $work/h from the start, without our own make's variables.
ext() {
	find "$module" -type f \( -name '.*.cmd' -o -name '*.o' -o -name '*.mod*' \) -exec rm {} +
	env -u MAKEFLAGS -u MAKELEVEL ${as-} make -C "$work/h" M="$module" "$@" modules
}

# A program that was built for another machine.
foreign_program() {
	echo 'void _start(void) { }' >"$work/foreign.c"
	aarch64-linux-gnu-gcc -nostdlib -static -o "$work/foreign" "$work/foreign.c"
	run -126 "$work/foreign"
}

# A compiler for another C library, which has none of the libraries here but the kernel's
# headers.
other_libc() {
	mkdir -p "$work/uapi"
	ln -sfn /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm" \
		"$work/uapi"
	echo "musl-gcc -idirafter $work/uapi"
}

# What of kheaders make said it did, "PACK linux-a-h" or the like.
did() {
	echo "$output" | sed -n 's,^  \(PACK\|GEN\|UPD\|STRIP\) *\(kernel/kheaders\|scripts/kheaders/\)\(.*\),\1 \3,p'
}

# What has objtool in it: $out, of another $arch than all else, built by the first that asks.
x86_64_ref() {
	out=$work/x86_64
	[ ! -e "$out/kernel/kheaders.o" ] || return 0
	configure "$out"
	kbuild "$out" kernel/kheaders.o >>"$out.log" 2>&1 || { tail "$out.log"; return 1; }
}

# An object tree that is a copy of the reference's. As its files have other inodes, the
# first make reads them all again.
clone_ref() {
	out=$work/$1
	cp -a "$ref" "$out"
}

@test "museum 1, 2: a pristine tree builds with O=, absolute" {
	run ! grep 'No such file' "$work/ref.log"
	[ -s "$ref/kernel/kheaders.o" ]
	names "$ref" >"$work/names"
	[ "$(wc -l <"$work/names")" -gt 5000 ]
	run ! grep '^[^#]*Module\.symvers' "$tree/kernel/Makefile.kheaders" "$tree/scripts/kheaders/Makefile"
}

@test "museum 3: the archive is called kheaders_data.tar.xz, no .txz anywhere" {
	[ -f "$ref/kernel/kheaders_data.tar.xz" ]
	run ! grep -rn '\.txz' "$tree"/kernel/*kheaders* "$tree"/scripts/kheaders "$tree/init/Kconfig.kheaders"
}

@test "museum 1, 2, 11: in-tree after mrproper, and mrproper leaves the tree as it was" {
	clone_tree intree
	(cd "$src" && find . -type f -o -type l | sort) >"$work/before"
	cd "$src"
	make ARCH=um mrproper
	make ARCH=um tinyconfig
	ARCH=um scripts/kconfig/merge_config.sh -m .config "$ref.config"
	make ARCH=um olddefconfig
	make ARCH=um XZ="$work/xz-0" -j2 kernel/kheaders.o
	like_ref "$src"
	# git shows nothing of what was made, with the kernel's own list and ours.
	git init -q
	find . -path ./.git -prune -o \( -type f -o -type l \) -print | sort | comm -13 "$work/before" - \
		>"$work/made"
	git check-ignore --stdin <"$work/made" | comm -23 "$work/made" - >"$work/shown"
	rm -r .git
	[ -s "$work/made" ]
	diff /dev/null "$work/shown"
	make ARCH=um clean
	run ! ls kernel/kheaders_data.tar.xz scripts/kheaders/tree scripts/kheaders/others.tar.xz
	make ARCH=um mrproper
	find . -type f -o -type l | sort >"$work/after"
	diff "$work/before" "$work/after"
	rm -rf "$src"
}

@test "museum 2, 6, 7: a read-only source tree, another user, umask, locale, zone, directory and time" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	local out=$work/other/deep/er
	configure "$out"
	cat >"$work/other/build.sh" <<-EOT
		umask 077
		cd "$out"
		touch "$tree/kernel/x" 2>/dev/null && exit 1
		exec make -C "$tree" O="$out" ARCH=um XZ="$work/xz-0" -j3 kernel/kheaders.o
	EOT
	chmod 755 "$work/other"
	chown -R nobody "$work/other"
	env -i PATH="$PATH" HOME=/nonexistent TZ=Asia/Kathmandu LC_ALL=C.UTF-8 \
		XZ_OPT=-9 TAR_OPTIONS=--sort=none \
		setpriv --reuid=nobody --regid=nogroup --clear-groups \
		sh "$work/other/build.sh"
	like_ref "$out"
	rm -rf "$work/other"
}

# bats test_tags=generator
@test "xz and tar, busybox, bsdtar, Python's tarfile and 7z read the joined streams as one" {
	local archive=$ref/kernel/kheaders_data.tar.xz reader
	reads() {
		case $1 in
		tar)		tar -xJf "$archive" ;;
		xz)		xz -dc "$archive" | tar -x ;;
		busybox-tar)	busybox tar -xJf "$archive" ;;
		busybox-xz)	busybox xz -dc "$archive" | busybox tar -x ;;
		bsdtar)		bsdtar -xf "$archive" ;;
		python)		/usr/bin/python3 -m tarfile -e "$archive" . ;;
		7z)		7z x -so "$archive" | tar -x ;;
		esac
	}
	[ "$(xz --robot --list "$archive" | sed -n 's/^file\t\([0-9]*\).*/\1/p')" -gt 5 ]
	for reader in tar xz busybox-tar busybox-xz bsdtar python 7z; do
		mkdir -p "$work/readers/$reader"
		(cd "$work/readers/$reader" && reads $reader)
		diff -r "$work/readers/tar" "$work/readers/$reader" || { echo $reader; false; }
	done
	[ "$(find "$work/readers/7z" -type f | wc -l)" = "$(names "$ref" | wc -l)" ]
	rm -rf "$work/readers"
}

# bats test_tags=generator
@test "museum 6, 19: -j1 runs one at a time, -j4 gives the same bytes" {
	clone_ref jobs
	cat >"$work/xz" <<-EOT
		#!/bin/sh
		mkdir "$work/xz.lock" || touch "$work/xz.overlap"
		xz "\$@" -0
		status=\$?
		rmdir "$work/xz.lock"
		exit \$status
	EOT
	chmod +x "$work/xz"
	rm "$out"/scripts/kheaders/*.tar.xz
	kbuild "$out" -j1 XZ="$work/xz" kernel/kheaders.o
	[ ! -e "$work/xz.overlap" ]
	like_ref "$out"
	rm "$out"/scripts/kheaders/*.tar.xz
	kbuild "$out" -j4 kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out"
}

# bats test_tags=slow
@test "museum 36: the same bytes with objtool, in two directories and in-tree" {
	local arch=x86_64 other=$work/an/other/directory
	x86_64_ref
	names "$out" | grep -x tools/objtool/objtool
	configure "$other"
	kbuild "$other" kernel/kheaders.o
	cmp "$other/kernel/kheaders_data.tar.xz" "$out/kernel/kheaders_data.tar.xz"
	rm -rf "$work/an"
	clone_tree x86-intree
	cd "$src"
	make ARCH=x86 mrproper
	cp "$out/.config" .
	make ARCH=x86_64 HOSTCC="ccache gcc" XZ="$work/xz-0" -j2 kernel/kheaders.o
	cmp kernel/kheaders_data.tar.xz "$out/kernel/kheaders_data.tar.xz"
	rm -rf "$src"
}

@test "museum 8: a source tree of symbolic links" {
	src=$work/links
	cp -as "$tree" "$src"
	configure "$work/o-links"
	kbuild "$work/o-links" kernel/kheaders.o
	like_ref "$work/o-links"
	rm -rf "$src" "$work/o-links"
}

@test "museum 5: nothing changed, a touched header, a rewritten autoconf.h: nothing is made again" {
	clone_tree touched
	clone_ref nothing
	kbuild "$out" kernel/kheaders.o
	local stamp began
	stamp=$(stat -c %y "$out/kernel/kheaders_data.tar.xz")
	began=$(stat -c %y "$out/scripts/kheaders/began")
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	# Not even make was called.
	[ "$began" = "$(stat -c %y "$out/scripts/kheaders/began")" ]
	edit "$src/include/linux/zutil.h" ''
	touch "$src/include/linux/zutil.h"
	touch "$out/include/generated/autoconf.h"
	cp "$out/include/config/auto.conf" "$out/auto.conf"
	mv "$out/auto.conf" "$out/include/config/auto.conf"
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	[ "$stamp" = "$(stat -c %y "$out/kernel/kheaders_data.tar.xz")" ]
	[ "$began" != "$(stat -c %y "$out/scripts/kheaders/began")" ]

	# The first time after all was made is no exception.
	rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz"
	kbuild "$out" kernel/kheaders.o
	began=$(stat -c %y "$out/scripts/kheaders/began")
	kbuild "$out" kernel/kheaders.o
	[ "$began" = "$(stat -c %y "$out/scripts/kheaders/began")" ]
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 14: a header changed at once, its size and minute kept, is seen; only its chunk is packed" {
	clone_tree changed
	clone_ref change
	kbuild "$out" kernel/kheaders.o
	edit "$src/include/linux/zutil.h" 's/define PRESET_DICT 0x20/define PRESET_DICT 0x21/'
	touch -r "$tree/include/linux/zutil.h" "$src/include/linux/zutil.h"
	run -0 kbuild "$out" kernel/kheaders.o
	# And what stands for the whole tree.
	[ "$(did | grep '^PACK' | sort | tr -d '\n')" = 'PACK id.tar.xzPACK others.tar.xz' ]
	show "$out" include/linux/zutil.h | grep 'PRESET_DICT 0x21'
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "a new header goes in, a removed one goes out" {
	clone_tree new
	clone_ref new-out
	echo '#define NEW 1' >"$src/include/linux/kheaders_new.h"
	rm "$src/include/linux/zutil.h"
	kbuild "$out" kernel/kheaders.o
	[ "$(show "$out" include/linux/kheaders_new.h)" = '#define NEW 1' ]
	names "$out" | run ! grep -x include/linux/zutil.h
	# Also in a new directory, and in one where there was none.
	mkdir -p "$src/include/kheaders/empty"
	kbuild "$out" kernel/kheaders.o
	kbuild "$out" kernel/kheaders.o
	echo '#define NEW 2' >"$src/include/kheaders/empty/new.h"
	kbuild "$out" kernel/kheaders.o
	[ "$(show "$out" include/kheaders/empty/new.h)" = '#define NEW 2' ]
	# And what is no header.
	echo '# new' >"$src/arch/um/Makefile-new"
	kbuild "$out" kernel/kheaders.o
	names "$out" | grep -x arch/um/Makefile-new
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "a changed option and a changed script make it again" {
	clone_tree script
	clone_ref option
	echo CONFIG_UEVENT_HELPER=y >>"$out/.config"
	run -0 kbuild "$out" kernel/kheaders.o
	did | grep '^PACK others'
	show "$out" include/generated/autoconf.h | grep 'CONFIG_UEVENT_HELPER 1'
	kbuild "$out" kernel/kheaders.o
	# A new kheaders brings new options, which make must ask for by itself.
	edit "$src/init/Kconfig.kheaders" '/^endif/i config IKHEADERS_NEW\n\tdef_bool y\n'
	kbuild "$out" kernel/kheaders.o
	grep -x CONFIG_IKHEADERS_NEW=y "$out/include/config/auto.conf"
	edit "$src/scripts/kheaders/pack.sh" 's/--check=crc32/--check=none/'
	run -0 kbuild "$out" kernel/kheaders.o
	[ "$(did | grep -c '^PACK')" -gt 3 ]
	edit "$src/scripts/kheaders/list.sh" 's/^\theaders >/\t: >/'
	kbuild "$out" kernel/kheaders.o
	names "$out" | run ! grep -x include/linux/sched.h
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 15: KBUILD_BUILD_TIMESTAMP, and SOURCE_DATE_EPOCH" {
	clone_ref stamp
	times() {
		xz -dc "$out/kernel/kheaders_data.tar.xz" |
			TZ=UTC tar --full-time -tvf - | awk '{ print $4, $5 }' | sort -u
	}
	[ "$(times)" = '1970-01-01 00:00:01' ]
	kbuild "$out" kernel/kheaders.o KBUILD_BUILD_TIMESTAMP='Mon Feb 11 09:35:59 UTC 2019'
	[ "$(times)" = '2019-02-11 09:35:59' ]
	KBUILD_BUILD_TIMESTAMP='2019-02-19 13:42:13 +0900' kbuild "$out" kernel/kheaders.o
	[ "$(times)" = '2019-02-19 04:42:13' ]
	SOURCE_DATE_EPOCH=1000000000 kbuild "$out" kernel/kheaders.o
	[ "$(times)" = '2001-09-09 01:46:40' ]
	run -2 kbuild "$out" kernel/kheaders.o KBUILD_BUILD_TIMESTAMP='the day after'
	echo "$output" | grep "kheaders: KBUILD_BUILD_TIMESTAMP='the day after' is not a date"
	run -2 kbuild "$out" kernel/kheaders.o SOURCE_DATE_EPOCH=soon
	echo "$output" | grep "kheaders: SOURCE_DATE_EPOCH='soon' is not a number"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out"
}

# bats test_tags=generator
@test "ccache that only looks at names in dependency files sees a new archive" {
	clone_ref cached
	for second in 1000000001 1000000002 1000000001; do
		CCACHE_DEPEND=1 SOURCE_DATE_EPOCH=$second kbuild "$out" CC="ccache gcc" kernel/kheaders.o
		"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" |
			cmp - "$out/kernel/kheaders_data.tar.xz"
	done
	# And what it includes is made again where it is missing.
	rm "$out/include/generated/kheaders_id.h"
	kbuild "$out" kernel/kheaders.o
	[ -s "$out/include/generated/kheaders_id.h" ]
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 10: a missing tool is one line that names it, and no archive is left" {
	clone_ref tools
	rm "$out"/scripts/kheaders/*.tar.xz
	run -2 kbuild "$out" XZ=no-such-xz kernel/kheaders.o
	[ "$(echo "$output" | grep -c '^kheaders: CONFIG_IKHEADERS_PROC needs xz, there is no XZ=no-such-xz here (package xz-utils)$')" -ge 1 ]
	run ! ls "$out"/scripts/kheaders/*.tar.xz
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
	rm "$out"/scripts/kheaders/*.tar.xz
	printf '#!/bin/sh\nexec busybox tar "$@"\n' >"$work/bbtar"
	chmod +x "$work/bbtar"
	run -2 kbuild "$out" TAR="$work/bbtar" kernel/kheaders.o
	echo "$output" | grep '^kheaders: CONFIG_IKHEADERS_PROC needs GNU tar'
	# One that is there and fails: once, an archive without an id would be as good as any.
	mkdir "$work/fails"
	printf '#!/bin/sh\nexit 1\n' >"$work/fails/sha256sum"
	chmod +x "$work/fails/sha256sum"
	PATH=$work/fails:$PATH run -2 kbuild "$out" kernel/kheaders.o
	[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out" "$work/fails"
}

# bats test_tags=generator
@test "a build machine with busybox's tools makes the same archive" {
	local applet
	clone_ref busybox
	mkdir "$work/applets"
	for applet in $(busybox --list); do
		# GNU tar is asked for by name; these are no tools of text and files.
		case $applet in
		tar|xz|ar|sh|bc|dpkg|rpm|env|su|mount|umount) ;;
		*) ln -s "$(type -P busybox)" "$work/applets/$applet" ;;
		esac
	done
	[ "$(PATH=$work/applets type -P realpath)" = "$work/applets/realpath" ]
	rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz"
	PATH=$work/applets:$PATH kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out" "$work/applets"
}

# bats test_tags=generator
@test "each file that is read when the archive is made is watched" {
	clone_ref traced
	rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz"
	(cd "$out" && strace -f -y --seccomp-bpf -qq -e trace=open,openat,execve,%process \
		-e signal=none -o "$work/trace" make -C "$tree" O="$out" ARCH=um XZ="$work/xz-0" \
		CC=gcc HOSTCC=gcc kernel/kheaders.o) >"$out.log" 2>&1 || { tail "$out.log"; false; }
	# Of the make in scripts/kheaders and its children: what they read, but did not write.
	awk -v tree="$tree/" -v out="$out/" '
		/execve\(.*"obj=scripts\/kheaders"/ { ours[$1] = 1 }
		/(fork|clone3?)\(.*= [0-9]+$/ || /<\.\.\. (v?fork|clone3?) resumed>.*= [0-9]+$/ {
			if ($1 in ours)
				ours[$NF] = 1
		}
		# A child may be seen before its parent is told of it.
		{ line[NR] = $0; pid[NR] = $1 }
		END {
			for (i = 1; i <= NR; i++) {
				if (!(pid[i] in ours) || !match(line[i], /= [0-9]+<.*>$/))
					continue
				file = substr(line[i], RSTART, RLENGTH - 1)
				sub(/^= [0-9]+</, "", file)
				if (line[i] ~ /O_(WRONLY|RDWR|CREAT)/)
					written[file] = 1
				else if (line[i] !~ /O_DIRECTORY/ &&
					 (index(file, tree) == 1 || index(file, out) == 1))
					seen[file] = 1
			}
			for (file in seen)
				if (!(file in written))
					print file
		}' "$work/trace" | sort >"$work/read"
	[ "$(wc -l <"$work/read")" -gt 5000 ]
	sed '1d; s/\t.*//' "$out/scripts/kheaders/index" | cut -d ' ' -f 11- |
		(cd "$out" && xargs realpath --) | sort -u >"$work/watched"
	# Not: what this make has made itself and kept, and the next one looks at by its digest;
	# notes of what the commands were; and headers that are in no archive.
	grep -vxFf "$work/watched" "$work/read" |
		grep -v -e "^$out/scripts/kheaders/" -e '/\.[^/]*\.cmd$' \
			-e "^$out/kernel/kheaders_data\.tar\.xz$" \
			-e "^$out/include/generated/\(kheaders_id\|kheaders_have\|compile\|utsversion\)\.h$" \
			>"$work/unwatched" || :
	cat "$work/unwatched"
	[ ! -s "$work/unwatched" ]
	# And make notices, where it is no header: that is tested above.
	clone_tree noticed
	kbuild "$out" kernel/kheaders.o
	current() {
		(cd "$out" && scripts/kheaders/uptodate scripts/kheaders \
			"$(sed 1,2d scripts/kheaders/key)" kernel/kheaders_data.tar.xz \
			include/generated/kheaders_id.h)
	}
	current
	for file in $(sed -n "s,^$tree/,,p" "$work/read" | grep -vE '\.h$|/arch/x86/include/' |
			awk 'NR % 40 == 1'; echo scripts/kheaders/normal.sh scripts/kheaders/id.sh); do
		edit "$src/$file" ''
		run ! current || { echo "$file"; false; }
		# Without it in the index, all else is as it was.
		grep -v "/noticed/$file	" "$out/scripts/kheaders/index" >"$work/index" || :
		cp "$work/index" "$out/scripts/kheaders/index"
		current
	done
	rm -rf "$out" "$src"
}

# bats test_tags=generator
@test "a disk that is full is an error, and no archive is left" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a small file system"
	clone_ref full
	for size in 4m 36m; do
		rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz"
		mkdir "$out/scripts/kheaders"
		mount -t tmpfs -o size=$size tmpfs "$out/scripts/kheaders" ||
			skip "no file system can be mounted here"
		run -2 kbuild "$out" kernel/kheaders.o
		umount "$out/scripts/kheaders"
		echo "$output" | grep -i 'no space left'
		[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	done
	rm -rf "$out/scripts/kheaders"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 11: killed at any step and started again, the archive is whole and nothing is left over" {
	clone_ref killed
	for word in 'UPD .*list' 'PACK .*other' 'UPD .*kheaders_data'; do
		rm -rf "$out/scripts/kheaders" "$out"/kernel/*kheaders*
		# The whole group of make at once, as a power cut would.
		setsid sh -c 'exec make -C "$1" O="$2" ARCH=um XZ="$3" -j2 kernel/kheaders.o' \
			sh "$tree" "$out" "$work/xz-0" >"$out.log" 2>&1 3>&- &
		local pid=$!
		for _ in $(seq 600); do
			grep -q "^  $word" "$out.log" && break
			sleep 0.1
		done
		grep "^  $word" "$out.log"
		kill -KILL -- "-$pid"
		wait $pid || :
		[ ! -e "$out/kernel/kheaders_data.tar.xz" ] || like_ref "$out"
		kbuild "$out" kernel/kheaders.o >"$out.log" 2>&1
		like_ref "$out"
		[ -z "$(find "$out/scripts/kheaders" "$out/kernel" \
			-name '*.tmp' -o -name '*.tar' -o -name '*.tar.xz.list')" ]
	done
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 28: a find that fails once leaves nothing out, one that always fails is an error" {
	clone_ref find-out
	mkdir "$work/find"
	cat >"$work/find/find" <<-EOT
		#!/bin/sh
		# Prints all, and fails where work/find/fails names this call.
		$(type -P find) "\$@"
		status=\$?
		echo >>"$work/find/calls"
		[ "\$(cat "$work/find/fails")" != "\$(wc -l <"$work/find/calls")" ] || status=1
		[ "\$(cat "$work/find/fails")" != always ] || status=1
		exit \$status
	EOT
	chmod +x "$work/find/find"
	for call in 1 2 4; do
		rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz" "$work/find/calls"
		echo $call >"$work/find/fails"
		PATH=$work/find:$PATH kbuild "$out" kernel/kheaders.o
		like_ref "$out"
		[ "$(wc -l <"$work/find/calls")" -gt $call ]
	done
	rm -rf "$out/scripts/kheaders" "$out/kernel/kheaders_data.tar.xz"
	echo always >"$work/find/fails"
	PATH=$work/find:$PATH run -2 kbuild "$out" kernel/kheaders.o
	[ "$(echo "$output" | grep -c '^kheaders: .*list of files')" = 1 ]
	[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"

	# What reads the list refuses one that was cut off.
	head -n 1000 "$out/scripts/kheaders/list" >"$work/find/list"
	cd "$out"
	run -1 scripts/kheaders/stage "$work/find/list" "$work/find/stage" blanks include-a-n
	echo "$output" | grep "^kheaders: $work/find/list is not finished"
	[ ! -e "$work/find/stage/index" ]
	rm -rf "$out" "$work/find"
}

# state DIR: everything of kheaders in an object tree, and its times.
state() {
	(cd "$1" && find scripts/kheaders kernel/*kheaders* kernel/.*kheaders* \
		include/generated/kheaders_id.h -type f -printf '%p %i %T@ %s\n' | sort)
}

# bats test_tags=generator
@test "museum 29: make -n, -q and -t change nothing, and the next make misses nothing" {
	clone_tree dry
	clone_ref dry-out
	kbuild "$out" kernel/kheaders.o
	edit "$src/include/linux/zutil.h" 's/define PRESET_DICT 0x20/define PRESET_DICT 0x21/'
	state "$out" >"$work/before"
	for flag in -n -q -t -nk -qs; do
		SOURCE_DATE_EPOCH=1000000000 kbuild "$out" $flag kernel/kheaders.o >"$out.log" 2>&1 || [ $flag != -n ]
		# make -t touches objects, and the header that each make looks at again.
		state "$out" | sed '/kernel\/\.\{0,1\}kheaders[_a-z]*\.[oh]/d' >"$work/after"
		sed '/kernel\/\.\{0,1\}kheaders[_a-z]*\.[oh]/d' "$work/before" | diff - "$work/after" ||
			{ echo "make $flag"; false; }
	done
	SOURCE_DATE_EPOCH=1000000000 kbuild "$out" kernel/kheaders.o
	show "$out" include/linux/zutil.h | grep 'PRESET_DICT 0x21'
	xz -dc "$out/kernel/kheaders_data.tar.xz" | TZ=UTC tar --full-time -tvf - |
		awk '$4 $5 != "2001-09-0901:46:40" { exit 1 }'
	"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" |
		cmp - "$out/kernel/kheaders_data.tar.xz"
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 30: the clock stepped back: what changed is packed, and goes into the kernel" {
	clone_tree clock
	clone_ref clock-out
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	ahead() {
		find "$out/scripts/kheaders" "$out"/kernel/*kheaders* "$out"/kernel/.*kheaders* \
			"$out/include/generated/kheaders_id.h" -exec touch -d '1 hour' {} +
	}
	ahead
	kbuild "$out" kernel/kheaders.o
	ahead
	edit "$src/include/linux/zutil.h" 's/define PRESET_DICT 0x20/define PRESET_DICT 0x21/'
	objcopy --add-section .new="$src/COPYING" "$out/scripts/mod/modpost"
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	show "$out" include/linux/zutil.h | grep 'PRESET_DICT 0x21'
	show "$out" scripts/mod/modpost >"$work/modpost"
	objdump -h "$work/modpost" | grep -F .new
	"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" |
		cmp - "$out/kernel/kheaders_data.tar.xz"
	for object in kheaders kheaders_symvers; do
		strings "$out/kernel/$object.o" | grep -F "$(show "$out" include/config/kheaders.id)"
	done
	# And it ends: what is as it should be is not made again until then.
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 9: the generated file wins over one of the source tree, whatever their ages" {
	clone_tree stale
	clone_ref age
	kbuild "$out" kernel/kheaders.o
	mkdir -p "$src/include/generated"
	echo '#define STALE 1' >"$src/include/generated/autoconf.h"
	touch -d '2 days' "$src/include/generated/autoconf.h"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 16, 17: temporary files of editors, perl, filechk, NFS and AFS are not archived" {
	clone_tree litter
	clone_ref clean
	for name in .nfs0001 .__afs1234 .tmp_sched.h .sched.h.swp 'sched.h~' sched.h.orig \
			.nfs0002.h '#sched.h#'; do
		echo litter >"$src/include/linux/$name"
		echo litter >"$out/include/generated/$name"
	done
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$src" "$out"
}

# bats test_tags=generator
@test "museum 13: nothing that is made late or tells the time; no symbol versions, keys or seeds" {
	clone_ref late
	mkdir -p "$out/certs" "$out/scripts/basic" "$out/scripts/gcc-plugins"
	echo '#define UTS_VERSION "now"' >"$out/include/generated/utsversion.h"
	echo '#define UTS_MACHINE "now"' >"$out/include/generated/compile.h"
	echo secret >"$out/certs/signing_key.pem"
	echo secret >"$out/scripts/basic/randstruct.seed"
	echo secret >"$out/scripts/gcc-plugins/randomize_layout_seed.h"
	echo '0x0 x vmlinux EXPORT_SYMBOL' >"$out/Module.symvers"
	mkdir -p "$out/include/config/cross"
	: >"$out/include/config/cross/compile.h"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 37: no path of the build machine is in it, whatever option has it" {
	local option
	out=$work/paths
	mkdir -p "$work/initramfs"
	: >"$work/hashes"
	vary "$out" CONFIG_BLK_DEV_INITRD=y "CONFIG_INITRAMFS_SOURCE=\"$work/initramfs\"" \
		"CONFIG_DEFAULT_HOSTNAME=\"$out/host\"" CONFIG_MODVERSIONS=y \
		CONFIG_BOOT_CONFIG=y CONFIG_BOOT_CONFIG_EMBED=y \
		"CONFIG_BOOT_CONFIG_EMBED_FILE=\"$work/hashes\"" \
		CONFIG_UEVENT_HELPER=y 'CONFIG_UEVENT_HELPER_PATH="/sbin/hotplug"'
	kbuild "$out" kernel/kheaders.o
	mkdir "$out/unpacked"
	xz -dc "$out/kernel/kheaders_data.tar.xz" | tar -xf - -C "$out/unpacked"
	for option in INITRAMFS_SOURCE BOOT_CONFIG_EMBED_FILE; do
		grep -qx "CONFIG_$option=\"/.*" "$out/.config"
		for file in include/config/auto.conf .config; do
			# auto.conf has no quotes in newer kernels.
			grep -qxE "CONFIG_$option=(\"\")?" "$out/unpacked/$file"
		done
		grep -qx "#define CONFIG_$option \"\"" "$out/unpacked/include/generated/autoconf.h"
	done
	# What the device runs is no path of the build machine.
	grep -qx 'CONFIG_UEVENT_HELPER_PATH="/sbin/hotplug"' "$out/unpacked/.config"
	[ -x "$out/unpacked/scripts/genksyms/genksyms" ]
	run ! grep -rlF -e "$top" "$out/unpacked"
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 37: every string option of this kernel, in each form of the configuration" {
	local strings form value n=0
	out=$work/strings
	mkdir -p "$out/certs"
	strings=$(cd "$tree" && find . -name 'Kconfig*' -exec awk '
		/^[ \t]*(menu)?config / { option = $2 }
		/^[ \t]+string([ \t]|$)/ { print option }' {} + | sort -u)
	[ "$(echo "$strings" | wc -l)" -gt 60 ]
	echo "$strings" | grep -x SYSTEM_BLACKLIST_HASH_LIST
	config() { # FORM VALUE: a file with each option of that value
		echo "$strings" | sed -e "s|.*|$1|" -e "s|VALUE|$2|"
	}
	for form in 'CONFIG_&="VALUE"' CONFIG_\&=VALUE '#define CONFIG_& "VALUE"' '--cfg=CONFIG_&="VALUE"'; do
		for value in /home/me/x /lib/firmware '/srv/a /srv/b' 'usr/a /srv/b' ../keys/x.pem \
				'certs/../../x' \~/x 'pkcs11:token=t;pin-value=1' /etc/keys/x /dev/../x /dev/shm/x \
				/usr/bin/../../root/x 'cc 1.0git (/home/me/cc 0123abc)' \
				-I/home/me/inc -isystem/home/me/inc a:/home/me/b init=/home/me/x \
				file:///home/me/x "a,'/home/me/q'"; do
			config "$form" "$value" >"$out/file"
			(cd "$out" && srctree=$tree sh "$tree/scripts/kheaders/config.sh" file) >"$out/got"
			case $form in
			--*)	[ ! -s "$out/got" ] ;;
			*)	config "$form" '' | cmp - "$out/got" ;;
			esac || { echo "$form $value"; head -n 3 "$out/got"; false; }
			n=$((n + 1))
		done
		for value in certs/x.pem 'a b' /sbin/init /usr/bin/x 'root=/dev/sda1 quiet' /dev/console / \
				'cc 1.0git (https://example.org/cc 0123abc)' 'init=/bin/sh' '10:1/2' ''; do
			config "$form" "$value" >"$out/file"
			(cd "$out" && srctree=$tree sh "$tree/scripts/kheaders/config.sh" file) |
				cmp - "$out/file" || { echo "$form $value"; false; }
		done
		config "$form" "$out/certs/x.pem $tree/certs/y.pem" >"$out/file"
		(cd "$out" && srctree=$tree sh "$tree/scripts/kheaders/config.sh" file) >"$out/got"
		config "$form" "certs/x.pem certs/y.pem" | cmp - "$out/got"
	done
	[ "$n" = 76 ]
	rm -rf "$out"
}

# bats test_tags=generator
@test "museum 42: what a vendor's Makefiles include is carried, and make M= works with it" {
	local module=$work/vendor-mod
	# In-tree, as "./" wants it.
	clone_tree vendor
	out=$src
	mkdir "$src/vendor"
	cp "$src/Makefile" "$src/Makefile.new"
	cat >>"$src/Makefile.new" <<-'EOT'
		ifdef SRCARCH
		include ./vendor_config
		-include $(srctree)/vendor/not-here.mk
		include $(srctree)/vendor/$(SRCARCH).mk \
			$(wildcard $(srctree)/vendor/more*.mk) # both
		endif
	EOT
	mv "$src/Makefile.new" "$src/Makefile"
	echo 'VENDOR := of the top' >"$src/vendor_config"
	# um's make also runs for x86, whose headers it borrows.
	printf 'include $(srctree)/vendor/deep.inc\n' | tee "$src/vendor/um.mk" >"$src/vendor/x86.mk"
	echo 'VENDOR_MORE := y' >"$src/vendor/more-1.mk"
	printf '# one\nVENDOR_DEEP := y\n' >"$src/vendor/deep.inc"
	configure "$out"
	kbuild "$out" kernel/kheaders.o
	names "$out" | grep -E '^vendor' >"$work/got"
	printf '%s\n' vendor/deep.inc vendor/more-1.mk vendor/um.mk vendor_config | diff - "$work/got"
	unpack "$out"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	ext
	# And it is watched.
	edit "$src/vendor/deep.inc" 's/:= y/:= z/'
	kbuild "$out" kernel/kheaders.o
	show "$out" vendor/deep.inc | grep -x 'VENDOR_DEEP := z'
	rm -rf "$src" "$src.config" "$src.log" "$work/h" "$module"
}

# An archive as it is on a machine of another kind than the one that built it: there
# its host programs are as these for arm64 are here.
# What host programs are built for, and what can't be done, is in hostprogs.bats.
# bats test_tags=generator
@test "museum 20: host programs are built on the device where no ready one works, and only then" {
	local src='' module=$work/hostprogs-mod first files
	local programs="scripts/basic/fixdep scripts/mod/modpost scripts/genksyms/genksyms"
	local built="kheaders: built for this machine ($(uname -m)): fixdep modpost genksyms"
	out=$work/hostprogs
	vary "$out" CONFIG_MODVERSIONS=y
	grep -x CONFIG_IKHEADERS_HOSTPROGS=y "$out/.config"
	kbuild "$out" kernel/kheaders.o
	foreign_program
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"

	# nobody COMMAND...: so that ext makes as a user who can't write to the tree.
	nobody() {
		local as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
		chown -R nobody "$module"
		"$@"
	}

	# Ready programs that work are used as they are, also where nothing can be written.
	unpack "$out"
	first=$(cd "$work/h" && sha256sum $programs)
	run -0 ext
	echo "$output" | run ! grep 'built for'
	[ "$first" = "$(cd "$work/h" && sha256sum $programs)" ]
	[ "$(id -u)" != 0 ] || nobody run -0 ext

	for program in $programs; do
		cp "$work/foreign" "$work/h/$program"
	done
	run -0 ext
	[ "$(echo "$output" | grep '^kheaders: built')" = "$built" ]
	grep -q kheaders_greeting "$module/Module.symvers"
	run ! grep -q '^0x00000000' "$module/Module.symvers"

	# Another C library, and another compiler than any of gcc; without any ready one.
	unpack "$out"
	for hostcc in musl-gcc clang; do
		(cd "$work/h" && rm $programs)
		run -0 env -u MAKEFLAGS -u MAKELEVEL make -C "$work/h" modules_prepare HOSTCC=$hostcc
		[ "$(echo "$output" | grep '^kheaders: built')" = "$built" ]
		grep -F "by $hostcc" "$work/h/scripts/kheaders/built"
	done
	files=$(find "$work/h" | sort)
	run -0 ext
	echo "$output" | run ! grep 'built for'
	[ "$files" = "$(find "$work/h" | sort)" ]
	if [ "$(id -u)" = 0 ]; then
		nobody run -0 ext
		printf '%s\n' "mount --bind '$work/h' '$work/h'" "mount -o remount,ro,bind '$work/h'" \
			"! touch '$work/h/x' 2>/dev/null" 'exec "$@"' >"$work/read-only"
		as="unshare --mount sh -eu $work/read-only" run -0 ext
	fi

	# What can't be done is one line that says what to do.
	mkdir -p "$work/few"
	for tool in env sh make find head grep sed rm mktemp uname cat awk cmp dirname od; do
		ln -sf "$(type -P $tool)" "$work/few/$tool"
	done
	PATH=$work/few run -2 ext
	echo "$output" | grep 'kheaders: not here, .*: CC=gcc LD=ld; install it (packages gcc, binutils)'
	echo 'CC = /vendor/bin/clang' >>"$work/h/Makefile.kernel"
	run -2 ext
	echo "$output" | grep 'kheaders: not here, .*: CC=/vendor/bin/clang; .* name yours, as in CC=gcc'
	run -0 ext CC=gcc
	rm "$work/h/scripts/basic/fixdep"
	PATH=$work/few run -2 ext
	echo "$output" | grep 'kheaders: scripts/basic/fixdep is not in the tree, and there is no compiler to build it: install gcc'
	rm -rf "$out" "$work/h" "$module"
}

# bats test_tags=generator
@test "a cross-built kernel carries no host programs, nor does one that is to be the same from anywhere" {
	local program
	out=$work/no-hostprogs
	vary "$out" '# CONFIG_IKHEADERS_HOSTPROGS is not set'
	kbuild "$out" kernel/kheaders.o
	unpack "$out"
	run -1 grep -rlaP '^\x7fELF' "$work/h"
	[ -e "$work/h/scripts/mod/modpost.c" ]
	rm -rf "$out" "$work/h"
}

# OLD_MAKE names another make to try, as one of before 4.3.
# bats test_tags=generator
@test "museum 34: make's standard output is the kernel's own, and old makes find the compiler" {
	local src='' module=$work/said-mod make
	foreign_program
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	for make in make ${OLD_MAKE-}; do
		unpack "$ref"
		cp "$work/foreign" "$work/h/scripts/basic/fixdep"
		run -0 --separate-stderr env -u MAKEFLAGS -u MAKELEVEL \
			"$make" -s -C "$work/h" M="$module" kernelrelease
		[ "$output" = "$(show "$ref" include/config/kernel.release)" ]
		[ "$(echo "$stderr" | grep -c '^kheaders: built for')" = 1 ]
		env -u MAKEFLAGS -u MAKELEVEL "$make" -C "$work/h" M="$module" kheaders_greeter.o
		rm "$module"/*.o
	done
	# Before 4.3, make has no shell for what has none of a shell's characters, and there is
	# no program "command".
	grep -o '\$(shell .*' "$work/h/Makefile" | sed 's/\$([^()]*)//g' >"$work/calls"
	grep -F '$(shell command -v' "$work/calls"
	run ! grep -v "[<>|&;'\"]" "$work/calls"
	rm -rf "$work/h" "$module"
}

# bats test_tags=generator
@test "without M= the tree says what it is for, and stays whole" {
	local src='' module=$work/whole-mod before
	unpack "$ref"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	before=$(ls -lR --time-style=full-iso "$work/h")
	tree_make() { env -u MAKEFLAGS -u MAKELEVEL "$@"; }
	for goals in '' modules all clean mrproper nsdeps oldconfig headers_install 'prepare modules' 'M= modules'; do
		run -2 tree_make make -C "$work/h" $goals
		echo "$output" | grep "kheaders: this tree is there to build modules: name the directory of one, as in \"make -C $work/h M=DIR\"" ||
			{ echo "make $goals: $output"; false; }
	done
	# Kbuild does not look for it in the environment.
	run -2 tree_make M="$module" make -C "$work/h" modules
	run -0 tree_make W=1 make -C "$work/h" M="$module" kheaders_greeter.o
	echo "$output" | run ! grep 'W=1'
	[ "$(tree_make make -s -C "$work/h" kernelversion)" = "$(make -s -C "$tree" kernelversion)" ]
	[ "$before" = "$(ls -lR --time-style=full-iso "$work/h")" ]
	ext

	# What is dry builds nothing.
	rm "$work/h/scripts/mod/modpost"
	tree_make make -n -C "$work/h" prepare
	tree_make make -n -C "$work/h" M="$module" modules >"$work/dry" 2>&1 || :
	[ ! -e "$work/h/scripts/mod/modpost" ]
	# What would prepare it is not there.
	mv "$work/h/scripts/kheaders/hostprogs.sh" "$work/hostprogs.sh"
	run -2 ext
	echo "$output" | grep 'kheaders: scripts/kheaders/hostprogs.sh failed: unpack'
	mv "$work/hostprogs.sh" "$work/h/scripts/kheaders/"

	for odd in 'p(q' 'a&b' 'a;b' "a'b" 'a$b'; do
		mv "$work/h" "$work/$odd"
		run -2 tree_make make -C "$work/$odd" M="$module" modules
		[ "$(echo "$output" | grep -c '')" -le 4 ]
		echo "$output" | grep 'kheaders: .* has . in it, which make or shells take for something else: unpack'
		mv "$work/$odd" "$work/h"
	done
	rm -rf "$work/h" "$module"
}

# bats test_tags=generator
@test "museum 20: objtool is built from its source" {
	local arch=x86_64 src='' module=$work/objtool-mod
	x86_64_ref
	run ! grep -F "$work" "$out/scripts/kheaders/made/tools/objtool/objtool.args"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	foreign_program

	unpack "$out"
	run -0 ext
	echo "$output" | run ! grep 'built for'
	cp "$module/kheaders_greeter.o" "$work/want.o"
	readelf -SW "$work/want.o" | grep -F .orc_unwind
	for hostcc in gcc clang; do
		cp "$work/foreign" "$work/h/tools/objtool/objtool"
		run -0 ext HOSTCC=$hostcc
		[ "$(echo "$output" | grep '^kheaders: built')" = \
			"kheaders: built for this machine ($(uname -m)): objtool" ]
		cmp "$work/want.o" "$module/kheaders_greeter.o"
	done

	# With another C library, for which there is no libelf here.
	cp "$work/foreign" "$work/h/tools/objtool/objtool"
	run -2 ext HOSTCC="$(other_libc)"
	echo "$output" | grep "kheaders: tools/objtool/objtool .* musl-gcc .* can't build it: .*elf.h: No such file.* (packages gcc, libc6-dev, libelf-dev)"
	rm -rf "$work/h" "$module"
}

# device_root COMMAND...: makes $work/device, with make, a compiler, its libraries and
# headers, and the COMMANDs, each of the first box that has it.
device_root() {
	local dir name box
	rm -rf "$work/device"
	mkdir -p "$work/device"/{usr/{bin,lib,lib64,libexec,include},proc,dev,tree,mod,tmp}
	# gcc looks for the rest of itself beside where it is.
	(cd "$work/device" && ln -s usr/bin usr/lib usr/lib64 .)
	for name in make gcc as ld nm; do
		cp -L "$(type -P $name)" "$work/device/bin/$name"
	done
	for name; do
		for box in $boxes; do
			case $box in
			mksh)	echo sh ;;
			toybox)	toybox ;;
			*)	busybox --list ;;
			esac | tr ' ' '\n' | grep -qx "$name" || continue
			cp -L "$(type -P $box)" "$work/device/bin/"
			ln -s "$box" "$work/device/bin/$name"
			break
		done
		[ -e "$work/device/bin/$name" ] || { echo "no $name in $boxes"; return 1; }
	done
	cat >"$work/on-device" <<-EOT
		cd "$work/device"
		mount --bind /usr/lib usr/lib
		mount --bind /usr/lib64 usr/lib64
		[ ! -d /usr/libexec ] || mount --bind /usr/libexec usr/libexec
		mount --bind /usr/include usr/include
		mount --bind /dev dev
		mount -t proc proc proc
		mount --bind "$work/h" tree
		mount --bind "$module" mod
		exec chroot . /bin/sh -c "PATH=/bin; export PATH; \$*"
	EOT
}

# bats test_tags=generator
@test "museum 43: modules are built with busybox alone, with toybox and mksh, and no more than is documented" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a root of its own"
	local arch=x86_64 src='' module=$work/device-mod boxes
	x86_64_ref
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	commands=$(sed -n '/^What the device must have/,/^Programs that make runs/s/^    //p' \
		"$top/Documentation/admin-guide/kheaders.rst")
	[ "$(echo $commands | wc -w)" -gt 15 ]
	# toybox has no shell, awk and others yet.
	for boxes in busybox "mksh toybox busybox"; do
		unpack "$out"
		device_root $commands
		on_device() {
			run env -i unshare --mount --pid --fork sh -eu "$work/on-device" "$@"
			echo "$boxes: $output"
			[ "$status" = 0 ]
			[ -z "$(echo "$output" | grep -i 'not found\|usage:\|unknown option')" ]
		}
		on_device make -C /tree M=/mod modules
		[ -s "$module/kheaders_caller.ko" ]
		echo "$output" | run ! grep 'built for'
		(cd "$work/h" && rm scripts/basic/fixdep scripts/mod/modpost tools/objtool/objtool)
		on_device make -C /tree M=/mod clean
		[ ! -e "$module/kheaders_caller.ko" ]
		on_device make -C /tree M=/mod modules
		echo "$output" | grep '^kheaders: built for .*: fixdep modpost objtool$'
		[ -s "$module/kheaders_caller.ko" ]
	done
	rm -rf "$work/device" "$work/on-device" "$work/h" "$module"
}

@test "museum 31: symbol versions from debugging information: gendwarfksyms is carried, and built again" {
	[ -d "$tree/scripts/gendwarfksyms" ] ||
		skip "linux $(basename "$tree") has no gendwarfksyms, which came with 6.14"
	local src='' module=$work/dwarf-mod full=$work/dwarf-full lines hostcc
	local program=scripts/gendwarfksyms/gendwarfksyms
	mapfile -t lines <"$here/kernels/kconfig/gendwarfksyms.config"
	out=$work/gendwarfksyms
	# For extended versions, modpost needs those of a whole kernel, or writes what is no C.
	vary "$out" "${lines[@]}" '# CONFIG_EXTENDED_MODVERSIONS is not set'
	grep -x CONFIG_GENDWARFKSYMS=y "$out/.config"
	kbuild "$out" kernel/kheaders.o

	# crcs DIR: what the modules built there export.
	crcs() {
		cut -f 1,2 "$1/Module.symvers" | sort
	}
	foreign_program
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	cp -r "$module" "$full"
	kbuild "$out" modules_prepare
	kbuild "$out" M="$full" KBUILD_MODPOST_WARN=1 modules
	crcs "$full" >"$work/want"
	[ "$(grep -c '	kheaders_' "$work/want")" = 3 ]
	run ! grep '^0x00000000' "$work/want"

	# The headers of the archive have no comments and other numbers of lines.
	unpack "$out"
	[ ! -e "$work/h/scripts/genksyms" ]
	[ ! -e "$work/h/scripts/gendwarfksyms/examples" ]
	run -0 ext
	echo "$output" | run ! grep 'built for'
	crcs "$module" | diff "$work/want" -
	for hostcc in gcc clang; do
		cp "$work/foreign" "$work/h/$program"
		run -0 ext HOSTCC=$hostcc
		[ "$(echo "$output" | grep '^kheaders: built')" = \
			"kheaders: built for this machine ($(uname -m)): gendwarfksyms" ]
		crcs "$module" | diff "$work/want" -
	done

	# With another C library, for which there is no libdw here.
	cp "$work/foreign" "$work/h/$program"
	run -2 ext HOSTCC="$(other_libc)"
	echo "$output"
	[ "$(echo "$output" | grep -c 'kheaders: ')" = 1 ]
	echo "$output" | grep "kheaders: $program .* musl-gcc .* can't build it: .*dwarf.h: No such file.* (packages gcc, libc6-dev, libdw-dev, libelf-dev, zlib1g-dev)"
	rm -rf "$module" "$full"

	# With KBUILD_GENDWARFKSYMS_STABLE, the use of a reserved member is no change.
	mkdir "$module"
	echo 'obj-m := kabi.o' >"$module/Kbuild"
	# What only a .c file knows has no part in a version.
	cat >"$module/kabi.h" <<-EOT
		#include "$tree/scripts/gendwarfksyms/examples/kabi.h"
		struct kabi {
			int a;
			MEMBER;
		};
	EOT
	cat >"$module/kabi.c" <<-EOT
		#include <linux/module.h>
		#include "kabi.h"
		int kheaders_kabi(struct kabi *k) { return k->a; }
		EXPORT_SYMBOL(kheaders_kabi);
		MODULE_LICENSE("GPL");
	EOT
	# kabi MAKE-ARG...: how many versions it has, with the member unused and used.
	kabi() {
		for member in 'KABI_RESERVE(0)' 'KABI_USE(0, int b)'; do
			ext KCFLAGS="-D'MEMBER=$member'" "$@" >"$work/kabi.log" 2>&1 || { cat "$work/kabi.log" >&2; return 1; }
			crcs "$module"
		done | sort -u | wc -l
	}
	unpack "$out"
	[ "$(kabi)" = 2 ]
	kbuild "$out" KBUILD_GENDWARFKSYMS_STABLE=1 kernel/kheaders.o
	unpack "$out"
	[ "$(kabi)" = 1 ]
	[ "$(kabi KBUILD_GENDWARFKSYMS_STABLE=)" = 2 ]
	rm -rf "$out" "$work/h" "$module"
}

@test "museum 26, 45: each goal and argument of external modules works, or one line says why not" {
	local src='' module=$work/goals line goal reason
	unpack "$ref"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	tree_make() { # MAKE-ARG...
		env -u MAKEFLAGS -u MAKELEVEL make -C "$work/h" M="$module" "$@"
	}
	for line in kheaders_caller.{i,s,o,ko} compile_commands.json modules_prepare prepare help \
			"W=2 clean modules" "W=c clean modules" "KBUILD_EXTRA_WARN=e clean modules" \
			C=1 C=2 "CC=clang clean modules" "LLVM=1 clean modules" \
			"clean modules" "KBUILD_EXTRA_SYMBOLS=$module/Module.symvers modules" \
			"INSTALL_MOD_PATH=$work/goals-root modules_install" clean; do
		# shellcheck disable=SC2086 # words
		run -0 tree_make $line
	done
	if grep -q 'origin MO' "$work/h/Makefile.kernel"; then
		run -0 tree_make MO="$work/goals-out" modules
		[ -f "$work/goals-out/kheaders_caller.ko" ]
		[ ! -e "$module/kheaders_caller.ko" ]
	fi
	while IFS=: read -r goal reason; do
		# shellcheck disable=SC2086 # words
		run -2 tree_make $goal
		[ "$(grep -v '/Module.symvers' <<<"$output" | grep -o 'kheaders: .*')" = "kheaders: $reason.  Stop." ] ||
			{ echo "$output"; false; }
	done <<-EOT
		oldconfig:make oldconfig: the configuration is that of the kernel; it is $(realpath "$work/h")/.config and stays as it is
		kheaders_caller.lst:make kheaders_caller.lst: listings need System.map. "objdump -dS" of a .o shows the same without addresses
		coccicheck:make coccicheck: its semantic patches are not in this tree
		tags:make tags: scripts/tags.sh is not in this tree: call ctags in the directory of the module
		rust-analyzer:make rust-analyzer: Rust modules need the crates of the kernel, which are not in this tree
		kheaders_caller.symtypes:make kheaders_caller.symtypes: genksyms is not in this tree: it has no part in this kernel's symbol versions
		CC=no-gcc modules:there is no CC=no-gcc here: name another, or none
	EOT
	if grep -q RUSTC_OR_CLIPPY "$work/h/scripts/Makefile.build"; then
		mkdir "$work/goals-rust"
		echo 'obj-m := kheaders_rust.o' >"$work/goals-rust/Kbuild"
		echo '//! Rust' >"$work/goals-rust/kheaders_rust.rs"
		run -2 tree_make M="$work/goals-rust"
		[ "$(grep -v '/Module.symvers' <<<"$output" | grep -o '^kheaders: .*')" = \
			"kheaders: Rust modules need the crates of the kernel, which are not in this tree" ] ||
			{ echo "$output"; false; }
	fi
	run -0 env -u MAKEFLAGS -u MAKELEVEL make -s -C "$work/h" help
	[[ "$output" = *"make M=DIR "* ]]
	# Nothing of it is left in the tree.
	unpack_again=$work/again
	mkdir "$unpack_again"
	xz -dc "$ref/kernel/kheaders_data.tar.xz" | tar -xf - -C "$unpack_again"
	diff -r "$unpack_again" "$work/h"
	# What make or shells take for something else.
	for name in 'a tree' a:tree 'a\tree'; do
		mv "$work/h" "$work/$name"
		run -2 env -u MAKEFLAGS -u MAKELEVEL make -C "$work/$name" prepare
		[[ "$output" = *"kheaders: $(realpath "$work")/$name has "*" in it, "*": unpack /proc/kheaders.tar.xz in a directory without"* ]]
		mv "$work/$name" "$work/h"
	done
	rm -rf "$work/h" "$module" "$work"/goals-* "$unpack_again"
}

@test "museum 46: what configure scripts do: tiny makes at once, each its own question, with no environment" {
	local src='' dir=$work/conftest n want goal
	unpack "$ref"
	foreign_program
	# Each also finds host programs to build.
	cp "$work/foreign" "$work/h/scripts/basic/fixdep"
	cp "$work/foreign" "$work/h/scripts/mod/modpost"
	for n in $(seq "${CONFTESTS:-12}"); do
		mkdir -p "$dir/$n"
		echo "obj-m := conftest.o" >"$dir/$n/Makefile"
		printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nvoid %s(void);\nvoid %s(void) { %s; }\n' \
			"f$n" "f$n" "$([ $((n % 2)) = 0 ] && echo 'yield()' || echo 'no_such_function()')" >"$dir/$n/conftest.c"
		sed -i '1i#include <linux/sched.h>' "$dir/$n/conftest.c"
	done
	seq "${CONFTESTS:-12}" | xargs -P 6 -I N sh -c '
		env -i PATH="$PATH" make -C "$1/h" M="$2/N" -j2 modules >"$2/N.log" 2>&1
		echo $? >"$2/N.status"' sh "$work" "$dir"
	for n in $(seq "${CONFTESTS:-12}"); do
		want=$((n % 2 * 2))
		[ "$(cat "$dir/$n.status")" = $want ] || { cat "$dir/$n.log"; false; }
		if [ $want = 0 ]; then
			[ -f "$dir/$n/conftest.ko" ]
		else
			grep -q 'conftest.c.*no_such_function' "$dir/$n.log"
		fi
	done
	[ -z "$(find "$work/h/scripts" -name 'fixdep.??????' -o -name 'modpost.??????')" ]

	# What they read, and ask of make.
	release=$(cat "$ref/include/config/kernel.release")
	grep -qxF "#define UTS_RELEASE \"$release\"" "$work/h/include/generated/utsrelease.h"
	grep -qx CONFIG_MODULES=y "$work/h/.config"
	grep -qx '#define CONFIG_MODULES 1' "$work/h/include/generated/autoconf.h"
	cmp "$ref/include/generated/uapi/linux/version.h" "$work/h/include/generated/uapi/linux/version.h"
	for goal in kernelrelease kernelversion image_name; do
		want=$(kbuild "$ref" -s --no-print-directory $goal)
		[ "$(env -i PATH="$PATH" make -s -C "$work/h" --no-print-directory $goal 2>&1)" = "$want" ]
		[ "$(env -i PATH="$PATH" make -s -C "$work/h" --no-print-directory M="$dir/2" $goal 2>/dev/null)" = "$want" ]
	done

	# An object alone takes no symbol versions, so nothing is said of them, until one make
	# below it builds a module.
	rm "$dir/2"/*.o
	printf 'all:\n\t$(MAKE) -C $(H) M=$(DIR) conftest.o\n\t$(MAKE) -C $(H) M=$(DIR) modules\n' >"$dir/both"
	run -0 env -i PATH="$PATH" make -C "$work/h" M="$dir/2" conftest.o
	[[ "$output" != *"symbol versions"* ]]
	run -0 env -i PATH="$PATH" make -f "$dir/both" H="$work/h" DIR="$dir/2"
	[[ "$output" = *"symbol versions"* ]]
	rm -rf "$work/h" "$dir"
}

@test "museum 38: modules_install and DKMS sign modules on the device, or one line says why not" {
	local src='' module=$work/sign-mod root=$work/sign-root
	out=$work/sign
	vary "$out" CONFIG_MODULE_SIG=y CONFIG_MODULE_SIG_ALL=y CONFIG_MODULE_SIG_SHA256=y
	grep -x CONFIG_MODULE_SIG_ALL=y "$out/.config"
	kbuild "$out" scripts kernel/kheaders.o
	unpack "$out"
	[ -x "$work/h/scripts/sign-file" ]
	[ -z "$(find "$work/h" -name '*.pem' -o -name '*.x509')" ]
	foreign_program
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	install_modules() { # [MAKE-ARG...]: those of $module, below $root
		rm -rf "$root"
		run -0 env -u MAKEFLAGS -u MAKELEVEL make -C "$work/h" M="$module" \
			INSTALL_MOD_PATH="$root" "$@" modules_install
		echo "$output"
		installed=$(find "$root" -name kheaders_caller.ko)
		# It knows what was installed, though there is no System.map.
		grep -q kheaders_caller.ko: "$root"/lib/modules/*/modules.dep
		[[ "$output" != *System.map* && "$output" != *"SSL error"* ]]
	}
	signed() { # KO: whether it is
		grep -qa '~Module signature appended~' "$1"
	}
	says() { # TEXT: make said that and no more of ours, but that no kernel of ours runs here
		echo "$output"
		[ "$(sed -n '/Module.symvers/d; s/^kheaders: //p' <<<"$output")" = "$1" ]
	}
	run -0 ext
	says ''
	local unsigned='the modules stay unsigned:' no_key='there is no key certs/signing_key.pem'
	install_modules
	says "$unsigned $no_key: put it into $(realpath "$work/h"), or name yours, as in CONFIG_MODULE_SIG_KEY=FILE"
	run ! signed "$installed"
	run -2 make -C "$work/h" M="$module" modules_sign
	[[ "$output" = *"kheaders: modules can't be signed: $no_key: "* ]]

	openssl req -new -x509 -nodes -days 36500 -subj /CN=test -newkey rsa:2048 \
		-keyout "$work/key.pem" -outform DER -out "$work/key.x509"
	install_modules CONFIG_MODULE_SIG_KEY="$work/key.pem"
	says "$unsigned the key's certificate is missing: put it into $(realpath "$work/h")/certs/signing_key.x509"
	mkdir -p "$work/h/certs"
	cp "$work/key.x509" "$work/h/certs/signing_key.x509"
	install_modules CONFIG_MODULE_SIG_KEY="$work/key.pem"
	says ''
	signed "$installed"
	[ "$(modinfo -F signer "$installed")" = test ]
	cp "$work/key.pem" "$work/h/certs/signing_key.pem"

	# Of another machine, it is built again, also for who only builds.
	cp "$work/foreign" "$work/h/scripts/sign-file"
	run -0 ext
	says "built for this machine ($(uname -m)): sign-file"
	install_modules
	says ''
	signed "$installed"

	# Modules are built where it can't be. Nobody but who signs is told.
	cp "$work/foreign" "$work/h/scripts/sign-file"
	rm -f "$work/h/scripts/basic/fixdep"
	run -0 ext HOSTCC="$(other_libc)"
	says "built for this machine ($(uname -m)): fixdep"
	run -0 ext HOSTCC="$(other_libc)"
	says ''
	install_modules HOSTCC="$(other_libc)"
	[[ "$output" = *"kheaders: $unsigned scripts/sign-file "*"openssl/opensslv.h: No such file"*"(packages gcc, libc6-dev, libssl-dev)"* ]]
	run ! signed "$installed"
	cmp "$work/foreign" "$work/h/scripts/sign-file"
	# When that is mended.
	run -0 make -C "$work/h" prepare
	says "built for this machine ($(uname -m)): sign-file"
	install_modules
	signed "$installed"
	rm -rf "$out" "$work/h" "$module" "$root"
}

@test "museum 44: what the tree's Makefiles name is in it, or of no use to a module" {
	unpack "$ref"
	cd "$work/h"
	find . -name 'Makefile*' -o -name 'Kbuild*' -o -name '*.include' >"$work/makefiles"
	# Names of variables are not known here, but for one.
	xargs sed -e 's/#.*//' -e 's/\$[({]SRCARCH[)}]/um/g' <"$work/makefiles" |
		grep -oE '\$[({](abs_)?(srctree|objtree)[)}]/[][A-Za-z0-9_./$(){}%*-]+' |
		sed -E 's,^[^/]*/,,; s,[)/]+$,,' | grep -v '[$%*(]' | sort -u >"$work/named"
	[ "$(wc -l <"$work/named")" -gt 50 ]
	while read -r path; do
		[ ! -e "$path" ] || continue
		# What only other kernels or configurations have.
		[ -f "$tree/$path" ] || [ -f "$ref/$path" ] || continue
		case $path in
		# The kernel's own targets: image, documents, packages, device trees, tags,
		# configuration, tests, usr/, what its developers check.
		Documentation/*|.rustfmt.toml|scripts/Makefile.package|scripts/dtc/*|scripts/tags.sh|\
		scripts/kconfig/*|tools|tools/testing/*|usr|scripts/check*.pl|scripts/export_report.pl|\
		scripts/headerdep.pl|scripts/headers_install.sh|scripts/misc-check|scripts/gdb/*|\
		scripts/link-vmlinux.sh|scripts/head-object-list.txt|scripts/make_fit.py|scripts/sbom/*|\
		scripts/generate_*|scripts/jobserver-exec|scripts/check-function-names.sh|\
		scripts/tracepoint-update|scripts/syscall.tbl|scripts/asn1_compiler|arch/i386|arch/x86_64|\
		tools/bootconfig|modules.builtin.modinfo|modules.order|vmlinux|arch/um/boot/*|\
		arch/x86/tools/*|tools/arch/*|tools/include|tools/include/*) ;;
		# Rust modules can't be built from the archive.
		rust|rust/*|scripts/target.json|scripts/rust_is_available.sh) ;;
		# Secrets, and plugins that are in no tree without them.
		scripts/basic/randstruct.seed|include/generated/randstruct_hash.h|scripts/gcc-plugins|\
		scripts/gcc-plugins/*|certs/*) ;;
		# Listings take System.map; comments are not checked.
		scripts/makelst|scripts/kernel-doc|tools/docs/kernel-doc) ;;
		# Of other configurations.
		tools/objtool*|tools/bpf/resolve_btfids*|scripts/recordmcount*|scripts/genksyms/*|\
		scripts/gendwarfksyms/*|scripts/sign-file|arch/um/module.lds) ;;
		# Made on the device, or a vendor's own.
		Module.symvers|.kernelvariables) ;;
		*) echo "$path" ;;
		esac
	done <"$work/named" >"$work/missing"
	diff /dev/null "$work/missing"

	# What is named alone is there to be called.
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$work/w1"
	run -0 env -u MAKEFLAGS -u MAKELEVEL make -C "$work/h" M="$work/w1" W=1 KBUILD_MODPOST_WARN=1 modules
	[ "$(echo "$output" | grep -c '^kheaders: W=')" = 1 ]
	cd /
	rm -rf "$work/h" "$work/w1"
}

@test "modules are built for a kernel with trimmed exports, whatever it exports in the end" {
	out=$work/trimmed
	vary "$out" CONFIG_EXPERT=y CONFIG_TRIM_UNUSED_KSYMS=y
	grep -x CONFIG_TRIM_UNUSED_KSYMS=y "$out/.config"
	kbuild "$out" kernel/kheaders.o
	cp "$out/kernel/kheaders_data.tar.xz" "$out/first"
	[ ! -e "$out/include/generated/autoksyms.h" ] ||
		echo '#define __KSYM_printk 1' >>"$out/include/generated/autoksyms.h"
	kbuild "$out" kernel/kheaders.o
	cmp "$out/first" "$out/kernel/kheaders_data.tar.xz"

	mkdir "$out/h"
	xz -dc "$out/first" | tar -xf - -C "$out/h"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$out/mod"
	env -u MAKEFLAGS -u MAKELEVEL make -C "$out/h" M="$out/mod" kheaders_greeter.o
	rm -rf "$out"
}

@test "headers only, without CONFIG_IKHEADERS_EXTMOD" {
	out=$work/headers
	vary "$out" '# CONFIG_IKHEADERS_EXTMOD is not set'
	kbuild "$out" kernel/kheaders.o
	[ "$(names "$out" | grep -v '\.[hS]$')" = include/config/kheaders.id ]
	names "$out" | grep -x include/generated/autoconf.h
	[ "$(wc -c <"$out/kernel/kheaders_data.tar.xz")" -lt "$(wc -c <"$ref/kernel/kheaders_data.tar.xz")" ]
	rm -rf "$out"
}

@test "a randomized structure layout: headers only, and no seed" {
	[ -f "$(gcc -print-file-name=plugin)/include/plugin-version.h" ] ||
		skip "this gcc has no plugins (package gcc-12-plugin-dev)"
	out=$work/randstruct
	# Until 5.18 it was an option of gcc's plugins alone.
	vary "$out" CONFIG_GCC_PLUGINS=y CONFIG_GCC_PLUGIN_RANDSTRUCT=y \
		CONFIG_RANDSTRUCT_FULL=y CONFIG_IKHEADERS_EXTMOD=y
	grep -x CONFIG_GCC_PLUGIN_RANDSTRUCT=y "$out/.config"
	run ! grep IKHEADERS_EXTMOD "$out/.config"
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	ls "$out/scripts/gcc-plugins/randomize_layout_plugin.so"
	[ "$(names "$out" | grep -v '\.[hS]$')" = include/config/kheaders.id ]
	unpack "$out"
	run ! grep -rqF "$(grep -ohE '[0-9a-f]{64}' "$out/scripts/basic/randstruct.seed" \
		"$out/scripts/gcc-plugins/randomize_layout_seed.h" | sort -u)" "$work/h"
	rm -rf "$out" "$work/h"
}

# bats test_tags=generator
@test "what is left out of headers: nothing, comments, comments and blanks" {
	out=$work/strip
	file=include/linux/zutil.h
	vary "$out" CONFIG_IKHEADERS_STRIP_NONE=y
	kbuild "$out" kernel/kheaders.o
	show "$out" $file | cmp - "$tree/$file"

	vary "$out" CONFIG_IKHEADERS_STRIP_COMMENTS=y
	kbuild "$out" kernel/kheaders.o
	show "$out" $file >"$out/stripped"
	# The same line with the same number, but for its comment.
	[ "$(grep -n 'define PRESET_DICT' "$out/stripped")" = \
		"$(sed 's, */\* preset .*,,' "$tree/$file" | grep -n 'define PRESET_DICT')" ]

	vary "$out"
	kbuild "$out" kernel/kheaders.o
	for file in $file scripts/mod/modpost.c; do
		show "$out" $file >"$out/stripped"
		[ -s "$out/stripped" ]
		run ! grep -n -e '^$' -e '^[[:blank:]]' -e '[[:blank:]]$' "$out/stripped"
	done
	like_ref "$out"
	rm -rf "$out"
}

@test "museum 18: no token of any header changes, nor of the sources of host programs" {
	cd "$tree"
	run -0 "$here/strip/tokens.sh" -s include arch/x86/include arch/um/include \
		scripts/basic scripts/mod scripts/gen*ksyms scripts/include
	echo "# ${lines[-1]}, linux $(basename "$tree")" >&3
}

@test "make reads the same from Makefiles without their comments" {
	local module=$work/make-mod h=$work/make-tree file commented=0
	mkdir "$h"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	xz -dc "$ref/kernel/kheaders_data.tar.xz" | tar -xf - -C "$h"
	# All rules and variables, of each make that is called.
	reads() {
		env -u MAKEFLAGS -u MAKELEVEL make -C "$h" M="$module" -pn modules | grep -v '^#'
	}
	reads >"$work/without"
	for file in $(cd "$tree" && ls Makefile scripts/{Makefile,Kbuild}* \
			scripts/*/Makefile* arch/{um,x86}/Makefile*); do
		stripped=$h/${file/#Makefile/Makefile.kernel}
		[ -f "$stripped" ] && ! cmp "$tree/$file" "$stripped" || continue
		cp "$tree/$file" "$stripped"
		commented=$((commented + 1))
	done
	[ "$commented" -gt 20 ]
	reads >"$work/with"
	grep '^cmd_cc_o_c' "$work/with"
	diff "$work/with" "$work/without"
	rm -rf "$h" "$module"
}

@test "without modules, without sysfs, without proc, as a module, by mainline's name" {
	option() {
		grep -c "^CONFIG_$1=$2\$" "$out/.config" || :
	}
	out=$work/options
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
	rm -rf "$out"
}

@test "switched off and on again, and after make clean, it is the same" {
	clone_ref switched
	sed -i 's/^CONFIG_IKHEADERS_PROC=y/# CONFIG_IKHEADERS_PROC is not set/' "$out/.config"
	kbuild "$out" olddefconfig
	run ! grep -q IKHEADERS_PROC=y "$out/.config"
	kbuild "$out" kernel/fork.o
	cp "$ref/.config" "$out/.config"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	kbuild "$out" clean
	run ! ls "$out/kernel/kheaders_data.tar.xz" "$out/scripts/kheaders/tree" "$out/scripts/kheaders/stage"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	kbuild "$out" mrproper
	[ -z "$(find "$out/scripts" "$out/kernel" -type f)" ]
	rm -rf "$out"
}

@test "museum 2: O=, relative, and modules_prepare before and after" {
	out=$work/rel
	configure "$out"
	kbuild "$out" modules_prepare
	(cd "$tree" && make O="$(realpath --relative-to=. "$out")" ARCH=um \
		HOSTCC="ccache gcc" XZ="$work/xz-0" -j2 kernel/kheaders.o) >"$out.log" 2>&1
	like_ref "$out"
	kbuild "$out" modules_prepare
	rm -rf "$out"
}

@test "museum 35: LLVM=1, with nothing of binutils and gcc" {
	local package tool
	out=$work/llvm
	mkdir "$work/only-llvm"
	for tool in /usr/sbin/* /usr/bin/*; do
		ln -sf "$tool" "$work/only-llvm/"
	done
	for package in $(dpkg-query -W -f '${Package} ' 'binutils*' 'gcc-*' 'g++-*' 'cpp-*' gcc g++ cpp); do
		for tool in $(dpkg -L "$package" 2>/dev/null | sed -n 's,.*/bin/,,p'); do
			rm -f "$work/only-llvm/$tool"
		done
	done
	rm -f "$work"/only-llvm/{cc,c++,c89,c99}
	mkdir "$out"
	cp "$ref/.config" "$out"
	local PATH=$work/only-llvm
	run ! type -P strip ld gcc as
	make -C "$tree" O="$out" ARCH=um LLVM=1 HOSTLDFLAGS=-fuse-ld=lld olddefconfig
	make -C "$tree" O="$out" ARCH=um LLVM=1 HOSTLDFLAGS=-fuse-ld=lld XZ="$work/xz-0" -j2 \
		kernel/kheaders.o kernel/kheaders_symvers.o kernel/kheaders_test.o
	names "$ref" >"$work/names"
	names "$out" | diff "$work/names" -

	# And plain "make M=" in its tree takes clang, too.
	mkdir "$out/h"
	xz -dc "$out/kernel/kheaders_data.tar.xz" | tar -xf - -C "$out/h"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$out/mod"
	env -u MAKEFLAGS make -C "$out/h" M="$out/mod" modules
	llvm-readelf -p .comment "$out/mod/kheaders_caller.ko" | grep clang
	# gcc knows nothing of its options.
	run -2 env -u MAKEFLAGS make -C "$out/h" M="$out/mod" CC=gcc modules
	[ "$(grep -o 'kheaders: .*' <<<"$output")" = \
		"kheaders: only a clang can build for this kernel, which clang built: gcc is none: name a clang.  Stop." ]
	rm -rf "$out" "$work/only-llvm"
}

@test "sparse, W=1 and a second compiler find nothing in it" {
	clone_ref strict
	rm "$out"/kernel/kheaders*.o
	run -0 kbuild "$out" C=2 W=1 CF="-Wsparse-error" kernel/kheaders.o \
		kernel/kheaders_symvers.o kernel/kheaders_test.o
	echo "$output"
	echo "$output" | grep CHECK
	echo "$output" | run ! grep -E 'kernel/kheaders.*(warning|error)'
	# What one asks for to find out.
	rm "$out/include/generated/kheaders_have.h"
	kbuild "$out" kernel/kheaders_symvers.i kernel/kheaders.s
	grep -F "$(show "$out" include/config/kheaders.id)" "$out/kernel/kheaders.s"
	rm -rf "$out"
}

# bats test_tags=slow
@test "a tree that became another kernel after make apply is asked again what it has" {
	clone_tree updated
	clone_ref answers
	reader() {
		nm "$out/kernel/kheaders.o" | grep -oE '\<(simple_read_from_buffer|_copy_to_iter)'
	}
	# Before 5.10 there was no proc_read_iter.
	grep -w proc_read_iter "$tree/include/linux/proc_fs.h"
	kbuild "$out" kernel/kheaders.o
	[ "$(reader)" = _copy_to_iter ]
	edit "$src/include/linux/proc_fs.h" 's/\<proc_read_iter\>/proc_read_other/'
	kbuild "$out" kernel/kheaders.o
	[ "$(reader)" = simple_read_from_buffer ]
	# The same answers compile nothing again.
	touch "$src/include/linux/proc_fs.h"
	edit "$src/scripts/kheaders/have.sh" ''
	stamp=$(stat -c %y "$out/include/generated/kheaders_have.h")
	kbuild "$out" kernel/kheaders.o
	[ "$stamp" = "$(stat -c %y "$out/include/generated/kheaders_have.h")" ]
	# And back, also by a file that is older than the answers.
	rm "$src/include/linux/proc_fs.h"
	cp -p "$tree/include/linux/proc_fs.h" "$src/include/linux/"
	kbuild "$out" kernel/kheaders.o
	[ "$(reader)" = _copy_to_iter ]
	# Nothing of this costs a shell when make reads the rules.
	run ! grep -E ':=.*\$\(shell' "$src/kernel/Makefile.kheaders"
	kbuild "$out" mrproper
	[ ! -e "$out/include/generated/kheaders_have.h" ]
	rm -rf "$src" "$out"
}

# bats test_tags=slow
@test "each patch of make patch builds by itself, and the same as make apply" {
	clone_tree series
	"$top/scripts/overlay/revert" "$src"
	GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.com \
		"$top/scripts/overlay/patch" "$src" "$work/patches"
	out=$work/o-series
	local seen=0
	for patch in "$work"/patches/*.patch; do
		(cd "$src" && GIT_CEILING_DIRECTORIES=$work git apply "$patch")
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
	kbuild "$ref" kernel/kheaders.o kernel/kheaders_symvers.o kernel/kheaders_test.o
	for object in kheaders.o kheaders_symvers.o kheaders_test.o; do
		cmp "$ref/kernel/$object" "$out/kernel/$object"
	done
	rm -rf "$src" "$out" "$work/patches"
}
