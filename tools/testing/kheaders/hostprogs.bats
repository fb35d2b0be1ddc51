#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Host programs on the device (scripts/kheaders/hostprogs.sh), with small ones in the
# place of the kernel's. How the kernel's own are built is in kbuild.bats.

bats_require_minimum_version 1.5.0

setup_file() {
	export LC_ALL=C
	script=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)/scripts/kheaders/hostprogs.sh
	export script
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	# For other users, too.
	chmod a+rx "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	tree=$PWD/h fixdep=$PWD/h/scripts/basic/fixdep modpost=$PWD/h/scripts/mod/modpost
	mkdir -p "$tree"/scripts/{basic,mod,kheaders,include}
	cat >"$tree/scripts/basic/fixdep.c" <<-'EOC'
		#include <stdio.h>
		int main(void) { fputs("Usage: fixdep\n", stderr); return 1; }
	EOC
	cat >"$tree/scripts/mod/modpost.c" <<-'EOC'
		#include <unistd.h>
		int main(int argc, char **argv) { return getopt(argc, argv, "a") == '?'; }
	EOC
}

# prepare [SHELL...]: as the tree's Makefile does.
prepare() {
	"${@:-sh}" "$script" "$tree/" scripts/basic/fixdep scripts/mod/modpost
}

# A program of another machine: its ELF header, and behind it what a shell would do that
# takes it for a script.
foreign() {
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\n:>"%s/started"\n' "$PWD" >"$1"
	chmod +x "$1"
}

built_both="built for this machine ($(uname -m)): fixdep modpost"

# none_left: no temporary files, and nothing foreign was started.
none_left() {
	[ -z "$(find "$tree" -name '*.??????')" ]
	[ ! -e started ]
}

@test "what is missing is built, once; what works stays as it is" {
	[ "$(prepare)" = "$built_both" ]
	[ "$("$fixdep" 2>&1)" = "Usage: fixdep" ]
	grep "^for $(uname -m), by gcc: gcc" "$tree/scripts/kheaders/built"
	before=$(ls -lRi --time-style=full-iso h)
	[ "$(prepare)" = "" ]
	[ "$before" = "$(ls -lRi --time-style=full-iso h)" ]
	none_left
}

@test "a program of another machine is never started, by whatever shell" {
	for shell in sh "bash --posix" "busybox sh" mksh; do
		foreign "$fixdep"
		foreign "$modpost"
		# shellcheck disable=SC2086 # words
		[ "$(prepare $shell)" = "$built_both" ]
		none_left
	done
}

@test "a foreign program does start where nothing looks at it (or the test above tells nothing)" {
	foreign "$fixdep"
	busybox sh -c "'$fixdep'" || :
	[ -e started ]
}

@test "a program of this machine that gives another answer is built again" {
	for answer in "fixdep: /lib/libc.so.6: version \`GLIBC_2.99' not found (required by fixdep)" ''; do
		prepare
		printf '#include <stdio.h>\nint main(void) { puts("%s"); return 1; }\n' "$answer" >a.c
		gcc -o "$fixdep" a.c
		[ "$(prepare)" = "built for this machine ($(uname -m)): fixdep" ]
	done
	none_left
}

@test "one of this machine for a C library that is not here is built again" {
	prepare
	gcc -Wl,--dynamic-linker=/lib/ld-nowhere.so.1 -o "$modpost" "$tree/scripts/mod/modpost.c"
	[ "$(prepare)" = "built for this machine ($(uname -m)): modpost" ]
}

@test "a damaged program is built again" {
	for size in 0 3 30; do
		prepare
		truncate -s "$size" "$modpost"
		[ "$(prepare)" = "built for this machine ($(uname -m)): modpost" ]
	done
}

@test "two at once: both end well, and nothing is half made" {
	for i in 1 2 3; do
		foreign "$fixdep"
		rm -f "$modpost"
		prepare >one &
		prepare >two
		wait $!
		run ! grep stop one two
		none_left
		[ "$(prepare)" = "" ]
	done
}

@test "a tree that is ready is only read" {
	prepare
	chmod -R a-w "$tree"
	as=
	[ "$(id -u)" != 0 ] || as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
	# shellcheck disable=SC2086 # words
	[ "$(prepare $as sh)" = "" ]
	chmod -R u+w "$tree"
}

@test "what can't be done is one line with the cure" {
	said() {
		echo "$output"
		[ "$status" = 0 ] && [ "${#lines[@]}" = 1 ] && [[ $output == "stop: $1"* ]]
		none_left
	}
	mkdir few
	for tool in sh mktemp uname sed grep head rm chmod mv cat tr od; do
		ln -s "$(type -P $tool)" few
	done
	foreign "$fixdep"
	PATH=$PWD/few run prepare "$(type -P sh)"
	said "scripts/basic/fixdep was built for another machine, and there is no compiler to build it: install gcc (packages gcc, libc6-dev)"
	rm few/od
	PATH=$PWD/few run prepare "$(type -P sh)"
	said "no od here, which tells for what machine a program is: install it"

	HOSTCC="gcc -nostdinc" run prepare
	said "scripts/basic/fixdep was built for another machine, and gcc -nostdinc can't build it: "
	[[ $output == *error*"(packages gcc, libc6-dev)" ]]
	rm "$fixdep" "$tree/scripts/basic/fixdep.c"
	run prepare
	said "scripts/basic/fixdep is not in the tree, and gcc can't build it: "
}

@test "a compiler for another machine is named, and what it built is not started" {
	foreign foreign
	printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\nexec cp "%s/foreign" "$2"\n' "$PWD" >cross
	chmod +x cross
	HOSTCC=$PWD/cross run prepare
	[ "$output" = "stop: scripts/basic/fixdep was built for another machine, though $PWD/cross built it: is $PWD/cross a compiler for this machine?" ]
	none_left
}

@test "where nothing can be written, it says so" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	run prepare setpriv --reuid=nobody --regid=nogroup --clear-groups sh
	[[ $output == "stop: scripts/basic/fixdep is not in the tree, and $tree can't be written to: "* ]]
	none_left
}
