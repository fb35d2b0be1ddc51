#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes into kheaders_data.tar.xz. Usage, from the object tree and with the
# environment of Kbuild:
#
#	EXTMOD=y|"" list.sh MADE FILE... -- WATCHED...
#
# EXTMOD says whether external modules can be built with the archive. FILEs are those that
# scripts/kheaders/Makefile made for the archive, below the directory MADE. Prints a line
# for each file of the archive:
#
#	CHUNK <tab> PATH <tab> SOURCE
#
# CHUNK is the part of the archive it is packed in, see the file chunks; PATH its
# name in there; SOURCE where it is read from. CHUNK and PATH are "-" for what is
# not archived, but has to be watched: the directories that were searched, the
# files WATCHED, and those that the FILEs were made from. The last line is "end":
# a list without it is not finished.
#
# Module.symvers is not here and cannot be: modpost makes it from vmlinux, and vmlinux
# contains this archive. (For a kernel that is built already, it is a FILE.) Nor are keys,
# the seed of a randomized structure layout, and headers that are made while this runs or
# tell when it ran.
#
# Every status counts. So there are no pipelines, which hide all but the last, and no
# functions in conditions or substitutions, where "set -e" is off in some shells:
# each step writes a file in $work.

set -eu
export LC_ALL=C
: "${srctree:?is set by Kbuild}" "${SRCARCH:?is set by Kbuild}" "${EXTMOD?}"
scripts=$srctree/scripts/kheaders
top=$PWD

