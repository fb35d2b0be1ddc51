#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds kheaders.ko for a kernel that is built already. Usage:
#
#	module.sh KDIR BUILD [NAME=VALUE...]
#
# KDIR is where modules for that kernel are built: the directory of a linux-headers
# package, or of the kernel's own build. It is only read. BUILD gets kheaders.ko, the log,
# and .config: what the archive holds, see kconfig.sh. NAME=VALUE are for the kernel's
# make, such as ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-. With HOSTPROGS in the
# environment, a directory like KDIR, the archive gets the host programs that are there.
#
#	BUILD/tree	all files of KDIR in one tree, as links, with our generator in it
#	BUILD/external	what make takes for the module's directory: links to the same
#			directories. It is another one since make writes Module.symvers there
#	BUILD/programs	those of HOSTPROGS, as links
#
# They are removed at the end.

set -eu
export LC_ALL=C
# KDIR says what KBUILD_OUTPUT would.
unset KBUILD_OUTPUT
. "$(dirname "$0")/lib.sh"

# failed WHAT: dies with the line of the log that tells why.
failed() {
	grep -m 1 '^kheaders: ' "$log" >&2 || grep -m 3 -E '\*\*\*|[Ee]rror|not found' "$log" >&2 || :
	die "$1 failed, see $log"
}

