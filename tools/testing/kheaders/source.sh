#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a kernel tree with the overlay applied. Usage:
#
#	source.sh KERNEL
#
# KERNEL is a version of which Debian has a linux-source package, or the path of a
# kernel tree, which is copied and not touched. Prints the tree, build/src/NAME.

set -eu
. "$(dirname "$0")/lib.sh"

kernel=$1

# fresh NAME STATE: whether build/src/NAME was made from what STATE names.
fresh() {
	[ "$(cat "$build/src/$1.from" 2>/dev/null)" = "$2" ]
}

mkdir -p "$build/src"
case $kernel in
*/*|.)
	[ -f "$kernel/Makefile" ] ||
		die "KERNEL=$kernel: no kernel tree there (it has no Makefile)"
	kernel=$(cd "$kernel" && pwd)
	name=linux-$(make -s -C "$kernel" kernelversion)
	name=$name-$(echo "$kernel" | cksum | cut -d ' ' -f 1)
	state=$kernel
	;;
*)
	tarball=/usr/src/linux-source-$kernel.tar.xz
	[ -f "$tarball" ] ||
		die "KERNEL=$kernel: no $tarball (apt-get install linux-source-$kernel), and not the path of a tree"
	name=linux-$kernel
	state=$(stat -c '%n %s %Y' "$tarball")
	;;
esac
tree=$build/src/$name

if ! fresh "$name" "$state"; then
	say "copying $state to $tree"
	rm -rf "$tree" "$tree.tmp"
	mkdir "$tree.tmp"
	if [ -d "$state" ]; then
		(cd "$kernel" && tar --exclude=./.git -cf - .) | tar -xf - -C "$tree.tmp"
		make -s -C "$tree.tmp" mrproper >&2
	else
		tar -xf "$tarball" -C "$tree.tmp" --strip-components=1
	fi
	mv "$tree.tmp" "$tree"
	echo "$state" >"$build/src/$name.from"
fi
"$top/scripts/overlay/apply" "$tree" >&2
echo "$tree"
