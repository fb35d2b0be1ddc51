# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests here share. The kernel is $KERNEL (6.12) and its source tree $tree;
# setup_suite.bash makes $ref, the reference: an object tree with an archive.

bats_require_minimum_version 1.8.0

# Each test has a directory of its own, $dir, and these in it: its object tree, an
# unpacked archive, and a module to build with that. The source tree and the architecture
# are others where a test says so. User-mode Linux is prepared in seconds; what archives
# of other architectures hold is tested on booted kernels.
setup() {
	dir=$work/test-$BATS_SUITE_TEST_NUMBER
	out=$dir/out h=$dir/h module=$dir/mod
	src=$tree arch=um
	mkdir "$dir"
	cp -r "$top/tools/testing/selftests/kheaders/testmod" "$module"
	cd "$dir"
}

teardown() {
	cd /
	rm -rf "$dir"
}

# lib FUNCTION ARG...: one of lib.sh, which finds the repository from where its caller is.
lib() {
	sh -c '. "$here/lib.sh"; "$@"' "$here/suites/kbuild" "$@"
}

# Object trees.

# configure DIR [LINE...]: a new one for $arch with the tests' options, and the LINEs on
# top of them.
configure() {
	mkdir -p "$1"
	kbuild "$1" tinyconfig >"$1.log" 2>&1 || { tail "$1.log"; return 1; }
	cp "$1/.config" "$1.tiny"
	set_options "$@"
}

# vary DIR [LINE...]: the same in a fourth of the time: a copy of the reference without
# its archive. In a DIR that is there, the options alone are set again.
vary() {
	if [ ! -e "$1/include" ]; then
		mkdir -p "$1"
		cp -a "$ref/." "$1"
		rm -rf "$1/scripts/kheaders" "$1"/kernel/*kheaders* "$1"/kernel/.*kheaders*
	fi
	cp "$ref.tiny" "$1/.config"
	set_options "$@"
}

# set_options DIR [LINE...]: those that all tests want, and the LINEs.
set_options() {
	local out=$1 fragments; shift
	fragments=$(lib fragments "$tree" "$arch") || return 1
	# shellcheck disable=SC2086 # a list of files
	cat $fragments >"$out.config"
	printf '%s\n' "$@" >>"$out.config"
	(cd "$out" && ARCH=$arch "$src/scripts/kconfig/merge_config.sh" -m .config \
		"$out.config") >>"$out.log" 2>&1 &&
	kbuild "$out" olddefconfig >>"$out.log" 2>&1 ||
		{ tail "$out.log"; return 1; }
}

# kbuild DIR ARG...: make in the object tree DIR, of the source tree $src. Only its host
# programs are many enough for ccache: make asks CC at each start what it knows.
kbuild() {
	local out=$1; shift
	make -C "$src" O="$out" ARCH="$arch" HOSTCC="ccache gcc" XZ="$work/xz-0" -j2 "$@"
}

# shared NAME GOALS [LINE...]: $out becomes an object tree with the LINEs, an archive and
# what the GOALS make. The first test that asks makes it for all, so none may change it.
shared() {
	local goals=$2
	out=$work/$1; shift 2
	[ ! -e "$out/kernel/kheaders.o" ] || return 0
	vary "$out" "$@"
	# shellcheck disable=SC2086 # words
	kbuild "$out" $goals kernel/kheaders.o
}

# The same of x86_64, which has objtool.
shared_x86_64() {
	out=$work/x86_64 arch=x86_64
	[ ! -e "$out/kernel/kheaders.o" ] || return 0
	configure "$out"
	kbuild "$out" kernel/kheaders.o
}

# $out becomes a copy of the reference. As its files have other inodes, the first make
# reads them all again.
clone_ref() {
	cp -a "$ref" "$out"
}

# $src becomes a source tree that the test may change: hard links, so that files must be
# replaced and not written into (edit does that).
clone_tree() {
	src=$dir/source
	cp -al "$tree" "$src"
}

# edit FILE SED: changes it, or its times if SED is empty.
edit() {
	cp -p "$1" "$1.new"
	sed -i "$2" "$1.new"
	[ -z "$2" ] || ! cmp "$1" "$1.new" || { echo "$1 has nothing to $2"; return 1; }
	mv "$1.new" "$1"
}

# What the last make that was "run" did for the archive: "PACK linux-a-h" or the like.
did() {
	echo "$output" | sed -n 's,^  \(PACK\|GEN\|UPD\|STRIP\) *\(kernel/kheaders\|kernel/\.kheaders/\|scripts/kheaders/\)\(.*\),\1 \3,p'
}

# The archive of an object tree.

# like_ref DIR: whether it has the bytes of the reference's.
like_ref() {
	cmp "$ref/kernel/kheaders_data.tar.xz" "$1/kernel/kheaders_data.tar.xz"
}

# drop_archive DIR: removes it, and what it was made of.
drop_archive() {
	rm -rf "$1/scripts/kheaders" "$1/kernel/.kheaders" "$1/kernel/kheaders_data.tar.xz"
}

# names DIR: of the files in it.
names() {
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -tf -
}

# show DIR FILE: one of them.
show() {
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -xOf - "$2"
}

# unpack DIR: all of them, as $h, which is made anew.
unpack() {
	rm -rf "$h"
	mkdir "$h"
	xz -dc "$1/kernel/kheaders_data.tar.xz" | tar -xf - -C "$h"
}

# What a device does with it.

# on_tree MAKE-ARG...: make in $h, by the command $as if there is one, and without the
# variables of the make that runs the tests.
on_tree() {
	# shellcheck disable=SC2086 # words
	env -u MAKEFLAGS -u MAKELEVEL ${as-} make -C "$h" "$@"
}

# ext MAKE-ARG...: builds $module from the start.
ext() {
	find "$module" -type f \( -name '.*.cmd' -o -name '*.o' -o -name '*.mod*' \) -exec rm {} +
	on_tree M="$module" "$@" modules
}

# foreign FILE...: puts a program for another machine there.
foreign() {
	local file
	echo 'void _start(void) { }' >"$dir/foreign.c"
	aarch64-linux-gnu-gcc -nostdlib -static -o "$dir/foreign" "$dir/foreign.c"
	run -126 "$dir/foreign"
	for file; do
		cp "$dir/foreign" "$file"
	done
}

# says_built NAME...: whether the last make that was "run" says that it built these host
# programs, and no others.
says_built() {
	[ "$(echo "$output" | grep '^kheaders: built')" = \
		"kheaders: built for this machine ($(uname -m)): $*" ]
}

# says_nothing_built: ... or none.
says_nothing_built() {
	! grep 'built for' <<<"$output"
}

# A compiler for another C library, which has none of the libraries here but the kernel's
# headers.
other_libc() {
	mkdir -p "$dir/uapi"
	ln -sfn /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm" \
		"$dir/uapi"
	echo "musl-gcc -idirafter $dir/uapi"
}
