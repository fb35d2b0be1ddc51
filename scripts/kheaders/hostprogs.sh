#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Sees to it that the host programs of a tree unpacked from /proc/kheaders.tar.xz are
# there and work on the machine it is on. Usage:
#
#	hostprogs.sh TREE PROGRAM...
#
# PROGRAMs are those that "make M=" runs, relative to TREE. One that works here is
# left alone; one that is missing or does not, because the kernel was built on
# another kind of machine or for another C library, is built from its source in TREE,
# by $HOSTCC or else by gcc, cc or clang. TREE/scripts/kheaders/built then says for
# which machine, and by which compiler.
#
# Prints nothing, or one line: what was built, or "stop: " and why "make M=" can't
# work here. Always returns 0.

tree=${1%/}
shift
built=$tree/scripts/kheaders/built
made='' new=''

stop() {
	echo "stop: $*"
	exit 0
}

# elf FILE: the class, the order of bytes and the machine in its ELF header.
elf() {
	# shellcheck disable=SC2046 # bytes
	set -- $(od -A n -v -t x1 -N 20 "$1" 2>/dev/null)
	[ "$1$2$3$4" != 7f454c46 ] || echo "$5 $6 ${19} ${20}"
}

# works PROGRAM: whether it is there, is for this machine and answers as it should; if
# not, $why says why. A program for another machine is never started: some shells would
# take it for a script.
works() {
	why="$1 is not in the tree"
	[ -e "$tree/$1" ] || return 1
	why="$1 was built for another machine"
	[ "$(elf "$tree/$1")" = "$here" ] || return 1
	# Each knows that there is no such option, and says so, or how it is called.
	answer=$("$tree/$1" -Z </dev/null 2>&1)
	case $answer in
	*[Uu]sage:*|*"invalid option"*|*"unrecognized option"*|*"unknown switch"*) return 0 ;;
	esac
	why="$1 does not run here ($(echo "$answer" | sed -n 's,.*: ,,; 1p'))"
	return 1
}

# sources PROGRAM: what is given to a compiler to build it, on top of TREE.
sources() {
	case $1 in
	scripts/basic/fixdep)		echo scripts/basic/fixdep.c ;;
	scripts/recordmcount)		echo scripts/recordmcount.c ;;
	scripts/genksyms/genksyms)
		echo scripts/genksyms/genksyms.c scripts/genksyms/parse.tab.c \
			scripts/genksyms/lex.lex.c ;;
	scripts/gendwarfksyms/gendwarfksyms)
		find scripts/gendwarfksyms -name '*.c'
		echo -ldw -lelf -lz ;;
	scripts/mod/modpost)
		# The others are parts of the kernel's build, and no parts of it.
		find scripts/mod -name '*.c' ! -name empty.c ! -name mk_elfconfig.c \
			! -name devicetable-offsets.c ;;
	tools/objtool/objtool)		echo @tools/objtool/objtool.args ;;
	esac
}

# packages PROGRAM: Debian's, with what its source needs.
packages() {
	case $1 in
	tools/objtool/objtool)		echo gcc, libc6-dev, libelf-dev ;;
	scripts/gendwarfksyms/*)	echo gcc, libc6-dev, libdw-dev, libelf-dev, zlib1g-dev ;;
	*)				echo gcc, libc6-dev ;;
	esac
}

compiler() {
	for cc in "$HOSTCC" gcc cc clang; do
		# shellcheck disable=SC2086 # "ccache gcc" is one, too
		set -- $cc
		[ $# -gt 0 ] && command -v "$1" >/dev/null && echo "$cc" && return
	done
}

# build PROGRAM: whole or not at all, so that two makes can do it at once.
build() {
	cc=$(compiler)
	[ -n "$cc" ] ||
		stop "$why, and there is no compiler to build it: install gcc (packages $(packages "$1"))"
	new=$(mktemp "$tree/$1.XXXXXX" 2>/dev/null) ||
		stop "$why, and $tree can't be written to: unpack /proc/kheaders.tar.xz where you can write, or call \"make prepare\" there once as who can"
	# shellcheck disable=SC2046,SC2086 # names without white space; options
	said=$(cd "$tree" && $cc -O2 -w -Iscripts/include "-I${1%/*}" -o "$new" $(sources "$1") 2>&1) ||
		stop "$why, and $cc can't build it: $(echo "$said" |
			grep -E 'error|cannot|not found' | head -n 1) (packages $(packages "$1"))"
	{ chmod 755 "$new" && mv -f "$new" "$tree/$1"; } 2>/dev/null ||
		stop "$tree/$1 can't be written (is the disk full?)"
	new=
	works "$1" || stop "$why, though $cc built it: is $cc a compiler for this machine?"
	made="$made ${1##*/}"
}

trap '[ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM

command -v od >/dev/null ||
	stop "no od here, which tells for what machine a program is: install it (package coreutils, or busybox)"
# Whatever reads it, that is a program of this machine.
here=$(elf /proc/self/exe)
[ -n "$here" ] || here=$(elf "$(command -v od)")
for program; do
	works "$program" || build "$program"
done
[ -n "$made" ] || exit 0
new=$(mktemp "$built.XXXXXX" 2>/dev/null) && {
	echo "for $(uname -m), by $cc: $(${cc} --version 2>/dev/null | head -n 1)"
	echo "$made" | tr ' ' '\n' | grep .
} >"$new" && chmod 644 "$new" && mv -f "$new" "$built" && new=
echo "built for this machine ($(uname -m)):$made"
