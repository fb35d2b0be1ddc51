#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes sure that the host programs of a tree unpacked from /proc/kheaders.tar.xz are
# there and work on this machine. Usage:
#
#	hostprogs.sh TREE PROGRAM...
#
# PROGRAMs are those that "make M=" runs and the plugins (*.so) that it loads, relative
# to TREE. One that works here is left alone; one that is missing or does not, because
# the kernel was built on another kind of machine or for another C library, is built
# from its source in TREE, by $HOSTCC or else by gcc, cc or clang. For each that was
# built, TREE/scripts/kheaders/built says for which machine and by which compiler and, if
# there is a sha256sum, what came of it.
#
# Prints one line: "ready", "ready: " and what was built, or "stop: " and why "make M="
# can't work here. Always returns 0.

tree=$(cd "$1" && pwd) || exit 1
table=$(cd "${0%/*}" && pwd)/hostprogs
shift
built=$tree/scripts/kheaders/built
fresh='' new=''

stop() {
	echo "stop: $*"
	exit 0
}

# elf FILE: the class, the order of bytes and the machine in the ELF header of a program
# or a shared object.
elf() {
	# shellcheck disable=SC2046 # bytes
	set -- $(od -A n -v -t x1 -N 20 "$1" 2>/dev/null)
	[ "$1$2$3$4" = 7f454c46 ] || return 0
	case ${17}${18} in
	0200|0300|0002|0003) echo "$5 $6 ${19} ${20}" ;;
	esac
}

# works PROGRAM [FILE]: whether it is there, is for this machine and answers as it
# should; if not, $why says why. A program for another machine is never started: some
# shells would take it for a script. FILE is taken in its place.
works() {
	file=${2:-$tree/$1}
	why="$1 is not in the tree"
	[ -e "$file" ] || return 1
	why="$1 was built for another machine"
	[ "$(elf "$file")" = "$here" ] || return 1
	case $1 in
	*.so) return 0 ;;
	esac
	# No program has this option: each says so, or prints its usage. The outer redirection
	# is for what a shell says of a crash.
	answer=$( ( "$file" -Z </dev/null; echo "status $?" ) 2>&1 ) 2>/dev/null
	case $answer in
	*[Uu]sage:*|*"invalid option"*|*"unrecognized option"*|*"unknown switch"*) return 0 ;;
	esac
	why="$1 does not run here ($(echo "$answer" | sed -n 's,.*: ,,; 1p'))"
	return 1
}

# field PROGRAM KEY: what the table hostprogs says of it.
field() {
	while read -r key value; do
		case $key in
		program:)	of=${value#'('} of=${of%')'} ;;
		"$2:")		[ "$of" != "$1" ] || echo "$value" ;;
		esac
	done <"$table"
}

# sources PROGRAM: what is given to a compiler to build it, on top of TREE.
sources() {
	but=" $(field "$1" but) "
	for word in $(field "$1" sources); do
		case $but in
		*" $word "*) ;;
		*)	echo "$word" ;;
		esac
	done
	field "$1" libraries
}

# has_source PROGRAM: whether what it is built from is in the tree.
has_source() {
	# shellcheck disable=SC2005,SC2046 # patterns
	for word in $(cd "$tree" && echo $(field "$1" sources)); do
		case $word in
		-*)	;;
		*)	[ -e "$tree/${word#@}" ] || return 1 ;;
		esac
	done
}

# packages PROGRAM: Debian's, with what its source needs.
packages() {
	packages="gcc, libc6-dev"
	for package in $(field "$1" packages); do
		packages="$packages, $package"
	done
	echo "$packages"
}