[ $# -ge 2 ] || die "usage: module.sh KDIR BUILD [NAME=VALUE...]"
kdir=$1 build=$2; shift 2
[ -e "$kdir/Makefile" ] ||
	die "KDIR=$kdir: no Makefile there; name the directory of a kernel's headers (package linux-headers-RELEASE) or of its build"
kdir=$(cd "$kdir" && pwd -P)
for program in make xz tar awk flock; do
	command -v "$program" >/dev/null || die "$program is needed, and is not here: install it"
done
writable "$build" log
build=$(cd "$build" && pwd)
for dir in "$kdir" "$build"; do
	case $dir in
	*[[:space:]:\'\"\`\&\;\|\<\>\$\(\)\\,%\#\[\]\*\?]*)
		die "\"$dir\" has white space or one of :'\"\`&;|<>\$()\\,%#[]*? in it, which make takes for something else: move it" ;;
	esac
done
log=$build/log
exec 9>>"$log"
flock -n 9 || die "another make module is at work in $build: wait for it"
rm -rf "$build/tree" "$build/external" "$build/programs" "$build/kheaders.ko"
: >"$log"
trap 'rm -rf "$build/tree" "$build/external" "$build/programs"' EXIT
trap 'exit 1' HUP INT TERM

# make_in KDIR DIR [ARG...]: builds there, as modules are built.
make_in() {
	kernel=$1 dir=$2; shift 2
	make -C "$kernel" M="$dir" -j"$(nproc)" "$@" >>"$log" 2>&1 9>&-
}

# said NAME: what Kbuild said of it, see below.
said() {
	sed -n "s/^kheaders-$1: //p" "$log" | head -n 1
}

# Kbuild itself knows where the kernel's source is, in one tree with what was built or not,
# and its release: in Debian's headers, include/config/kernel.release has another one.
probe() {
	mkdir "$build/external"
	cat >"$build/external/Kbuild" <<-'EOT'
		$(info kheaders-source: $(realpath $(srctree)))
		$(info kheaders-object: $(realpath $(objtree)))
		$(info kheaders-release: $(KERNELRELEASE))
		$(info kheaders-arch: $(SRCARCH))
		$(info kheaders-cc: $(strip $(CC)))
		$(info kheaders-hostcc: $(strip $(HOSTCC)))
	EOT
	make_in "$kdir" "$build/external" "$@" modules || :
	source=$(said source) object=$(said object) release=$(said release)
	[ "$release" ] || failed "make M= with KDIR=$kdir"
	# Debian's headers know theirs, whatever ARCH says.
	arch=$(said arch)
	rm -r "$build/external"
}

# is_on OPTION: whether the kernel has it.
is_on() {
	grep -q "^CONFIG_$1=[ym]" "$object/include/config/auto.conf"
}

check() {
	for file in include/config/auto.conf include/config/kernel.release include/generated/autoconf.h; do
		[ -e "$object/$file" ] ||
			die "KDIR=$kdir: no $object/$file; it is not that of a kernel which was configured: call \"make modules_prepare\" there"
	done
	[ -d "$object/arch/$arch/include/generated" ] ||
		die "KDIR=$kdir: it was not configured for ARCH=$arch: name its own, or leave ARCH out"
	for dir in ${HOSTPROGS:+scripts tools}; do
		[ -d "$HOSTPROGS/$dir" ] ||
			die "HOSTPROGS=$HOSTPROGS: no $dir there; name a directory like KDIR, or an unpacked linux-kbuild"
	done
	[ -s "$object/Module.symvers" ] ||
		die "KDIR=$kdir: no $object/Module.symvers; only a whole build of Linux $release makes it"
	! is_on IKHEADERS_PROC ||
		die "KDIR=$kdir: Linux $release has /proc/kheaders.tar.xz already (CONFIG_IKHEADERS_PROC)"
	[ ! -e "$source/include/config/kheaders.id" ] ||
		die "KDIR=$kdir: it was unpacked from the kheaders.ko of Linux $release; name the headers that this was built with, or take that kheaders.ko"
	for option in RANDSTRUCT GCC_PLUGIN_RANDSTRUCT; do
		! is_on "$option" ||
			die "KDIR=$kdir: Linux $release has a randomized structure layout (CONFIG_$option); the seed, which each module needs, is secret"
	done
}

# compilers: whether both are here. They may be commands with options.
compilers() {
	cc=$(said cc) hostcc=$(said hostcc)
	$cc --version >>"$log" 2>&1 ||
		die "$cc, the kernel's compiler, is not here: install it, or name another with CC="
	echo '#include <search.h>' | $hostcc -fsyntax-only -x c - >>"$log" 2>&1 ||
		die "$hostcc compiles no programs for this machine: install gcc and libc6-dev, or name another compiler with HOSTCC="
}

# links_of TREE INTO: links to all that is in TREE. What both trees have a part of, or what
# gets files of ours, becomes directories with links to the files, also where it is a link
# to a directory: nothing is ever written to TREE.
links_of() {
	mkdir -p "$2/include/config" "$2/arch" "$2/kernel" "$2/scripts" "$2/tools"
	for entry in "$1"/* "$1"/.config "$1"/.kernelvariables "$1"/arch/* "$1"/tools/* "$1"/include/* "$1"/include/config/*.*; do
		name=${entry#"$1"/}
		case $name in
		# Links of the build to the source and to itself; a file for each option, which
		# tells when that changed; and vmlinux, in which types are looked for.
		source|build|arch|tools|include|include/config|vmlinux*) continue ;;
		kernel|scripts|include/*|arch/*|tools/objtool|tools/bpf) ;;
		*)	[ ! -d "$entry" ] || [ ! -e "$build/tree/$name" ] || continue
			[ ! -e "$entry" ] || ln -s "$entry" "$2/$name"
			continue ;;
		esac
		if [ ! -d "$entry" ]; then
			[ ! -e "$entry" ] || cp -s "$entry" "$2/$name"
		elif [ "${name%/*}" = arch ] && [ ! -d "$object/$name" ]; then
			ln -s "$entry" "$2/$name"
		else
			mkdir -p "$2/$name"
			cp -rs "$entry/." "$2/$name"
		fi
	done
	while find "$2/include" "$2/kernel" "$2/scripts" -name include-prefixes -prune -o \
			-type l -xtype d -print >"$build/links" && [ -s "$build/links" ]; do
		while read -r link; do
			of=$(realpath "$link")
			rm "$link"
			mkdir "$link"
			cp -rs "$of/." "$link"
		done <"$build/links"
	done
	rm "$build/links"
}

# Debian's modpost and objtool only start one of several that are beside them.
resolve_wrappers() {
	order=lsb bits=32
	! is_on CPU_BIG_ENDIAN || order=msb
	! is_on 64BIT || bits=64
	for program in "scripts/mod/modpost.real-$order-$bits" tools/objtool/objtool.real-*; do
		case $program in
		*-powerpc) is_on PPC || continue ;;
		*-x86)	is_on X86 || continue ;;
		esac
		[ ! -e "$program" ] || mv "$program" "${program%.real-*}"
	done
	rm -f scripts/mod/modpost.real-* tools/objtool/objtool.real-*
}

# foreign: whether the kernel is for another kind of machine than this one.
foreign() {
	bits=32
	! is_on 64BIT || bits=64
	[ "$(sh "$top/scripts/kheaders/native.sh" "$cc" "$hostcc")" != "$bits" ]
}

# programs: those of HOSTPROGS, or what is to be said without.
programs() {
	if [ "${HOSTPROGS-}" ]; then
		for dir in scripts tools; do
			mkdir -p "$build/programs/$dir"
			cp -rs "$(cd "$HOSTPROGS/$dir" && pwd)/." "$build/programs/$dir"
		done
		(cd "$build/programs" && resolve_wrappers)
	elif [ ! -e "$build/tree/scripts/basic/fixdep.c" ] && foreign; then
		say "its host programs are for this machine, and $kdir has no source of them: it is for eBPF alone, unless HOSTPROGS= names the same programs for the kernel's machine"
	fi
}

probe "$@"
check
compilers
say "making an archive of $kdir (log: $log)"
links_of "$source" "$build/tree"
if [ "$object" != "$source" ]; then
	links_of "$object" "$build/object"
	# The Makefile of the object tree only calls the other.
	rm -f "$build/object/Makefile"
	cp -a --remove-destination "$build/object/." "$build/tree"
	rm -rf "$build/object"
fi
programs
cd "$build/tree"
resolve_wrappers
rm include/config/kernel.release
echo "$release" >include/config/kernel.release
rm -rf scripts/kheaders
cp -rs "$top/scripts/kheaders" scripts
mkdir -p kernel
rm -f kernel/Makefile kernel/kheaders*
cp -s "$top"/kernel/Makefile.kheaders "$top"/kernel/kheaders*.[ch] kernel
cp -s "$top/scripts/module/Kbuild" kernel

mkdir "$build/external"
for entry in * .config; do
	case $entry in
	Module.symvers|modules.order|Makefile|Kbuild) ;;
	*)	ln -s "../tree/$entry" "$build/external/$entry" ;;
	esac
done
echo 'obj-m := kernel/' >"$build/external/Kbuild"

cd "$build"
"$top/scripts/module/kconfig.sh" "$kdir" "$build" conf --olddefconfig >>"$log" 2>&1 || failed "the configuration"
options=$(grep '^CONFIG_IKHEADERS_' .config)
# Mainline's kheaders, which has the same name and the same file in sysfs.
case $(grep '^CONFIG_IKHEADERS=' tree/include/config/auto.conf) in
*=y)	options="$options CONFIG_IKHEADERS_SYSFS="
	say "Linux $release has its own /sys/kernel/kheaders.tar.xz (CONFIG_IKHEADERS=y), which stays; this module makes /proc/kheaders.tar.xz alone" ;;
*=m)	say "Linux $release has a module kheaders of its own (CONFIG_IKHEADERS=m): one of them can be loaded; modprobe takes the one in /lib/modules/$release/updates" ;;
esac
# Debugging information names the directory of the build, on which the build ID would depend.
# shellcheck disable=SC2086 # words
make_in "$build/tree" "$build/external" "$@" ARCH="$arch" $options KCFLAGS="${KCFLAGS-} -g0" CONFIG_IKHEADERS_PROC=m CONFIG_IKHEADERS_SYMVERS= CONFIG_KHEADERS_MODULE=y \
	kheaders-built=Module.symvers ${HOSTPROGS:+kheaders-programs="$build/programs/"} modules ||
	failed "building kheaders.ko for Linux $release"
mv "$build/tree/kernel/kheaders.ko" "$build"
archive=$build/tree/kernel/kheaders_data.tar.xz
say "$build/kheaders.ko: for Linux $release, $(wc -c <"$build/kheaders.ko") bytes, of them $(wc -c <"$archive") the archive, of $(xz -dc "$archive" | tar -tf - | wc -l) files"
