#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes into kheaders_data.tar.xz. Usage, from the object tree and with the
# environment of Kbuild:
#
#	list.sh MADE FILE... -- WATCHED...
#
# FILEs are those that scripts/kheaders/Makefile made for the archive, below the
# directory MADE. Prints a line for each file of the archive:
#
#	CHUNK <tab> PATH <tab> SOURCE
#
# CHUNK is the part of the archive it is packed in, one of those the Makefile
# names; PATH its name in there; SOURCE where it is read from. CHUNK and PATH are
# "-" for what is not archived, but has to be watched: the directories that
# were searched, and the files WATCHED.
#
# Module.symvers is not here and cannot be: modpost makes it from vmlinux, and
# vmlinux contains this archive. Nor are keys, the seed of a randomized structure
# layout, and headers that are made while this runs or tell when it ran.

set -eu
export LC_ALL=C
: "${srctree:?is set by Kbuild}" "${SRCARCH:?is set by Kbuild}"

is_enabled() {
	grep -q "^$1=[ym]" include/config/auto.conf
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
	} | sed 's,/*$,/,' | sort -u |
		# What is below another one is found with it.
		awk 'NR == 1 || index($0, top) != 1 { print top = $0 }'
}

# Links are followed: some build systems make source trees of them. Names that
# begin with a dot are temporary files.
headers() {
	for dir in $dirs; do
		[ ! -d "$dir" ] ||
			find -L "${dir%/}" -name '.*' -prune -o \
				-type f \( -name '*.h' -o -path '*/include/*.S' \) -print
	done
}

# Files outside of those directories that headers take in by a path, such as
# "../../../net/bridge/br_private.h", and what is taken in there.
headers_by_path() {
	# shellcheck disable=SC2086 # lists of names
	next=$(includes_in '\.\./[^"]*' -R --include='*.h' $dirs; headers_of_arch) found=
	while [ -n "$next" ]; do
		found="$found$next
"
		# shellcheck disable=SC2086
		next=$(includes_in '[^"]*' $next | grep -vxF "${found%?}" || :)
	done
	printf %s "$found"
}

# Where the compiler also looks in all of arch/ARCH/, as on powerpc, the ones that headers
# take in from there by <>.
headers_of_arch() {
	case " ${KBUILD_CPPFLAGS-} " in
	*" $srctree/arch/$SRCARCH "*) ;;
	*)	return 0 ;;
	esac
	# shellcheck disable=SC2086
	grep -RhoE --include='*.h' '^[[:space:]]*#[[:space:]]*include[[:space:]]*<[^>]+' $dirs \
			2>/dev/null | sed 's/.*<//' | sort -u |
		while read -r path; do
			path=arch/$SRCARCH/$path
			[ ! -f "$path" ] || echo "$path"
		done
}

# includes_in NAME GREP-ARGS: the files that lines with #include "NAME" mean.
includes_in() {
	name=$1; shift
	{ grep -HoE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"$name\"" "$@" 2>/dev/null || :; } |
		awk -F '[:"]' '
		BEGIN { split(ENVIRON["dirs"], known, "\n") }
		{
			n = split($1, part, "/") - 1
			m = split($(NF - 1), step, "/")
			for (i = 1; i <= m; i++) {
				if (step[i] != "..")
					part[++n] = step[i]
				else if (n-- == 0)
					next
			}
			path = part[1]
			for (i = 2; i <= n; i++)
				path = path "/" part[i]
			for (i in known)
				if (index(path, known[i]) == 1)
					next
			if (!seen[path]++)
				print path
		}' |
	while read -r path; do
		[ ! -f "$path" ] || echo "$path"
	done
}

# What "make M=" reads besides: the Makefiles of the kernel, of the architecture
# and of the one that lends it headers, and the tools in scripts/ that they call.
# Host programs and what has to be made to measure are among the FILEs.
build_files() {
	# Not those that are large and serve the kernel's own build or its developers.
	find -L scripts -maxdepth 1 -type f \( \
		-name 'Makefile*' -o -name 'Kbuild*' -o -name '*.include' -o \
		-name '*.sh' -o -name 'module-common.c' -o -name 'module-common.lds' -o \
		-name 'mkcompile_h' -o -name 'setlocalversion' -o \
		-name 'check-local-export' -o -name 'remove-stale-files' \) \
		! -name Makefile.package ! -name 'check[-_s]*.sh' ! -name decode_stacktrace.sh \
		! -name dev-needs.sh ! -name headers_install.sh ! -name link-vmlinux.sh \
		! -name rust_is_available.sh ! -name tags.sh
	find -L scripts/kheaders/hostprogs.sh scripts/kheaders/symvers.sh 2>/dev/null || :
	genksyms=
	! is_made scripts/genksyms/genksyms || genksyms=scripts/genksyms
	# shellcheck disable=SC2086 # a name or none
	find -L scripts/basic scripts/mod $genksyms scripts/include \
		scripts/clang-tools -type f \( -name 'Makefile*' -o \
		-name '*.[chly]' -o -name '*.py' \) \
		! -name '*.lex.c' ! -name '*.tab.[ch]' 2>/dev/null || :
	# For hostprogs.sh: what flex and bison make, which a device hardly has.
	[ -z "$genksyms" ] ||
		find -L scripts/genksyms/lex.lex.c scripts/genksyms/parse.tab.[ch] 2>/dev/null || :
	# shellcheck disable=SC2086 # a list of names
	[ -z "$objtool" ] || find -L $objtool 2>/dev/null || :
	# The one that is a program has a source, where it is not a script.
	[ "$mcount" = n ] ||
		find -L scripts/recordmcount.pl scripts/recordmcount.c scripts/recordmcount.h \
			2>/dev/null || :
	for arch in $archs; do
		find -L "arch/$arch" -maxdepth 1 -type f \( \
			-name 'Makefile*' -o -name 'Kbuild.platforms' \)
		find -L "arch/$arch/scripts" "arch/$arch/tools" -type f \( \
			-name 'Makefile*' -o -name '*.sh' \) 2>/dev/null || :
		find -L "arch/$arch" -mindepth 2 -maxdepth 2 -name Platform -type f
		# Linker scripts of modules, where scripts/ has none (before 5.10).
		find -L "arch/$arch/module.lds" "arch/$arch/kernel/module.lds" 2>/dev/null || :
	done
	find -L include/config/auto.conf include/config/kernel.release \
		2>/dev/null || :
}

