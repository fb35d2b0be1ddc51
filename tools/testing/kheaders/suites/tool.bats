#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The kheaders command, built with ASan and UBSan. symvers/image.c writes the images. That
# real ones give what was built in is in images.bats.

bats_require_minimum_version 1.5.0
load command
load noise

setup_file() {
	sanitized
	# shellcheck disable=SC2086 # a list of words
	gcc -std=gnu11 -Wall -Wextra $sanitize -o "$work/symvers_image" "$here/symvers/image.c"
}

setup() {
	PATH=$work:$PATH
	cd "$BATS_TEST_TMPDIR"
}

# gives FILE [NAMESPACE [NONE]]: the symbols of symvers_image, without a word. In the last
# column, if there is one, are NAMESPACE and, for none, NONE.
gives() {
	kheaders symvers "$1" >out 2>err
	printf "0x89abcdef\tfirst_symbol\tvmlinux\tEXPORT_SYMBOL$2\n0x00000012\tsymbol\tvmlinux\tEXPORT_SYMBOL_GPL$3\n" |
		diff - out
	[ ! -s err ]
}

# refuses FILE TEXT: status 1, and nothing but one line that begins with TEXT.
refuses() {
	fails 1 "$1: $2" kheaders symvers "$1"
}

none="no symbol versions in it; was it built with CONFIG_IKHEADERS_SYMVERS=y?"

# --- The table ----------------------------------------------------------------

@test "symvers: either order of bytes, relative and absolute pointers, with namespaces and without" {
	for absolute in 0 4 8; do
		for order in little big; do
			for more in namespace=empty namespace=null crcs=distances; do
				symvers_image order=$order absolute=$absolute $more >img
				gives img '\tSOME_NS' '\t'
			done
		done
		symvers_image absolute=$absolute pointers=2 gpl=flags >img
		gives img
	done
}

@test "museum 53: namespaces in an image's symvers are where the kernel's own modpost has them" {
	symvers_image columns=first >img
	kheaders symvers img >out
	printf '0x89abcdef\tfirst_symbol\tSOME_NS\tvmlinux\tEXPORT_SYMBOL\n0x00000012\tsymbol\t\tvmlinux\tEXPORT_SYMBOL_GPL\n' |
		diff - out
	symvers_image columns=first pointers=2 >img
	gives img
}

@test "symvers: a relocatable kernel, its pointers in place or in relocations" {
	for absolute in 4 8; do
		for order in little big; do
			for kernel in inplace relocated endless; do
				symvers_image order=$order absolute=$absolute kernel=$kernel >img
				gives img '\tSOME_NS' '\t'
			done
		done
		symvers_image absolute=$absolute pointers=2 gpl=flags kernel=relocated >img
		gives img
	done
}

@test "symvers: a relocatable kernel without its relocations says so" {
	symvers_image absolute=8 kernel=stripped >img
	refuses img "no symbol versions can be read: its pointers are in relocations, which are not in this file any more; take the Image or vmlinuz that was made of it"
	# What unpacks an initramfs has the marks of compressed files in it.
	printf '\211LZO\0\r\n\032\n' >>img
	refuses img "no symbol versions can be read: its pointers are in relocations, which"
	symvers_image absolute=8 kernel=old >img
	refuses img "no symbol versions can be read: its pointers are in relocations, and this kernel does not say where; build it with a newer kheaders"
}

@test "symvers: a table behind false marks and broken tables" {
	{ printf 'MZ IKHD_SV\3nothing of that kind IKHD_SIKHD_SV\43'; symvers_image; } >img
	gives img '\tSOME_NS' '\t'
	{ symvers_image SYMBOLS.END=0x7fffff00; symvers_image absolute=8 kernel=stripped; symvers_image; } >img
	gives img '\tSOME_NS' '\t'
}

@test "symvers: an image without a table, or with half of one, is an error" {
	noise 30000 >img
	refuses img "$none"
	for absolute in 0 8; do
		symvers_image absolute=$absolute >img
		for size in 1007 1008 1030 1060 1110 1150 1203 5003; do
			head -c $size img >short
			refuses short "$none"
		done
	done
}

