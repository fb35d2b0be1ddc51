#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What make check-kernels makes of its runs, in a repository that only pretends to build
# and boot; and how a kernel comes from Debian, with a mirror in a directory.

bats_require_minimum_version 1.5.0

setup_file() {
	export GIT_AUTHOR_NAME=tester GIT_AUTHOR_EMAIL=tester@example.org
	export GIT_COMMITTER_NAME=tester GIT_COMMITTER_EMAIL=tester@example.org
	unset KERNEL ARCH VARIANT TREES
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	tests=$PWD/repo/tools/testing/kheaders
	page=$tests/RESULTS.md
	trees=$PWD/trees
	mkdir -p "$tests"/{suites,kernels,guest} "$trees"
	copy lib.sh suites/check.sh kernels/{results,debian}.sh
	printf '%b\n' '7.1\tum\tmodversions' '6.12\tx86_64\t-\tread symvers' '' '6.6 arm64  module' \
		>"$tests/kernels/list"
	tree 7.1.5
	tree 6.12.1
	tree 6.6.1

	# A kernel that is not to build has a file "broken", and what a guest is to say,
	# and how it ends, is in "said" and "status".
	script kernels/kernel.sh <<-'EOT'
		[ ! -e "$1/broken" ] || exit 1
		name=$(sed -n 's/^SUBLEVEL = //p' "$1/Makefile")-$2${3:+-$3}
		out=$build/kernel/$name
		mkdir -p "$out/include/config" "$build/src/$(basename "$1")"
		ln -sfn "$build/src/$(basename "$1")" "$out/source"
		cp "$1/said" "$1/status" "$out" 2>/dev/null || :
		basename "$1" >"$out/include/config/kernel.release"
		echo "$out"
	EOT
	script kernels/changed.sh <<-'EOT'
		:
	EOT
	script guest/boot.sh <<-'EOT'
		echo "$*" >>"$build/booted"
		cat "$1/said" 2>/dev/null ||
			printf '%s\n' 'KTAP version 1' '1..1' '  KTAP version 1' '  # Subtest: symvers' '  1..2' \
				"  # 4321 symbols compared with the build's, 0 differ" '  ok 1 a' \
				'  ok 2 b # SKIP not here' '# symvers took 3 s' 'ok 1 symvers'
		exit "$(cat "$1/status" 2>/dev/null || echo 0)"
	EOT
	# On any machine and for any user: changed.sh is called, which takes namespaces, and
	# there is room on the disk.
	mkdir bin
	printf '#!/bin/sh\n' >bin/unshare
	printf '#!/bin/sh\n%s\n' 'echo; echo disk 99999 0 99999 0% /' >bin/df
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
	echo /build/ >repo/.gitignore
	git -C repo init -q
	commit
}

# copy FILE...: into the repository.
copy() {
	for file; do
		cp "$BATS_TEST_DIRNAME/../$file" "$tests/$file"
	done
}

script() {
	{ printf '#!/bin/sh\nset -eu\n. "$(dirname "$0")/../lib.sh"\n'; cat; } >"$tests/$1"
	chmod +x "$tests/$1"
}

# tree VERSION: in $trees.
tree() {
	local IFS=.
	set -- "$1" $1
	mkdir -p "$trees/$1"
	printf '%s\n' "VERSION = $2" "PATCHLEVEL = $3" "SUBLEVEL = $4" 'EXTRAVERSION =' 'NAME = x' \
		'VERSION = 9' >"$trees/$1/Makefile"
}

commit() {
	git -C repo add -A
	git -C repo commit -q --allow-empty -m x
	head=$(git -C repo rev-parse --short HEAD)
}

# list [KERNEL [ARCH [VARIANT]]]: as the Makefile does.
list() {
	"$tests/suites/check.sh" list "${1-}" "${2-}" "${3-}" "$trees"
}

# row KERNEL: of the page.
row() {
	grep "^| $1 |" "$page"
}

@test "a row says what ran, what came out of it, where and when" {
	list 6.6
	[ "$(row 6.6)" = "| 6.6 | 6.6.1 | arm64 | module | symvers | 2 passed, 0 failed, 1 skipped | 4321, 0 differ | $head | $(date +%F) |" ]
}

# bats test_tags=slow
@test "rows are in the list's order, in whatever order they were run" {
	list 6.6
	list 6.12
	list 7.1
	[ "$(sed -n 's/^| \([0-9.]*\) |.*/\1/p' "$page" | tr '\n' ' ')" = "7.1 6.12 6.6 " ]
}

