#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Brings what a tree unpacked from /proc/kheaders.tar.xz has of the running kernel up to
# date: Module.symvers and, for modules with types (BTF), vmlinux. Usage:
#
#	symvers.sh TREE MODVERSIONS [PAHOLE]
#
# MODVERSIONS is y if the tree's kernel has CONFIG_MODVERSIONS, PAHOLE named if it has
# CONFIG_DEBUG_INFO_BTF_MODULES. TREE/Module.symvers becomes what the running kernel says in /proc/kheaders.symvers, if TREE is that kernel's. What a
# Module.symvers of the kernel's own build, put there by hand, says of modules
# that are not loaded is kept: there a module has a path, here a name.
#
# Prints one line if there is something to say, and always returns 0: modules can be
# built without.

tree=${1%/} modversions=$2 pahole=${3-}
proc=/proc/kheaders.symvers
file=$tree/Module.symvers
version=/sys/module/kheaders_symvers/version

# say WHY: symbols come from the file that is there, or from nowhere.
say() {
	lacks="without $file (that of this kernel's build, or made of its image by extract-ikheaders --symvers) modules get no symbol versions"
	if [ -e "$file" ]; then
		echo "$1: symbol versions are those in $file"
	elif [ "$modversions" = y ]; then
		echo "$1: $lacks, and the tree's kernel (CONFIG_MODVERSIONS=y) will refuse them"
	else
		echo "$1: $lacks and no dependencies"
	fi
	exit 0
}

release=$(cat "$tree/include/config/kernel.release")
id=$(cat "$tree/include/config/kheaders.id" 2>/dev/null)
if [ "$(uname -r)" != "$release" ]; then
	say "Linux $(uname -r) is running, and the tree is of $release"
elif [ ! -e $proc ]; then
	say "this kernel has no $proc (CONFIG_IKHEADERS_SYMVERS)"
elif [ ! -e $version ]; then
	say "can't tell whether the tree is of this build of Linux $release: there is no $version (is /sys mounted?)"
elif [ -z "$id" ] || [ "$(cat $version)" != "$id" ]; then
	say "the tree is of another build of Linux $release than the one that is running (unpack /proc/kheaders.tar.xz again)"
fi

trap '[ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 0' HUP INT TERM
new=

# The types of the kernel, which those of modules refer to by number. Without them Kbuild
# makes none, and says so.
types=/sys/kernel/btf/vmlinux
if command -v "${pahole:-/none}" >/dev/null && [ -e $types ] && ! cmp -s $types "$tree/vmlinux"; then
	if new=$(mktemp "$tree/.vmlinux.XXXXXX" 2>/dev/null); then
		rm -f "$tree/vmlinux"
		cat $types >"$new" 2>/dev/null && chmod 644 "$new" && mv -f "$new" "$tree/vmlinux"
		rm -f "$new"
	fi
	new=
fi

kept=/dev/null
[ ! -e "$file" ] || kept=$file
merged() {
	awk -F '\t' 'FILENAME == ARGV[1] { exported[$2]; print; next }
		!($2 in exported) && /\t[^\t]*\/[^\t]*\t/' $proc "$kept"
}

# Modules may come and go amid a read: what two of them agree on was so at one moment.
write() {
	merged >"$new" || return
	reads=1
	while ! merged | cmp -s - "$new" && [ "$reads" -lt 10 ]; do
		merged >"$new" || return
		reads=$((reads + 1))
	done
	chmod 644 "$new" && mv -f "$new" "$file"
}

! merged | cmp -s - "$file" || exit 0
new=$(mktemp "$tree/.Module.symvers.XXXXXX" 2>/dev/null) ||
	say "$tree can't be written to, and other modules are loaded than before (call \"make prepare\" there as a user who can write)"
write 2>/dev/null || say "$file can't be written (is the disk full?)"
