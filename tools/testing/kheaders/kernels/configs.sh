#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the archive whole with configurations and on architectures that are not booted
# here? Usage:
#
#	configs.sh names GROUP [NAME]	prints those of kernels/configs, or NAME: one of
#					them or, in the group configs, a file or random-SEED
#	configs.sh test GROUP NAME KERNEL
#	configs.sh table		prints what was measured
#
# Builds no more of the kernel than what the archive takes, and then modules with
# nothing but the archive: our own and, for a configuration of Debian's, those of
# Debian's DKMS packages, which are compared with what Debian's linux-headers make of
# them. GROUP is archs or configs, KERNEL as for source.sh. A file is a configuration for
# $ARCH, by default that which its first lines name, and for clang if $VARIANT is llvm.
# Prints TAP; what make said is in build/configs/VERSION-NAME.log.

set -eu
. "$(dirname "$0")/../lib.sh"

# A line for each configuration.
rows=$build/configs/rows

# seed NAME: whether it is random-SEED.
seed() {
	case ${1#random-} in
	"$1"|''|*[!0-9]*) return 1 ;;
	esac
}

# names GROUP [NAME]
names() {
	names=$(awk -v group="$1" '$1 == group { print $2 }' "$here/kernels/configs")
	if [ -z "${2-}" ]; then
		echo "$names"
	elif [ "$1" = configs ] && [ -f "$2" ]; then
		realpath "$2"
	elif [ "$1" = configs ] && seed "$2"; then
		echo "$2"
	elif ! echo "$names" | grep -xF -e "$2"; then
		variable=CONFIG
		[ "$1" = configs ] || variable=ARCH
		die "$variable=$2 is not one of those that are built here: $(echo "$names" | xargs)"
	fi
}