# What builds them; $HOSTCC only, if that is set.
compiler() {
	for cc in "$HOSTCC" gcc cc clang; do
		# shellcheck disable=SC2086 # "ccache gcc" is one, too
		set -- $cc
		[ $# -gt 0 ] || continue
		! command -v "$1" >/dev/null || { echo "$cc"; return; }
		[ -z "$HOSTCC" ] || return
	done
}

# reason TEXT: the line of what a compiler said that tells why it failed.
reason() {
	echo "$1" | grep -E 'No space left|undefined reference|error|cannot|not found' | head -n 1 | grep . ||
		printf '%s' "$1" | tail -n 1
}

# build PROGRAM: whole or not at all, so that two makes can do it at once.
build() {
	case $1 in
	*.so)	stop "$why, and gcc's plugins can't be built from it: take a kernel without CONFIG_GCC_PLUGINS, or one with CONFIG_IKHEADERS_HOSTPROGS=y built on such a machine" ;;
	esac
	unfit=$why
	has_source "$1" ||
		stop "$unfit, and there is no source of it in the tree, as in one made of a package of headers: take a kheaders.ko that was built on a machine like this one"
	case $why in
	*"ermission denied"*)
		# Whatever was built here would not start either.
		[ -z "$(find "$tree/$1" -perm -100)" ] ||
			stop "$1 can't be started in $tree: that is mounted noexec; unpack /proc/kheaders.tar.xz elsewhere" ;;
	esac
	cc=$(compiler)
	[ -n "$cc" ] || [ -z "$HOSTCC" ] ||
		stop "$unfit, and there is no HOSTCC=$HOSTCC here to build it: name another, or none"
	[ -n "$cc" ] ||
		stop "$unfit, and there is no compiler to build it: install gcc (packages $(packages "$1"))"
	new=$(mktemp "$tree/$1.XXXXXX" 2>/dev/null) ||
		stop "$unfit, and $tree can't be written to: unpack /proc/kheaders.tar.xz where you can write, or call \"make prepare\" there once as a user who can"
	# shellcheck disable=SC2046,SC2086 # names without white space; options
	said=$( (cd "$tree" && LC_ALL=C $cc -O2 -w -Iscripts/include "-I${1%/*}" -o "$new" $(sources "$1") ||
		echo "status $?") 2>&1 ) 2>/dev/null
	case $said in
	*"No space left"*)
		stop "$unfit, and $cc can't build it: no space left on the disk" ;;
	*"status "[0-9]*)
		said=$(reason "${said%status *}")
		stop "$unfit, and $cc can't build it: ${said:-it was killed} (packages $(packages "$1"))" ;;
	esac
	chmod 755 "$new"
	works "$1" "$new" || case $why in
	*"ermission denied"*)
		stop "$1 can't be started in $tree: that is mounted noexec; unpack /proc/kheaders.tar.xz elsewhere" ;;
	*)	stop "$why, though $cc built it: is $cc a compiler for this machine?" ;;
	esac
	mv -f "$new" "$tree/$1" 2>/dev/null || stop "$tree/$1 can't be written"
	new=
	fresh="$fresh ${1##*/}"
	note "$1"
}

# note PROGRAM: of what was built before, the others stay.
note() {
	new=$(mktemp "$built.XXXXXX" 2>/dev/null) || return 0
	sum=$(sha256sum <"$tree/$1" 2>/dev/null) || sum=
	{
		[ ! -e "$built" ] || grep -vF "$1: " "$built"
		echo "$1: for $(uname -m), by $cc: $($cc --version 2>/dev/null | head -n 1)${sum:+, SHA-256 ${sum%% *}}"
	} >"$new"
	chmod 644 "$new"
	mv -f "$new" "$built"
	new=
}

trap '[ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM

# /proc/self/exe is the program that reads it, which is one of this machine.
here=$(elf /proc/self/exe)
[ -n "$here" ] || here=$(elf "$(command -v od)")
[ -n "$here" ] ||
	stop "od is needed, to tell which machine a program is for, with its options -A, -t and -N: install it (package coreutils)"
for program; do
	works "$program" || build "$program"
done
echo "ready${fresh:+: built for this machine ($(uname -m)):$fresh}"
