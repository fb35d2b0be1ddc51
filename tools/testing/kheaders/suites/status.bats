#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders status and verify, built with ASan and UBSan, in a made-up root file system, and
# what all subcommands have in common.

bats_require_minimum_version 1.5.0
load command
symvers=y

# install: that archive in ./root.
install() {
	kheaders install --from a.tar.xz --root root
}

# --- status ---------------------------------------------------------------------

# status [OPTION...]: of that kernel in ./root.
status() {
	kheaders status --from a.tar.xz --root root "$@"
}

# json EXPRESSION VALUE: what status --json says there.
json() {
	[ "$(status --json | python3 -c "import json, sys; print(json.load(sys.stdin)$1)")" = "$2" ]
}

@test "status: none, ours, others', dangling, of another build" {
	run -1 --separate-stderr status
	[ -z "$stderr" ]
	grep -x 'Tree:     none' <<<"$output"
	grep -x 'Missing:  the tree, the link /lib/modules/6.9.1/build' <<<"$output"
	json "['link']['state']" none
	install
	run -0 --separate-stderr status
	[ -z "$stderr" ]
	[ "$output" = "Kernel:   6.9.1, build 0123456789abcdef
Headers:  a.tar.xz
Tree:     $tree, made by kheaders, fits
Missing:  nothing" ]
	json "['tree']['made_by']" kheaders
	json "['link']['state']" linked
	json "['fits']" True
	json "['missing']" '[]'
	json "['cache']" '[]'
	rm "$tree/Module.symvers" "$tree/.config"
	run -1 status
	grep -x "Tree:     $tree, made by kheaders, of this kernel, damaged" <<<"$output"
	grep -x 'Missing:  .config, Module.symvers, files of the kernel ("kheaders install" makes the tree anew)' <<<"$output"
	json "['missing'][:2]" "['.config', 'Module.symvers']"
	json "['fits']" False
	rm "$link"
	run -1 status
	json "['link']['state']" none
	archive b.tar.xz 6.9.1 0123456789abcdee
	run -1 kheaders status --from b.tar.xz --root root
	grep -x "Tree:     $tree, made by kheaders, of another kernel" <<<"$output"
	rm -r "$tree"
	ln -s /gone "$link"
	run -1 status
	json "['link']['state']" dangling
	tree "$tree" 6.9.1 0123456789abcdef
	ln -sfn /usr/src/linux-headers-6.9.1 "$link"
	run -0 status
	grep -x "Tree:     $tree, not made by kheaders, fits" <<<"$output"
	json "['tree']['made_by']" other
}

@test "status: a damaged tree beside a package's that is in use is no matter" {
	install
	tree other 6.9.1 0123456789abcdef
	mv other root/usr/src/other
	printf '0x1\tx\tvmlinux\tEXPORT_SYMBOL\t\n' >root/usr/src/other/Module.symvers
	ln -sfn /usr/src/other "$link"
	rm "$tree/include/linux/9.h"
	run -0 kheaders status --from a.tar.xz --root root
	[[ $output = *"not made by kheaders, fits"* ]]
}

@test "status: JSON of odd names is JSON" {
	mv a.tar.xz $'a "quoted"\\ \t\n.tar.xz'
	install_odd() { kheaders "$1" --from $'a "quoted"\\ \t\n.tar.xz' --root root "${@:2}"; }
	install_odd install
	install_odd status --json >out
	[ "$(python3 -c 'import json; print(json.load(open("out"))["archive"])')" = $'a "quoted"\\ \t\n.tar.xz' ]
}

# --- verify ---------------------------------------------------------------------

# verify: compares the tree there with that archive.
verify() {
	kheaders verify --from a.tar.xz "$tree"
}

# finds LINE: verify says this, and that one file differs; then all is put right.
finds() {
	run -1 --separate-stderr verify
	echo "$output$stderr"
	[ "${lines[0]}" = "$1" ]
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} = "$tree: 24 files of Linux 6.9.1 compared, 1 differ" ]]
	rm -r "$tree"
	install
}

@test "verify: finds what changed, is missing, or is not of the kernel" {
	install
	succeeds "$tree: 24 files of Linux 6.9.1 compared, 0 differ" verify
	echo >>"$tree/include/linux/3.h"
	finds "include/linux/3.h: differs"
	printf X | dd of="$tree/include/linux/16.h" conv=notrunc bs=1 seek=2000 status=none
	finds "include/linux/16.h: differs"
	rm "$tree/include/linux/empty.h"
	finds "include/linux/empty.h: is missing"
	rm "$tree/include/linux/empty.h"
	mkdir "$tree/include/linux/empty.h"
	finds "include/linux/empty.h: differs"
	echo >"$tree/include/linux/more.h"
	finds "include/linux/more.h: is not of the kernel"
	ln -s 3.h "$tree/include/linux/more.h"
	finds "include/linux/more.h: is not of the kernel"
	mkfifo "$tree/include/linux/more.h"
	finds "include/linux/more.h: is not of the kernel"
	mv "$tree/include/linux/3.h" there
	ln -s "$place/there" "$tree/include/linux/3.h"
	finds "include/linux/3.h: cannot be read"
	# The same files, elsewhere.
	cp -r "$tree/include/linux" there.d
	rm -r "$tree/include/linux"
	ln -s "$place/there.d" "$tree/include/linux"
	run -1 verify
	grep -x 'include/linux: is not of the kernel' <<<"$output"
}

