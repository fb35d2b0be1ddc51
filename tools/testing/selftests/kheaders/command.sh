#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kheaders command (tools/kheaders) on the kernel that runs: makes the tree where
# everyone looks for it, builds with it, and leaves nothing. Skipped where a tree for the
# kernel is there already.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_command
bring_modules
trap '"$kheaders" remove >/dev/null; rm -rf "$work"; take_modules_away' EXIT
module=$work/testmod

# An ordinary user, who can write to $home alone.
home=$work/home
as_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$home" "$@"
}

install_tree() {
	"$kheaders" install 2>"$work/said"
	cat "$work/said"
	expect "the link" "$tree" "$(readlink "$link")"
	"$kheaders" status
	expect "done again" "$tree: is there, and fits the kernel" "$("$kheaders" install)"
}

is_of_the_kernel() {
	"$kheaders" verify >"$work/said"
	cat "$work/said"
	expect "lines" 1 "$(wc -l <"$work/said")"
	grep ', 0 differ$' "$work/said"
	# It sees what is wrong, too.
	echo >>"$tree/include/linux/list.h"
	refuse "$kheaders" verify >"$work/said"
	grep '^include/linux/list.h: differs$' "$work/said"
	sed -i '$d' "$tree/include/linux/list.h"
	"$kheaders" verify >/dev/null
}

# has_all_symbols TREE: its Module.symvers is that of the kernel's build.
has_all_symbols() {
	[ -n "${KHEADERS_BUILT_SYMVERS-}" ] || skip "KHEADERS_BUILT_SYMVERS is not set"
	[ -d "$modules/kernel" ] || skip "no modules in $modules (KHEADERS_MODULES)"
	sort "$1/Module.symvers" | grep -v '	kheaders_greeter	' >"$work/sorted"
	sort "$KHEADERS_BUILT_SYMVERS" >"$work/built"
	echo "# $(wc -l <"$work/sorted") lines compared with the build's," \
		"$(differ "$work/sorted" "$work/built") differ"
	diff "$work/built" "$work/sorted"
}

knows_all_symbols() {
	expect "the copy" "$(cat "$tree/Module.symvers")" "$(xz -dc "$modules/symvers.xz")"
	# A module is loaded whose symbols are in it: nothing changes, and nobody complains.
	has_all_symbols "$tree"
	cp "$tree/Module.symvers" "$work/before"
	other=$(cut -f 3 "$KHEADERS_BUILT_SYMVERS" | sed -n 's,.*/,,p' | tail -n 1)
	[ -z "$other" ] || modprobe "$other"
	builds make -C "$link"
	cmp "$work/before" "$tree/Module.symvers"
}

# builds COMMAND...: as modules' own Makefiles do, by a user who can't write to the tree.
builds() {
	rm -rf "$home"
	mkdir "$home"
	cp -r testmod "$module" 2>/dev/null || cp -r testmod/. "$module"
	mv "$module" "$home/testmod"
	chown -R 65534:65534 "$home"
	chmod 755 "$work"
	as_user "$@" M="$home/testmod" modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	has_nothing_to_say
}

build_module() {
	find "$tree" -newer "$tree/.kheaders" >"$work/before"
	builds make -C "$link"
	find "$tree" -newer "$tree/.kheaders" | diff "$work/before" -
	insmod "$home/testmod/kheaders_greeter.ko" name=command
	expect "the first line of its file" "hello command" "$(head -n 1 /proc/kheaders_greeter)"
	rmmod kheaders_greeter
}

path_and_variables() {
	expect "the path" "$tree" "$(as_user "$kheaders" path)"
	# shellcheck disable=SC2016 # for the other shell
	expect "a variable" "$tree" "$(as_user "$kheaders" exec -- sh -c 'echo "$KDIR"')"
	expect "another" "export BPFTRACE_KERNEL_SOURCE='$tree'" \
		"$(as_user "$kheaders" env | grep BPFTRACE_KERNEL_SOURCE)"
}

remove_tree() {
	"$kheaders" remove
	[ ! -e "$tree" ]
	[ ! -h "$link" ]
	[ ! -e "$modules/symvers.xz" ]
	refuse "$kheaders" status >"$work/said"
	grep '^Missing:  the tree, the link' "$work/said"
}

# What an ordinary user has who finds none installed, or can't write anywhere else.
cached() {
	rm -rf "$home"
	mkdir "$home"
	chown 65534:65534 "$home"
	chmod 755 "$work"
	as_user "$kheaders" path >"$work/path" 2>"$work/said"
	cat "$work/said"
	cached=$(cat "$work/path")
	case $cached in
	"$home"/.cache/kheaders/*) ;;
	*)	expect "the path" "$home/.cache/kheaders/..." "$cached" ;;
	esac
	expect "the path again" "$cached" "$(as_user "$kheaders" path)"
	as_user "$kheaders" verify "$cached"
	[ ! -e "$modules/symvers.xz" ]
	as_user "$kheaders" remove
	refuse ls "$cached"
}

tests "kheaders install makes a tree and the link to it, once" install_tree \
	"kheaders verify sees each change" is_of_the_kernel \
	"its Module.symvers has what the kernel's build knew" knows_all_symbols \
	"a user builds a module there, and writes nothing to it" build_module \
	"kheaders path, exec and env lead to it" path_and_variables \
	"kheaders remove leaves nothing" remove_tree \
	"a user's own tree is in the cache, and removed again" cached
