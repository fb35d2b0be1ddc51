#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a tree unpacked from /proc/kheaders.tar.xz ready to add types (BTF) to modules,
# where the kernel has CONFIG_DEBUG_INFO_BTF_MODULES. Usage:
#
#	btf.sh TREE PAHOLE build|prepare
#
# Types of modules refer to those of the kernel by number. TREE/vmlinux is what pahole
# takes for the kernel: a copy of what the running one shows, if TREE is that kernel's, or
# the kernel itself, put there by hand. With "prepare", resolve_btfids is made ready, too.
#
# Prints one line: "ready VERSION" and, behind a colon, what there is to say, where
# VERSION is that of PAHOLE, as in CONFIG_PAHOLE_VERSION; or "stop: " and why modules get
# no BTF; or "later", with "prepare" for a kernel that does not run. Always returns 0.

. "${0%/*}/running.sh"

tree=${1%/} pahole=$2 step=$3
types=/sys/kernel/btf/vmlinux
base=$tree/vmlinux
# The id of the tree that it was copied for.
copied_for=$tree/scripts/kheaders/vmlinux.id
program=tools/bpf/resolve_btfids/resolve_btfids

stop() {
	echo "stop: $*"
	exit 0
}

# by_hand: whether someone put a kernel there, rather than a list of types.
by_hand() {
	[ -e "$base" ] || return 1
	case $(od -A n -t x1 -N 2 "$base" 2>/dev/null) in
	*"9f eb"*|*"eb 9f"*) return 1 ;;
	esac
}

# copy: whole or not at all.
copy() {
	new=$(mktemp "$tree/.vmlinux.XXXXXX" 2>/dev/null) || return 1
	cat $types >"$new" 2>/dev/null && chmod 644 "$new" && rm -f "$copied_for" 2>/dev/null &&
		mv -f "$new" "$base" 2>/dev/null && echo "$id" >"$copied_for"
}

trap '[ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 0' HUP INT TERM
new=

# It may have options.
command -v "${pahole%% *}" >/dev/null || stop "there is no ${pahole%% *} here (package dwarves)"
if ! by_hand; then
	# Made ready for another machine, or before a boot. If the first build there can't
	# complete it, that says so.
	if [ "$step" = prepare ] && [ "$(uname -r)" != "$(release_of "$tree")" ]; then
		echo later
		exit 0
	fi
	id=$(cat "$tree/include/config/kheaders.id" 2>/dev/null)
	why=$(not_running "$tree")
	ours=$(cat "$copied_for" 2>/dev/null)
	[ -e "$base" ] && [ -n "$id" ] && [ "$ours" = "$id" ] || ours=
	if [ -n "$why" ]; then
		[ -n "$ours" ] || stop "$why"
	elif [ ! -e $types ]; then
		stop "this kernel does not show its types in $types"
	elif [ -z "$ours" ] || ! cmp -s $types "$base" 2>/dev/null; then
		copy || stop "$base can't be written, and this kernel's types belong there (call \"make prepare\" as a user who can; is the disk full?)"
	fi
fi

# Found out once for each pahole and each list of types: it takes longer than all else here.
seen=$tree/scripts/kheaders/vmlinux.pahole
files=$(ls -lniL "$(command -v "${pahole%% *}")" "$base" 2>/dev/null)
# Read once: another make may be writing it.
note=$(cat "$seen" 2>/dev/null)
version=${note%%,*}
if [ -z "$files" ] || [ "$note" != "$version, $pahole: $files" ]; then
	version=$($pahole --version 2>/dev/null |
		sed -n 's/^v\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | awk '{ print $1 * 100 + $2 }')
	least=119
	[ ! -e "$tree/scripts/gen-btf.sh" ] || least=122
	[ "${version:-0}" -ge $least ] || stop "$pahole is too old (package dwarves)"
	# Each can read what it made itself, and some what later ones made.
	$pahole -F btf -C list_head "$base" >/dev/null 2>&1 ||
		stop "$pahole of version $version can't read the kernel's types in $base: take a later one (package dwarves)"
	{ echo "$version, $pahole: $files" >"$seen"; } 2>/dev/null
fi

# Without gen-btf.sh, resolve_btfids.sh builds it for the modules that need it.
said=ready
if [ -e "$tree/scripts/gen-btf.sh" ]; then
	said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" $program)
elif [ "$step" = prepare ]; then
	said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" $program)
	case $said in
	stop*)	said="ready: modules with kfuncs get no BTF: ${said#stop: }" ;;
	esac
fi
case $said in
ready*)	echo "ready $version${said#ready}" ;;
*)	echo "$said" ;;
esac
