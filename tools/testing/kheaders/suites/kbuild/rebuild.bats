#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What is made again, and what is not: a change of whatever kind gets into the archive,
# and nothing is done without one. An interruption, a full disk, a failing tool or a clock
# that steps back leaves no archive that counts as good and is not.

load kbuild

# change_header: another value, of the same length, in one header of $src.
change_header() {
	edit "$src/include/linux/zutil.h" 's/define PRESET_DICT 0x20/define PRESET_DICT 0x21/'
}

# has_change: whether the archive of $out has that.
has_change() {
	show "$out" include/linux/zutil.h | grep 'PRESET_DICT 0x21'
}

# is_embedded: whether the archive of $out is what goes into the kernel.
is_embedded() {
	"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" |
		cmp - "$out/kernel/kheaders_data.tar.xz"
}

# times: of the files in the archive of $out, each once.
times() {
	xz -dc "$out/kernel/kheaders_data.tar.xz" |
		TZ=UTC tar --full-time -tvf - | awk '{ print $4, $5 }' | sort -u
}

@test "museum 5: nothing changed, a touched header, a rewritten autoconf.h: nothing is made again" {
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o
	local stamp began
	stamp=$(stat -c %y "$out/kernel/kheaders_data.tar.xz")
	began=$(stat -c %y "$out/kernel/.kheaders/began")
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	# The make of the archive was not even called.
	[ "$began" = "$(stat -c %y "$out/kernel/.kheaders/began")" ]
	edit "$src/include/linux/zutil.h" ''
	touch "$src/include/linux/zutil.h"
	touch "$out/include/generated/autoconf.h"
	cp "$out/include/config/auto.conf" "$out/auto.conf"
	mv "$out/auto.conf" "$out/include/config/auto.conf"
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	[ "$stamp" = "$(stat -c %y "$out/kernel/kheaders_data.tar.xz")" ]
	[ "$began" != "$(stat -c %y "$out/kernel/.kheaders/began")" ]

	# Nor the first time after all was made.
	drop_archive "$out"
	kbuild "$out" kernel/kheaders.o
	began=$(stat -c %y "$out/kernel/.kheaders/began")
	kbuild "$out" kernel/kheaders.o
	[ "$began" = "$(stat -c %y "$out/kernel/.kheaders/began")" ]
}

# bats test_tags=generator
@test "museum 14: a changed header is seen though its size and time are the same; only its chunk is packed" {
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o
	change_header
	touch -r "$tree/include/linux/zutil.h" "$src/include/linux/zutil.h"
	run -0 kbuild "$out" kernel/kheaders.o
	# And the id, which stands for the whole tree.
	[ "$(did | grep '^PACK' | sort | tr -d '\n')" = 'PACK id.tar.xzPACK others.tar.xz' ]
	has_change
}

# bats test_tags=generator
@test "a new header goes in, a removed one goes out" {
	clone_tree
	clone_ref
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
	# And a file that is no header.
	echo '# new' >"$src/arch/um/Makefile-new"
	kbuild "$out" kernel/kheaders.o
	names "$out" | grep -x arch/um/Makefile-new
}

# bats test_tags=generator
@test "a changed option and a changed script make it again" {
	clone_tree
	clone_ref
	echo CONFIG_UEVENT_HELPER=y >>"$out/.config"
	run -0 kbuild "$out" kernel/kheaders.o
	did | grep '^PACK others'
	show "$out" include/generated/autoconf.h | grep 'CONFIG_UEVENT_HELPER 1'
	kbuild "$out" kernel/kheaders.o
	# A newer kheaders in the tree may bring options, which make must ask for by itself.
	edit "$src/init/Kconfig.kheaders" '/^endif/i config IKHEADERS_NEW\n\tdef_bool y\n'
	kbuild "$out" kernel/kheaders.o
	grep -x CONFIG_IKHEADERS_NEW=y "$out/include/config/auto.conf"
	edit "$src/scripts/kheaders/pack.sh" 's/--check=crc32/--check=none/'
	run -0 kbuild "$out" kernel/kheaders.o
	[ "$(did | grep -c '^PACK')" -gt 3 ]
	edit "$src/scripts/kheaders/list.sh" 's/^\theaders >/\t: >/'
	kbuild "$out" kernel/kheaders.o
	names "$out" | run ! grep -x include/linux/sched.h
}

