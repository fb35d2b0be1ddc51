#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Museum 4: extract-ikheaders works on every image and module format. Made-up
# images stand in for kernels: what counts is where the archive is and in what
# it is wrapped. Needs bats, shellcheck, busybox and the compressors.

bats_require_minimum_version 1.5.0
load noise

X=$BATS_TEST_DIRNAME/../../../../scripts/extract-ikheaders

# An image around the archive in $1: noise, markers, noise.
image() { noise 20000; printf IKHD_ST; cat "$1"; printf IKHD_ED; noise 20000; }

# A bzImage around the payload on stdin: setup code, payload, its size, relocations.
bzimage() { printf MZ; noise 15000; cat; printf '\0\0\100\1'; noise 3000; }

# An EFI zboot file around the payload on stdin. Unlike a bzImage it starts
# with the name and place of the payload.
zboot() { printf 'MZ\0\0zimg\0\20\0\0'; printf "%-4096s" "$1"; cat; printf '\0\0\100\1'; head -c 9000 /dev/zero; }

setup_file() {
	local tool
	for tool in xz:xz-utils gzip: bzip2: lzop: lz4: zstd: busybox: shellcheck: dash:; do
		command -v "${tool%%:*}" > /dev/null || {
			echo "extract.bats needs ${tool%%:*} (package ${tool##*:})" >&2
			return 1
		}
	done
	cd "$BATS_FILE_TMPDIR" || return 1
	# Larger than a pipe holds. Repeats too far apart for this xz, which stores
	# them as they are, but not for the other tools: so no compressed image has
	# the archive in one piece, as if it were not compressed.
	mkdir include
	seq 5000 > include/a.h
	noise 20000 > once
	cat once once once once once once once once > include/b.h
	tar cf plain include/a.h include/b.h
	{ head -c 30000 plain | xz; tail -c +30001 plain | xz --lzma2=dict=4KiB; } > archive
	tar c include/a.h | xz > other
	{ printf '\177ELF'; image archive; } > vmlinux
}

setup() {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	cd "$BATS_TEST_TMPDIR" || return 1
	F=$BATS_FILE_TMPDIR
}

nothing_left() { [ -z "$(ls -A "$TMPDIR")" ]; }

# What $1 gives is $2 (the archive, if not named), without a word.
gives() {
	PATH=${SCRIPT_PATH:-$PATH} ${SHELL_UNDER_TEST:-} "$X" -- "$1" > out 2> err
	cmp out "${2:-$F/archive}"
	[ ! -s err ]
	nothing_left
}

# $1 gives nothing but status $2 and one line with $3 in it.
refuses() {
	local status=0
	PATH=${SCRIPT_PATH:-$PATH} ${SHELL_UNDER_TEST:-} "$X" -- "$1" > out 2> err || status=$?
	cat err
	[ "$status" -eq "$2" ]
	[ ! -s out ]
	[ "$(wc -l < err)" -eq 1 ]
	grep -q "^extract-ikheaders: $1: .*$3" err
	nothing_left
}

none="no kernel headers in it (was it built with CONFIG_IKHEADERS_PROC=y?"
damaged="cut short or damaged"

# bin/ has all that the script needs but the tools $1, ...
path_without() {
	local tool
	mkdir -p bin
	for tool in cat grep head mktemp wc paste rm sed sort tail tee tr xz gzip bzip2 lzop lz4 zstd; do
		[[ " $* " == *" $tool "* ]] || ln -sf "$(command -v $tool)" bin/$tool
	done
}

@test "vmlinux" { gives "$F/vmlinux"; }

@test "the archive is a tar of both joined streams" {
	gives "$F/vmlinux"
	tar xJf out
	cmp include/a.h "$F/include/a.h"
	cmp include/b.h "$F/include/b.h"
}

@test "the archive at the very start, and at the very end" {
	{ printf IKHD_ST; cat "$F/archive"; printf IKHD_ED; } > img
	gives img
}

