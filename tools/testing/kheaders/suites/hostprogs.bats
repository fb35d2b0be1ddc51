#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Host programs on the device (scripts/kheaders/hostprogs.sh), with small ones in the
# place of the kernel's. How the kernel's own are built is in kbuild/programs.bats.

bats_require_minimum_version 1.5.0

setup_file() {
	export LC_ALL=C
	script=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)/scripts/kheaders/hostprogs.sh
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

# compiler COMMAND: as ./cc.
compiler() {
	printf '#!/bin/sh\n%s\n' "$1" >cc
	chmod +x cc
}

# A program of another machine: its ELF header, and behind it what a shell would do that
# takes it for a script.
foreign() {
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\n:>"%s/started"\n' "$PWD" >"$1"
	chmod +x "$1"
}

built_both="ready: built for this machine ($(uname -m)): fixdep modpost"

# none_left: no temporary files, and nothing foreign was started.
none_left() {
	[ -z "$(find "$tree" -name '*.??????')" ]
	[ ! -e started ]
}

@test "a ready program that does not work, without its source: from a package of headers" {
	rm "$tree/scripts/mod/modpost.c"
	foreign "$modpost"
	[ "$(prepare)" = "stop: scripts/mod/modpost was built for another machine, and there is no source of it in the tree, as in one made of a package of headers: take a kheaders.ko that was built on a machine like this one" ]
	none_left
}

@test "what is missing is built, once; what works stays as it is" {
	[ "$(prepare)" = "$built_both" ]
	[ "$("$fixdep" 2>&1)" = "Usage: fixdep" ]
	rm "$modpost"
	[ "$(prepare)" = "ready: built for this machine ($(uname -m)): modpost" ]
	for program in basic/fixdep mod/modpost; do
		grep "^scripts/$program: for $(uname -m), by gcc: gcc.*, SHA-256 $(sha256sum <"$tree/scripts/$program" | cut -c 1-64)$" \
			"$tree/scripts/kheaders/built"
	done
	[ "$(wc -l <"$tree/scripts/kheaders/built")" = 2 ]
	before=$(ls -lRi --time-style=full-iso h)
	[ "$(prepare)" = ready ]
	[ "$before" = "$(ls -lRi --time-style=full-iso h)" ]
	none_left
}

@test "museum 33: a program of another machine is never started, by whatever shell" {
	for shell in sh "bash --posix" "busybox sh" mksh; do
		foreign "$fixdep"
		foreign "$modpost"
		# shellcheck disable=SC2086 # words
		[ "$(prepare $shell)" = "$built_both" ]
		none_left
	done
}

@test "busybox's shell does start a foreign program, as a script" {
	foreign "$fixdep"
	busybox sh -c "'$fixdep'" || :
	[ -e started ]
}

@test "a program of this machine that gives another answer is built again" {
	for answer in "fixdep: /lib/libc.so.6: version \`GLIBC_2.99' not found (required by fixdep)" ''; do
		prepare
		printf '#include <stdio.h>\nint main(void) { puts("%s"); return 1; }\n' "$answer" >a.c
		gcc -o "$fixdep" a.c
		[ "$(prepare)" = "ready: built for this machine ($(uname -m)): fixdep" ]
	done
	none_left
}

@test "museum 32: one of this machine for a C library that is not here is built again" {
	prepare
	gcc -Wl,--dynamic-linker=/lib/ld-nowhere.so.1 -o "$modpost" "$tree/scripts/mod/modpost.c"
	[ "$(prepare)" = "ready: built for this machine ($(uname -m)): modpost" ]
}

@test "a damaged program is built again" {
	for size in 0 3 30; do
		prepare
		truncate -s "$size" "$modpost"
		[ "$(prepare)" = "ready: built for this machine ($(uname -m)): modpost" ]
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
		[ "$(prepare)" = ready ]
	done
}

@test "a tree that is ready is only read" {
	prepare
	chmod -R a-w "$tree"
	as=
	[ "$(id -u)" != 0 ] || as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
	# shellcheck disable=SC2086 # words
	[ "$(prepare $as sh)" = ready ]
	chmod -R u+w "$tree"
}