# bats test_tags=long
@test "symvers: fields that lead outside of the image, or to more than any kernel has" {
	local field value absolute
	for absolute in 0 8; do
		for field in SYMBOLS.BEGIN SYMBOLS.END SYMBOLS.CRCS GPL.BEGIN GPL.END GPL.CRCS FLAGS; do
			for value in -2000 6000 0x7fffffff -0x80000000 -1; do
				# Right before the table there is something to read, and a table may be empty.
				case $field:$value in
				*.CRCS:-1|FLAGS:-1) continue ;;
				esac
				symvers_image absolute=$absolute $field=$value >img
				refuses img "$none" || { echo "$field=$value"; false; }
			done
		done
	done
	for field in KIND=1 KIND=4 ORDER=2 ABSOLUTE=2 ABSOLUTE=-8 ABSOLUTE=0x80000000; do
		symvers_image $field >img
		refuses img "$none" || { echo "$field"; false; }
	done
	for field in BEGIN=-3000 BEGIN=0x7fffffff BEGIN=0 END=1 END=-1; do
		symvers_image absolute=8 kernel=relocated RELOCATIONS.$field >img
		refuses img "no symbol versions can be read: " || { echo "$field"; false; }
	done
	# The first symbol again and again, behind the image of 7000 bytes.
	symvers_image absolute=4 pointers=2 >entry
	tail -c +1101 entry | head -c 8 >entries
	for _ in {1..18}; do cat entries entries >twice; mv twice entries; done
	for count in 200000 260000; do
		symvers_image absolute=4 pointers=2 SYMBOLS.BEGIN=5992 SYMBOLS.CRCS=0 \
			SYMBOLS.END=$((5992 + 8 * count)) >img
		cat entries >>img
		[ $count != 200000 ] || [ "$(kheaders symvers img | wc -l)" = 200001 ]
	done
	refuses img "$none"
}

