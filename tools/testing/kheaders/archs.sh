#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the archive whole on the architectures that are not booted here? Usage:
#
#	archs.sh			prints their names
#	archs.sh known NAME		stops if that is none of them; empty is all
#	archs.sh KERNEL NAME		tests that one
#
# With the architecture's own configuration, builds no more of the kernel than what
# the archive takes, and then a module with nothing but the archive. KERNEL is as
# for source.sh. Prints TAP; what make said is in build/archs/VERSION-NAME.log.

set -eu
. "$(dirname "$0")/lib.sh"

# Name, ARCH, configuration, and the compiler: CROSS_COMPILE, or a version of LLVM; where
# Debian has none, in parentheses another one that can take its place.
archs='
alpha		alpha		defconfig		alpha-linux-gnu-
arc		arc		defconfig		arc-linux-gnu-
csky		csky		defconfig		(m68k-linux-gnu-)
hexagon		hexagon		defconfig		-22
i386		i386		defconfig		x86_64-linux-gnu-
loongarch	loongarch	defconfig		-22
m68k		m68k		defconfig		m68k-linux-gnu-
microblaze	microblaze	defconfig		(or1k-elf-)
mips		mips		defconfig		mips-linux-gnu-
mips64		mips		64r2el_defconfig	mips64el-linux-gnuabi64-
nios2		nios2		defconfig		(mips-linux-gnu-)
openrisc	openrisc	defconfig		or1k-elf-
parisc		parisc		defconfig		hppa-linux-gnu-
powerpc		powerpc		pmac32_defconfig	powerpc-linux-gnu-
powerpc64	powerpc		ppc64le_defconfig	powerpc64le-linux-gnu-
s390		s390		defconfig		s390x-linux-gnu-
sh		sh		defconfig		sh4-linux-gnu-
sparc		sparc		sparc32_defconfig	sparc64-linux-gnu-
sparc64		sparc		sparc64_defconfig	sparc64-linux-gnu-
xtensa		xtensa		defconfig		xtensa-lx106-elf-
'

[ $# -gt 0 ] || {
	echo "$archs" | cut -f 1 | grep .
	exit
}
[ $# = 2 ] || die "usage: archs.sh [known|KERNEL NAME]"
kernel=$1 name=$2
[ "$kernel$name" != known ] || exit 0
# shellcheck disable=SC2046 # words
set -- $(echo "$archs" | awk -v name="$name" '$1 == name')
# shellcheck disable=SC2046
[ $# = 4 ] || die "ARCH=$name is not one of those that are built here:" $("$0")
[ "$kernel" != known ] || exit 0
tree=$("$here/source.sh" "$kernel")
arch=$2 config=$3 compiler=$4
out=$build/archs/$(basename "$tree" | sed 's/^linux-//')-$name
log=$out.log
archive=$out/kernel/kheaders_data.tar.xz
# What the make that this is called by was told would hold for those below, too.
unset MAKEFLAGS ARCH
export PATH="/usr/lib/ccache:$PATH"

kmake() {
	# shellcheck disable=SC2086 # variables
	make -C "$tree" O="$out" ARCH="$arch" "$tools" $without "$@"
}

# The archive, what it takes, and what stands around it in the kernel.
builds() {
	rm -rf "$out"
	mkdir -p "$out"
	kmake "$config"
	(cd "$out" && ARCH=$arch "$tree/scripts/kconfig/merge_config.sh" -m .config \
		"$here/kconfig/archs.config")
	kmake olddefconfig
	grep -q '^CONFIG_IKHEADERS_EXTMOD=y' "$out/.config"
	kmake -j"$jobs" kernel/kheaders.o kernel/kheaders_symvers.o
	"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" | cmp - "$archive"
	show "archive of $(wc -c <"$archive") bytes"
}

includes() {
	"$here/includes.py" "$out" >"$out/includes" || {
		cat "$out/includes"
		exit 1
	}
	show "$(cat "$out/includes")"
}

# The tree knows its ARCH. It was cross-built, so all host programs are built from source.
module() {
	mkdir "$out/h"
	xz -dc "$archive" | tar -xf - -C "$out/h"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$out/mod"
	# What headers of objtool's ask the device's compiler.
	hostcc=gcc
	[ "$name" != powerpc64 ] || hostcc="gcc -D__powerpc64__"
	make -C "$out/h" M="$out/mod" "$tools" HOSTCC="$hostcc" modules >"$out/made" 2>&1 || {
		cat "$out/made"
		exit 1
	}
	said=$(grep '^kheaders: built for .* fixdep modpost' "$out/made")
	show "$said"
	for object in kernel/kheaders.o mod/kheaders_greeter.ko mod/kheaders_caller.ko; do
		readelf -h "$out/$object" | grep -E 'Class|Data|Machine' >"$out/machine.new"
		[ ! -e "$out/machine" ] || diff "$out/machine" "$out/machine.new"
		mv "$out/machine.new" "$out/machine"
	done
	show "module for $(sed -n 's/.*Machine: *//p' "$out/machine")"
}

# standin PREFIX: that of a compiler which takes whatever is meant for another one. What it makes
# is of no use, but the archive is what it would be.
standin() {
	dir=$build/archs/like-$1
	mkdir -p "$dir"
	for tool in ar as ld nm objcopy objdump readelf strip; do
		ln -sf "$(command -v "$1$tool")" "$dir/$tool"
	done
	cat >"$dir/gcc" <<EOT
#!/bin/sh
for word; do
	shift
	case \$word in -m*|-Wa,-m*|-Werror*) ;; *) set -- "\$@" "\$word" ;; esac
done
exec ${1}gcc "\$@"
EOT
	chmod +x "$dir/gcc"
	echo "$dir/"
}

show() {
	echo "# $name: $*" >&3
}

number=0 failed=0
# check WHAT COMMAND
check() {
	number=$((number + 1)) status=0
	set +e
	(set -eux; "$2") 3>&1 >>"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		echo "ok $number $1, $name"
	else
		echo "not ok $number $1, $name"
		tail -n 20 "$log" | sed 's/^/# /'
		failed=1
	fi
}

like=
case $compiler in
"("*)
	like=$(echo "$compiler" | tr -d '()')
	tools=CROSS_COMPILE=$(standin "$like") ;;
-*)	tools=LLVM=$compiler ;;
*)	tools=CROSS_COMPILE=$compiler ;;
esac
mkdir -p "$build/archs"
: >"$log"
echo "1..3"
check "the archive is built" builds
check "each include of a header in it leads to a file of it" includes
if [ -n "$like" ]; then
	echo "ok 3 a module is built, $name # SKIP Debian has no compiler for it"
else
	check "a module is built with nothing else" module
fi
exit $failed