@test "what can't be done is one line with the cure" {
	said() {
		echo "$output"
		[ "$status" = 0 ]
		[ "${#lines[@]}" = 1 ]
		[[ $output == "stop: $1"* ]]
		none_left
	}
	mkdir few
	for tool in sh mktemp uname sed grep head tail rm chmod mv cat tr od; do
		ln -s "$(type -P $tool)" few
	done
	foreign "$fixdep"
	PATH=$PWD/few run prepare "$(type -P sh)"
	said "scripts/basic/fixdep was built for another machine, and there is no compiler to build it: install gcc (packages gcc, libc6-dev)"
	# An od without the options, or none.
	ln -sf "$(type -P false)" few/od
	for _ in 1 2; do
		PATH=$PWD/few run prepare "$(type -P busybox)" sh
		said "od is needed, to tell which machine a program is for, with its options -A, -t and -N: install it (package coreutils)"
		rm -f few/od
	done

	HOSTCC=/nowhere/cc run prepare
	said "scripts/basic/fixdep was built for another machine, and there is no HOSTCC=/nowhere/cc here to build it: name another, or none"
	compiler 'echo "a.h: schwerwiegender Fehler"; exit 1'
	HOSTCC=$PWD/cc run prepare
	said "scripts/basic/fixdep was built for another machine, and $PWD/cc can't build it: a.h: schwerwiegender Fehler (packages"
	compiler 'kill -KILL $$'
	HOSTCC=$PWD/cc run prepare
	said "scripts/basic/fixdep was built for another machine, and $PWD/cc can't build it: "
	compiler 'echo "ld: final link failed: No space left on device"; exit 1'
	HOSTCC=$PWD/cc run prepare
	said "scripts/basic/fixdep was built for another machine, and $PWD/cc can't build it: no space left on the disk"

	HOSTCC="gcc -nostdinc" run prepare
	said "scripts/basic/fixdep was built for another machine, and gcc -nostdinc can't build it: "
	[[ $output == *error*"(packages gcc, libc6-dev)" ]]
	rm "$fixdep" "$tree/scripts/basic/fixdep.c"
	run prepare
	said "scripts/basic/fixdep is not in the tree, and there is no source of it in the tree, "
}

@test "a compiler for another machine is named, and what it built is not started" {
	foreign foreign
	compiler "while [ \$1 != -o ]; do shift; done; exec cp '$PWD/foreign' \"\$2\""
	HOSTCC=$PWD/cc run prepare
	[ "$output" = "stop: scripts/basic/fixdep was built for another machine, though $PWD/cc built it: is $PWD/cc a compiler for this machine?" ]
	none_left
}

@test "where nothing can be written, it says so" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	run prepare setpriv --reuid=nobody --regid=nogroup --clear-groups sh
	[[ $output == "stop: scripts/basic/fixdep is not in the tree, and $tree can't be written to: "* ]]
	none_left
}

@test "where programs can't be started, what is there stays" {
	[ "$(id -u)" = 0 ] || skip "needs root, to mount"
	prepare
	inode=$(stat -c %i "$fixdep")
	printf '%s\n' "mount --bind '$tree' '$tree'" "mount -o remount,noexec,bind '$tree'" 'exec "$@"' >mounted
	run prepare unshare --mount sh -eu mounted sh
	[ "$output" = "stop: scripts/basic/fixdep can't be started in $tree: that is mounted noexec; unpack /proc/kheaders.tar.xz elsewhere" ]
	[ "$inode" = "$(stat -c %i "$fixdep")" ]
	none_left
}

@test "a missing or foreign plugin for gcc is refused, one for this machine is ready" {
	prepare
	plugin=scripts/gcc-plugins/latent_entropy_plugin.so
	run sh "$script" "$tree" scripts/basic/fixdep $plugin
	[[ $output == "stop: $plugin is not in the tree, and gcc's plugins can't be built from it: "*CONFIG_IKHEADERS_HOSTPROGS=y* ]]
	mkdir "$tree/scripts/gcc-plugins"
	foreign "$tree/$plugin"
	run sh "$script" "$tree" scripts/basic/fixdep $plugin
	[[ $output == "stop: $plugin was built for another machine, and gcc's plugins "* ]]
	echo 'int plugin_init;' >a.c
	gcc -shared -fPIC -o "$tree/$plugin" a.c
	[ "$(sh "$script" "$tree" scripts/basic/fixdep $plugin)" = ready ]
	none_left
}