@test "bzImage gzip" { gzip -9n < "$F/vmlinux" | bzimage > img; gives img; }
@test "bzImage bzip2" { bzip2 -9 < "$F/vmlinux" | bzimage > img; gives img; }
@test "bzImage lzma" { xz --format=lzma -9 < "$F/vmlinux" | bzimage > img; gives img; }
@test "bzImage xz" { xz --check=crc32 --x86 --lzma2=dict=32MiB < "$F/vmlinux" | bzimage > img; gives img; }
@test "bzImage lzo" { lzop -9 < "$F/vmlinux" | bzimage > img; gives img; }
@test "bzImage lz4" { lz4 -l -9 - - < "$F/vmlinux" | bzimage > img; gives img; }
# The window of the kernel's --ultra -22, without the time and memory it takes
@test "bzImage zstd" { zstd -q --long=27 < "$F/vmlinux" | bzimage > img; gives img; }

@test "Image.gz" { gzip -9n < "$F/vmlinux" > Image.gz; gives Image.gz; }
@test "Image.bz2" { bzip2 < "$F/vmlinux" > Image.bz2; gives Image.bz2; }
@test "Image.lzma" { xz --format=lzma < "$F/vmlinux" > Image.lzma; gives Image.lzma; }
@test "Image.lzo" { lzop < "$F/vmlinux" > Image.lzo; gives Image.lzo; }
@test "Image.lz4" { lz4 -l - - < "$F/vmlinux" > Image.lz4; gives Image.lz4; }
@test "Image.lz4 of lz4 without -l" { lz4 -q - - < "$F/vmlinux" > Image.lz4; gives Image.lz4; }
@test "Image.zst" { zstd -q < "$F/vmlinux" > Image.zst; gives Image.zst; }

@test "lzma with each dictionary size of xz, and with the size in its header" {
	local n
	for n in 0 1 6 9; do
		xz --format=lzma -$n < "$F/vmlinux" > img
		gives img
	done
	cp "$F/vmlinux" known
	truncate -s 262144 known
	xz --format=lzma < known > img
	printf '\0\0\4\0\0\0\0\0' | dd of=img bs=1 seek=5 conv=notrunc status=none
	gives img
}

@test "kheaders.ko, plain, .gz, .xz, .zst, .bz2" {
	cp "$F/vmlinux" kheaders.ko
	gives kheaders.ko
	gzip -k kheaders.ko		# with the name in the header
	gives kheaders.ko.gz
	xz -k --check=crc32 --lzma2=dict=1MiB kheaders.ko
	gives kheaders.ko.xz
	zstd -qk kheaders.ko
	gives kheaders.ko.zst
	bzip2 -k kheaders.ko
	gives kheaders.ko.bz2
}

@test "EFI zboot" {
	gzip -9n < "$F/vmlinux" | zboot gzip > img
	gives img
	zstd -q -19 < "$F/vmlinux" | zboot zstd22 > img
	gives img
}

@test "one in another" {
	gzip -n < "$F/vmlinux" | bzimage | zstd -q | zboot zstd22 > two
	gives two
	xz < two > three
	gives three
}

@test "three deep is found, four deep is too deep" {
	# bzip2 stores nothing as it is
	bzip2 < "$F/vmlinux" | bzip2 | bzip2 > three
	gives three
	bzip2 < three > four
	refuses four 1 "$none"
}

@test "the script itself has no archive" {
	cp "$X" copy
	refuses copy 1 "$none"
}

@test "the archive alone has no markers" { cp "$F/archive" a; refuses a 1 "$none"; }

@test "start markers before the true one" {
	{ printf IKHD_ST; noise 999; printf 'IKHD_STIKHD_ST\3757zXZ\0'; noise 999; cat "$F/vmlinux"; } > img
	gives img
}

@test "whole fake pairs before the true one" {
	{ printf 'IKHD_ST\3757zXZ\0'; noise 999; printf IKHD_ED; printf IKHD_STIKHD_ED; cat "$F/vmlinux"; } > img
	gives img
}

@test "end markers before the first start marker" {
	{ printf 'IKHD_ED IKHD_ED'; cat "$F/vmlinux"; } > img
	gives img
}