@test "museum 41: a row that is run again gets a new commit and date, and the others keep theirs" {
	list 6.12
	list 6.6
	sed -i '/^| 6/s/ | [-0-9]* |$/ | 2020-02-02 |/' "$page"
	was=$(row 6.12) before=$head
	echo "$was" | grep " | $before | 2020-02-02 |$"
	commit
	[ "$before" != "$head" ]
	list 6.6
	[ "$(row 6.12)" = "$was" ]
	row 6.6 | grep " | $head | $(date +%F) |$"
	[ "$(grep -c '^| [67]' "$page")" = 2 ]
}

# bats test_tags=slow
@test "rows that are no longer in the list are removed" {
	list 6.6
	list 6.12
	sed -i '/^6.6/d' "$tests/kernels/list"
	list 6.12
	run ! row 6.6
	row 6.12
}

# bats test_tags=slow
@test "KERNEL= and ARCH= choose rows, and a row chooses suites; without them, all rows are run" {
	list '' x86_64
	[ "$(wc -l <repo/build/booted)" = 1 ]
	grep 'run.sh read symvers$' repo/build/booted
	list
	[ "$(wc -l <repo/build/booted)" = 4 ]
	run -1 list 6.13
	[ "${lines[0]}" = "kheaders: no row of $tests/kernels/list is for KERNEL=6.13 ARCH= VARIANT=" ]
}

@test "suites that failed or were skipped are named, the status is 1, later rows are run" {
	cat >"$trees/7.1.5/said" <<-'EOT'
		KTAP version 1
		1..3
		  KTAP version 1
		  # Subtest: read
		  1..1
		  ok 1 a
		ok 1 read
		  KTAP version 1
		  # Subtest: symvers
		  1..1
		  # one
		  # 4000 symbols compared with the build's, 3 differ
		  not ok 1 b
		not ok 2 symvers # exit=1, 1 of 1 tests
		  KTAP version 1
		  # Subtest: module
		ok 3 module # SKIP kheaders is not a module here
	EOT
	echo 1 >"$trees/7.1.5/status"
	run -1 list
	[ "${lines[-1]}" = "7 passed, 1 failed, 3 skipped" ]
	row 7.1 | grep -F "| **failed: symvers**; read; skipped: module | 3 passed, 1 failed, 1 skipped | 4000, 3 differ |"
	row 6.6 | grep -v failed:
}

# bats test_tags=slow
@test "a guest that stops halfway: the suite it was in has failed" {
	printf '  # Subtest: %s\n  1..1\n  ok 1 a\n' read extmod >"$trees/7.1.5/said"
	sed -i '3a\ok 1 read' "$trees/7.1.5/said"
	echo 124 >"$trees/7.1.5/status"
	run -1 list 7.1
	row 7.1 | grep -F '| **failed: extmod**; read | '
	echo 'ok 2 extmod' >>"$trees/7.1.5/said"
	run -1 list 7.1
	row 7.1 | grep -F '| **failed: boot**; read, extmod | '
	: >"$trees/7.1.5/said"
	run -1 list 7.1
	row 7.1 | grep -F '| **failed: boot**; nothing | '
}

# bats test_tags=slow
@test "a kernel that does not build has a row that says so" {
	touch "$trees/6.6.1/broken"
	run -1 list 6.6
	row 6.6 | grep -F '| 6.6 | 6.6 | arm64 | module | **failed: build**; nothing | 0 passed, 1 failed, 0 skipped | none |'
}

# bats test_tags=slow
@test "a kernel that does not build with one structure changed has failed in that" {
	script kernels/changed.sh <<-'EOT'
		exit 1
	EOT
	run -1 list 7.1
	row 7.1 | grep -F '| **failed: changed**; symvers | '
}

@test "a kernel that can't be found is named and skipped, and keeps its old row" {
	list 6.6
	rm -r "$trees/6.6.1"
	script kernels/debian.sh <<-'EOT'
		die "KERNEL=$1: nowhere"
	EOT
	was=$(row 6.6)
	commit
	run -0 --separate-stderr list
	[ "${lines[-1]}" = "5 passed, 0 failed, 3 skipped" ]
	echo "$stderr" | grep -x "kheaders: 6.6 arm64 module: skipped, there is no Linux 6.6 in $trees either"
	[ "$(row 6.6)" = "$was" ]
	row 7.1 | grep " | $head | "
}

