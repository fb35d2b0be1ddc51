#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What objtool was made of, as its build has noted in tools/objtool/.*.cmd. Usage, from
# the object tree and with the environment of Kbuild:
#
#	objtool.sh files	the files, relative to the source or the object tree
#	objtool.sh args		what a compiler is given to make it again from those
#				files, for "cc @FILE" on top of the tree
#
# Parts that need other libraries than libelf are left out: they are for who debugs
# objtool or makes live patches.

set -eu
export LC_ALL=C
: "${srctree:?is set by Kbuild}" "${SRCARCH:?is set by Kbuild}"

# Lines "DIR KIND WORD": the words that follow the name of the compiler (KIND "cmd"),
# the source and the headers (KIND "source", "deps") of each object. The directory it was
# compiled in, to which names are relative, is that of the first word which is a source.
notes() {
	find tools/objtool -name '.*.cmd' ! -name '.fixdep*' ! -name '.*-in.o.cmd' \
			! -name '.disas.o.cmd' ! -name '.trace.o.cmd' ! -name '.*klp*.o.cmd' |
		sort | while read -r cmd; do
			source=$(sed -n 's/^source_.*:= *//p' "$cmd")
			dir=tools/objtool
			[ -e "$srctree/$dir/$source" ] || dir=tools/lib/subcmd
			awk -v dir="$dir" '
				/^(cmd|source|deps)_/ { split($1, kind, "_"); $1 = $2 = "" }
				/^$|^[^ ].*:/ { kind[1] = "" }
				kind[1] { for (i = 1; i <= NF; i++) if ($i !~ /^\\?$/) print dir, kind[1], $i }
				' "$cmd"
		done
}

# Reads lines "DIR NAME", and prints the names as they are in the archive, of what there
# is. Headers of the machine that built are none of the one that will.
in_archive() {
	top=$(pwd)
	src=$(cd "$srctree" && pwd)
	while read -r dir name; do
		case $name in
		/*)	echo "$name" ;;
		*)	echo "$src/$dir/$name" ;;
		esac
	done | xargs realpath -ms -- |
		sed -n "s,^$top/,,p; t; s,^$src/,,p" |
		sed -n "s,^tools/arch/[^/]*,tools/arch/$SRCARCH,; /^tools\//p" | awk '!seen[$0]++' |
		while read -r name; do
			[ ! -e "$name" ] && [ ! -e "$srctree/$name" ] || echo "$name"
		done
}

words=$(notes)
case $1 in
files)
	echo "$words" | awk '$2 != "cmd" { print $1, $3 }' | in_archive | sort
	;;
args)
	echo -std=gnu11
	echo "$words" | awk '$3 ~ /^-D_[A-Z0-9_]*(=[0-9]*)?$/ && !seen[$3]++ { print $3 }'
	echo "$words" | awk '
		$2 != "cmd" { next }
		next_is { print $1, $3 }
		{ next_is = ($3 == "-I") }
		$3 ~ /^-I./ { print $1, substr($3, 3) }' | in_archive | sed 's/^/-I/'
	echo "$words" | awk '$2 == "source" { print $1, $3 }' | in_archive
	echo -lelf
	;;
esac
