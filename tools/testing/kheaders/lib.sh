# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034
#
# What the scripts here share. Each sources this file first.

# With it, cd prints where it went.
unset CDPATH
top=$(cd "$(dirname "$0")/../../../.." && pwd)
here=$top/tools/testing/kheaders
build=$top/build
jobs=$(nproc)
export LC_ALL=C
# Where insmod and others are: not every user's PATH has these directories.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# ccache: objects that were compiled before, in any directory.
export CCACHE_DIR="$build/ccache" CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1

say() {
	printf 'kheaders: %s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# For each make of a kernel. Kconfig looks for these programs, which not everyone has, and
# a configuration must not depend on that.
without="RUSTC=no-rustc BINDGEN=no-bindgen PAHOLE=no-pahole"

# The kernel's own Makefile refuses white space and colons; QEMU, commas; the others are
# special to shells.
case $top in
*[[:space:]:,\'\"\`\&\;\|\<\>\$\(\)\\]*)
	die "\"$top\" has white space or one of :,'\"\`&;|<>\$()\\ in it: move the clone to another directory" ;;
esac

# scratch NAME: a directory for trees that are made and removed many times, which disks
# are slow at: in memory, where there is room and programs can be started, else in build/.
scratch() {
	if findmnt -n -t tmpfs -O nonoexec /dev/shm >/dev/null &&
	   [ "$(df -k --output=avail /dev/shm | tail -n 1)" -gt 4000000 ] &&
	   [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 6000000 ]; then
		echo "/dev/shm/kheaders$(echo "$top" | tr / -)/$1"
	else
		echo "$build/$1"
	fi
}

# room MIB COMMAND: dies if build/ can't grow to that size, before hours are lost.
room() {
	mkdir -p "$build"
	free=$(df -Pm "$build" | awk 'NR == 2 { print $4 }')
	[ "$free" -lt "$1" ] || return 0
	held=$(du -sxm "$build" | cut -f 1)
	[ $((held + free)) -ge "$1" ] ||
		die "$2 needs $1 MiB in $build: it has $held there and $free are free; make room, or take a clone on another disk"
}

# debian_root SUITE DIR OPTION...: makes a root of that release of Debian in DIR, by
# mmdebstrap with the OPTIONs. It has no security updates, and the mirror's lists may be
# out of date: only these tests ever use it.
debian_root() {
	# mmdebstrap's own choice for users needs namespaces, which many do not have, and makes
	# files that are not theirs.
	mode=root
	[ "$(id -u)" = 0 ] || mode=fakechroot
	# It has a shell write to the next file descriptor, which for dash must be one digit.
	# shellcheck disable=SC2016 # that shell's argument
	mmdebstrap --verbose --mode=$mode --aptopt='Acquire::Check-Valid-Until "false"' \
		--setup-hook='sed -i "/-security\|-updates/d" "$1"/etc/apt/sources.list' \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr "$@" \
		3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
}

# apt_in DIR ARCHES COMMAND...: one of apt's, with lists of its own in DIR, so that neither
# root nor the machine's own are needed. ARCHES are Debian's names, joined by commas; the
# first is that of packages without one.
apt_in() {
	apt_dir=$1 apt_arches=$2 apt_command=$3; shift 3
	"$apt_command" -o Dir::State="$apt_dir" -o Dir::State::Status="$apt_dir/status" \
		-o Dir::Cache="$apt_dir/cache" -o APT::Architecture="${apt_arches%%,*}" \
		-o APT::Architectures="$apt_arches" -o APT::Sandbox::User="$(id -un)" "$@"
}

# apt_lists DIR COMMAND...: whether there are lists in DIR: of the last day, which COMMAND
# gets, or older ones, if it can't.
apt_lists() {
	lists_dir=$1; shift
	mkdir -p "$lists_dir/lists/partial" "$lists_dir/cache"
	[ ! "$(find "$lists_dir/updated" -mtime 0 2>/dev/null)" ] || return 0
	: >"$lists_dir/status"
	if "$@" >"$lists_dir.log" 2>&1; then
		touch "$lists_dir/updated"
	elif [ -e "$lists_dir/updated" ]; then
		say "no new lists of Debian's $(basename "$lists_dir"): taking those of $(date -r "$lists_dir/updated" +%F)"
	else
		return 1
	fi
}

# arch_of OBJTREE: the ARCH it was built for.
arch_of() {
	sed -n "s/.* ARCH='\([^']*\)'.*/\1/p" "$1/kmake"
}

# image_of OBJTREE: the kernel that was built there.
image_of() {
	for image in linux arch/arm64/boot/Image arch/arm/boot/zImage arch/riscv/boot/Image \
			arch/x86/boot/bzImage; do
		[ ! -f "$1/$image" ] || break
	done
	echo "$1/$image"
}

# build_command OBJTREE ARCH CROSS_COMPILE: the kheaders command for its guest, with the
# libraries of that guest's root.
build_command() {
	sysroot=
	case $2 in
	um|x86_64) ;;
	arm|arm64) sysroot=$("$here/guest/root.sh" "$2") || return 1 ;;
	# Its root is of a later Debian than the compiler, which brings its own C library.
	riscv)	return 0 ;;
	esac
	make -s -C "$top/tools/kheaders" O="$1/command" CC="${3}gcc${sysroot:+ --sysroot=$sysroot}"
}