table() {
	[ -d "$rows" ] || return 0
	{
		echo "configuration,headers,bytes,mainline,ratio,seconds,mainline,ratio,DKMS modules"
		cat "$rows"/*
	} | column -t -s ,
}

case $1 in
names)	shift; names "$@"; exit ;;
table)	table; exit ;;
esac
[ $# = 4 ] || die "usage: configs.sh test GROUP NAME KERNEL"
group=$2 name=$3 arch=${ARCH-}
# The options of the make that calls this must not reach those below.
unset MAKEFLAGS ARCH
tree=$("$here/kernels/source.sh" "$4")
row=
case $name in
/*)
	config=$name name=$(basename "$name" | tr -c '[:alnum:]\n' -)
	arch=${arch:-$(sed -n 's,^# Linux/\([^ ]*\) .*,\1,p' "$config")}
	case ${arch:=x86_64} in
	x86)
		arch=x86_64
		! grep -qx '# CONFIG_64BIT is not set' "$config" || arch=i386 ;;
	esac
	case $arch in
	x86_64|i386|um)	compiler=gcc ;;
	arm64)	compiler=aarch64-linux-gnu- ;;
	arm)	compiler=arm-linux-gnueabihf- ;;
	riscv)	compiler=riscv64-linux-gnu- ;;
	*)
		compiler=$(awk -v arch="$arch" '$1 == "archs" && $3 == arch { print $5; exit }' "$here/kernels/configs")
		[ -n "$compiler" ] || die "CONFIG=$config is for ARCH=$arch, which has no row in kernels/configs" ;;
	esac
	[ "${VARIANT-}" != llvm ] || compiler=LLVM ;;
*)
	row=$(awk -v group="$group" -v name="$name" '$1 == group && $2 == name' "$here/kernels/configs")
	# No row: a seed that was given as CONFIG=.
	# shellcheck disable=SC2086 # words
	set -- ${row:-"$group" "$name" x86_64 "$name" gcc}
	arch=$3 config=$4 compiler=$5 ;;
esac
version=$(make -s -C "$tree" kernelversion | cut -d . -f 1,2)
# Of Debian's configurations, the flavour: amd64, cloud-amd64.
flavour=
case $config in
debian-*)	flavour=${config##*_} ;;
esac
out=$build/configs/$(basename "$tree" | sed 's/^linux-//')-$name
log=$out.log
archive=$out/kernel/kheaders_data.tar.xz
export PATH="/usr/lib/ccache:$PATH"

kmake() {
	# shellcheck disable=SC2086 # variables
	make -C "$tree" O="$out" ARCH="$arch" "$tools" $without "$@"
}

# configure: by a target of make, with a seed if it is one of randconfig's, or by what
# Debian's kernels have, as ARCH_FEATURESET_FLAVOUR.
configure() {
	case $config in
	random-*)
		KCONFIG_SEED=${config#random-} kmake KCONFIG_ALLCONFIG="$here/kernels/kconfig/configs.config" randconfig ;;
	debian-*)
		from=$("$here/kernels/debian.sh" "$version" config "$(echo "${config#debian-}" | cut -d _ -f 1)")
		xz -dc "$from/config.${config#debian-}.xz" >"$out/.config" ;;
	/*)	cp "$config" "$out/.config" ;;
	*)	kmake "$config" ;;
	esac
}

# Builds the archive, what it is made from, and the objects that contain it.
builds() {
	rm -rf "$out"
	mkdir -p "$out"
	configure
	(cd "$out" && ARCH=$arch "$tree/scripts/kconfig/merge_config.sh" -m .config \
		"$here/kernels/kconfig/configs.config")
	kmake olddefconfig
	grep -q '^CONFIG_IKHEADERS_EXTMOD=y' "$out/.config"
	objects=kernel/kheaders.o
	! grep -q '^CONFIG_IKHEADERS_SYMVERS=y' "$out/.config" || objects="$objects kernel/kheaders_symvers.o"
	# shellcheck disable=SC2086 # words
	kmake -j"$jobs" $objects
	# With LTO, that is not an object yet: the linker takes the archive in.
	grep -q '^CONFIG_LTO_CLANG=y' "$out/.config" ||
		"$top/scripts/extract-ikheaders" "$out/kernel/kheaders.o" | cmp - "$archive"
	headers=$(xz -dc "$archive" | tar -tf - | grep -c '\.h$')
	bytes=$(wc -c <"$archive")
	show "archive of $bytes bytes, $headers headers"
	row "$headers" "$bytes"
}

# seconds COMMAND...: how long it takes. It prints what it says to standard error.
seconds() {
	from=$(date +%s%N)
	"$@" >&2
	awk -v from="$from" -v to="$(date +%s%N)" 'BEGIN { printf "%.1f", (to - from) / 1e9 }'
}

# ratio OURS THEIRS
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'
}

# row FIELD...: adds to that of this configuration.
row() {
	for field; do
		printf ',%s' "$field"
	done >>"$out.row"
}

# What the kernel's own generator makes of this configuration, and the time of both, of
# the archive alone: all that it takes is built. The times are of one run.
mainline() {
	theirs=$build/configs/mainline-$(basename "$tree")
	if [ ! -d "$theirs" ]; then
		rm -rf "$theirs.tmp"
		cp -al "$tree" "$theirs.tmp"
		"$top/scripts/overlay/revert" "$theirs.tmp"
		mv "$theirs.tmp" "$theirs"
	fi
	rm -rf "$out-mainline"
	mkdir "$out-mainline"
	(cat "$out/.config"; echo CONFIG_IKHEADERS=y) >"$out-mainline/.config"
	tmake() {
		# shellcheck disable=SC2086 # variables
		make -C "$theirs" O="$out-mainline" ARCH="$arch" "$tools" $without "$@"
	}
	tmake olddefconfig
	tmake -j"$jobs" kernel/kheaders.o
	bytes=$(wc -c <"$archive") of=$(wc -c <"$out-mainline/kernel/kheaders_data.tar.xz")
	# ext4 is slow for minutes where thousands of files were removed.
	mv "$out/kernel/.kheaders" "$out/before"
	rm "$archive" "$out-mainline/kernel/kheaders_data.tar.xz"
	took=$(seconds kmake -j"$jobs" kernel/kheaders.o)
	mainline_took=$(seconds tmake -j"$jobs" kernel/kheaders.o)
	rm -rf "$out-mainline" "$out/before"
	show "mainline's archive: $of bytes, ratio $(ratio "$bytes" "$of"); $took s, mainline's $mainline_took s, ratio $(ratio "$took" "$mainline_took")"
	row "$of" "$(ratio "$bytes" "$of")" "$took" "$mainline_took" "$(ratio "$took" "$mainline_took")"
}

# Debian's DKMS packages, which are not changed.
dkms_packages="acpi-call-dkms ddcci-dkms dm-writeboost-dkms jool-dkms v4l2loopback-dkms xtables-addons-dkms"

# stock: the directory of Debian's linux-headers of this configuration and version.
stock() {
	for stock in /usr/src/linux-headers-"$version".*-"$flavour"; do
		[ ! -e "$stock/Module.symvers" ] || echo "$stock"
	done | sort -V | tail -n 1
}

# With the versions of the kernel's symbols, as the running kernel would tell them.
packages() {
	headers=$(stock)
	cp "$headers/Module.symvers" "$out/h"
	# shellcheck disable=SC2086 # a list of names
	"$here/judges/dkms.sh" compare "$out/h" "$headers" "${headers#*/linux-headers-}" "$out/dkms" \
		$dkms_packages >"$out/compared" || {
		cat "$out/compared"
		exit 1
	}
	show "DKMS packages, with the archive and with linux-headers: $(cat "$out/compared")"
	row "$(sed 's/,/;/g' "$out/compared")"
}