# bats test_tags=slow
@test "what Debian has need not be in TREES" {
	rm -r "$trees/6.6.1"
	tree 0.0.1
	script kernels/debian.sh <<-'EOT'
		[ "$1" = 6.6 ]
	EOT
	sed -i 's,^name=.*,echo "$1" >$build/kernel.asked; set -- "'"$trees"'/0.0.1" "$2"\n&,' "$tests/kernels/kernel.sh"
	list 6.6
	[ "$(cat repo/build/kernel.asked)" = 6.6 ]
}

@test "Debian's own kernel is asked for by its version, also where TREES has that, and takes no source" {
	mkdir "$tests/judges"
	script judges/dkms.sh <<<:
	script kernels/source.sh <<<false
	script kernels/stock.sh <<<'[ "$1" = 6.6 ]'
	printf '%s\n' '6.12 x86_64 stock' '6.6 x86_64 stock' >"$tests/kernels/list"
	sed -i 's,^name=.*,echo "$1" >>$build/kernel.asked; set -- "'"$trees"'/6.6.1" "$2" "$3"\n&,' \
		"$tests/kernels/kernel.sh"
	list
	"$tests/suites/check.sh" kernels 6.6 '' stock
	[ "$(cat repo/build/kernel.asked)" = "$(printf '6.6\n6.6')" ]
	row 6.6 | grep '| stock | symvers |'
	run ! row 6.12
}

@test "Debian's own kernel: whatever fails on the way to it is named in one line" {
	copy kernels/stock.sh
	# Each of these ends with an error if it is the one in ./broken.
	for command in apt-cache apt-get dpkg-deb depmod modprobe cpio gzip; do
		printf '#!/bin/sh\n[ "$(cat "%s")" != %s ] || exit 1\n' "$PWD/broken" $command >bin/$command
		chmod +x bin/$command
	done
	cat >>bin/apt-cache <<-'EOT'
		case "$*" in
		*pkgnames*) printf 'linux-image-6.6.%s\n' 9-amd64 10-amd64 10-rt-amd64 10-amd64-dbg 11-arm64 ;;
		*depends*) printf '  Depends: linux-%s\n' headers-6.6-common kbuild-6.6 ;;
		esac
	EOT
	echo 'touch x.deb' >>bin/apt-get
	cat >>bin/dpkg-deb <<-'EOT'
		mkdir -p "$3/boot" "$3/bin" "$3/usr/lib/linux-kbuild-6.6"
		touch "$3/bin/busybox"
		for release in 6.6.10-amd64 6.6.11-arm64; do
			mkdir -p "$3/usr/src/linux-headers-$release"
			touch "$3/boot/vmlinuz-$release"
			echo 'modules: ; @! grep -x modules $(BROKEN) >&2' >"$3/usr/src/linux-headers-$release/Makefile"
		done
	EOT
	export BROKEN=$PWD/broken
	echo 'echo insmod "$2/bin/busybox"' >>bin/modprobe
	mkdir -p repo/tools/testing/selftests/kheaders/testmod
	while IFS='|' read -r command line; do
		echo "$command" >broken
		run -1 "$tests/kernels/stock.sh" 6.6 x86_64
		echo "$output"
		[[ "${lines[-1]}" = "kheaders: "$line ]]
		[ "$(echo "$output" | grep -cv "^kheaders: getting Debian's Linux 6.6.10-amd64$")" = 1 ]
	done <<-EOT
		apt-cache|apt-cache can't tell which kernels there are, see *.log
		apt-get|apt-get can't download linux-headers-6.6.10-amd64 linux-headers-6.6-common linux-kbuild-6.6:amd64, see *: go online, or call apt-get update, or take another version
		dpkg-deb|dpkg-deb can't unpack */x.deb, see *
		depmod|depmod can't read the modules of Debian's Linux 6.6.10-amd64, see *
		modprobe|Debian's Linux 6.6.10-amd64 lacks the module virtio_pci, see *
		cpio|no initrd can be made of *, see *
		gzip|no initrd can be made of *, see *
		modules|Debian's headers build no module, see *
	EOT
	run -1 "$tests/kernels/stock.sh" 6.7 x86_64
	[ "$output" = "kheaders: KERNEL=6.7 ARCH=x86_64 VARIANT=stock: apt knows no linux-image-6.7 of Debian's: call apt-get update, or take another version" ]
	run -1 "$tests/kernels/stock.sh" 6.6 um
	[ "$output" = "kheaders: ARCH=um VARIANT=stock: Debian's own kernels are booted for x86_64 and arm64: take one of these" ]
	echo apt-get >broken
	run -1 "$tests/kernels/stock.sh" 6.6 arm64
	[[ "$output" = "kheaders: KERNEL=6.6 ARCH=arm64 VARIANT=stock: apt-get can't get the lists of Debian's packages for arm64, see "*": go online" ]]

	# With the compiler and the host programs of that kind of machine.
	: >broken
	mkdir -p repo/scripts/module
	printf '#!/bin/sh\nmkdir "$2"; echo "$*" "$HOSTPROGS" >"$2/kheaders.ko"\n' >repo/scripts/module/module.sh
	chmod +x repo/scripts/module/module.sh
	mkdir -p repo/tools/kheaders
	printf 'all:\n\tmkdir $(O)\n\techo "$(CC)" >$(O)/kheaders\n' >repo/tools/kheaders/Makefile
	script guest/root.sh <<<'[ "$1" = arm64 ] && echo /root'
	out=$PWD/repo/build/kernel/6.6-arm64-stock stock=$PWD/repo/build/stock/6.6-arm64
	CROSS_COMPILE=cross- run -0 --separate-stderr "$tests/kernels/stock.sh" 6.6 arm64
	[ "$output" = "$out" ]
	[ "$(cat "$out/kernel/kheaders.ko")" = "$stock/usr/src/linux-headers-6.6.11-arm64 $out/module CROSS_COMPILE=cross- $stock/programs/usr/lib/linux-kbuild-6.6" ]
	[ -e "$out/arch/arm64/boot/Image" ]
	[ "$(cat "$out/command/kheaders")" = "cross-gcc --sysroot=/root" ]

	script guest/root.sh <<<false
	CROSS_COMPILE=cross- run -1 "$tests/kernels/stock.sh" 6.6 arm64
	[[ "${lines[-1]}" = "kheaders: building the kheaders command failed, see "* ]]
}