# All directories in which there may be more for these two tomorrow.
directories() {
	for dir in $dirs; do
		[ ! -d "$dir" ] ||
			find -L "${dir%/}" -name '.*' -prune -o -type d -print
	done
	[ "$extmod" = n ] || for dir in scripts scripts/basic scripts/mod scripts/genksyms \
			scripts/include scripts/clang-tools $arch_dirs; do
		[ ! -d "$dir" ] || echo "$dir"
	done
}

# list_tree TREE: PATH <tab> SOURCE of the files in one of the two trees, and - <tab>
# SOURCE of its directories.
list_tree() {
	(
		# All of arch/ that is looked for outside of headers is source.
		arch_dirs=
		[ "$1" != "$srctree" ] || for arch in $archs; do
			arch_dirs="$arch_dirs arch/$arch arch/$arch/scripts arch/$arch/tools"
		done
		cd "$1"
		headers
		headers_by_path
		[ "$extmod" = n ] || build_files
		echo -
		directories
	) | tree=$1 awk '
		/^-$/	{ directories = 1; next }
		{ print (directories ? "-" : $0) "\t" ENVIRON["tree"] "/" $0 }'
}

# is_made FILE: whether it is among the FILEs.
is_made() {
	case " $files " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

made=$1; shift
files=$*
files=${files%% -- *}
extmod=n mcount=n
! is_enabled CONFIG_IKHEADERS_EXTMOD || extmod=y
! is_enabled CONFIG_FTRACE_MCOUNT_RECORD || mcount=y
objtool=
! is_enabled CONFIG_IKHEADERS_OBJTOOL_SRC ||
	objtool=$(sh "$srctree/scripts/kheaders/objtool.sh" files)
dirs=$(header_dirs)
export dirs
archs=$(echo "$dirs" | sed -n 's,^arch/\([^/]*\)/.*,\1,p' | sort -u)

# What no archive may hold, whatever asks for it. compile.h and utsversion.h are
# made at any time during the build and tell when it was. Until 5.13, headers in
# include/config/ are empty and stay there when their option is gone.
never='(^|/)Module\.symvers$|\.pem$|\.x509$|(^|/)randstruct\.seed$'
never="$never"'|(^|/)randomize_layout_(seed\.h|plugin\.so)$'
never="$never"'|^include/generated/(compile|utsversion|utsversion-tmp|kheaders_id)\.h$'
never="$never"'|^include/config/.*\.h$'

# A file of the object tree goes before one of the same name in the source tree,
# whatever their ages, and one made for the archive before both.
{
	[ "$srctree" = . ] || list_tree "$srctree"
	list_tree .
	while [ "$1" != -- ]; do
		printf '%s\t%s\n' "$1" "$made/$1"
		shift
	done
	shift
	printf -- '-\t%s\n' "$@"
} | NEVER=$never awk -F '\t' '
	$1 == "-" { print "-\t-\t" $2; next }
	{ source[$1] = $2 }
	END {
		for (path in source)
			if (path !~ ENVIRON["NEVER"])
				print chunk(path) "\t" path "\t" source[path]
	}
	# Alike goes with alike, what changes often apart from what does not, and
	# the parts are of about the same weight.
	function chunk(path) {
		if (path !~ /^(include|arch\/[^\/]*\/include)\// ||
		    path ~ /^include\/config\/|\/generated\//)
			return "rest"
		if (path ~ /^include\/dt-bindings\//)
			return "dt-bindings"
		if (path ~ /^arch\// || path ~ /^include\/(uapi|asm-generic)\//)
			return "uapi"
		if (path ~ /^include\/linux\/[a-h]/)
			return "linux-a"
		if (path ~ /^include\/linux\/m/)
			return "linux-m"
		if (path ~ /^include\/linux\/[i-p]/)
			return "linux-i"
		if (path ~ /^include\/linux\//)
			return "rest"
		return path ~ /^include\/[a-n]/ ? "other-a" : "other-o"
	}' | sort
