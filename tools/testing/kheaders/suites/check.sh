#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests and counts. Usage:
#
#	check.sh fast			what needs no kernel
#	check.sh kernels		that, and all kernel tests
#	check.sh kernels KERNEL ARCH VARIANT
#					the kernel tests on that one; each may be
#					empty: 6.12, x86_64, none (see kernel.sh)
#	check.sh archs KERNEL ARCH	the archive for architectures that are not
#					booted, or ARCH alone (see configs.sh)
#	check.sh configs KERNEL CONFIG	the archive with whole configurations, or CONFIG
#					alone: one of them or a file
#	check.sh list KERNEL ARCH VARIANT TREES
#					the kernel tests on each row of kernels/list;
#					each of the first three may be empty: any. Kernels
#					come from the directory TREES or from Debian
#	check.sh machines DEBIAN USER CHECK
#					make run and make CHECK on each machine of the file
#					machines/list; the first two may be empty: any
#
# Each suite prints TAP, kept in build/check/SUITE.tap. Ends with the line
# "N passed, N failed, N skipped"; returns 0 if nothing failed.

set -eu
. "$(dirname "$0")/../lib.sh"

results=$build/check
mkdir -p "$build"
exec 9>"$build/check.lock"
flock -n 9 ||
	die "a make check is running in $top: wait for its end, or take another clone"
rm -rf "$results"
mkdir -p "$results"
start=$(date +%s)

# suite NAME COMMAND...: runs a suite and says how it went. One that ends with an
# error although all its tests passed, or ran none, has failed as a whole.
suite() {
	name=$1; shift
	tap=$results/$name.tap
	from=$(date +%s)
	status=0
	# Not with the lock, which a process that is left behind would keep.
	"$@" >"$tap" 2>"$tap.err" 9>&- || status=$?
	if { [ "$status" != 0 ] || ! grep -qE '^(ok |1\.\.0 # SKIP)' "$tap"; } &&
	   ! grep -qE '^not ok ' "$tap"; then
		echo "not ok - $name ended with status $status" >>"$tap"
	fi
	printf '%4d s  %-28s %s\n' $(($(date +%s) - start)) "$name" \
		"$(tally "$tap") in $(($(date +%s) - from)) s"
	if grep -qE '^not ok ' "$tap"; then
		failures "$tap" | head -n 60
		tail -n 15 "$tap.err"
	fi
}

# failures FILE: the tests in TAP that failed, and what is said of them: in KTAP before the
# result, else behind it.
failures() {
	awk '
		/^ *ok /	{ said = ""; failed = 0; next }
		/^ *not ok /	{ printf "%s\n%s", $0, said; said = ""; failed = 1; next }
		failed		{ print; next }
				{ said = said $0 "\n" }' "$1"
}

# tally FILE...: the counts in TAP, of tests and of whole programs skipped. A test with
# subtests, as in KTAP, counts only if it failed and none of them did.
tally() {
	awk '
		FNR == 1		{ subtests = failures = 0 }
		/^  (not )?ok /		{ subtests++ }
		/^  not ok /		{ failures++ }
		/^(not )?ok / && subtests {
			parent = /^ok / || failures
			subtests = failures = 0
			if (parent)
				next
		}
		/^ *not ok /		{ failed++; next }
		/^ *ok .*# (SKIP|skip)/	{ skipped++; next }
		/^1\.\.0 # SKIP/	{ skipped++; next }
		/^ *ok /		{ passed++ }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$@"
}

