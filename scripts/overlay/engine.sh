# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2013,SC2154 # no path has blanks; kernel.sh shares names
#
# Puts files into a tree, edits and removes others, and undoes all of that. What
# concerns kernels is in kernel.sh, which provides
#
#	$work/payload	paths of the files that are added
#	$edits		paths of the files that are edited; edit PATH does it
#	$removals	paths of the files that are removed
#	hooked		whether the tree has an overlay
#
# The files without the overlay are collected in $work/was, those with it in
# $work/is. The tree is touched only when both are complete.
#
# The caller sets $root, the top of this repository.

set -eu
: "${root:?}"
export LC_ALL=C
unset CDPATH
umask 022

# die MESSAGE...
die() {
	printf 'kheaders: %s\n' "$*" >&2
	exit 1
}

# --- The tree ----------------------------------------------------------------

# open_tree DIR: set $dir, $tree (its real path) and $work, a temporary directory
# outside the tree: nothing is written to a tree that needs no change.
open_tree() {
	[ -n "${1-}" ] || die "KSRC is empty: name a kernel tree, make ${0##*/} KSRC=/path/to/linux"
	[ -d "$1" ] || die "$1 is not a directory: KSRC must name the top of a kernel source tree"
	dir=$1
	tree=$(cd -- "$dir" && pwd -P) || die "cannot enter $dir: check its permissions"
	state=$tree/.kheaders-overlay
	todo=$tree/.kheaders-overlay.todo
	{ work=$(mktemp -d) && work=$(cd -- "$work" && pwd -P); } ||
		die "cannot make a directory in ${TMPDIR:-/tmp}: free some space there, or set TMPDIR"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$work/was" "$work/is"
}

# present FILE: whether it exists, also as a broken link.
present() {
	[ -e "$1" ] || [ -L "$1" ]
}

# same A B: whether a build sees no difference between them. Both can be absent.
same() {
	if [ -L "$1" ] || [ -L "$2" ]; then
		[ -L "$1" ] && [ -L "$2" ] && [ "$(readlink "$1")" = "$(readlink "$2")" ]
	elif [ -f "$1" ] && [ -f "$2" ]; then
		cmp -s "$1" "$2" && { if [ -x "$1" ]; then [ -x "$2" ]; else [ ! -x "$2" ]; fi; }
	else
		! present "$1" && ! present "$2"
	fi
}

# room FILE: make the directory of FILE.
room() {
	[ -d "${1%/*}" ] || mkdir -p "${1%/*}"
}

# keep FROM BASE PATH: copy FROM, as it is, to BASE/PATH.
keep() {
	room "$2/$3"
	cp -pP "$1" "$2/$3"
}

# text BASE PATH: print the file BASE/PATH. If it is a symbolic link, follow it
# from PATH in the tree: it may be relative.
text() {
	if [ -L "$1/$2" ]; then
		at=$tree/$2
		(cd "${at%/*}" && cat "$(readlink "$1/$2")")
	else
		cat "$1/$2"
	fi
}

# --- The notes that apply leaves ---------------------------------------------
#
# $state/manifest has a line KIND SUM PATH for each file. KIND is add, replace,
# edit or remove; SUM is the checksum of the file that apply put there. For each
# directory that apply made, it has a line "dir - PATH". $state/orig has the
# files that were there before, $state/new the edited files as apply left them.

# read_notes: set $overlay,
#
#	none	there is no overlay
#	ours	there is one, and the notes are about it
#	foreign	there is one without notes
#	past	there are notes without an overlay: git put the tree back
#
# and lists: $noted has the files in the notes, $noted_dirs the directories, and
# $altered the files that are no longer as apply left them.
read_notes() {
	if hooked; then
		overlay=foreign
		[ ! -f "$state/manifest" ] || overlay=ours
	else
		overlay=none
		[ ! -f "$state/manifest" ] || overlay=past
	fi
	manifest=/dev/null
	[ ! -f "$state/manifest" ] || manifest=$state/manifest
	awk '$1 != "dir" { print $3 }' "$manifest" >"$work/noted"
	awk '$1 == "dir" { print $3 }' "$manifest" >"$work/noted-dirs"
	(cd "$tree"; xargs -r sha256sum <"$work/noted" 2>/dev/null) |
		awk 'NR == FNR { sum[$3] = $2; next } sum[$2] != $1 { print $2 }' "$manifest" - >"$work/altered"
	noted=$(cat "$work/noted")
	noted_dirs=$(cat "$work/noted-dirs")
	altered=$(cat "$work/altered")
}