@test "a tree may be named by a relative path" {
	[ "$(sh "$script" h scripts/basic/fixdep)" = "ready: built for this machine ($(uname -m)): fixdep" ]
}

@test "native.sh: whether the kernel is built on a machine of its own kind" {
	native=${script%/*}/native.sh
	[ "$(sh "$native" gcc clang)" = 64 ]
	[ "$(sh "$native" 'clang --target=x86_64-linux-gnu' gcc)" = 64 ]
	[ "$(sh "$native" 'gcc -m32' 'gcc -m32')" = 32 ]
	[ "$(sh "$native" aarch64-linux-gnu-gcc gcc)" = no ]
	[ "$(sh "$native" 'clang --target=aarch64-linux-gnu' gcc)" = no ]
	[ "$(sh "$native" nowhere-gcc gcc)" = no ]
	# Each make oldconfig shows what it says besides.
	printf '%s\n' '#!/bin/sh' 'trap "" PIPE' '[ "$1" != -dumpmachine ] || exec gcc "$@"' \
		'echo "#define __LP64__ 1"' 'seq 99999' >hostcc
	chmod +x hostcc
	run -0 --separate-stderr sh "$native" gcc ./hostcc
	[ "$output$stderr" = 64 ]
}

@test "tool.sh: the sources of a program in tools/, also of objects built before fixdep was" {
	export srctree=$PWD/source SRCARCH=x86
	mkdir -p source/scripts/kheaders source/tools/{include/linux,lib/subcmd,bpf/resolve_btfids} \
		out/scripts/kheaders out/tools/bpf/resolve_btfids/libsubcmd
	cp "${script%/*}"/{tool,normal}.sh source/scripts/kheaders/
	: >source/tools/bpf/resolve_btfids/main.c
	: >source/tools/lib/subcmd/help.c
	: >source/tools/lib/subcmd/help.h
	: >source/tools/include/linux/err.h
	cd out
	dir=$PWD/tools/bpf/resolve_btfids
	cat >tools/bpf/resolve_btfids/.main.o.cmd <<-EOT
		cmd_$dir/main.o := gcc -D_GNU_SOURCE -I$srctree/tools/include -c -o $dir/main.o main.c

		source_$dir/main.o := main.c

		deps_$dir/main.o := \\
		  /usr/include/stdio.h \\
		  $srctree/tools/include/linux/err.h \\

		$dir/main.o: \$(deps_$dir/main.o)

		\$(deps_$dir/main.o):
	EOT
	cat >tools/bpf/resolve_btfids/libsubcmd/.help.o.cmd <<-EOT
		# cannot find fixdep ($dir/libsubcmd//fixdep)
		# using basic dep data

		$dir/libsubcmd/help.o: \\
		 help.c /usr/include/stdio.h \\
		 help.h

		cmd_$dir/libsubcmd/help.o := gcc -c -o $dir/libsubcmd/help.o help.c
	EOT
	sources='tools/bpf/resolve_btfids/main.c tools/lib/subcmd/help.c'
	run -0 sh "$srctree/scripts/kheaders/tool.sh" args tools/bpf/resolve_btfids
	[ "$(echo $output)" = "-std=gnu11 -D_GNU_SOURCE -Itools/include $sources" ]
	run -0 sh "$srctree/scripts/kheaders/tool.sh" files tools/bpf/resolve_btfids
	[ "$(echo $output)" = "${sources% *} tools/include/linux/err.h tools/lib/subcmd/help.c tools/lib/subcmd/help.h" ]
}

@test "museum 56: tool.sh runs for two programs at once, as make -j2 asks" {
	export srctree=$PWD/source SCRIPTS=${script%/*} SRCARCH=x86
	mkdir -p source/scripts out/scripts/kheaders out/tools/{objtool,bpf/resolve_btfids}
	ln -s "$SCRIPTS" source/scripts/kheaders
	cd out
	# A find that has the other list made before it does anything.
	cat >./find <<-EOT
		#!/bin/sh
		[ "\${other-}" ] || other=y sh "\$SCRIPTS/tool.sh" args tools/objtool >/dev/null
		exec $(command -v find) "\$@"
	EOT
	chmod +x find
	PATH=$PWD:$PATH run -0 sh "$SCRIPTS/tool.sh" args tools/bpf/resolve_btfids
	[ "$output" = -std=gnu11 ]
	run -2 ls scripts/kheaders/*.work
}