finish() {
	[ "$(ls "$results"/*.tap 2>/dev/null)" ] || die "no test was run"
	total=$(tally "$results"/*.tap)
	say "the TAP of each suite is in $results, the whole took $(($(date +%s) - start)) s"
	echo "$total"
	case $total in
	*" 0 failed"*) exit 0 ;;
	esac
	exit 1
}

# bats_suite NAME [OPTION...]: a file of tests, or a directory of such files.
bats_suite() {
	name=$1; shift
	tests=$here/suites/$name
	[ -d "$tests" ] || tests=$tests.bats
	suite "$name" bats --tap "$@" "$tests"
}

# fast [OPTION...]: four at a time. The install suite mostly waits, for races that it makes.
fast() {
	bats_suite install "$@" &
	{ bats_suite tool "$@"; bats_suite complete "$@"; bats_suite strip "$@"; bats_suite faults "$@"
	  bats_suite module "$@"; } &
	{ bats_suite overlay "$@"; bats_suite extract "$@"; bats_suite symvers "$@"; bats_suite setup "$@"
	  bats_suite hostprogs "$@"; bats_suite attack "$@"; } &
	bats_suite style "$@"
	bats_suite target "$@"
	bats_suite kernels "$@"
	bats_suite package "$@"
	bats_suite hostile "$@"
	bats_suite status "$@"
	bats_suite path "$@"
	bats_suite sysext "$@"
	wait
}

# kernel KERNEL ARCH [VARIANT [TEST...]]: builds, and runs the target's tests in a
# guest. That goes on in the background, one guest at a time, while the next kernels
# are built.
kernel() {
	label=$(echo "$1-$2${3:+-$3}" | tr '/' '_')
	built=$results/$label.out
	suite "build-$label" build "$built" "$1" "$2" "${3-}"
	taps=$results/build-$label.tap
	out=''
	[ -s "$built" ] || { record '' "$taps"; return 0; }
	out=$(cat "$built")
	label=$(basename "$out")
	# Debian's own takes no source, and what it carries is in a module alone.
	if [ "${3-}" != stock ]; then
		tree=$build/src/$(basename "$(readlink "$out/source")")
		images="$images $out"
	elif [ "$2" = x86_64 ] && ! "$here/judges/dkms.sh" get acpi-call-dkms >/dev/null; then
		suite "dkms-get" false
	fi
	case $2+${3-}+ in
	um*+modversions+*)
		# On one kernel, that which is built fastest.
		suite "changed-$label" changed "$out"
		taps="$taps $results/changed-$label.tap" ;;
	esac
	case +${3-}+ in
	*+dkms+*)
		# shellcheck disable=SC2086 # a list of names
		"$here/judges/dkms.sh" get $dkms_packages >/dev/null || suite "dkms-get" false
		suite "dkms-$label" dkms "$out" & ;;
	esac
	shift $(($# < 3 ? $# : 3))
	boot '' "$@"
}

# stock VERSION ARCH TEST...: the same with Debian's own kernel, where its release has that.
stock() {
	version=$1 arch=$2; shift 2
	if release=$("$here/kernels/stock.sh" "$version" "$arch" release) && [ -z "$release" ]; then
		suite "build-$version-$arch-stock" echo "1..0 # SKIP apt knows no linux-image-$version"
	else
		kernel "$version" "$arch" stock "$@"
	fi
}

# boot ROOT [TEST...]: runs the target's tests on the kernel that was built last. Those in
# this machine's own user space are what is recorded.
boot() {
	[ -n "$out" ] || return 0
	root=$1; shift
	booted=boot-$label${root:+-$root}
	{
		suite "$booted" env ROOT="$root" flock "$results/guest.lock" \
			"$here/guest/boot.sh" "$out" 3600 "$(selftests "$out") $*"
		# shellcheck disable=SC2086 # a list of names
		[ -n "$root" ] || record "$out" $taps "$results/$booted.tap"
	} &
}

# list [KERNEL [ARCH [VARIANT]]]: each row of the list that it fits.
list() {
	for tree in "$trees"/*/ "$trees"/linux-*.tar.*; do
		! version=$(tree_version "$tree") || echo "$version $tree"
	done | sort -V >"$results/trees"
	awk -v kernel="${1-}" -v arch="${2-}" -v variant="${3-}" '
		/^(#|$)/ || kernel != "" && kernel != $1 || arch != "" && arch != $2 ||
			variant != "" && variant != $3 { next }
		{ print }' "$here/kernels/list" >"$results/rows"
	[ -s "$results/rows" ] ||
		die "no row of $here/kernels/list is for KERNEL=${1-} ARCH=${2-} VARIANT=${3-}"
	ls -d "$build"/src/* "$build"/kernel/* >"$results/before" 2>/dev/null || :
	last='' tree=''
	while read -r version arch variant tests <&3; do
		[ "$version" = "$last" ] || forget_source
		last=$version row="$version $arch $variant" commit=$(commit)
		if source=$(source_of "$version" "$arch" "$variant"); then
			[ "$variant" != - ] || variant=
			# shellcheck disable=SC2086 # a list of names
			kernel "$source" "$arch" "$variant" $tests
		else
			say "$row: skipped, there is no Linux $version in $trees either"
			suite "source-$version-$arch-$variant" echo "1..0 # SKIP no source"
		fi
	done 3<"$results/rows"
	forget_source
}

# source_of VERSION ARCH VARIANT: the last tree of it in $trees, or what Debian calls it.
source_of() {
	if [ "$3" = stock ]; then
		"$here/kernels/stock.sh" "$1" "$2" headers >/dev/null && echo "$1"
		return
	fi
	found=$(awk -v version="$1." 'index($1, version) == 1 { sub(/^[^ ]* /, ""); tree = $0 }
		END { print tree }' "$results/trees")
	[ "$found" ] || { "$here/kernels/debian.sh" "$1" >/dev/null && found=$1; } || return 1
	echo "$found"
}

# commit: what is run, with a + if that is more than what was committed; but for the
# page of results, which is written meanwhile.
commit() {
	head=$(git -C "$top" rev-parse --short HEAD 2>/dev/null) || { echo none; return; }
	changes=$(git -C "$top" status --porcelain -- . ":!${here#"$top"/}/RESULTS.md")
	echo "$head${changes:++}"
}

# record OBJTREE TAP...: writes the row of the list that was run, if it is one.
record() {
	[ "$row" ] || return 0
	out=$1; shift
	release=$(cat "$out/include/config/kernel.release" 2>/dev/null) || release=$version
	# shellcheck disable=SC2086 # words
	"$here/kernels/results.sh" $row "$release" "$commit" "$(tally "$@")" "$@"
	grep -q '^not ok ' "$@" || forget "$out"
}

# forget TREE: all rows together would fill a disk. What was there before stays.
forget() {
	grep -qxF "$1" "$results/before" || rm -rf "$1" "$1.from"
}

# The source of the rows before, if it was built.
forget_source() {
	[ -z "$tree" ] || forget "$tree"
}

build() {
	built=$1; shift
	echo "1..1"
	if "$here/kernels/kernel.sh" "$@" >"$built"; then
		echo "ok 1 linux $* builds"
	else
		rm "$built"
		echo "not ok 1 linux $* builds"
	fi
}

changed() {
	echo "1..1"
	if [ "$(id -u)" != 0 ] && ! unshare --mount --map-root-user true; then
		echo "ok 1 $(basename "$1") builds with one structure changed # SKIP needs root, or namespaces for users"
	elif "$here/kernels/changed.sh" "$1"; then
		echo "ok 1 $(basename "$1") builds with one structure changed"
	else
		echo "not ok 1 $(basename "$1") builds with one structure changed"
	fi
}

# Of Debian's, for which kconfig/dkms.config has what they take. The first is loaded in
# the guest, too.
dkms_packages="v4l2loopback-dkms ddcci-dkms dm-writeboost-dkms"

# dkms OBJTREE: are these modules the same with the archive?
dkms() {
	test="dkms builds from the archive of $(basename "$1") what it builds where that was built"
	echo "1..1"
	if [ "$(id -u)" != 0 ]; then
		echo "ok 1 $test # SKIP only root can mount one over the other"
		return
	fi
	archived=$1.archive
	rm -rf "$archived"
	mkdir "$archived"
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -xf - -C "$archived"
	# What the running kernel would provide.
	cp "$1/Module.symvers" "$archived"
	release=$(cat "$1/include/config/kernel.release")
	# shellcheck disable=SC2086 # a list of names
	if "$here/judges/dkms.sh" compare "$archived" "$1" "$release" "$1.dkms" $dkms_packages >"$archived.diff"; then
		echo "ok 1 $test"
	else
		echo "not ok 1 $test"
	fi
	sed 's/^/# /' "$archived.diff"
	rm -rf "$archived" "$archived.diff" "$1.dkms"
}

# kbuild KERNEL [OPTION...]: the build matrix and the museum on that tree.
kbuild() {
	version=$1; shift
	suite "kbuild-$version" env KERNEL="$version" bats --tap "$@" "$here/suites/kbuild"
}

images='' row=''
case $1 in
fast)
	fast --filter-tags '!slow,!long'
	;;
kernels)
	if [ -n "${2-}${3-}${4-}" ]; then
		# Otherwise each suite would complain of a wrong name. Debian's own kernel takes no
		# source.
		room 5000 "make check of one kernel"
		[ "${4-}" = stock ] || "$here/kernels/source.sh" "${2:-6.12}" >/dev/null || exit 1
		kernel "${2:-6.12}" "${3:-x86_64}" "${4-}"
		if [ "${3:-x86_64}-${4-}" = x86_64-stock ]; then
			boot trixie consumers
			# At boot, by its units; a root that is configured is root's to make.
			[ "$(id -u)" != 0 ] || boot systemd units
		fi
		if [ -z "${3-}${4-}" ]; then
			# With Debian 13's bpftrace, which unpacks nothing, its bcc and clang.
			boot trixie bpf tracers
			kbuild "$2"
			# A suite without slow tests would count as one that ran none.
			for suite in "$here"/suites/*.bats "$here/suites/overlay"; do
				! grep -rq '^# bats test_tags=slow' "$suite" ||
					bats_suite "$(basename "$suite" .bats)" --filter-tags slow
			done
			[ -z "$out" ] || suite images flock "$results/guest.lock" \
				env IMAGES="$out" bats --tap "$here/suites/images.bats"
		fi
	else
		room 7500 "make check"
		# More seconds, the tokens of all headers, every compression, and what is
		# slow: make check KERNEL=.
		export FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
		export TOKENS_EVERY="${TOKENS_EVERY:-8}"
		export KILLS="${KILLS:-500}" RACES="${RACES:-200}"
		export CALLS_EVERY="${CALLS_EVERY:-1}" ERRORS="${ERRORS:-ENOSPC EDQUOT EROFS EIO}"
		export DAMAGE_EVERY="${DAMAGE_EVERY:-1}"
		export IMAGE_METHODS="${IMAGE_METHODS:-zstd,zst gzip,gz}"
		fast --filter-tags '!slow'
		# What takes a guest longest goes first.
		kernel 6.1 x86_64 dkms read read_more symvers kunit extmod dkms consumers bpf tracers dmesg
		# Cross-built: the guest builds the host programs again.
		kernel newest arm64 modversions read symvers kunit extmod bpf dmesg
		kernel 6.12 um debug+module+modversions module read read_more symvers kunit command complete dmesg
		# As Debian ships them, with kheaders.ko.
		stock 6.1 x86_64 module read extmod command consumers bpf dmesg
		stock 6.12 x86_64 module extmod consumers dmesg
		stock 6.1 arm64 module read extmod command bpf dmesg
		# It builds one of them again, which must not be running.
		suite images flock "$results/guest.lock" \
			env IMAGES="$images" bats --tap "$here/suites/images.bats" &
		# What tests the generator alone, and what the kernel has a part in: each on one
		# kernel. Both on any kernel, slow ones and, on the newest, museum 31:
		# make check KERNEL=.
		kbuild 6.12 --filter-tags generator &
		kbuild 6.1 --filter-tags '!generator,!slow'
	fi
	wait
	;;
list)
	trees=$5
	[ -d "$trees" ] || [ "$trees" = build/trees ] || die "TREES=$trees is not a directory"
	room 7000 "make check-kernels"
	list "$2" "$3" "$4"
	wait
	;;
machines)
	[ "$(id -u)" = 0 ] || die "make check-machines: only root can make another machine's root"
	case $4 in
	check|check-fast) ;;
	*)	die "CHECK=$4 is neither check nor check-fast" ;;
	esac
	awk -v debian="${2-}" -v user="${3-}" '
		/^#/ || debian != "" && debian != $1 || user != "" && user != $2 { next }
		{ print }' "$here/machines/list" >"$results/rows"
	[ -s "$results/rows" ] || die "no row of $here/machines/list is for DEBIAN=${2-} LOGIN=${3-}"
	while read -r debian user dir <&3; do
		suite "machine-$debian-$user" "$here/machines/machine.sh" "$debian" "$user" "$dir" "$4"
	done 3<"$results/rows"
	;;
archs)
	for name in $("$here/kernels/configs.sh" names archs "${3-}"); do
		suite "arch-$name" "$here/kernels/configs.sh" test archs "$name" "${2:-6.12}"
	done
	;;
configs)
	rm -rf "$build/configs/rows"
	# Of Debian 12, for which there are packages to compare with.
	for name in $("$here/kernels/configs.sh" names configs "${3-}"); do
		suite "config-$(basename "$name")" "$here/kernels/configs.sh" test configs "$name" "${2:-6.1}"
	done
	"$here/kernels/configs.sh" table
	;;
esac
finish
