#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the host programs in a tree unpacked from /proc/kheaders.tar.xz fit the
# machine it is on. Usage:
#
#	hostprogs.sh TREE
#
# A program that runs here is left alone; one that does not, because the kernel was
# built on another kind of machine or for another C library, is built again from
# its source in TREE, by $HOSTCC or else by gcc, cc or clang.
#
# Prints nothing, or one line: what was made, or "stop: " and why "make M=" can't
# work here. Always returns 0.

tree=${1%/}
made=

# runs PROGRAM: 126 is another machine's, 127 has no loader or lacks a library, 132
# and 139 are a processor's SIGILL and SIGSEGV.
runs() {
	"$tree/$1" </dev/null >/dev/null 2>&1
	case $? in 126|127|132|139) return 1 ;; esac
}

stop() {
	echo "stop: $*"
	exit 0
}

# What PROGRAM is compiled from, in TREE; nothing if that is not carried.
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
	tools/objtool/objtool)
		[ ! -e tools/objtool/objtool.args ] || echo @tools/objtool/objtool.args ;;
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
		stop "$1 was built for another machine, and there is no compiler to build it again: install gcc (packages gcc, libc6-dev)"
	# shellcheck disable=SC2046 # names without white space
	set -- "$1" $(cd "$tree" && sources "$1")
	[ $# -gt 1 ] ||
		stop "$1 does not run here ($("$tree/$1" 2>&1 </dev/null | sed -n "s,.*: ,,; 1p")), and its source is not in the tree: install what it lacks (packages libelf1, libc6), or boot a kernel with CONFIG_IKHEADERS_OBJTOOL_SRC=y"
	program=$1; shift
	needs=
	case $program in
	tools/objtool/objtool)		needs=", libelf-dev" ;;
	scripts/gendwarfksyms/*)	needs=", libdw-dev, libelf-dev, zlib1g-dev" ;;
	esac
	new=$(mktemp "$tree/$program.XXXXXX" 2>/dev/null) ||
		stop "$program was built for another machine, and $tree can't be written to: unpack /proc/kheaders.tar.xz where you can write"
	trap 'rm -f "$new"' EXIT
	# shellcheck disable=SC2086
	said=$(cd "$tree" && $cc -O2 -w -Iscripts/include "-I${program%/*}" -o "$new" "$@" 2>&1) ||
		stop "$program was built for another machine, and $cc can't build it again: $(echo "$said" |
			grep -E 'error|cannot|not found' | head -n 1) (packages gcc, libc6-dev$needs)"
	{ chmod 755 "$new" && mv -f "$new" "$tree/$program"; } 2>/dev/null ||
		stop "$tree/$program can't be written (is the disk full?)"
	trap - EXIT
	runs "$program" || stop "$program, built by $cc, does not run here: is $cc a compiler for this machine?"
	made="$made ${program##*/}"
}

trap 'exit 1' HUP INT TERM
# resolve_btfids is not asked for without a vmlinux to take types from, and stops nothing.
for program in scripts/basic/fixdep scripts/mod/modpost scripts/genksyms/genksyms \
		scripts/gendwarfksyms/gendwarfksyms scripts/recordmcount tools/objtool/objtool; do
	[ ! -e "$tree/$program" ] || runs "$program" || build "$program"
done
[ -z "$made" ] || echo "built again for this machine ($(uname -m)):$made"
