#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Brings Module.symvers in a tree unpacked from /proc/kheaders.tar.xz up to date.
# Usage:
#
#	symvers.sh TREE [y]
#
# "y" if the tree's kernel has CONFIG_MODVERSIONS. TREE/Module.symvers becomes what
# the running kernel says in /proc/kheaders.symvers, if TREE is that kernel's. What a
# Module.symvers of the kernel's own build, put there by hand, says of modules
# that are not loaded is kept: there a module has a path, here a name.
#
# Prints one line if there is something to say, and always returns 0: modules can be
# built without.

. "${0%/*}/running.sh"

tree=${1%/} modversions=${2-}
file=$tree/Module.symvers

# say WHY: symbols come from the file that is there, or from nowhere.
say() {
	lacks="without $file (that of this kernel's build, or made of its image by 'kheaders symvers') modules get no symbol versions"
	if [ -e "$file" ]; then
		echo "$1: symbol versions are those in $file"
	elif [ "$modversions" = y ]; then
		echo "$1: $lacks, and the tree's kernel (CONFIG_MODVERSIONS=y) will refuse them"
	else
		echo "$1: $lacks and no dependencies"
	fi
	exit 0
}

why=$(not_running "$tree")
[ -z "$why" ] || say "$why"

kept=/dev/null
[ ! -e "$file" ] || kept=$file
merged() {
	awk -F '\t' 'FILENAME == ARGV[1] { exported[$2]; print; next }
		!($2 in exported) && /\t[^\t]*\/[^\t]*\t/' $proc "$kept"
}

# Modules may come and go during a read. If two reads agree, that was the state at one moment.
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
trap 'rm -f "$new"' EXIT
trap 'exit 0' HUP INT TERM
new=
new=$(mktemp "$tree/.Module.symvers.XXXXXX" 2>/dev/null) ||
	say "$tree can't be written to, and other modules are loaded than before (call \"make prepare\" there as a user who can write)"
write 2>/dev/null || say "$file can't be written (is the disk full?)"