# in_list PATH LIST: whether a line of LIST is PATH.
in_list() {
	case "
$2
" in
	*"
$1
"*)	return 0 ;;
	esac
	return 1
}

# --- The files without and with the overlay ----------------------------------

# was PATH: collect in was/ the file that is there without the overlay, if any.
was() {
	[ ! -d "$tree/$1" ] || die "$dir/$1 is a directory, where kheaders has a file: move it away"
	from=$tree/$1
	if in_list "$1" "$noted"; then
		case $overlay in
		ours)	from=$state/orig/$1 ;;
		past)	! present "$from" || in_list "$1" "$altered" || from=$state/orig/$1 ;;
		esac
	fi
	! present "$from" || keep "$from" "$work/was" "$1"
}

# stage_apply: fill was/, and is/, which has the payload already.
stage_apply() {
	for path in $(cat "$work/payload") $removals; do
		was "$path"
	done
	for path in $edits; do
		was "$path"
		! present "$work/was/$path" || stage_edit "$path"
	done
	# Files of an older payload.
	for path in $noted; do
		present "$work/is/$path" || in_list "$path" "$removals" || stage_revert "$path"
	done
}

# stage_edit PATH: collect in is/ the edited file, or the file itself if the edit
# changes nothing.
stage_edit() {
	room "$work/is/$1"
	if [ -L "$work/was/$1" ]; then
		cp -pL "$tree/$1" "$work/is/$1"
	else
		cp -p "$work/was/$1" "$work/is/$1"
	fi
	text "$work/was" "$1" >"$work/text"
	edit "$1" <"$work/text" >"$work/is/$1"
	! cmp -s "$work/text" "$work/is/$1" || keep "$work/was/$1" "$work/is" "$1"
}

# stage_revert PATH: collect in is/ the file without the overlay.
stage_revert() {
	was "$1"
	! present "$work/was/$1" || keep "$work/was/$1" "$work/is" "$1"
}

# refuse_changed: files of the payload that somebody changed must not be lost.
refuse_changed() {
	[ "$overlay" = ours ] || return 0
	for path in $altered; do
		in_list "$path" "$edits" || same "$tree/$path" "$state/orig/$path" || same "$tree/$path" "$work/is/$path" ||
			die "$path in $dir was changed since apply: carry that over to $root, or delete the file"
	done
}

# merge_edits: edited files keep what somebody changed in them after apply.
merge_edits() {
	[ "$overlay" = ours ] || return 0
	for path in $edits; do
		if [ ! -f "$state/new/$path" ] || [ ! -f "$tree/$path" ] ||
		   cmp -s "$state/new/$path" "$tree/$path"; then
			continue
		fi
		text "$work/is" "$path" >"$work/text"
		! cmp -s "$work/text" "$tree/$path" || continue
		merge "$state/new/$path" "$tree/$path" "$work/text" >"$work/merged" ||
			die "$path in $dir was changed where kheaders edits it: put that part back, see diff -u $state/new/$path $tree/$path"
		rm -f "$work/is/$path"
		cp -pL "$tree/$path" "$work/is/$path"
		cmp -s "$work/merged" "$work/is/$path" || cat "$work/merged" >"$work/is/$path"
	done
}

# merge BASE MINE OTHER: print MINE with the edit that made OTHER of BASE. Fails
# if both put different lines in the same place.
merge() {
	diff "$1" "$2" >"$work/mine" || [ $? = 1 ] || return
	diff "$1" "$3" >"$work/other" || [ $? = 1 ] || return
	awk -f "$root/scripts/overlay/merge.awk" \
		side=0 "$1" side=1 "$work/mine" side=2 "$work/other"
}

# --- The change of the tree --------------------------------------------------
#
# $todo, in the tree, has all that is to change: files in put/, the lists mkdir,
# del and rmdir, and the next notes in state/ (after revert: an empty manifest).
# It is written under another name and renamed when it is complete. Then only moving
# and deleting is left to do, which can be interrupted at any point: the next run
# finishes it.