# bats test_tags=slow
@test "changes that are not committed show as a +, but for the page itself" {
	list 6.6
	git -C repo status --porcelain | grep RESULTS.md
	list 7.1
	row 7.1 | grep " | $head | "
	echo '# more' >>"$tests/lib.sh"
	list 6.12
	row 6.12 | grep -F " | $head+ | "
	rm -rf repo/.git
	list 6.6
	row 6.6 | grep " | none | "
}

# bats test_tags=slow
@test "TREES: the last tree of a version, by its Makefile, also in a tarball" {
	mkdir other
	(trees=other; tree 6.6.9)
	mv other/6.6.9 "$trees/whatever"
	list 6.6
	row 6.6 | grep '| whatever |'
	(trees=other; tree 6.6.10)
	mkdir other/6.6.10/kernel
	echo 'VERSION = 5' >other/6.6.10/kernel/Makefile
	tar -C other -cJf "$trees/linux-6.6.10.tar.xz" 6.6.10/kernel 6.6.10/Makefile
	sed -i 's,^\[ ! -e,echo "$1" >$build/kernel.asked; set -- "'"$trees"'/whatever" "$2"\n&,' "$tests/kernels/kernel.sh"
	list 6.6
	[ "$(cat repo/build/kernel.asked)" = "$trees/linux-6.6.10.tar.xz" ]
}

