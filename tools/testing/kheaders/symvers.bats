#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/kheaders/symvers.sh without a kernel: an awk before the real one gives it
# what it would read in /proc/kheaders.symvers, another file each time.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p tree/include/config bin
	uname -r >tree/include/config/kernel.release
	echo 0123456789abcdef | tee tree/include/config/kheaders.id >version
	sed -e "s,^proc=.*,proc=$PWD/proc," -e "s,^version=.*,version=$PWD/version," \
		-e "s,^types=.*,types=$PWD/types," \
		"$top/scripts/kheaders/symvers.sh" >script
	: >proc
	cat >bin/awk <<-EOT
		#!/bin/sh
		echo >>reads
		file=now\$(wc -l <reads)
		[ -e \$file ] || file=now
		cp \$file proc
		exec $(command -v awk) "\$@"
	EOT
	chmod +x bin/awk
}

# line MODULE SYMBOL
line() { printf '0x01234567\t%s\t%s\tEXPORT_SYMBOL\t\n' "$2" "$1"; }

# What came of it, without a word.
writes() {
	PATH=$PWD/bin:$PATH run sh script tree y
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	diff "$1" tree/Module.symvers
	[ -z "$(find tree -name '.Module*')" ]
}

@test "Module.symvers is what the kernel says" {
	{ line vmlinux printk; line one first; } >now
	writes now
	[ "$(stat -c %a tree/Module.symvers)" = 644 ]
}

@test "it is not written again if it is so already" {
	line vmlinux printk >now
	writes now
	chmod a-w tree/Module.symvers
	inode=$(stat -c %i tree/Module.symvers)
	writes now
	[ "$(stat -c %i tree/Module.symvers)" = "$inode" ]
}

@test "a tree without an id is of no kernel" {
	line vmlinux printk >now
	for file in version tree/include/config/kheaders.id; do
		: >$file
	done
	PATH=$PWD/bin:$PATH run sh script tree y
	[ "$status" -eq 0 ]
	[[ $output = "the tree is of another build"* ]]
	[ ! -e tree/Module.symvers ]
}

@test "modules that come and go meanwhile: what two reads agree on" {
	line vmlinux printk | tee now1 now2 now3 now4 >now
	line gone first >>now1
	# Another module that exports the same took the place of one that was read.
	{ line gone first; line new first; } >>now2
	line new first >>now3
	line new first >>now
	writes now
}

@test "modules that never stand still: what was read last, and an end" {
	for i in $(seq 99); do
		{ line vmlinux printk; line module "symbol$i"; } >"now$i"
	done
	PATH=$PWD/bin:$PATH run sh script tree y
	[ -z "$output" ]
	reads=$(wc -l <reads)
	[ "$reads" -lt 40 ]
	[ "$(wc -l <tree/Module.symvers)" = 2 ]
	[ -z "$(find tree -name '.Module*')" ]
}

@test "museum 47: the types of the running kernel, where its modules have some and pahole is there" {
	echo >reads
	echo new >types
	no_types() {
		run sh script "$@"
		[ "$status" -eq 0 ]
		[ ! -e tree/vmlinux ]
	}
	no_types tree y
	no_types tree y no-pahole
	echo 0123456789abcdee >version
	no_types tree y cat
	cp tree/include/config/kheaders.id version
	sh script tree y cat
	cmp types tree/vmlinux
	# Another build with the same headers.
	echo newer >types
	sh script tree y cat
	cmp types tree/vmlinux
	[ "$(stat -c %a tree/vmlinux)" = 644 ]
	# That of another kernel stays what it is.
	echo other >types
	echo 0123456789abcdee >version
	sh script tree y cat
	[ "$(cat tree/vmlinux)" = newer ]
	[ -z "$(find tree -name '.vmlinux*')" ]
}
