#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a kernel tree with the overlay applied. Usage:
#
#	source.sh KERNEL
#
# KERNEL is a version of which Debian has a linux-source package, "newest" (see
# debian.sh), or the path of a kernel tree or of a tarball of one, which is copied and
# not touched. Prints the tree, build/src/NAME.

set -eu
. "$(dirname "$0")/../lib.sh"

kernel=$1

# fresh NAME STATE: whether build/src/NAME was made from what STATE names.
fresh() {
	[ "$(cat "$build/src/$1.from" 2>/dev/null)" = "$2" ]
}

mkdir -p "$build/src"
# A version, by the tarball of Debian's.
name=
case $kernel in
*/*|.) ;;
*)	[ ! -f "$kernel/Makefile" ] ||
		die "KERNEL=$kernel is read as a version; for the directory write ./$kernel"
	tarball=$("$here/kernels/debian.sh" "$kernel")
	kernel=$tarball
	name=$(basename "$tarball" .tar.xz | sed 's/-source//')
	;;
esac
if [ -f "$kernel" ]; then
	state=$(stat -c '%n %s %Y' "$kernel")
	: "${name:=linux-$(tree_version "$kernel")-$(echo "$kernel" | cksum | cut -d ' ' -f 1)}"
else
	[ -f "$kernel/Makefile" ] ||
		die "KERNEL=$kernel: no kernel tree there (it has no Makefile)"
	kernel=$(cd "$kernel" && pwd)
	name=linux-$(tree_version "$kernel")
	name=$name-$(echo "$kernel" | cksum | cut -d ' ' -f 1)
	state=$kernel
fi
tree=$build/src/$name

if ! fresh "$name" "$state"; then
	say "copying $state to $tree"
	rm -rf "$tree" "$tree.tmp"
	mkdir "$tree.tmp"
	if [ -d "$state" ]; then
		(cd "$kernel" && tar --exclude=./.git -cf - .) | tar -xf - -C "$tree.tmp"
		make -s -C "$tree.tmp" mrproper >&2 || {
			rm -rf "$tree.tmp"
			die "KERNEL=$kernel: \"make mrproper\" fails in a copy of it, see above: is the tree whole?"
		}
	else
		tar -xf "$kernel" -C "$tree.tmp" --strip-components=1
	fi
	mv "$tree.tmp" "$tree"
	echo "$state" >"$build/src/$name.from"
fi
"$top/scripts/overlay/apply" "$tree" >&2
echo "$tree"