# A temporary file may vanish after find has read its name. That makes a step fail once,
# while a real error comes again: so three tries.
if [ -z "${KHEADERS_LIST_WORK-}" ]; then
	KHEADERS_LIST_WORK=$top/${1%/*}/list.work
	export KHEADERS_LIST_WORK
	trap 'rm -rf "$KHEADERS_LIST_WORK"' EXIT
	trap 'exit 1' HUP INT TERM
	for try in 1 2 3; do
		rm -rf "$KHEADERS_LIST_WORK"
		mkdir -p "$KHEADERS_LIST_WORK"
		status=0
		"${CONFIG_SHELL:-sh}" "$0" "$@" 2>"$KHEADERS_LIST_WORK/errors" || status=$?
		if [ "$status" = 0 ]; then
			cat "$KHEADERS_LIST_WORK/list"
			exit 0
		fi
	done
	cat "$KHEADERS_LIST_WORK/errors" >&2
	echo "kheaders: can't make the list of files for the archive: list.sh failed $try times (status $status), see above" >&2
	exit 1
fi
work=$KHEADERS_LIST_WORK

# find_in "NAMES" TEST...: what find finds in those of the files and directories NAMES that are
# there. Links are followed: some build systems make source trees of them.
find_in() {
	names=
	for name in $1; do
		[ ! -e "$name" ] || names="$names $name"
	done
	shift
	# shellcheck disable=SC2086 # a list of names
	[ -z "$names" ] || find -L $names "$@"
}

# words FILE: its lines, as xargs -0 takes them, in $work/zero: names can have blanks and quotes.
words() {
	tr '\n' '\0' <"$1" >"$work/zero"
}

# existing FILE: the lines of FILE that name a file. A shell's read takes a system call for
# each byte.
existing() {
	words "$1"
	# shellcheck disable=SC2016 # that shell's
	xargs -0 sh -c 'for path; do [ ! -f "$path" ] || printf "%s\n" "$path"; done' sh <"$work/zero"
}

# grep_in FILE GREP-ARGS: what grep prints of the files whose names are in FILE.
grep_in() {
	words "$1"; shift
	# shellcheck disable=SC2016 # that shell's
	[ ! -s "$work/zero" ] || xargs -0 sh -c 'grep "$@" || [ $? = 1 ]' sh "$@" <"$work/zero"
}

# Where the compiler looks for the headers of a module, relative to the tree.
# Some architectures lend others theirs: um uses those of x86.
header_dirs() {
	{
		printf '%s\n' include "arch/$SRCARCH/include"
		for flag in ${LINUXINCLUDE-} ${KBUILD_CPPFLAGS-} ${KBUILD_CFLAGS-}; do
			case $flag in
			-I"$srctree"/*)	echo "${flag#-I"$srctree"/}" ;;
			-I./*)		echo "${flag#-I./}" ;;
			-I[!/.]*)	echo "${flag#-I}" ;;
			esac
		done
	} >"$work/flags"
	sed 's,/*$,/,' "$work/flags" >"$work/dirs"
	sort -u -o "$work/dirs" "$work/dirs"
	# A directory below another one of these is found with that.
	awk 'NR == 1 || index($0, top) != 1 { print top = $0 }' "$work/dirs"
}

# Names that begin with a dot are temporary files. Lists can't have those with tabs or new
# lines in them, which no #include has.
headers() {
	find_in "$dirs" -name '.*' -prune -o -name '*[[:cntrl:]]*' -prune -o \
		-type f \( -name '*.h' -o -path '*/include/*.S' \) -print
}

# included_by FILE NAME: what the headers whose names are in FILE take in by lines
# #include "NAME", of what is there and not found by headers().
included_by() {
	grep_in "$1" -HoE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"$2\"" >"$work/lines"
	awk -F '[:"]' '{ sub(/[^\/]*$/, "", $1); print "/" $1 $(NF - 1) }' "$work/lines" >"$work/paths"
	sh "$scripts/normal.sh" <"$work/paths" >"$work/normal"
	awk '
		BEGIN { split(ENVIRON["dirs"], known, "\n") }
		/^\/\.\.\// { next }
		{
			$0 = substr($0, 2)
			for (i in known)
				if (index($0, known[i]) == 1)
					next
			if (!seen[$0]++)
				print
		}' "$work/normal" >"$work/paths"
	existing "$work/paths"
}

# Files outside of those directories that headers take in by a path, such as
# "../../../net/bridge/br_private.h", and what is taken in there. $1 names the headers.
headers_by_path() {
	grep '\.h$' "$1" >"$work/in" || [ $? = 1 ]
	included_by "$work/in" '\.\./[^"]*' >"$work/next"
	headers_of_arch "$work/in" >>"$work/next"
	: >"$work/found"
	while [ -s "$work/next" ]; do
		cat "$work/next" >>"$work/found"
		included_by "$work/next" '[^"]*' >"$work/new"
		grep -vxF -f "$work/found" "$work/new" >"$work/next" || [ $? = 1 ]
	done
	cat "$work/found"
}

# Where the compiler also looks in all of arch/ARCH/, as on powerpc, the ones that headers
# take in from there by <>.
headers_of_arch() {
	case " ${KBUILD_CPPFLAGS-} " in
	*" $srctree/arch/$SRCARCH "*) ;;
	*)	return 0 ;;
	esac
	grep_in "$1" -hoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<[^>]+' >"$work/lines"
	sed "s,.*<,arch/$SRCARCH/," "$work/lines" >"$work/paths"
	sort -u -o "$work/paths" "$work/paths"
	existing "$work/paths"
}

# Sets $program_files to patterns and $tools to names of what the host programs are built
# from, and $program_dirs to the directories of the patterns.
host_programs() {
	program_files='' tools='' program_dirs=''
	[ "$EXTMOD" ] || return 0
	sh "$scripts/programs.sh" files >"$work/programs"
	grep -v '^@\|^end$' "$work/programs" >"$work/patterns"
	program_files=$(cat "$work/patterns")
	sed -n 's,^\(scripts/.*\)/.*,\1,p' "$work/patterns" >"$work/program-dirs"
	program_dirs=$(sort -u "$work/program-dirs")
	sed -n 's,^@\(.*\)/.*,\1,p' "$work/programs" >"$work/tools"
	while read -r dir; do
		sh "$scripts/tool.sh" files "$dir" >"$work/tool"
		tools="$tools
$(cat "$work/tool")"
	done <"$work/tools"
}

# What "make M=" reads besides: the Makefiles of the kernel, of the architecture
# and of the one that lends it headers, and the tools in scripts/ that they call.
# Host programs and what must be made for the archive are among the FILEs.
build_files() {
	# Without large ones that only the kernel's own build or its developers need.
	find_in scripts -maxdepth 1 -type f \( \
		-name 'Makefile*' -o -name 'Kbuild*' -o -name '*.include' -o \
		-name '*.sh' -o -name 'module-common.c' -o -name 'module-common.lds' -o \
		-name 'mkcompile_h' -o -name 'setlocalversion' -o \
		-name 'check-local-export' -o -name 'remove-stale-files' -o \
		-name 'nsdeps' -o -name '*-suppression.txt' -o -name '*.scl' \) \
		! -name Makefile.package ! -name 'check[-_s]*.sh' ! -name decode_stacktrace.sh \
		! -name dev-needs.sh ! -name headers_install.sh ! -name link-vmlinux.sh \
		! -name rust_is_available.sh ! -name tags.sh
	find_in "scripts/kheaders/hostprogs scripts/kheaders/hostprogs.sh scripts/kheaders/symvers.sh
		scripts/kheaders/signing.sh scripts/kheaders/running.sh scripts/kheaders/btf.sh
		scripts/kheaders/resolve_btfids.sh"
	find_in "scripts/coccinelle/misc/add_namespace.cocci"
	find_in "scripts/include scripts/clang-tools" -type f \( -name 'Makefile*' -o \
		-name '*.[ch]' -o -name '*.py' \)
	# Patterns, which are expanded here; those in tools/ have the names of files.
	find_in "$program_files $tools"
	for arch in $archs; do
		find_in "arch/$arch" -maxdepth 1 -type f \( \
			-name 'Makefile*' -o -name 'Kbuild.platforms' \)
		find_in "arch/$arch/scripts arch/$arch/tools" -type f \( \
			-name 'Makefile*' -o -name '*.sh' \)
		find_in "arch/$arch" -mindepth 2 -maxdepth 2 -name Platform -type f
		# Linker scripts of modules, where scripts/ has none (before 5.10).
		find_in "arch/$arch/module.lds arch/$arch/kernel/module.lds"
	done
	find_in "include/config/auto.conf include/config/kernel.release"
}

# What the Makefiles named in FILE include, and what is included there, as far as names
# can be told from the text: those of vendors include files of any name.
makefiles_included_by() {
	: >"$work/found"
	cp "$1" "$work/next"
	while [ -s "$work/next" ]; do
		cat "$work/next" >>"$work/found"
		# shellcheck disable=SC2046 # names of Makefiles have no white space
		awk -v srcarch="$SRCARCH" '
			{ while (sub(/\\$/, "") && (getline more) > 0) $0 = $0 more }
			!/^ *[-s]?include[ \t]/ { next }
			{
				sub(/#.*/, "")
				gsub(/\$[({](abs_)?(srctree|objtree)[)}]\/|\$[({](wildcard|sort) +/, "")
				gsub(/\$[({](SRCARCH)[)}]/, srcarch)
				for (i = 2; i <= NF; i++) {
					sub(/^(\.\/)+/, "", $i)
					# The end of $(wildcard ...) above.
					if ($i !~ /\(/)
						sub(/\)+$/, "", $i)
					if ($i !~ /^(\/|\.|include\/|Makefile$)|[$(){}~]|\.\.\//)
						print $i
				}
			}' $(cat "$work/next") >"$work/words"
		# A word may be a pattern.
		words=$(cat "$work/words")
		for path in $words; do
			[ ! -f "$path" ] || echo "$path"
		done >"$work/paths"
		sort -u -o "$work/paths" "$work/paths"
		grep -vxF -f "$work/found" "$work/paths" >"$work/next" || [ $? = 1 ]
	done
	grep -vxF -f "$1" "$work/found" || [ $? = 1 ]
}

# All directories in which new files for the archive can appear.
directories() {
	find_in "$dirs" -name '.*' -prune -o -name '*[[:cntrl:]]*' -prune -o -type d -print
	[ ! "$EXTMOD" ] ||
		find_in "scripts scripts/include scripts/clang-tools $program_dirs $1" -prune -type d
}

# list_tree TREE: PATH <tab> SOURCE of the files in one of the two trees, and - <tab>
# SOURCE of its directories.
list_tree() {
	# All of arch/ that is looked for outside of headers is source.
	arch_dirs=
	[ "$1" != "$srctree" ] || for arch in $archs; do
		arch_dirs="$arch_dirs arch/$arch arch/$arch/scripts arch/$arch/tools"
	done
	cd "$1"
	headers >"$work/headers"
	headers_by_path "$work/headers" >"$work/by-path"
	: >"$work/build"
	if [ "$EXTMOD" ]; then
		build_files >"$work/build"
		# The source tree's own has another name in the archive; the object tree's
		# only calls it.
		: >"$work/makefiles"
		[ "$1" != "$srctree" ] || echo Makefile >"$work/makefiles"
		grep -E '^([^[:space:]]*/)?(Makefile|Kbuild|Platform)[^/[:space:]]*$' "$work/build" >>"$work/makefiles" ||
			[ $? = 1 ]
		makefiles_included_by "$work/makefiles" >>"$work/build"
	fi
	directories "$arch_dirs" >"$work/directories"
	cd "$top"
	tree=$1 awk '{ print $0 "\t" ENVIRON["tree"] "/" $0 }' \
		"$work/headers" "$work/by-path" "$work/build"
	tree=$1 awk '{ print "-\t" ENVIRON["tree"] "/" $0 }' "$work/directories"
}

# What the FILEs were made from, as their rules have noted.
made_from() {
	find_in "$made" -type f -name '.*.cmd' >"$work/notes"
	xargs sed -n -e 's/^source_.*:= *//p' \
		-e '/^deps_/,/^$/s/^ *\([^ $]*\) \\$/\1/p' <"$work/notes" >"$work/deps"
	sort -u -o "$work/deps" "$work/deps"
	existing "$work/deps"
}

made=$1; shift
files=$*
files=${files%% -- *}
host_programs
header_dirs >"$work/header-dirs"
dirs=$(cat "$work/header-dirs")
export dirs
sed -n 's,^arch/\([^/]*\)/.*,\1,p' "$work/header-dirs" >"$work/archs"
archs=$(sort -u "$work/archs")

# What no archive may contain, even if something names it, but for the FILEs. compile.h and utsversion.h are
# made at any time during the build and tell when it was. Until 5.13, headers in
# include/config/ are empty and stay there when their option is gone.
never='(^|/)Module\.symvers$|\.pem$|\.x509$|(^|/)randstruct\.seed$'
never="$never"'|(^|/)randomize_layout_(seed\.h|plugin\.so)$'
never="$never"'|^include/generated/(compile|utsversion|utsversion-tmp|kheaders_(id|have))\.h$'
never="$never"'|^include/config/.*\.h$'

# A file of the object tree takes precedence over one of the same name in the source tree,
# whatever their ages, and a file made for the archive over both.
: >"$work/all"
[ "$srctree" = . ] || list_tree "$srctree" >>"$work/all"
list_tree . >>"$work/all"
for path in $files; do
	printf '%s\t%s\n' "$path" "$made/$path"
done >>"$work/all"
while [ "$1" != -- ]; do
	shift
done
shift
made_from >"$work/watched"
printf '%s\n' "$@" >>"$work/watched"
awk '!seen[$0]++ { print "-\t" $0 }' "$work/watched" >>"$work/all"

NEVER=$never MADE=$made awk -F '\t+' '
	# The table of chunks goes first.
	FNR == NR {
		if (!/^(#|$)/) {
			split($0, column, " ")
			name[++chunks] = column[1]
			pattern[chunks] = column[3]
		}
		next
	}
	$1 == "-" { print "-\t-\t" $2; next }
	{ source[$1] = $2 }
	END {
		for (path in source)
			if (path !~ ENVIRON["NEVER"] || index(source[path], ENVIRON["MADE"] "/") == 1)
				print chunk(path) "\t" path "\t" source[path]
	}
	function chunk(path, i) {
		for (i = 1; path !~ pattern[i]; i++)
			;
		return name[i]
	}' "$scripts/chunks" "$work/all" >"$work/unsorted"
sort "$work/unsorted" >"$work/list"
echo end >>"$work/list"