# bats test_tags=slow
@test "what was built for a row goes when all passed, what was there before stays" {
	list 6.6
	run ! ls -d repo/build/kernel/* repo/build/src/*
	mkdir -p repo/build/src/6.6.1
	list 6.6
	[ -e repo/build/src/6.6.1 ]
	echo 1 >"$trees/7.1.5/status"
	run -1 list 7.1
	[ -d repo/build/kernel/5-um-modversions ]
}

# bats test_tags=slow
@test "symvers.sh tells how many symbols differ from the build's" {
	symvers=$BATS_TEST_DIRNAME/../../selftests/kheaders
	. "$symvers/ktap.sh"
	eval "$(sed -n 's,/proc/modules,modules,; /^vmlinux_and_loaded() {/,/^}/p; /^is_what_was_built() {/,/^}/p' \
		"$symvers/symvers.sh")"
	: >modules
	work=$PWD built=$PWD/built
	symbol='0x0000000%s\t%s\t%s\tEXPORT_SYMBOL\t\n'
	printf "$symbol" 1 a vmlinux 2 b vmlinux 3 c vmlinux 4 d not/loaded >built
	printf "$symbol" 3 c vmlinux 1 a vmlinux 2 b vmlinux >whole
	run -0 is_what_was_built
	[ "$output" = "# 3 symbols compared with the build's, 0 differ" ]
	printf "$symbol" 1 a vmlinux 9 b vmlinux >whole
	run -1 is_what_was_built
	[[ "$output" = "# 2 symbols compared with the build's, 2 differ"*'< 0x00000003'* ]]
}

@test "wrong names are refused before anything is installed or built" {
	mkdir "$tests/machines"
	copy kernels/{configs.sh,source.sh,configs} machines/{machine.sh,list}
	refused() { # LINE COMMAND...
		local line=$1; shift
		run -1 "$tests/$1" "${@:2}"
		echo "$output"
		[ "$output" = "kheaders: $line" ]
	}
	refused "KERNEL=typo: neither a version, like 6.12, nor newest, nor the path of a tree" \
		suites/check.sh kernels typo '' ''
	(cd "$trees" && refused "KERNEL=7.1.5 is read as a version; for the directory write ./7.1.5" \
		suites/check.sh kernels 7.1.5 '' '')
	refused "TREES=$PWD/none is not a directory" suites/check.sh list '' '' '' "$PWD/none"
	[[ "$(id -u)" != 0 ]] || refused "CHECK=typo is neither check nor check-fast" \
		suites/check.sh machines '' '' typo
	of_here="is not one of those that are built here"
	refused "ARCH=typo $of_here: $("$tests/kernels/configs.sh" names archs | xargs)" \
		kernels/configs.sh names archs typo
	refused "CONFIG=typo $of_here: $("$tests/kernels/configs.sh" names configs | xargs)" \
		kernels/configs.sh names configs typo
	[ "$("$tests/kernels/configs.sh" names archs | grep -c '')" -ge 20 ]
	[ "$("$tests/kernels/configs.sh" names archs sparc)" = sparc ]
	: >file
	[ "$("$tests/kernels/configs.sh" names configs ./file)" = "$PWD/file" ]
	[ "$("$tests/kernels/configs.sh" names configs random-4711)" = random-4711 ]
	for name in random- random-x 4711; do
		refused "CONFIG=$name $of_here: $("$tests/kernels/configs.sh" names configs | xargs)" \
			kernels/configs.sh names configs $name
	done
}

# mirror VERSION...: of Debian, with these linux-source packages of trixie-backports.
mirror() {
	dist=mirror/dists/trixie-backports pool=mirror/pool
	mkdir -p $dist/main/binary-amd64 $pool
	for version; do
		package=linux-source-${version%.*}
		mkdir -p deb/DEBIAN deb/usr/src
		echo "$version" >deb/usr/src/$package.tar.xz
		printf '%s\n' "Package: $package" "Version: $version-1" 'Architecture: all' \
			'Maintainer: x <x@example.org>' 'Description: x' >deb/DEBIAN/control
		dpkg-deb -Znone -b deb $pool/$package.deb
		cat deb/DEBIAN/control
		printf '%s\n' "Filename: pool/$package.deb" "Size: $(stat -c %s $pool/$package.deb)" \
			"SHA256: $(sha256sum $pool/$package.deb | cut -d ' ' -f 1)" ''
		rm -r deb
	done >packages.out
	grep -v '^dpkg-deb' packages.out >$dist/main/binary-amd64/Packages
	for dist in mirror/dists/trixie-backports mirror/dists/bookworm; do
		mkdir -p $dist/main/binary-amd64
		[ -e $dist/main/binary-amd64/Packages ] ||
			cp mirror/dists/{trixie-backports,bookworm}/main/binary-amd64/Packages
		for arch in amd64 $(dpkg --print-architecture); do
			mkdir -p $dist/main/binary-$arch
			[ $arch = amd64 ] || cp $dist/main/binary-{amd64,$arch}/Packages
		done
		{
			printf '%s\n' "Origin: Debian" "Label: Debian" "Suite: x" "Codename: $(basename $dist)" \
				"Architectures: amd64 $(dpkg --print-architecture)" "Components: main" \
				"Date: $(date -Ru)" SHA256:
			(cd $dist && for file in main/*/Packages; do
				echo " $(sha256sum $file | cut -d ' ' -f 1) $(stat -c %s $file) $file"
			done)
		} >$dist/Release
	done
}