includes() {
	"$here/judges/includes.py" "$out" >"$out/includes" || {
		cat "$out/includes"
		exit 1
	}
	show "$(cat "$out/includes")"
}

# The tree knows its ARCH. If it was cross-built, all host programs are built from source.
module() {
	mkdir "$out/h"
	xz -dc "$archive" | tar -xf - -C "$out/h"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$out/mod"
	# Headers of objtool's look at this macro of the device's compiler.
	hostcc=gcc
	[ "$name" != powerpc64 ] || hostcc="gcc -D__powerpc64__"
	make -C "$out/h" M="$out/mod" "$tools" HOSTCC="$hostcc" modules >"$out/made" 2>&1 || {
		cat "$out/made"
		# Where that can't be, it is refused.
		grep -q '^CONFIG_GCC_PLUGINS=y' "$out/.config"
		grep -q '^# CONFIG_IKHEADERS_HOSTPROGS is not set' "$out/.config"
		grep "kheaders: .*, and gcc's plugins can't be built from it" "$out/made"
		show "no module: gcc's plugins, and CONFIG_IKHEADERS_HOSTPROGS is off"
		exit 0
	}
	if ! grep -q '^CONFIG_IKHEADERS_HOSTPROGS=y' "$out/.config"; then
		said=$(grep '^kheaders: built for .* fixdep modpost' "$out/made")
		show "$said"
	fi
	objects="kernel/kheaders.o mod/kheaders_greeter.ko mod/kheaders_caller.ko"
	! grep -q '^CONFIG_LTO_CLANG=y' "$out/.config" || objects=${objects#* }
	for object in $objects; do
		readelf -h "$out/$object" | grep -E 'Class|Data|Machine' >"$out/machine.new"
		[ ! -e "$out/machine" ] || diff "$out/machine" "$out/machine.new"
		mv "$out/machine.new" "$out/machine"
	done
	show "module for $(sed -n 's/.*Machine: *//p' "$out/machine")"
}

# standin PREFIX: makes a compiler of PREFIX that accepts the options of another one, and
# prints its prefix. Its objects are of no use, but the archive is the right one.
standin() {
	dir=$build/configs/like-$1
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
LLVM)	tools=LLVM=1 ;;
-*)	tools=LLVM=$compiler ;;
gcc)	tools=CROSS_COMPILE= ;;
*)	tools=CROSS_COMPILE=$compiler ;;
esac
mkdir -p "$build/configs"
: >"$log"
printf '%s' "$name" >"$out.row"
case $group in
archs)	echo 1..3 ;;
*)	echo 1..5 ;;
esac
check "the archive is built" builds
check "each include of a header in it leads to a file of it" includes
if [ -n "$like" ]; then
	echo "ok 3 a module is built, $name # SKIP Debian has no compiler for it"
else
	check "a module is built with nothing else" module
fi
if [ "$group" = configs ]; then
	if seed "$name" && [ -z "$row" ]; then
		row '' '' '' '' ''
		echo "ok 4 mainline's generator makes its own, $name # SKIP of seeds, those in kernels/configs are enough"
	else
		check "mainline's generator makes its own" mainline
	fi
	what="DKMS packages build the same modules as with linux-headers, $name"
	if [ -z "$flavour" ] || [ "$arch" != "$(uname -m)" ] || [ "$failed" = 1 ] || [ -z "$(stock)" ]; then
		echo "ok 5 $what # SKIP no linux-headers of it are installed"
	elif [ "$(id -u)" != 0 ]; then
		echo "ok 5 $what # SKIP dkms is for root"
	else
		check "${what%, *}" packages
	fi
fi
mkdir -p "$rows"
if [ "$failed" = 0 ]; then
	{ cat "$out.row"; echo; } >"$rows/$(basename "$out")"
	# All together would fill a disk.
	rm -rf "$out"
fi
rm "$out.row"
exit $failed
