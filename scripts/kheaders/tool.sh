#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a program in tools/ was made of, as its build has noted in DIR/.*.cmd. Usage, from
# the object tree and with the environment of Kbuild:
#
#	tool.sh files DIR		the files, relative to the source or the object tree
#	tool.sh args DIR		what a compiler is given to make it again from those
#					files, for "cc @FILE LIBRARY..." on top of the tree
#
# DIR is tools/objtool or tools/bpf/resolve_btfids. Parts of objtool that need other
# libraries than libelf are left out, which debug it or make live patches; and of libbpf,
# which is as large as all of objtool, all but the headers: a device has its own.

set -eu
export LC_ALL=C
: "${srctree:?is set by Kbuild}" "${SRCARCH:?is set by Kbuild}"

what=$1 dir=$2
top=$PWD
src=$(cd "$srctree" && pwd)
# One of its own: make asks for several programs at once.
work=$top/kernel/.kheaders/${dir##*/}.work
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$work"
mkdir -p "$work"

# Lines "DIR KIND WORD": the words that follow the name of the compiler (KIND
# "cmd"), the source and the headers (KIND "source", "deps") of each object. DIR is where it
# was compiled, to which names are relative: that of its source.
notes() {
	# A package of headers may have a ready program alone, or none.
	[ -d "$dir" ] || return 0
	find "$dir" -path '*/libbpf' -prune -o -name '.*.cmd' ! -name '.fixdep*' ! -name '.*-in.o.cmd' \
		! -name '.disas.o.cmd' ! -name '.trace.o.cmd' ! -name '.*klp*.o.cmd' -print >"$work/cmds"
	[ -s "$work/cmds" ] || return 0
	sort -o "$work/cmds" "$work/cmds"
	# Of an object built before fixdep was, the compiler's list has the source first.
	: >"$work/objects"
	# shellcheck disable=SC2016 # that of awk
	xargs awk -v objects="$work/objects" '
		FNR == 1 { end(); file = FILENAME; source = first = kind = ""; listed = 0 }
		/^(cmd|source|deps)_/ { kind = $1; sub(/_.*/, "", kind); $1 = $2 = "" }
		/^[^ #=]*\.o:[^$]*$/ { kind = "deps"; $1 = ""; listed = 1 }
		/^$|^[^ ].*:/ { kind = "" }
		{
			for (i = 1; i <= NF; i++) {
				if (listed && first == "" && $i ~ /\.[cS]$/)
					first = $i
				if (kind == "" || $i ~ /^\\?$/)
					continue
				if (kind == "source")
					source = $i
				print file, kind, $i
			}
		}
		END { end() }
		function end() {
			if (file == "")
				return
			if (source == "" && first != "")
				print file, "source", source = first
			print file, source >>objects
		}' <"$work/cmds" >"$work/words"
	while read -r object source; do
		in=$dir
		[ -e "$srctree/$in/$source" ] || in=tools/lib/subcmd
		echo "$object $in"
	done <"$work/objects" >"$work/ins"
	awk 'FNR == NR { dir[$1] = $2; next }
		{ $1 = dir[$1] }
		$2 == "cmd" || !seen[$0]++' "$work/ins" "$work/words"
}

# Prints the names that the lines "DIR NAME" of FILE have in the archive, of what there
# is, and each once. Headers of the machine that built are left out.
in_archive() {
	while read -r dir name; do
		case $name in
		/*)	echo "$name" ;;
		*)	echo "$src/$dir/$name" ;;
		esac
	done <"$1" >"$work/paths"
	sh "$src/scripts/kheaders/normal.sh" <"$work/paths" >"$work/normal"
	top=$top src=$src arch=$SRCARCH awk '
		function below(tree) {
			if (index($0, tree "/") != 1)
				return 0
			$0 = substr($0, length(tree) + 2)
			return 1
		}
		below(ENVIRON["top"]) || below(ENVIRON["src"]) {
			sub(/^tools\/arch\/[^\/]*/, "tools/arch/" ENVIRON["arch"])
			if (/^tools\// && !seen[$0]++)
				print
		}' "$work/normal" >"$work/names"
	while read -r name; do
		[ ! -e "$name" ] && [ ! -e "$srctree/$name" ] || echo "$name"
	done <"$work/names"
}

notes >"$work/notes"
case $what in
files)
	awk '$2 != "cmd" { print $1, $3 }' "$work/notes" >"$work/files"
	in_archive "$work/files" >"$work/found"
	sort "$work/found"
	;;
args)
	echo -std=gnu11
	awk '$3 ~ /^-D_[A-Z0-9_]*(=[0-9]*)?$/ && !seen[$3]++ { print $3 }' "$work/notes"
	awk '
		$2 != "cmd" { next }
		next_is { print $1, $3 }
		{ next_is = ($3 == "-I") }
		$3 ~ /^-I./ { print $1, substr($3, 3) }' "$work/notes" >"$work/dirs"
	in_archive "$work/dirs" >"$work/found"
	sed 's/^/-I/' "$work/found"
	awk '$2 == "source" { print $1, $3 }' "$work/notes" >"$work/sources"
	in_archive "$work/sources"
	;;
esac