@test "verify: a link to the tree, and a directory that can't be read" {
	install
	ln -s "$PWD/$tree" link
	succeeds "link: 24 files of Linux 6.9.1 compared, 0 differ" kheaders verify --from a.tar.xz link
	echo >"$tree/include/linux/more.h"
	run -1 kheaders verify --from a.tar.xz link
	[ "${lines[0]}" = "include/linux/more.h: is not of the kernel" ]
	rm "$tree/include/linux/more.h"
	mkdir -m 700 "$tree/include/private"
	[ "$(id -u)" = 0 ] || chmod 0 "$tree/include/private"
	fails 1 "$tree: Permission denied; try as root" user kheaders verify --from a.tar.xz "$tree"
}

@test "verify: a file that shrinks while it is read differs" {
	install
	# After its size was asked for. LeakSanitizer does not run under strace.
	(sleep 0.7; : >"$tree/include/linux/16.h") &
	ASAN_OPTIONS=detect_leaks=0 run -1 --separate-stderr strace -f -o calls -P "$place/$tree/include/linux/16.h" \
		-e inject=fstat,newfstatat,statx:delay_exit=2000000 kheaders verify --from a.tar.xz "$place/$tree"
	wait
	cat calls
	grep -q stat calls
	[ -z "$stderr" ]
	[ "${lines[0]}" = "include/linux/16.h: differs" ]
}

# built PROGRAM FILE: hostprogs.sh built PROGRAM here, and that is FILE.
built() {
	mkdir -p "$tree/${1%/*}"
	cp "$2" "$tree/$1"
	echo "$1: for $(uname -m), by gcc: gcc (GCC) 12, SHA-256 $(sha256sum <"$2" | cut -c 1-64)" >>"$tree/scripts/kheaders/built"
}

@test "museum 52: verify finds host programs that were changed after they were built here" {
	mkdir tree/scripts/mod
	cp /bin/true tree/scripts/mod/modpost
	streams a.tar.xz
	install
	built scripts/mod/modpost /bin/false
	built scripts/basic/fixdep /bin/cat
	succeeds "$tree: 25 files of Linux 6.9.1 compared, 0 differ" verify
	cp -p "$tree/scripts/mod/modpost" "$tree/scripts/basic/fixdep" .
	printf X >>"$tree/scripts/mod/modpost"
	printf X >>"$tree/scripts/basic/fixdep"
	run -1 --separate-stderr verify
	[ "$output" = "scripts/mod/modpost: was changed after it was built here
scripts/basic/fixdep: was changed after it was built here
$tree: 25 files of Linux 6.9.1 compared, 2 differ" ]
	# Missing is missing, and a script is none that was built.
	rm "$tree/scripts/mod/modpost"
	printf '#!/bin/sh\n' >"$tree/scripts/basic/fixdep"
	run -1 --separate-stderr verify
	[ "$output" = "scripts/mod/modpost: is missing
scripts/basic/fixdep: is not of the kernel
$tree: 25 files of Linux 6.9.1 compared, 2 differ" ]
	cp -p modpost "$tree/scripts/mod"
	cp -p fixdep "$tree/scripts/basic"
	# The note names host programs alone, and what came of them.
	sed -i 's/, SHA-256.*//' "$tree/scripts/kheaders/built"
	echo '#define MORE' >more.h
	built include/linux/3.h more.h
	built include/linux/more.h more.h
	run -1 --separate-stderr verify
	[ "$(sed '$d' <<<"$output" | sort)" = "include/linux/3.h: differs
include/linux/more.h: is not of the kernel
scripts/basic/fixdep: is not of the kernel
scripts/mod/modpost: differs" ]
}

@test "verify: no such tree" {
	fails 1 "$tree: No such file or directory; \"kheaders install\" makes a tree, or name one" verify
}

# --- The command line -------------------------------------------------------------

@test "wrong usage: status 2 and one line" {
	local args
	for args in "install x" "install --release 6.9.1" "install --from" "install --json" "install --root" \
			"install --root= --from a.tar.xz" "remove x" "remove --stale --all" "remove --release 1 --all" "remove --force" \
			"remove --from a.tar.xz" "status x" "status --force" "verify a b" "verify --root root" \
			"path x" "path --root root" "path --release 6.9.1" "env x" "exec" "exec --" "exec --x true" \
			"sysext" "sysext a b"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr kheaders $args
		echo "$args: $output$stderr"
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" = 1 ]
		[[ $stderr = "Usage: kheaders ${args%% *} "* ]]
	done
	nothing_left
}

@test "each command has a --help of its own, in 80 columns" {
	local command
	for command in $(kheaders --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		run -0 --separate-stderr kheaders "$command" --help
		[ -z "$stderr" ]
		[[ $output = "Usage: kheaders $command"*"Exit status"* ]]
		run ! grep -E '.{81}' <<<"$output"
	done
}

@test "standard output full: status 1 and one line" {
	local command
	for command in "install --root root" "status --root root" "verify $tree"; do
		# shellcheck disable=SC2086
		run -1 bash -c '"$@" >/dev/full' - kheaders ${command%% *} --from a.tar.xz ${command#* }
		[[ $output = "kheaders: "*": cannot write to standard output; is the disk full?" ]]
	done
	whole "$tree"
}