# machine LINE...: of which the only mirror is that one, by its sources.list.
machine() {
	mkdir -p state/lists/partial cache sources.d
	printf '%s\n' "$@" >"sources.d/debian.${form:-list}"
	: >status
	cat >apt.conf <<-EOT
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$PWD/sources.d";
		Dir::State "$PWD/state";
		Dir::State::Status "$PWD/status";
		Dir::Cache "$PWD/cache";
		APT::Sandbox::User "$(id -un)";
	EOT
	export APT_CONFIG=$PWD/apt.conf
	apt-get update
}

# bats test_tags=slow
@test "KERNEL=newest: the highest version that Debian's backports have when it is run" {
	mirror 97.9.1 97.10.2
	machine "deb [trusted=yes] file:$PWD/mirror bookworm main"
	run -0 --separate-stderr "$tests/kernels/debian.sh" newest
	[ "$output" = "$PWD/repo/build/apt/linux-source-97.10.tar.xz" ]
	[ "$(cat "$output")" = 97.10.2 ]
	# The package is not downloaded again, and lists that are a day old are.
	mv mirror/pool mirror/hidden
	"$tests/kernels/debian.sh" 97.10
	mv mirror/hidden mirror/pool
	mirror 97.9.1 97.11.1
	[ "$("$tests/kernels/debian.sh" newest)" = "$PWD/repo/build/apt/linux-source-97.10.tar.xz" ]
	touch -d '2 days ago' repo/build/apt/*/updated
	[ "$("$tests/kernels/debian.sh" newest)" = "$PWD/repo/build/apt/linux-source-97.11.tar.xz" ]
	[ "$("$tests/kernels/debian.sh" 97.9)" = "$PWD/repo/build/apt/linux-source-97.9.tar.xz" ]
	# A later release of the same version.
	mirror 97.11.2
	touch -d '2 days ago' repo/build/apt/*/updated
	[ "$(cat "$("$tests/kernels/debian.sh" newest)")" = 97.11.2 ]
}

# bats test_tags=slow
@test "a kernel that can't be had: one line that names the cure" {
	mirror 97.9.1 97.101.1
	machine "deb [trusted=yes] file:$PWD/mirror bookworm main"
	for kernel in 97.10 typo; do
		run -1 "$tests/kernels/debian.sh" $kernel
		[ "${#lines[@]}" = 1 ]
		[[ "$output" = "kheaders: KERNEL=$kernel: "*" the path of a tree" ]]
	done
	rm -r repo/build
	mv mirror hidden
	for kernel in newest 97.9; do
		run -1 "$tests/kernels/debian.sh" $kernel
		[ "${#lines[@]}" = 1 ]
		[[ "$output" = "kheaders: KERNEL=$kernel: apt-get can't get "*": go online, or take KERNEL=6.12, 6.1 or the path of a tree" ]]
	done
	# Without a mirror that is known to be Debian's.
	rm -r state/lists
	run -1 "$tests/kernels/debian.sh" newest
	[ "${#lines[@]}" = 1 ]
	mv hidden mirror
	apt-get update
	"$tests/kernels/debian.sh" newest
	# Lists of some other day do, and say so.
	mv mirror hidden
	touch -d 2020-02-02 repo/build/apt/*/updated
	run -0 --separate-stderr "$tests/kernels/debian.sh" newest
	[ "$stderr" = "kheaders: no new lists of Debian's trixie-backports: taking those of 2020-02-02" ]
}

# bats test_tags=slow
@test "the mirror and its key are the machine's, in both forms of sources" {
	mirror 97.9.1
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	want="deb [check-valid-until=no signed-by=$key trusted=yes] file:$PWD/mirror/ trixie-backports main"
	machine "deb [arch=$(dpkg --print-architecture) trusted=yes signed-by=$key] file:$PWD/mirror bookworm main"
	"$tests/kernels/debian.sh" newest
	grep -qxF "$want" repo/build/apt/trixie-backports/sources.list
	rm -r sources.d repo/build state
	form=sources machine 'Types: deb' "URIs: file:$PWD/mirror" 'Suites: bookworm' \
		'Components: main' "Signed-By: $key" 'Trusted: yes'
	"$tests/kernels/debian.sh" newest
	grep -qxF "$want" repo/build/apt/trixie-backports/sources.list
}