# selftests OBJTREE: the command that runs the tests for the target on a guest of
# that kernel, with what it was built with; words without white space.
selftests() {
	words=KHEADERS_REQUIRED=y
	for word in KHEADERS_KO=kernel/kheaders.ko KHEADERS_TEST_KO=kernel/kheaders_test.ko \
			KHEADERS_BUILT_SYMVERS=Module.symvers KHEADERS_REFERENCE=testmod \
			KHEADERS_CHANGED=testmod-changed KHEADERS_KEY=owner.key KHEADERS_CERT=owner.der \
			KHEADERS_MANY_KO=manymod/kheaders_many_000.ko KHEADERS=command/kheaders \
			KHEADERS_MODULES=installed; do
		[ ! -e "$1/${word#*=}" ] || words="$words ${word%%=*}=$1/${word#*=}"
	done
	[ ! -d "$build/dkms/usr/src" ] || words="$words KHEADERS_DKMS=$build/dkms/usr/src"
	[ "$(arch_of "$1")" != x86_64 ] || [ ! -e "$build/root/trixie.made" ] ||
		words="$words KHEADERS_ROOT=$build/root/trixie"
	echo "env $words $top/tools/testing/selftests/kheaders/run.sh"
}

# fragments TREE ARCH [VARIANT]: the files of kconfig/ that make a configuration: those
# for ARCH and its machine, and those of VARIANT, joined by +. FRAGMENT-before-VERSION
# goes with FRAGMENT where the kernel is older than that.
fragments() {
	case $2 in
	um)	names="base um" ;;
	arm)	names="base qemu arm" ;;
	*)	names="base qemu bpf $2" ;;
	esac
	release=$(make -s -C "$1" kernelversion | cut -d . -f 1,2)
	for word in $names $(echo "${3-}" | tr + ' '); do
		fragment=$here/kernels/kconfig/$word.config
		[ -f "$fragment" ] || die "VARIANT=${3-}: there is no $fragment"
		echo "$fragment"
		for fragment in "$here/kernels/kconfig/$word"-before-*.config; do
			version=$(basename "${fragment##*-before-}" .config)
			[ ! -f "$fragment" ] || ! older "$release" "$version" || echo "$fragment"
		done
	done
}

# tree_version TREE: what the Makefile of a kernel tree, or of a tarball of one, says.
tree_version() {
	if [ -d "$1" ]; then
		cat "$1/Makefile"
	else
		tar -xOf "$1" --occurrence=1 --no-wildcards-match-slash --wildcards '*/Makefile'
	fi 2>/dev/null | awk '
		$2 == "=" && !($1 in is) { is[$1] = $3 }
		END {
			if (!("VERSION" in is) || !("PATCHLEVEL" in is))
				exit 1
			print is["VERSION"] "." is["PATCHLEVEL"] "." is["SUBLEVEL"] is["EXTRAVERSION"]
		}'
}

# older VERSION VERSION: whether the first is.
older() {
	[ "$1" != "$2" ] && printf '%s\n' "$1" "$2" | sort -CV
}