# bats test_tags=generator
@test "museum 15: KBUILD_BUILD_TIMESTAMP, and SOURCE_DATE_EPOCH" {
	clone_ref
	[ "$(times)" = '1970-01-01 00:00:01' ]
	kbuild "$out" kernel/kheaders.o KBUILD_BUILD_TIMESTAMP='Mon Feb 11 09:35:59 UTC 2019'
	[ "$(times)" = '2019-02-11 09:35:59' ]
	KBUILD_BUILD_TIMESTAMP='2019-02-19 13:42:13 +0900' kbuild "$out" kernel/kheaders.o
	[ "$(times)" = '2019-02-19 04:42:13' ]
	SOURCE_DATE_EPOCH=1000000000 kbuild "$out" kernel/kheaders.o
	[ "$(times)" = '2001-09-09 01:46:40' ]
	run -2 kbuild "$out" kernel/kheaders.o KBUILD_BUILD_TIMESTAMP="it's the day after"
	echo "$output" | grep "kheaders: KBUILD_BUILD_TIMESTAMP='it's the day after' is not a date"
	run -2 kbuild "$out" kernel/kheaders.o SOURCE_DATE_EPOCH=soon
	echo "$output" | grep "kheaders: SOURCE_DATE_EPOCH='soon' is not a number"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "with ccache that reads dependency files alone, a new archive gets into the kernel" {
	clone_ref
	for second in 1000000001 1000000002 1000000001; do
		CCACHE_DEPEND=1 SOURCE_DATE_EPOCH=$second kbuild "$out" CC="ccache gcc" kernel/kheaders.o
		is_embedded
	done
	# The header that makes it so is made again where it is missing.
	rm "$out/include/generated/kheaders_id.h"
	kbuild "$out" kernel/kheaders.o
	[ -s "$out/include/generated/kheaders_id.h" ]
}

@test "switched off and on again, and after make clean, the archive is the same" {
	clone_ref
	sed -i 's/^CONFIG_IKHEADERS_PROC=y/# CONFIG_IKHEADERS_PROC is not set/' "$out/.config"
	kbuild "$out" olddefconfig
	run ! grep -q IKHEADERS_PROC=y "$out/.config"
	kbuild "$out" kernel/fork.o
	cp "$ref/.config" "$out/.config"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	kbuild "$out" clean
	run ! ls "$out/kernel/kheaders_data.tar.xz" "$out/kernel/.kheaders/tree" "$out/scripts/kheaders/stage"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
	kbuild "$out" mrproper
	[ -z "$(find "$out/scripts" "$out/kernel" -type f)" ]
}

# bats test_tags=slow
@test "a tree that became another kernel after make apply is asked again what it has" {
	clone_tree
	clone_ref
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
	# Asked again with the same answers, nothing is compiled again.
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
	# None of this takes a shell each time that make reads the rules.
	run ! grep -E ':=.*\$\(shell' "$src/kernel/Makefile.kheaders"
	kbuild "$out" mrproper
	[ ! -e "$out/include/generated/kheaders_have.h" ]
}

# watched: the files and directories that make looks at to see whether the archive of $out
# is up to date.
watched() {
	sed '1d; s/\t.*//' "$out/kernel/.kheaders/index" | cut -d ' ' -f 11-
}

# bats test_tags=generator
@test "each file that is read when the archive is made is watched" {
	clone_ref
	drop_archive "$out"
	(cd "$out" && strace -f -y --seccomp-bpf -qq -e trace=open,openat,execve,%process \
		-e signal=none -o "$dir/trace" make -C "$tree" O="$out" ARCH=um XZ="$work/xz-0" \
		CC=gcc HOSTCC=gcc kernel/kheaders.o) >"$out.log" 2>&1 || { tail "$out.log"; false; }
	awk -v tree="$tree/" -v out="$out/" -f "$BATS_TEST_DIRNAME/reads.awk" trace | sort >opened
	[ "$(wc -l <opened)" -gt 5000 ]
	watched | (cd "$out" && xargs realpath --) | sort -u >watched
	# But for what this make has made itself and kept, and the next one looks at by its
	# digest; notes of what the commands were; and headers that are in no archive.
	grep -vxFf watched opened |
		grep -v -e "^$out/kernel/.kheaders/" -e '/\.[^/]*\.cmd$' \
			-e "^$out/kernel/kheaders_data\.tar\.xz$" \
			-e "^$out/include/generated/\(kheaders_id\|kheaders_have\|compile\|utsversion\)\.h$" \
			>unwatched || :
	cat unwatched
	[ ! -s unwatched ]
}

# bats test_tags=generator
@test "the archive is not up to date when a file that is watched has changed" {
	local file count=0
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o
	current() {
		(cd "$out" && scripts/kheaders/uptodate kernel/.kheaders \
			"$(sed 1,2d kernel/.kheaders/key)" kernel/kheaders_data.tar.xz \
			include/generated/kheaders_id.h)
	}
	current
	# Headers are tested above, and there are thousands: some of the other files. What is
	# archived and read by the build is listed twice.
	watched | sed -n "s,^$src/,,p" | grep -vE '\.h$|/arch/x86/include/' | sort -u |
		while read -r file; do [ ! -f "$src/$file" ] || echo "$file"; done >files
	for file in $(awk 'NR % 10 == 1 || /^scripts\/kheaders\//' files); do
		count=$((count + 1))
		edit "$src/$file" ''
		run ! current || { echo "$file"; false; }
		# Without it in the index, all else is as it was.
		grep -v "$src/$file	" "$out/kernel/.kheaders/index" >index || :
		cp index "$out/kernel/.kheaders/index"
		current
	done
	[ "$count" -gt 5 ]
}

# bats test_tags=generator
@test "a disk that is full is an error, and no archive is left" {
	[ "$(id -u)" = 0 ] || skip "needs root, for a small file system"
	clone_ref
	for size in 4m 36m; do
		drop_archive "$out"
		mkdir "$out/kernel/.kheaders"
		mount -t tmpfs -o size=$size tmpfs "$out/kernel/.kheaders" ||
			skip "no file system can be mounted here"
		run kbuild "$out" kernel/kheaders.o
		umount "$out/kernel/.kheaders"
		[ "$status" = 2 ]
		echo "$output" | grep -i 'no space left'
		[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	done
	rm -rf "$out/kernel/.kheaders"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "museum 11: killed at any step and started again, the archive is whole and nothing is left over" {
	clone_ref
	for word in 'UPD .*list' 'PACK .*other' 'UPD .*kheaders_data'; do
		rm -rf "$out/scripts/kheaders" "$out"/kernel/*kheaders* "$out"/kernel/.*kheaders*
		# The whole group of make at once, as a power cut would.
		setsid sh -c 'exec make -C "$1" O="$2" ARCH=um XZ="$3" -j2 kernel/kheaders.o' \
			sh "$tree" "$out" "$work/xz-0" >"$out.log" 2>&1 3>&- &
		local pid=$!
		for _ in $(seq 600); do
			grep -q "^  $word" "$out.log" && break
			sleep 0.1
		done
		kill -KILL -- "-$pid"
		wait $pid || :
		grep "^  $word" "$out.log"
		[ ! -e "$out/kernel/kheaders_data.tar.xz" ] || like_ref "$out"
		kbuild "$out" kernel/kheaders.o >"$out.log" 2>&1
		like_ref "$out"
		[ -z "$(find "$out/scripts/kheaders" "$out/kernel" \
			-name '*.tmp' -o -name '*.tar' -o -name '*.tar.xz.list')" ]
	done
}

# bats test_tags=generator
@test "museum 28: a find that fails once leaves nothing out, one that always fails is an error" {
	clone_ref
	mkdir find
	cat >find/find <<-EOT
		#!/bin/sh
		# Prints all, and fails if this is the call whose number the file "fails" has.
		$(type -P find) "\$@"
		status=\$?
		echo >>"$dir/find/calls"
		[ "\$(cat "$dir/find/fails")" != "\$(wc -l <"$dir/find/calls")" ] || status=1
		[ "\$(cat "$dir/find/fails")" != always ] || status=1
		exit \$status
	EOT
	chmod +x find/find
	for call in 1 2 4; do
		drop_archive "$out"
		rm -f find/calls
		echo $call >find/fails
		PATH=$dir/find:$PATH kbuild "$out" kernel/kheaders.o
		like_ref "$out"
		[ "$(wc -l <find/calls)" -gt $call ]
	done
	drop_archive "$out"
	echo always >find/fails
	PATH=$dir/find:$PATH run -2 kbuild "$out" kernel/kheaders.o
	[ "$(echo "$output" | grep -c '^kheaders: .*list of files')" = 1 ]
	[ ! -e "$out/kernel/kheaders_data.tar.xz" ]
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"

	# What reads the list refuses one that was cut off.
	head -n 1000 "$out/kernel/.kheaders/list" >list
	cd "$out"
	run -1 scripts/kheaders/stage 1 "$dir/list" "$dir/stage" blanks include-a-n
	echo "$output" | grep "^kheaders: $dir/list is not finished"
	[ ! -e "$dir/stage/index" ]

	# One of several processes that fails is enough, whichever has the file.
	mkdir "$dir/stage"
	: >"$dir/stage/began"
	chunks=$(cut -f 1 kernel/.kheaders/list | sort -u | grep -vxE -- '-|end')
	for file in include/linux/fs.h include/linux/fs_context.h; do
		sed "s,\t$file\t.*,\t$file\tnowhere," kernel/.kheaders/list >"$dir/list"
		# shellcheck disable=SC2086 # a list of names
		run -1 scripts/kheaders/stage 2 "$dir/list" "$dir/stage" blanks $chunks
		echo "$output" | grep '^kheaders: cannot read nowhere: '
		[ ! -e "$dir/stage/index" ]
	done
	# Also below a program that ignores the end of others.
	# shellcheck disable=SC2086 # a list of names
	run -1 env --ignore-signal=CHLD scripts/kheaders/stage 2 "$dir/list" "$dir/stage" blanks $chunks
	[ ! -e "$dir/stage/index" ]
}

# bats test_tags=generator
@test "museum 60: words of a variable on make's command line are no number of jobs" {
	clone_ref
	for word in '-l4 -j9' 'x -j 4' '-j x'; do
		drop_archive "$out"
		kbuild "$out" MAKEOPTS="$word" kernel/kheaders.o
		like_ref "$out"
	done
}

# bats test_tags=generator
@test "museum 61: after make has killed stage, none of its processes writes a file" {
	clone_ref
	cd "$out"
	local chunks pid
	# Two processes, and each waits for its first file.
	mkfifo "$dir/first" "$dir/second" "$dir/said"
	grep -v '^-' kernel/.kheaders/list |
		sed -e "1s,[^\t]*\$,$dir/first," -e "2s,[^\t]*\$,$dir/second," >"$dir/list"
	chunks=$(cut -f 1 "$dir/list" | sort -u | grep -vx end)
	mkdir "$dir/stage"
	: >"$dir/stage/began"
	cat "$dir/said" >"$dir/errors" 3>&- &
	# shellcheck disable=SC2086 # a list of names
	scripts/kheaders/stage 2 "$dir/list" "$dir/stage" blanks $chunks >"$dir/said" 2>&1 3>&- &
	pid=$!
	for _ in $(seq 100); do
		[ "$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v pid=$pid '$4 == pid' | wc -l)" != 2 ] || break
		sleep 0.1
	done
	sleep 0.5
	kill -TERM $pid
	wait $pid || :
	exec 5<>"$dir/first" 6<>"$dir/second"
	exec 5>&- 6>&-
	# The last of them closes it.
	wait
	[ "$(find "$dir/stage/tree" -type f | wc -l)" -le 2 ]
}

# bats test_tags=generator
@test "museum 62: a chunk is packed while one that a killed make left running packs it" {
	clone_ref
	cd "$out"
	printf '#!/bin/sh\nsleep $WAIT\nexec xz "$@" -0\n' >"$dir/slow"
	chmod +x "$dir/slow"
	pack() {
		WAIT=$1 XZ=$dir/slow sh "$tree/scripts/kheaders/pack.sh" kernel/.kheaders/others.manifest \
			kernel/.kheaders/tree copy.tar.xz '' ''
	}
	pack 2 3>&- &
	for _ in $(seq 100); do
		! ls copy.tar.xz.*tmp >/dev/null 2>&1 || break
		sleep 0.1
	done
	# That ends first.
	pack 4
	wait
	cmp kernel/.kheaders/others.tar.xz copy.tar.xz
	run -2 ls copy.tar.xz.*
}

# state DIR: everything of kheaders in an object tree, and its times.
state() {
	(cd "$1" && find scripts/kheaders kernel/*kheaders* kernel/.*kheaders* \
		include/generated/kheaders_id.h -type f -printf '%p %i %T@ %s\n' | sort)
}

# bats test_tags=generator
@test "museum 29: make -n, -q and -t change nothing, and the next make misses nothing" {
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o
	change_header
	state "$out" >before
	for flag in -n -q -t -nk -qs; do
		SOURCE_DATE_EPOCH=1000000000 kbuild "$out" $flag kernel/kheaders.o >"$out.log" 2>&1 || [ $flag != -n ]
		# make -t touches objects, and the header that each make looks at again.
		state "$out" | sed '/kernel\/\.\{0,1\}kheaders[_a-z]*\.[oh]/d' >after
		sed '/kernel\/\.\{0,1\}kheaders[_a-z]*\.[oh]/d' before | diff - after ||
			{ echo "make $flag"; false; }
	done
	SOURCE_DATE_EPOCH=1000000000 kbuild "$out" kernel/kheaders.o
	has_change
	[ "$(times)" = '2001-09-09 01:46:40' ]
	is_embedded
}

# bats test_tags=generator
@test "museum 30: after the clock stepped back, what changed is packed and goes into the kernel" {
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	ahead() {
		find "$out/scripts/kheaders" "$out"/kernel/*kheaders* "$out"/kernel/.*kheaders* \
			"$out/include/generated/kheaders_id.h" -exec touch -d '1 hour' {} +
	}
	ahead
	kbuild "$out" kernel/kheaders.o
	ahead
	change_header
	objcopy --add-section .new="$src/COPYING" "$out/scripts/mod/modpost"
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	has_change
	show "$out" scripts/mod/modpost >modpost
	objdump -h modpost | grep -F .new
	is_embedded
	for object in kheaders kheaders_symvers; do
		strings "$out/kernel/$object.o" | grep -F "$(show "$out" include/config/kheaders.id)"
	done
	# What is as it should be is not made again, though the clock is still behind.
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
}
