#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What is brought into a tree from the running kernel, without a kernel: by
# scripts/kheaders/symvers.sh, where an awk before the real one gives it what it would
# read in /proc/kheaders.symvers, another file each time, and by scripts/kheaders/btf.sh.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p tree/include/config bin
	uname -r >tree/include/config/kernel.release
	echo 0123456789abcdef | tee tree/include/config/kheaders.id >version
	mkdir scripts
	cp "$top"/scripts/kheaders/{symvers,running,btf}.sh scripts
	sed -i -e "s,^proc=.*,proc=$PWD/proc," -e "s,^id_of_running=.*,id_of_running=$PWD/version," \
		-e "s,^id_of_module=.*,id_of_module=$PWD/module," \
		-e "s,^types=.*,types=$PWD/types," scripts/*
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
	PATH=$PWD/bin:$PATH run sh scripts/symvers.sh tree y
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

@test "an up-to-date Module.symvers is not written again" {
	line vmlinux printk >now
	writes now
	chmod a-w tree/Module.symvers
	inode=$(stat -c %i tree/Module.symvers)
	writes now
	[ "$(stat -c %i tree/Module.symvers)" = "$inode" ]
}

@test "a tree without an id belongs to no kernel" {
	line vmlinux printk >now
	for file in version tree/include/config/kheaders.id; do
		: >$file
	done
	PATH=$PWD/bin:$PATH run sh scripts/symvers.sh tree y
	[ "$status" -eq 0 ]
	[[ $output = "the tree is of another build"* ]]
	[ ! -e tree/Module.symvers ]
}

@test "modules that come and go meanwhile: it reads until two reads agree" {
	line vmlinux printk | tee now1 now2 now3 now4 >now
	line gone first >>now1
	# Another module that exports the same took the place of one that was read.
	{ line gone first; line new first; } >>now2
	line new first >>now3
	line new first >>now
	writes now
}

@test "modules that come and go all the time: it ends, and takes the last read" {
	for i in $(seq 99); do
		{ line vmlinux printk; line module "symbol$i"; } >"now$i"
	done
	PATH=$PWD/bin:$PATH run sh scripts/symvers.sh tree y
	[ -z "$output" ]
	reads=$(wc -l <reads)
	[ "$reads" -lt 40 ]
	[ "$(wc -l <tree/Module.symvers)" = 2 ]
	[ -z "$(find tree -name '.Module*')" ]
}

# built MODULE SYMBOL [CRC]: a line as in the build's own file.
built() { printf '0x%s\t%s\t%s\tEXPORT_SYMBOL\t\n' "${3-01234567}" "$2" "$1"; }

@test "a file that has all symbols is left alone, in any order and with paths" {
	{ line vmlinux printk; line snd_pcm pcm_new; } >now
	{ built sound/core/snd-pcm pcm_new; built drivers/net/foo foo; built vmlinux printk; } |
		tee file >tree/Module.symvers
	inode=$(stat -c %i tree/Module.symvers)
	writes file
	[ "$(stat -c %i tree/Module.symvers)" = "$inode" ]
}

@test "a complete tree that can't be written is fit for modules that come and go" {
	printf '#!/bin/sh\nexit 1\n' >bin/mktemp
	chmod +x bin/mktemp
	{ built vmlinux printk; built drivers/net/foo foo; built drivers/net/bar bar; line mine my_own; } |
		tee file >tree/Module.symvers
	for loaded in "" foo bar mine; do
		{ line vmlinux printk; [ -z "$loaded" ] || line "$loaded" "${loaded/mine/my_own}"; } >now
		writes file
	done
	line other other >>now
	PATH=$PWD/bin:$PATH run sh scripts/symvers.sh tree y
	[ "$status" -eq 0 ]
	[[ $output = "tree can't be written to, and other modules are loaded than before"* ]]
}

@test "lines with paths stay, unless the kernel contradicts" {
	{ line vmlinux printk; line foo_bar foo; line mine my_own; } >now
	{ built vmlinux printk; built drivers/net/foo-bar foo; built drivers/net/off off; line gone gone; } >tree/Module.symvers
	{ line vmlinux printk; built drivers/net/foo-bar foo; line mine my_own; built drivers/net/off off; } >want
	writes want
	# Another version, or another module that exports it.
	{ built vmlinux printk; built drivers/net/foo-bar foo 89abcdef; built drivers/net/off off; } >tree/Module.symvers
	{ cat now; built drivers/net/off off; } >want
	writes want
	{ built vmlinux printk; built drivers/net/foo foo; built drivers/net/off off; } >tree/Module.symvers
	writes want
}

@test "lines without namespaces, and with namespaces before the modules" {
	for columns in '%s' 'NS\t%s'; do
		# shellcheck disable=SC2059 # a format
		four() { printf "0x01234567\t$2\t$columns\tEXPORT_SYMBOL\n" "$1"; }
		{ four vmlinux printk; four foo foo; } >now
		{ four vmlinux printk; four drivers/foo foo; four drivers/bar bar; } | tee file >tree/Module.symvers
		writes file
		four mine mine >>now
		{ four vmlinux printk; four drivers/foo foo; four mine mine; four drivers/bar bar; } >want
		writes want
	done
}

@test "while another release is running, only a tree without a Module.symvers is complained of" {
	line vmlinux printk >now
	echo 1.2.3 >tree/include/config/kernel.release
	PATH=$PWD/bin:$PATH run sh scripts/symvers.sh tree y
	[ "$status" -eq 0 ]
	[[ $output = "Linux $(uname -r) is running, and the tree is of 1.2.3: without "* ]]
	line drivers/one first | tee tree/Module.symvers >want
	writes want
}

# pahole_is VERSION [STATUS]: another pahole, and what it returns where it reads types.
pahole_is() {
	cat >scripts/pahole.new <<-EOT
		#!/bin/sh
		echo >>$PWD/asked
		case "\$*" in *--version) echo "v$1" ;; *) exit ${2-0} ;; esac
	EOT
	chmod +x scripts/pahole.new
	mv scripts/pahole.new scripts/pahole
}

# types OUTPUT: what btf.sh prints.
types() {
	run sh scripts/btf.sh tree/ "${pahole:-pahole}" build
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$1" ]
	[ -z "$(find tree -name '.vmlinux*')" ]
}

@test "museum 47: the types of the running kernel, and of no other" {
	mkdir -p tree/scripts/kheaders
	id=$(cat version)
	printf '\237\353new' >types
	pahole_is 1.24
	PATH=$PWD/scripts:$PATH
	pahole=no-pahole types 'stop: there is no no-pahole here (package dwarves)'
	[ ! -e tree/vmlinux ]
	other="stop: the tree is of another build of Linux $(uname -r) than the one that is running (unpack /proc/kheaders.tar.xz again)"
	echo 0123456789abcdee >version
	types "$other"
	[ ! -e tree/vmlinux ]
	echo "$id" >version
	types 'ready 124'
	cmp types tree/vmlinux
	[ "$(stat -c %a tree/vmlinux)" = 644 ]
	pahole='pahole --option' types 'ready 124'

	# Another build with the same headers; where they can't be brought, not the old ones.
	mv types old && mkdir types
	types "stop: tree/vmlinux can't be written, and this kernel's types belong there (call \"make prepare\" as a user who can; is the disk full?)"
	cmp old tree/vmlinux
	rmdir types
	printf '\237\353newer' >types
	types 'ready 124'
	cmp types tree/vmlinux
	# On another kernel, the tree's own are there still.
	echo 0123456789abcdee >version
	types 'ready 124'
	# But not for another archive that was unpacked over it.
	cp version tree/include/config/kheaders.id
	printf '\237\353newest' >types
	types 'ready 124'
	cmp types tree/vmlinux
	echo "$id" >tree/include/config/kheaders.id
	types "$other"

	# Of a kheaders.ko for a kernel that was built before.
	rm tree/vmlinux proc
	types "stop: this kernel has no $PWD/proc (CONFIG_IKHEADERS_SYMVERS)"
	echo 0123456789abcdee >module
	mv version no-version
	types "$other"
	echo "$id" >module
	types 'ready 124'
	cmp types tree/vmlinux
	: >proc
	mv no-version version
	rm module

	# A kernel that someone put there stays.
	printf '\177ELF' >tree/vmlinux
	types 'ready 124'
	[ "$(wc -c <tree/vmlinux)" = 4 ]

	# Asked once, until one of the two is another.
	pahole_is 2.0
	types 'ready 200'
	: >asked
	types 'ready 200'
	[ ! -s asked ]
	printf '\177elf' >kernel && mv kernel tree/vmlinux
	types 'ready 200'
	[ -s asked ]
	# Without ls, whenever it may be another.
	printf '#!/bin/sh\nexit 1\n' >scripts/ls
	chmod +x scripts/ls
	for again in 1 2; do
		: >asked
		types 'ready 200'
		[ -s asked ]
	done
	rm scripts/ls
	for version in 1.9 nonsense; do
		pahole_is "$version"
		types 'stop: pahole is too old (package dwarves)'
		types 'stop: pahole is too old (package dwarves)'
	done
	pahole_is 1.24 1
	types "stop: pahole of version 124 can't read the kernel's types in tree/vmlinux: take a later one (package dwarves)"
}
