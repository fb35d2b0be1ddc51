# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the suites of the kheaders command have in common: the command as it is built for
# them, made-up trees, archives of these, and places to install them in.

# Login shells of Debian 13 have 002.
umask 022

# command_make ARG...: builds the command. What was compiled before, in any of these ways, is not
# compiled again.
command_make() {
	CCACHE_DIR=$top/build/ccache CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 \
		make -s CC="ccache ${cc:-gcc}" "$@"
}

# sanitized: builds it with ASan and UBSan in $work, one suite at a time.
sanitized() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	work=$top/build/tool
	sanitize="-g -O1 -Werror -fno-sanitize-recover=all -fsanitize=address,undefined"
	export top here work sanitize
	mkdir -p "$work"
	(flock 9 && command_make -C "$top/tools/kheaders" O="$work" CFLAGS="$sanitize") 9<"$work"
}

# plain: builds it in $plain as users have it, where time matters.
plain() {
	plain=$work/plain
	export plain
	(flock 9 && command_make -C "$top/tools/kheaders" O="$plain" CFLAGS='-O2 -Werror') 9<"$work"
}

# place: makes $place, which all can enter and nobody else can write to, with a.tar.xz of
# ./tree and an empty ./root. In memory, where that is possible: trees are synced to disk.
place() {
	local in=/tmp
	if findmnt -n -t tmpfs -O nonoexec /dev/shm >/dev/null && [ -w /dev/shm ]; then
		in=/dev/shm
	fi
	place=$(mktemp -d "$in/kheaders.XXXXXX")
	chmod 755 "$place"
	cd "$place" || return 1
	mkdir -m 755 bin
	cp "$work/kheaders" bin
	PATH=$place/bin:$PATH
	image_root root
	# The same for each test of a suite.
	if [ ! -d "$BATS_FILE_TMPDIR/tree" ]; then
		archive a.tar.xz 6.9.1 0123456789abcdef
		cp -a a.tar.xz tree "$BATS_FILE_TMPDIR"
	fi
	cp -a "$BATS_FILE_TMPDIR"/{a.tar.xz,tree} .
}

# For suites that make trees. Those that do more have functions of their own.
setup_file() {
	sanitized
}

setup() {
	place
	trees=root/usr/src
	tree=$trees/linux-headers-6.9.1
	link=root/lib/modules/6.9.1/build
}

teardown() {
	# A test that was skipped may have none.
	[ -z "${place-}" ] || leave
}

# leave: removes $place.
leave() {
	cd / || return 1
	chmod -R u+rwX "$place"
	rm -rf "$place"
}

# image_root DIR: a root file system to install in.
image_root() {
	(umask 022 && mkdir -p "$1/usr/src" "$1/lib/modules")
}

# tree DIR RELEASE [ID]: what an archive is made of; with $symvers, that of a kernel which was
# built before.
tree() {
	local i
	mkdir -p "$1/include/config" "$1/include/linux" "$1/include/generated" "$1/scripts/kheaders"
	printf 'prepare:\n\t@:\n' >"$1/Makefile"
	echo "$2" >"$1/include/config/kernel.release"
	[ ! "${3-}" ] || echo "$3" >"$1/include/config/kheaders.id"
	echo "#define UTS_RELEASE \"$2\"" >"$1/include/generated/utsrelease.h"
	echo "# of $2" >"$1/.config"
	[ ! "${symvers-}" ] ||
		printf '0x00000001\tsymbol\tvmlinux\tEXPORT_SYMBOL\t\n' >"$1/Module.symvers"
	printf '#!/bin/sh\n' >"$1/scripts/kheaders/run.sh"
	chmod 755 "$1/scripts/kheaders/run.sh"
	: >"$1/include/linux/empty.h"
	for i in {1..16}; do
		seq "$i" $((i * 40)) >"$1/include/linux/$i.h"
	done
}

# join OUT MANIFEST...: the archive of ./tree with a stream for each of these, and one for
# the end, as the kernel's build makes it.
join() {
	local out=$1 manifest chunks=()
	shift
	for manifest; do
		"$top/scripts/kheaders/pack.sh" "$manifest" tree "$manifest.xz" '' 1700000000
		chunks+=("$manifest.xz")
	done
	"$top/scripts/kheaders/join.sh" "$out.end" "${chunks[@]}" >"$out"
	rm "$@" "${chunks[@]}"
}

# archive OUT RELEASE [ID]: one of ./tree, which is made.
archive() {
	rm -rf tree
	tree tree "$2" "${3-}"
	streams "$1"
}

# streams OUT: one of ./tree as it is, in four streams.
streams() {
	(cd tree && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) >files
	split -n l/4 files manifest.
	rm files
	join "$1" manifest.*
}

# single OUT: one of ./tree in a single stream, as by hand.
single() {
	tar -C tree --mtime=@1700000000 -cJf "$1" .
}

# listing DIR: all there is of a tree, but for what the command adds.
listing() {
	(cd "$1" && find . ! -path ./.kheaders \( -type f -printf '%p %m %Ts\n' -o -type d -printf '%p/\n' -o \
		-printf '%p %y %l\n' \) && find . ! -path ./.kheaders -type f -exec sha256sum {} +) | sort
}

# whole DIR: it is ./tree, with the modes and the time that the archive has.
whole() {
	find tree -type f -exec touch -d @1700000000 {} +
	listing tree | diff - <(listing "$1")
}

# nothing_left [ROOT]: no tree, no link, nothing half-made.
nothing_left() {
	(cd "${1-root}" && find . -path ./usr/src/\* -o -path ./lib/modules/\* -o \
		-path ./var/lib/kheaders/\*) >left
	cat left
	[ ! -s left ]
}

# succeeds TEXT COMMAND...: status 0, nothing on stderr, and this output.
succeeds() {
	local text=$1
	shift
	run -0 --separate-stderr "$@"
	echo "$output$stderr"
	[ -z "$stderr" ]
	[ "$output" = "$text" ]
}

# fails STATUS TEXT COMMAND...: and nothing but one line that begins with TEXT.
fails() {
	local status=$1 text=$2
	shift 2
	run "-$status" --separate-stderr "$@"
	echo "$output$stderr"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr = "kheaders: $text"* ]]
}

# --- Others ---------------------------------------------------------------------

only_root() {
	[ "$(id -u)" = 0 ] || skip "only root can be two users"
}

# user COMMAND...: as an ordinary user, whose home is ./home.
user() {
	if [ ! -d home ]; then
		mkdir home
		[ "$(id -u)" != 0 ] || chown 65534:65534 home
	fi
	if [ "$(id -u)" = 0 ]; then
		HOME=$place/home setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		HOME=$place/home "$@"
	fi
}

# here COMMAND...: as root, where /usr/src, /lib/modules and /var/lib are those of ./root.
# A machine without modules may lack the second.
here() {
	# shellcheck disable=SC2016 # that shell's own
	unshare --mount --propagation private sh -c '
		root=$1; shift
		mkdir -p "$root/var/lib"
		for directory in usr/src lib/modules var/lib; do
			mkdir -p "/$directory"
			mount --bind "$root/$directory" "/$directory" || exit 99
		done
		exec "$@"' - "$place/root" "$@"
}
