#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Brings Module.symvers in a tree unpacked from /proc/kheaders.tar.xz up to date.
# Usage:
#
#	symvers.sh TREE [y]
#
# "y" if the tree's kernel has CONFIG_MODVERSIONS. If TREE is that of the running kernel,
# TREE/Module.symvers is updated from /proc/kheaders.symvers. A file that has all of that
# already is left alone. Lines that give the path of a module, as those of the kernel's
# build and of "kheaders symvers" do, are kept unless the running kernel contradicts them.
#
# Prints one line if there is something to say, and always returns 0: modules can be
# built without.

. "${0%/*}/running.sh"

tree=${1%/} modversions=${2-}
file=$tree/Module.symvers

# say WHY: prints that, and where symbol versions come from instead, and ends the script.
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
[ "$why" ] || [ -e $proc ] || why="this kernel has no $proc (CONFIG_IKHEADERS_SYMVERS)"
# If another release runs, that is no news: people build for other kernels.
[ "$(uname -r)" = "$(release_of "$tree")" ] || [ ! -e "$file" ] || exit 0
[ -z "$why" ] || say "$why"

kept=/dev/null
[ ! -e "$file" ] || kept=$file
# What is compared of a line: the version, and the module without a path.
# shellcheck disable=SC2016 # of awk
compared='{ said = $4 ~ /^EXPORT_/ ? $3 : $4; path = said ~ /\//; sub(".*/", "", said)
	gsub("-", "_", said); said = $1 " " said }'

# compare: whether the file has all that the kernel has. Returns 1 if not, or 3 if it only has
# more: lines without a path, of modules that were loaded.
compare() {
	awk -F '\t' "$compared"'
		FILENAME == ARGV[1] {
			kept[$2] = said
			if (!path && said !~ / vmlinux$/)
				loaded[$2]
			next
		}
		kept[$2] != said { lacks = 1; exit }
		{ delete loaded[$2] }
		END {
			if (lacks)
				exit 1
			for (symbol in loaded)
				exit 3
		}' "$kept" $proc
}

merged() {
	awk -F '\t' "$compared"'
		pass != 2 && !path { next }
		pass == 1 { kept[$2] = said; line[$2] = $0; next }
		pass == 2 && kept[$2] == said { $0 = line[$2] }
		pass == 2 { exported[$2] }
		pass == 2 || !($2 in exported)' pass=1 "$kept" pass=2 $proc pass=3 "$kept"
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

differs=0
compare || differs=$?
[ "$differs" != 0 ] || exit 0
trap 'rm -f "$new"' EXIT
trap 'exit 0' HUP INT TERM
new=
new=$(mktemp "$tree/.Module.symvers.XXXXXX" 2>/dev/null) || [ "$differs" = 3 ] ||
	say "$tree can't be written to, and other modules are loaded than before (call \"make prepare\" there as a user who can write)"
[ -z "$new" ] || write 2>/dev/null || say "$file can't be written (is the disk full?)"