@test "only an end marker behind the archive counts" {
	{ printf IKHD_EDIKHD_ST; cat "$F/archive"; noise 14; } > img
	refuses img 1 "$damaged"
}

@test "a start marker with anything else behind it is ignored" {
	{ printf IKHD_ST; noise 999; printf IKHD_EDIKHD_ST; xz --format=lzma < "$F/plain"; printf IKHD_ED; } > img
	refuses img 1 "$none"
}

@test "markers in the archive's own data" {
	{ noise 5000; printf 'IKHD_ED IKHD_ST\3757zXZ\0 IKHD_ED IKHD_ED'; noise 70000; } > data
	tar c data | xz > archive
	[ "$(grep -aob IKHD_ED archive | wc -l)" -eq 3 ]
	image archive > img
	gives img archive
	gzip < img | bzimage > imgz
	gives imgz archive
}

@test "of two archives the first" {
	{ image "$F/other"; image "$F/archive"; } > img
	gives img "$F/other"
}

@test "of two archives the whole one" {
	{ printf IKHD_ST; head -c 90000 "$F/archive"; image "$F/other"; } > img
	gives img "$F/other"
}

@test "a fake archive in the image, the true one compressed in it" {
	{ printf 'IKHD_ST\3757zXZ\0'; noise 99; printf IKHD_ED; gzip < "$F/vmlinux" | bzimage; } > img
	gives img
}

# bats test_tags=slow
@test "many false magics before the true one" {
	{
		false_magics
		zstd -q < "$F/vmlinux"
	} > img
	gives img
}

@test "a magic right before another" {
	{ printf '\037\050\002\135\211\375'; gzip < "$F/vmlinux"; } > img
	gives img
}

# bats test_tags=slow
@test "cut short: in the archive, and in its end marker" {
	local n
	for n in 20020 20100 90000; do
		head -c $n "$F/vmlinux" > img
		refuses img 1 "$damaged"
	done
	head -c -20001 "$F/vmlinux" > img	# IKHD_E
	refuses img 1 "$damaged"
	head -c 20010 "$F/vmlinux" > img	# before the first of the archive
	refuses img 1 "$none"
}

@test "cut short: a compressed image" {
	gzip < "$F/vmlinux" > whole
	{ noise 999; head -c -30000 whole; } > img
	refuses img 1 "$damaged"
	bzip2 -1 < "$F/vmlinux" > whole		# several blocks, of 100000 bytes
	head -c -30000 whole > img
	refuses img 1 "$damaged"
}

@test "one byte changed" {
	cp "$F/vmlinux" img
	printf '\252\125\252\125' | dd of=img bs=1 seek=100000 conv=notrunc status=none
	refuses img 1 "$damaged"
}

# bats test_tags=slow
@test "a damaged archive of many streams is unpacked once, not once per stream" {
	local _
	path_without xz
	printf '#!/bin/sh\n%s "$@" | tee -a %s\n' "$(command -v xz)" "$PWD/log" > bin/xz
	chmod +x bin/xz
	seq 50000 > part
	for _ in {1..12}; do xz -0 < part; done > archive
	{ printf IKHD_ST; cat archive; } > img
	SCRIPT_PATH=$PWD/bin refuses img 1 "$damaged"
	[ "$(wc -c < log)" -le $((13 * $(wc -c < part))) ]
}

@test "no such file, a directory, a fifo, empty" {
	refuses missing 1 "no such file; name a kernel image"
	mkdir directory
	refuses directory 1 "is a directory; name a kernel image"
	mkfifo fifo
	refuses fifo 1 "not a regular file; name a kernel image"
	: > empty
	refuses empty 1 "is empty; name a kernel image"
}