# write_notes: the notes for what was/ and is/ have.
write_notes() {
	mkdir -p "$work/todo/state"
	for path in $(paths); do
		if ! present "$work/is/$path"; then
			! present "$work/was/$path" || echo "remove $path"
		elif ! present "$work/was/$path"; then
			echo "add $path"
		elif same "$work/was/$path" "$work/is/$path"; then
			continue
		elif in_list "$path" "$edits"; then
			echo "edit $path"
			keep "$work/is/$path" "$work/todo/state/new" "$path"
		else
			echo "replace $path"
		fi
		! present "$work/was/$path" || keep "$work/was/$path" "$work/todo/state/orig" "$path"
	done >"$work/kinds"
	(cd "$work/is" && find . ! -type d -exec sha256sum {} +) |
		awk 'NR == FNR { sum[substr($2, 3)] = $1; next }
			{ print $1, $2 in sum ? sum[$2] : "-", $2 }' - "$work/kinds" >"$work/todo/state/manifest"
	awk '$1 == "add" { while (sub("/[^/]*$", "", $2)) print $2 }' "$work/kinds" | sort -u >"$work/parents"
	for path in $(cat "$work/parents"); do
		if [ ! -d "$tree/$path" ] || in_list "$path" "$noted_dirs"; then
			echo "dir - $path"
		fi
	done >>"$work/todo/state/manifest"
}

# paths: of all files that are concerned.
paths() {
	{
		cat "$work/noted"
		cd "$work"
		find was is ! -type d | sed 's,^[^/]*/,,'
	} | sort -u
}

# write_todo: compare is/ with the tree. Fails if nothing is to change.
write_todo() {
	: >"$work/same"
	: >"$work/todo/del"
	for path in $(paths); do
		if same "$tree/$path" "$work/is/$path"; then
			echo "$path" >>"$work/same"
		elif ! present "$work/is/$path"; then
			echo "$path" >>"$work/todo/del"
		fi
	done
	mv "$work/is" "$work/todo/put"
	(cd "$work/todo/put" && xargs rm -f <"$work/same")
	awk '$1 == "dir" { print $3 }' "$work/todo/state/manifest" >"$work/todo/mkdir"
	grep -vxF -f "$work/todo/mkdir" "$work/noted-dirs" | sort -r >"$work/todo/rmdir" || :
	[ -n "$(find "$work/todo/put" ! -type d)" ] || [ -s "$work/todo/del" ] ||
		! cmp -s "$work/todo/state/manifest" "$manifest"
}

# commit: check that the change is possible, write $todo, and do it.
commit() {
	for path in $(cd "$work/todo" && find put ! -type d | cut -c 5-; cat del 2>/dev/null); do
		at=$path
		while [ "$at" != "${at%/*}" ]; do
			at=${at%/*}
			[ ! -L "$tree/$at" ] ||
				die "$dir/$at is a symbolic link to a directory, and $path would go elsewhere: replace it with a copy of that directory"
			[ ! -d "$tree/$at" ] || [ -w "$tree/$at" ] || die "$dir/$at is not writable: make it so, or work on a copy"
		done
	done
	[ -w "$tree" ] || die "$dir is not writable: make it so, or work on a copy"
	rm -rf "$todo.new"
	cp -pPR "$work/todo" "$todo.new" 2>"$work/error" || {
		rm -rf "$todo.new"
		die "cannot write to $dir, which is left as it was: $(head -n 1 "$work/error")"
	}
	mv "$todo.new" "$todo"
	finish
}

# finish: do what $todo says, of this run or of one that was interrupted. $left
# names the directories that revert cannot remove.
finish() {
	rm -rf "$todo.new"
	[ -d "$todo" ] || return 0
	trap '' HUP INT TERM
	left=
	stuck="stopped halfway in $dir: fix what is said above, then make apply or revert again"
	for path in $(cat "$todo/mkdir" 2>/dev/null); do
		mkdir -p "$tree/$path" || die "$stuck"
	done
	for path in $(cd "$todo" && find put ! -type d | cut -c 5-); do
		mv -f "$todo/put/$path" "$tree/$path" || die "$stuck"
	done
	for path in $(cat "$todo/del" 2>/dev/null); do
		rm -f "$tree/$path" || die "$stuck"
	done
	for path in $(cat "$todo/rmdir" 2>/dev/null); do
		rmdir "$tree/$path" 2>/dev/null || [ ! -d "$tree/$path" ] || case ${left-} in
		*" $path/"*)	;;
		*)		left="${left-} $path" ;;
		esac
	done
	if [ -d "$todo/state" ]; then
		rm -rf "$state"
		[ ! -s "$todo/state/manifest" ] || mv "$todo/state" "$state" || die "$stuck"
	fi
	mv "$todo" "$todo.new"
	rm -rf "$todo.new"
}