@test "symvers: a name or namespace that would garble the output is refused" {
	for name in 'first_symb\tl' 'first_symb\nl' 'first symbol' 'first_symb\033l' 'first_symb\303l' '1irst_symbol'; do
		symvers_image | LC_ALL=C sed "s/first_symbol/$(printf "${name//\\n/\\\\n}")/" >img
		refuses img "$none" || { echo "$name"; false; }
	done
	for name in 'SOME\tNS' 'SOME\nNS' 'SOME\033NS' 'SOME\377NS'; do
		symvers_image | LC_ALL=C sed "s/SOME_NS/$(printf "${name//\\n/\\\\n}")/" >img
		refuses img "$none" || { echo "$name"; false; }
	done
	symvers_image | sed 's/SOME_NS/m:a,b-*/' >img
	gives img '\tm:a,b-*' '\t'
}

@test "symvers: a name without an end" {
	symvers_image >img
	head -c 5013 img >short
	refuses short "$none"
	# One that goes on for longer than the kernel has any.
	{ head -c 5001 img; head -c 600 /dev/zero | tr '\0' a; tail -c +5601 img; } >long
	refuses long "$none"
}

# --- What an image is packed in -----------------------------------------------

# packs COMMAND...: what it packs is unpacked to the last byte, whatever follows: a table
# is at the end of more than is unpacked at a time.
packs() {
	# Its last bytes are the end of a name.
	{ noise 300000; symvers_image | head -c 5029; } >plain
	"$@" <plain >packed
	gives packed '\tSOME_NS' '\t'
	# As in a bzImage: setup code, the payload, its size, relocations.
	{ printf MZ; noise 15000; cat packed; printf '\0\0\100\1'; noise 3000; } >img
	gives img '\tSOME_NS' '\t'
	# A small kernel's size, and zeros, which lz4's legacy format could take for blocks.
	{ cat packed; printf '\0\0\100\0'; head -c 3000 /dev/zero; } >img
	gives img '\tSOME_NS' '\t'
	# Twice, as the file of an EFI zboot image.
	{ printf 'MZ\0\0zimg'; gzip -n <img; noise 99; } >two
	gives two '\tSOME_NS' '\t'
}

@test "gzip" { packs gzip -9n; }
@test "gzip, with a name" { symvers_image >a; gzip a; gives a.gz '\tSOME_NS' '\t'; }
@test "bzip2" { packs bzip2 -9; packs bzip2 -1; }
@test "xz, as the kernel calls it" { packs xz --check=crc32 --x86 --lzma2=dict=32MiB; packs xz --check=crc32 --lzma2=dict=128MiB; }
@test "lzop" { packs lzop -9; packs lzop -1; }
@test "lz4, legacy" { packs lz4 -l -9 - -; }
@test "lz4" { packs lz4 -q - -; }
@test "zstd, with the window of the kernel's --ultra -22" { packs zstd -q --long=27; }
@test "lzma" { packs xz --format=lzma -9; }

@test "lzma with each dictionary size of xz, and with the size in its header" {
	symvers_image >plain
	for n in 0 1 6 9; do
		xz --format=lzma -$n <plain >img
		gives img '\tSOME_NS' '\t'
	done
	truncate -s 262144 plain
	xz --format=lzma <plain >img
	printf '\0\0\4\0\0\0\0\0' | dd of=img bs=1 seek=5 conv=notrunc status=none
	gives img '\tSOME_NS' '\t'
}

@test "lzop with stored blocks, and with other checksums" {
	noise 300000 >plain
	symvers_image >>plain
	for option in -F -C --crc32; do
		lzop $option <plain >img 2>/dev/null || continue
		gives img '\tSOME_NS' '\t'
	done
}

@test "three deep is found, four deep is too deep" {
	# bzip2 stores nothing as it is
	symvers_image | bzip2 | bzip2 | bzip2 >three
	gives three '\tSOME_NS' '\t'
	bzip2 <three >four
	refuses four "$none"
}

@test "many false magics before the true one" {
	{
		false_magics
		symvers_image | zstd -q
	} >img
	gives img '\tSOME_NS' '\t'
}

@test "a magic right before another, and each at the very end" {
	{ printf '\037\050\002\135\211\375'; symvers_image | gzip; } >img
	gives img '\tSOME_NS' '\t'
	for magic in '\037\213\10\0' '\3757zXZ\0' 'BZh91AY&SY' '\211LZO\0\r\n\032\n' '\2!L\030' '\4"M\030' \
			'\050\265/\375' '\135\0\0\0\4\377\377\377\377\377\377\377\377\0'; do
		whole=$(printf "$magic" | wc -c)
		for size in $(seq "$whole"); do
			printf "$magic" | head -c "$size" >img
			refuses img "$none"
		done
	done
}

@test "cut short anywhere" {
	local packer size
	{ noise 100000; symvers_image; } >plain
	for packer in 'gzip' 'xz' 'bzip2' 'xz --format=lzma' 'lzop' 'lz4 -l - -' 'lz4 -q - -' 'zstd -q'; do
		$packer <plain >whole
		for size in 10 20 40 60 100 1000 50000; do
			head -c $size whole >img
			refuses img "$none"
		done
	done
}

# --- Hostile images -----------------------------------------------------------

# With the program as users have it.
plain_tool() {
	plain
	PATH=$plain:$PATH
}

# bounded FILE SECONDS MIB: is refused, and takes no more than that.
bounded() {
	run -1 --separate-stderr /usr/bin/time -f %M -o took timeout "$2" kheaders symvers "$1"
	echo "$stderr $(cat took) KiB"
	[[ $stderr = "kheaders: $1: "* ]]
	[ "$(tail -n 1 took)" -lt $(($3 * 1024)) ]
}

# bats test_tags=long
@test "a bomb: neither all memory nor all time" {
	plain_tool
	head -c 1000000000 /dev/zero | zstd -q >img
	bounded img 60 700
	[[ $stderr = *"no symbol versions found, and no kernel unpacks to so much; name a kernel image" ]]
	head -c 600000000 /dev/zero | gzip -1 | gzip >img
	bounded img 60 700
}

# bats test_tags=long
@test "cycles of compression: each layer holds the next many times" {
	plain_tool
	noise 20000 >layer
	for _ in 1 2 3 4; do
		for _ in {1..60}; do cat layer; done | gzip >next
		mv next layer
	done
	bounded layer 60 700
}

@test "a file full of magics, and one full of marks" {
	plain_tool
	printf '\050\265/\375\037\213\10\0\2!L\030\4"M\030' >img
	for _ in {1..22}; do cat img img >next; mv next img; done
	bounded img 20 200
	symvers_image SYMBOLS.END=0x7fffff >img
	head -c 1500 img | tail -c 500 >table
	for _ in {1..14}; do cat table table >next; mv next table; done
	bounded table 60 200
}

# bats test_tags=long
@test "the fuzzer finds no image that leads astray" {
	# shellcheck disable=SC2086 # a list of words
	clang -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $sanitize -fsanitize=fuzzer \
		-o "$work/symvers_fuzz" "$here/symvers/fuzz.c" \
		-Dmain=kheaders_main "$top"/tools/kheaders/*.c \
		-larchive -lcrypto -lelf -lkmod -llzma -llzo2 -lzstd
	mkdir -p "$work/corpus"
	for options in '' absolute=8 'absolute=4 order=big' 'absolute=8 kernel=relocated' \
			'absolute=8 kernel=endless' 'crcs=distances pointers=2 gpl=flags'; do
		# shellcheck disable=SC2086
		symvers_image $options >"$work/corpus/image-${options// /-}"
	done
	for packer in 'gzip' 'xz' 'bzip2' 'xz --format=lzma' 'lzop' 'lz4 -l - -' 'lz4 -q - -' 'zstd -q'; do
		symvers_image | $packer >"$work/corpus/packed-${packer// /-}"
	done
	for options in '' -DDISTANCES '-DFLAGS -DCRCS=CRC_PLACES' '-DPOINTERS=2 -DIMPORT=a -DIMPORT_CRC=1' \
			'-DIMPORT=a -DIMPORT_CRC=1 -DLONG_VERSIONS'; do
		# shellcheck disable=SC2086
		clang --target=x86_64-linux-gnu $options -c -o "$work/corpus/module${options// /-}" \
			"$here/symvers/module.S"
	done
	clang --target=mips-linux-gnu -DWORD=4 -c -o "$work/corpus/module-mips" "$here/symvers/module.S"
	"$work/symvers_fuzz" -max_total_time="${FUZZ_SECONDS:-3}" -max_len=8000 -rss_limit_mb=1000 \
		-timeout=20 -artifact_prefix="$work/" "$work/corpus"
}

# --- The command --------------------------------------------------------------

@test "no such file, a directory, a fifo, empty, too large, not to be read" {
	refuses missing "no such file; name a kernel image"
	mkdir directory
	refuses directory "is a directory; name a kernel image"
	mkfifo fifo
	refuses fifo "not a regular file; name a kernel image"
	: >empty
	refuses empty "is empty; name a kernel image"
	truncate -s 3G large
	refuses large "is larger than 2 GiB; take the Image or vmlinuz made of it"
	refuses missing/img "no such file; name a kernel image"
	refuses empty/img "Not a directory; name a kernel image"
}

@test "a file that may not be read" {
	local as=
	mkdir -m 755 open
	cp "$work/kheaders" open
	symvers_image >open/img
	chmod 0 open/img
	[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --clear-groups"
	cd open
	run -1 $as ./kheaders symvers img
	[ "$output" = "kheaders: img: cannot be read; try as root" ]
}

@test "names with spaces, stars and a dash in front" {
	mkdir "a  dir"
	for name in "a  dir/vm *linux" ./-n ./--help "\$(touch pwned)"; do
		symvers_image >"$name"
		gives "$name" '\tSOME_NS' '\t'
	done
	[ ! -e pwned ]
	symvers_image >-n
	kheaders symvers -- -n | cmp - out
}

@test "wrong usage: status 2 and one line" {
	local args
	# shellcheck disable=SC2086
	for args in "" "no_such_command" "-x" "symvers -x a" "symvers --root a b c" "symvers --symbols a"; do
		run -2 --separate-stderr kheaders $args
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" = 1 ]
		[[ $stderr = "Usage: kheaders "* ]]
	done
}

@test "--help and --version" {
	for option in -h --help; do
		run -0 --separate-stderr kheaders $option
		[[ $output = "Usage: kheaders COMMAND"*symvers*"Exit status"* ]]
		[ -z "$stderr" ]
		run -0 --separate-stderr kheaders symvers $option
		[[ $output = "Usage: kheaders symvers "*Example*"Exit status"* ]]
		[ -z "$stderr" ]
	done
	for option in -V --version; do
		run -0 kheaders $option
		[[ $output =~ ^kheaders\ [^\ ]+$ ]]
	done
	# Lines of 80 columns.
	run ! grep -E '.{81}' <(kheaders --help; kheaders symvers --help)
}

@test "standard output full, or closed by the reader" {
	symvers_image >img
	for args in "symvers img" "--help" "--version" "symvers --help"; do
		# shellcheck disable=SC2086
		run -1 bash -c '"$@" >/dev/full' - kheaders $args
		[[ $output = "kheaders: "*": cannot write to standard output; is the disk full?" ]]
	done
	run -1 bash -c 'trap "" PIPE; "$@" | :; exit "${PIPESTATUS[0]}"' - \
		sh -c 'sleep 0.5; exec kheaders symvers img'
	[ "${#lines[@]}" -eq 1 ]
	run -141 bash -c '"$@" | :; exit "${PIPESTATUS[0]}"' - sh -c 'sleep 0.5; exec kheaders symvers img'
	[ -z "$output" ]
}

# --- What it is made of -------------------------------------------------------

@test "warning-free under gcc and clang" {
	for cc in gcc clang; do
		command_make -C "$top/tools/kheaders" O="$work/by-$cc" CFLAGS='-O2 -Werror'
	done
	"$work/by-clang/kheaders" --version
}

@test "make install where nothing can be written: one line" {
	only_root
	mkdir root
	# shellcheck disable=SC2016
	run -2 --separate-stderr unshare --mount --propagation private sh -c '
		mount -t tmpfs -o ro none root
		exec make -s -C "$1" install O="$2" PREFIX="$PWD/root/usr" CC="ccache gcc"' - \
		"$top/tools/kheaders" "$work"
	[ "${stderr_lines[0]}" = "kheaders: $PWD/root can't be written: call make install as root, or with PREFIX= or DESTDIR=" ]
}

# Alpine's C library. There are no other libraries for it here: nothing is linked.
@test "compiles with musl" {
	local file
	for file in "$top"/tools/kheaders/*.c; do
		musl-gcc -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror -fsyntax-only \
			"$file" -idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)"
	done
}

# bats test_tags=long
@test "make install puts the command and its page where they belong, and nothing among the sources" {
	ls -A "$top/tools/kheaders" >before
	command_make -C "$top/tools/kheaders" O=o
	[ -x o/kheaders ]
	command_make -C "$top/tools/kheaders" install O=o PREFIX=/usr DESTDIR="$PWD/a root"
	(cd "a root" && find . -type f | sort) >files
	printf './usr/%s\n' bin/kheaders share/bash-completion/completions/kheaders \
		share/man/man1/kheaders.1 | diff - files
	[ "$("a root/usr/bin/kheaders" --version)" = "kheaders $(make -s -C "$top" --no-print-directory version)" ]
	ls -A "$top/tools/kheaders" | diff before -
}

@test "in a kernel tree it is built at the same path" {
	mkdir -p linux/tools linux/kernel
	cp -r "$top/tools/kheaders" linux/tools
	cp "$top/kernel/kheaders.h" linux/kernel
	command_make -C linux/tools/kheaders
	[ -x linux/build/tools/kheaders ]
}

# bats test_tags=long
@test "museum 54: a changed header is compiled again, also where ccache makes paths relative" {
	mkdir -p tools kernel
	cp -r "$top/tools/kheaders" tools
	cp "$top/kernel/kheaders.h" kernel
	again() {
		CCACHE_DIR=$top/build/ccache CCACHE_BASEDIR=$PWD make -C tools/kheaders CC="ccache gcc" "$@"
	}
	again
	run -0 again -q
	sleep 0.1
	touch tools/kheaders/note.h
	run -0 again -n
	grep -- '-c -o [^ ]*/note.o' <<<"$output"
	run ! grep -- "-c -o [^ ]*/lines.o" <<<"$output"
}