@test "a file that may not be read" {
	local as=
	mkdir -m 755 open
	cd open
	cp "$F/vmlinux" img
	chmod 0 img
	[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --clear-groups"
	run $as sh -s -- img < "$X"
	[ "$status" -eq 1 ]
	[ "$output" = "extract-ikheaders: img: cannot be read; try as root" ]
}

@test "wrong usage: status 2 and one line" {
	local args
	# shellcheck disable=SC2086
	for args in "" "a b" "-x" "-x a" "--symbols a" "--" "-- a b"; do
		run "$X" $args
		[ "$status" -eq 2 ]
		[ "$output" = "Usage: extract-ikheaders FILE >kheaders.tar.xz" ]
		run bash -c '"$@" 2> /dev/null' - "$X" $args
		[ -z "$output" ]
	done
}

@test "-h and --help" {
	local opt
	for opt in -h --help; do
		run bash -c '"$@" 2> /dev/null' - "$X" $opt
		[ "$status" -eq 0 ]
		[[ $output == Usage:*"| tar xJ"*kheaders.ko*"Exit status"* ]]
	done
}

@test "--symvers names the command that took its place" {
	run -2 --separate-stderr "$X" --symvers "$F/vmlinux"
	[ -z "$output" ]
	[ "$stderr" = 'extract-ikheaders: --symvers: "kheaders symvers IMAGE", of tools/kheaders, prints symbol versions' ]
}

@test "names with spaces, stars and a dash in front" {
	mkdir "a  dir"
	for name in "a  dir/vm *linux" -n --help "-" "\$(touch pwned)"; do
		gzip < "$F/vmlinux" > "./$name"
		gives "$name"
	done
	[ ! -e pwned ]
	"$X" "a  dir/vm *linux" | cmp - "$F/archive"
	"$X" ./-n | cmp - "$F/archive"
}

@test "in a UTF-8 locale" {
	gzip < "$F/vmlinux" | bzimage > img
	LC_ALL=C.UTF-8 gives img
}

@test "a TMPDIR with spaces" {
	TMPDIR="$TMPDIR/a  b"
	mkdir "$TMPDIR"
	gzip < "$F/vmlinux" > img
	gives img
}

@test "no TMPDIR" {
	TMPDIR=$PWD/none run "$X" "$F/vmlinux"
	[ "$status" -eq 1 ]
	[ "$output" = "extract-ikheaders: $F/vmlinux: cannot make a temporary directory in $PWD/none; set TMPDIR to where there is room" ]
}

@test "TMPDIR full" {
	local _
	head -c 1000000 /dev/zero | gzip > unpacked
	bzip2 < unpacked > deeper
	for _ in {1..8}; do xz < "$F/once"; done > streams
	image streams > archived
	ulimit -f 64
	refuses unpacked 1 "cannot write to .*set TMPDIR"
	refuses deeper 1 "cannot write to .*set TMPDIR"
	refuses archived 1 "cannot write to .*set TMPDIR"
}

@test "stdout full" {
	run bash -c '"$@" > /dev/full' - "$X" "$F/vmlinux"
	[ "$status" -eq 1 ]
	[ "$output" = "extract-ikheaders: $F/vmlinux: cannot write to standard output; is the disk full?" ]
	nothing_left
}

@test "stdout closed by the reader" {
	run bash -c '"$@" | head -c 1 > /dev/null; exit "${PIPESTATUS[0]}"' - "$X" "$F/vmlinux"
	[ "$status" -eq 141 ]
	[ -z "$output" ]
	nothing_left
	# as started by a program that ignores SIGPIPE
	run bash -c 'trap "" PIPE; "$@" | head -c 1 > /dev/null; exit "${PIPESTATUS[0]}"' - "$X" "$F/vmlinux"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	nothing_left
}

@test "stdout a terminal: refused" {
	run script -qec "'$X' '$F/vmlinux'" /dev/null < /dev/null
	[ "$status" -eq 2 ]
	[[ $output == "extract-ikheaders: $F/vmlinux: not writing an archive to a terminal; "* ]]
	[ "${#lines[@]}" -eq 1 ]
}

# Stops a run in the middle of its work: $1 the signal, $2 the status, $3 "-" for the whole
# process group as the terminal does. The run stands in an xz that does not end.
stopped() {
	local pid status=0
	path_without xz
	printf '#!/bin/sh\n: > %s/started\nsleep %s\n' "$PWD" "${4:-20}" > bin/xz
	chmod +x bin/xz
	rm -f started
	set -m
	# Who started these tests may have them ignore signals (nohup, a shell's &).
	PATH=$PWD/bin:/usr/bin:/bin env --default-signal=HUP,INT,TERM \
		"$X" "$F/vmlinux" > out 2> err &
	pid=$!
	set +m
	until [ -e started ]; do sleep 0.02; done
	! nothing_left
	kill -s "$1" -- "$3$pid"
	wait $pid || status=$?
	[ "$status" -eq "$2" ]
	[ ! -s out ]
	nothing_left
}

@test "stopped by Ctrl-C" { stopped INT 130 -; }
@test "stopped by a hangup" { stopped HUP 129 -; }
@test "stopped by TERM, to the group and to the script alone" {
	stopped TERM 143 -
	stopped TERM 143 "" 0.5
}
@test "stopped by PIPE" { stopped PIPE 141 -; }

@test "without xz" {
	path_without xz
	SCRIPT_PATH=$PWD/bin refuses "$F/vmlinux" 1 "needs xz (package xz-utils)$"
	[ "$(cat err)" = "extract-ikheaders: $F/vmlinux: needs xz (package xz-utils)" ]
}

# bats test_tags=slow
@test "without the tool that the image needs" {
	path_without zstd lzop
	zstd -q < "$F/vmlinux" | bzimage > img
	SCRIPT_PATH=$PWD/bin refuses img 1 "needs zstd (package zstd)$"
	lzop < "$F/vmlinux" > img
	lzop < "$F/vmlinux" >> img
	SCRIPT_PATH=$PWD/bin refuses img 1 "needs lzop (package lzop)$"
	zstd -q < "$F/vmlinux" >> img
	SCRIPT_PATH=$PWD/bin refuses img 1 "needs lzop (package lzop), zstd (package zstd)$"
}

@test "without a tool that another image needs" {
	path_without bzip2 zstd lzop lz4
	{ printf '\050\265/\375'; gzip < "$F/vmlinux"; } > img
	SCRIPT_PATH=$PWD/bin gives img
	SCRIPT_PATH=$PWD/bin gives "$F/vmlinux"
	noise 5000 > img
	SCRIPT_PATH=$PWD/bin refuses img 1 "$none"
}

@test "without GNU grep" {
	path_without grep
	printf '#!/bin/sh\necho "grep: unrecognized option: P" >&2\nexit 2\n' > bin/grep
	chmod +x bin/grep
	SCRIPT_PATH=$PWD/bin refuses "$F/vmlinux" 1 "needs GNU grep with -P (package grep)$"
}

each_kind() {
	gives "$F/vmlinux"
	zstd -q < "$F/vmlinux" | bzimage > img
	gives img
	lzop < img > img2
	gives img2
	head -c 90000 "$F/vmlinux" > img
	refuses img 1 "$damaged"
	noise 5000 > img
	refuses img 1 "$none"
	refuses missing 1 "no such file"
}

@test "under dash" { SHELL_UNDER_TEST=dash each_kind; }
# bats test_tags=slow
@test "under bash --posix" { SHELL_UNDER_TEST="bash --posix" each_kind; }

@test "under busybox sh" {
	# Its own grep has no -P. Functions go before the tools built into it.
	{
		for tool in cat grep head mktemp paste rm sed sort tail tr xz gzip bzip2 lzop lz4 zstd; do
			echo "$tool() { $(type -P $tool) \"\$@\"; }"
		done
		# shellcheck disable=SC2016
		echo 'script=$1; shift; . "$script"'
	} > gnu
	SHELL_UNDER_TEST="busybox sh ./gnu" each_kind
}

@test "shellcheck" { shellcheck "$X"; }

@test "executable, SPDX line, no bashism in the first line" {
	[ -x "$X" ]
	[ "$(sed -n 1p "$X")" = "#!/bin/sh" ]
	[ "$(sed -n 2p "$X")" = "# SPDX-License-Identifier: GPL-2.0-only" ]
}
