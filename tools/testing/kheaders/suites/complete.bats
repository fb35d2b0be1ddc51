#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders symvers, built with ASan and UBSan, of modules: symvers/module.S. That it gives
# what kernels' own builds do is tested in the guests, by selftests/kheaders/command.sh.

bats_require_minimum_version 1.5.0
load command
load noise

setup_file() {
	sanitized
	gcc -std=gnu11 -Wall -Wextra -Werror -o "$work/symvers_image" "$here/symvers/image.c"
}

setup() {
	PATH=$work:$PATH
	cd "$BATS_TEST_TMPDIR"
	disk=root/lib/modules/1.2.3
	shown=$disk
	{ line module_layout vmlinux 0x11111111; line printk vmlinux 0x22222222; } >kernel
}

# line SYMBOL MODULE CRC [NAMESPACE [_GPL]]
line() { printf '%s\t%s\t%s\tEXPORT_SYMBOL%s\t%s\n' "$3" "$1" "$2" "${5-}" "${4-}"; }

# first_and_second MODULE [SYMBOL SYMBOL]: the lines of module.S.
first_and_second() {
	line "${2-first}" "$1" 0x89abcdef SOME_NS
	line "${3-second}" "$1" 0x00000012 "" _GPL
}

# assemble FILE TARGET [OPTION...]
assemble() {
	local file=$1 target=$2; shift 2
	# For some targets, clang would look for another assembler.
	clang --target="$target" -fintegrated-as "$@" -c -o "$file" "$here/symvers/module.S"
}

# module PATH [OPTION...]: one on the disk, compressed if it is called so.
module() {
	local file=$disk/$1; shift
	mkdir -p "$(dirname "$file")"
	assemble "${file%.ko*}.ko" x86_64-linux-gnu -DDISTANCES -DIMPORT=printk \
		-DIMPORT_CRC=0x22222222 "$@"
	case $file in
	*.gz)	gzip "${file%.gz}" ;;
	*.xz)	xz --check=crc32 "${file%.xz}" ;;
	*.zst)	zstd -q --rm "${file%.zst}" ;;
	esac
}

# complete_is FILE [TEXT...]: what the kernel and the disk give, and what is said of modules:
# each TEXT begins with a path below the directory.
complete_is() {
	local want=$1 text; shift
	kheaders symvers --root root --release 1.2.3 kernel >out 2>err
	diff "$want" out
	for text; do
		echo "kheaders: $shown/$text; left out"
	done | diff - err
}

# refuses TEXT ARGUMENT...: status 1, and nothing but one line.
refuses() {
	local text=$1; shift
	fails 1 "$text" kheaders symvers "$@"
	[ "$stderr" = "kheaders: $text" ]
}

# --- A module -----------------------------------------------------------------

# bats test_tags=long
@test "modules of either order of bytes and size of pointers, with relocations of all kinds" {
	while read -r target options; do
		for more in '' -DNO_NAMESPACE -DFLAGS -DCRCS=CRC_PLACES '-DFLAGS -DNO_NAMESPACE'; do
			# shellcheck disable=SC2086 # words
			assemble drivers.ko "$target" $options $more
			kheaders symvers drivers.ko >out
			first_and_second drivers | diff - out || { echo "$target $options $more"; false; }
		done
	done <<-EOT
		x86_64-linux-gnu -DDISTANCES
		x86_64-linux-gnu
		i386-linux-gnu -DWORD=4 -DDISTANCES
		i386-linux-gnu -DWORD=4
		aarch64-linux-gnu -DDISTANCES
		arm-linux-gnueabihf -DWORD=4
		riscv64-linux-gnu -DDISTANCES
		mips-linux-gnu -DWORD=4
		mips64el-linux-gnuabi64
		powerpc-linux-gnu -DWORD=4
		powerpc64-linux-gnu
		s390x-linux-gnu -DDISTANCES
		sparc64-linux-gnu
	EOT
}

@test "modules from before namespaces, without versions, and with those that a linker put there" {
	for options in '' -DDISTANCES '-DFLAGS -DDISTANCES'; do
		# shellcheck disable=SC2086 # words
		assemble m.ko x86_64-linux-gnu -DPOINTERS=2 $options
		kheaders symvers m.ko | diff <(first_and_second m | cut -f 1-4) -
	done
	assemble m.ko x86_64-linux-gnu -DCRCS=CRC_NONE
	kheaders symvers m.ko | diff <(first_and_second m | sed 's/^0x......../0x00000000/') -
	assemble m.o x86_64-linux-gnu -DCRCS=CRC_SYMBOLS -DDISTANCES
	ld -r --defsym=__crc_first=0x89abcdef -o m.ko m.o
	kheaders symvers m.ko | diff <(first_and_second m | sed 's/^0x00000012/0x00000000/') -
}

@test "modules without names for what nothing refers to" {
	module kernel/m.ko
	strip --strip-unneeded $disk/kernel/m.ko
	nm $disk/kernel/m.ko >names
	run ! grep -q ksymtab names
	{ cat kernel; first_and_second m; } >want
	complete_is want
}

@test "several files, and the kernel's image before them, with its columns" {
	assemble a.ko x86_64-linux-gnu -DDISTANCES
	mkdir -p b/lib/modules/1.2.3/kernel/drivers/net
	assemble b/lib/modules/1.2.3/kernel/drivers/net/b-c.ko x86_64-linux-gnu -DFIRST=b -DSECOND=c
	xz b/lib/modules/1.2.3/kernel/drivers/net/b-c.ko
	mkdir d
	cp a.ko d
	kheaders symvers ./a.ko b/lib/modules/1.2.3/kernel/drivers/net/b-c.ko.xz kernel d/a.ko >out
	{ cat kernel; first_and_second a; first_and_second drivers/net/b-c b c; first_and_second d/a; } |
		diff - out
	# As Linux 5.4 to 5.6 order them, and from before 5.4.
	awk -F '\t' -v OFS='\t' '{ print $1, $2, $5, $3, $4 }' kernel >old
	{ cat old; first_and_second a | awk -F '\t' -v OFS='\t' '{ print $1, $2, $5, $3, $4 }'; } >want
	kheaders symvers a.ko old | diff want -
	cut -f 1-4 kernel >older
	kheaders symvers a.ko older | diff <(cat older; first_and_second a | cut -f 1-4) -
}

@test "a module that exports nothing has no lines" {
	assemble m.ko x86_64-linux-gnu
	objcopy -R __ksymtab -R __ksymtab_gpl -R .rela__ksymtab -R .rela__ksymtab_gpl m.ko
	run -0 --separate-stderr kheaders symvers m.ko
	[ -z "$output$stderr" ]
}

@test "names that would garble the output, and modules that are cut or filled with noise" {
	assemble m.ko x86_64-linux-gnu '-DNAMESPACE="a\tb"'
	refuses "m.ko: is damaged; get another copy of it" m.ko
	assemble m.ko x86_64-linux-gnu
	for name in 'fir\tt' 'fir t' 'fir\nt' 'fir\et' '1irst'; do
		name=$name perl -pe 'BEGIN { $to = eval qq("$ENV{name}") } s/first/$to/g' m.ko >bad.ko
		refuses "bad.ko: is damaged; get another copy of it" bad.ko
	done
	size=$(wc -c <m.ko)
	for at in $(seq 16 97 "$size"); do
		head -c "$at" m.ko >cut.ko
		run --separate-stderr kheaders symvers cut.ko
		[ "$status" -le 1 ] || { echo "$at: $stderr"; false; }
		{ head -c "$at" m.ko; noise 90; tail -c +$((at + 91)) m.ko; } >noisy.ko
		run --separate-stderr kheaders symvers noisy.ko
		[ "$status" -le 1 ] || { echo "$at: $stderr"; false; }
	done
}

# --- A kernel and its modules -------------------------------------------------

@test "no modules on the disk" {
	mkdir -p $disk/kernel
	complete_is kernel
}

@test "modules on the disk, in each way they are compressed, by the build's paths" {
	module kernel/drivers/net/a.ko -DFIRST=a -DSECOND=a2
	module kernel/drivers/net/b.ko.gz -DFIRST=b -DSECOND=b2
	module kernel/lib/c-d.ko.xz -DFIRST=c -DSECOND=c2
	module kernel/lib/e.ko.zst -DFIRST=e -DSECOND=e2 -DLONG_VERSIONS
	# Neither the tree of headers nor what a link leads to, nor what is not called so.
	module build/f.ko
	cp $disk/build/f.ko $disk/kernel/f.o
	ln -s ../build/f.ko $disk/kernel/f.ko
	{
		cat kernel
		first_and_second drivers/net/a a a2
		first_and_second drivers/net/b b b2
		first_and_second lib/c-d c c2
		first_and_second lib/e e e2
	} >want
	complete_is want
	kheaders symvers --root root --release 1.2.3 --xz kernel | xz -dc | diff want -
}

@test "modules that depmod's list does not have are not unpacked, unless they are newer" {
	module kernel/a-1.ko.xz -DFIRST=a -DSECOND=a2
	module kernel/b.ko.xz -DFIRST=b -DSECOND=b2
	module kernel/c.ko.xz -DFIRST=c -DSECOND=c2
	printf '# Aliases\nalias symbol:a a_1\nalias symbol:c c\n' >$disk/modules.symbols
	touch -d '+1 hour' $disk/modules.symbols
	{ cat kernel; first_and_second a-1 a a2; first_and_second c c c2; } >want
	complete_is want
	# What is changed behind depmod's back, and a list that is none.
	touch -d '-1 hour' $disk/modules.symbols
	{ cat kernel; first_and_second a-1 a a2; first_and_second b b b2; first_and_second c c c2; } >want
	complete_is want
	noise 9000 >$disk/modules.symbols
	complete_is want
	touch -d '+1 hour' $disk/modules.symbols
	: >$disk/modules.symbols
	complete_is want
}

@test "modules that are loaded get the paths of their files, if these are the same modules" {
	module kernel/drivers/net/a-b.ko -DFIRST=a -DSECOND=b
	module kernel/c.ko -DFIRST=c -DSECOND=d
	module kernel/e.ko -DFIRST=e -DSECOND=f
	cp $disk/kernel/c.ko $disk/kernel/another.ko
	{ first_and_second a_b a b; first_and_second mine my own; } >>kernel
	{ line e e 0x33333333; line f e 0x00000012 "" _GPL; } >>kernel
	{ sed 's,a_b,drivers/net/a-b,' kernel; first_and_second another c d; } >want
	complete_is want "kernel/e.ko: another build of it is loaded" \
		"kernel/c.ko: exports c, as kernel/another.ko does"
}

@test "modules that are not of this kernel's build" {
	module kernel/a.ko
	module updates/b.ko -DFIRST=b -DSECOND=b2 -DOUT_OF_TREE
	module kernel/c.ko -DFIRST=c -DSECOND=c2 '-DVERMAGIC="1.2.30 SMP "'
	module kernel/d.ko -DFIRST=d -DSECOND=d2 '-DVERMAGIC="1.2.3 mod_unload "'
	module kernel/e.ko -DFIRST=e -DSECOND=e2 -DIMPORT_CRC=0x22222223
	module kernel/f.ko -DFIRST=f -DSECOND=f2 -DIMPORT=nowhere
	module kernel/g.ko -DFIRST=printk -DSECOND=g2
	module kernel/h.ko -DFIRST=h -DSECOND=h2 -UIMPORT
	# This one is for one that is left out, and that for it.
	module kernel/i.ko -DFIRST=i -DSECOND=i2 -DIMPORT=e -DIMPORT_CRC=0x89abcdef
	module kernel/h2.ko -DFIRST=j -DSECOND=j2 -DIMPORT=i -DIMPORT_CRC=0x89abcdef
	module kernel/k.ko -DFIRST=k -DSECOND=k2 -DIMPORT=first -DIMPORT_CRC=0x89abcdef
	noise 5000 >$disk/kernel/l.ko
	head -c 700 $disk/kernel/a.ko >$disk/kernel/m.ko
	: >$disk/kernel/n.ko
	{ cat kernel; first_and_second a; first_and_second k k k2; } >want
	complete_is want \
		"kernel/c.ko: is for another kernel, \"1.2.30 SMP \"" \
		"kernel/h.ko: has no symbol versions, but the kernel has" \
		"kernel/l.ko: is not a module" \
		"kernel/m.ko: is not a module" \
		"kernel/n.ko: is not a module" \
		"updates/b.ko: is not of the kernel's own build" \
		"kernel/d.ko: is for another kernel, \"1.2.3 mod_unload \"" \
		"kernel/e.ko: imports another version of printk than there is" \
		"kernel/f.ko: imports nowhere, which nothing exports" \
		"kernel/i.ko: imports e, which nothing exports" \
		"kernel/h2.ko: imports i, which nothing exports" \
		"kernel/g.ko: exports printk, as vmlinux does"
}

@test "modules of a kernel without symbol versions" {
	module kernel/a.ko -UIMPORT -DCRCS=CRC_NONE '-DVERMAGIC="1.2.3 SMP mod_unload "'
	module kernel/b.ko -DFIRST=b -DSECOND=b2
	sed -i 's/^0x......../0x00000000/' kernel
	{ cat kernel; first_and_second a | sed 's/^0x......../0x00000000/'; } >want
	complete_is want "kernel/b.ko: has symbol versions, but the kernel has none"
}

@test "no directory of modules, no kernel that runs, and wrong arguments" {
	mkdir root
	refuses "root/lib/modules/1.2.3: no such directory; name another one with --release" \
		--root root --release 1.2.3 kernel
	for options in '--root root --release 1.2.3' '--release 1.2.3'; do
		# shellcheck disable=SC2086 # words
		refuses "1.2.3: is not what runs here; name an IMAGE of it" $options
	done
	refuses "../x: is not the release of a kernel; \"uname -r\" prints one" --release ../x kernel
	[ -e /proc/kheaders.symvers ] ||
		refuses "/proc/kheaders.symvers: can't be read; was the kernel built with CONFIG_IKHEADERS_SYMVERS=y? or name an IMAGE"
	run -2 --separate-stderr kheaders symvers --root root kernel kernel
	[[ $stderr = "Usage: "* ]]
	for bad in '0x1 printk' '0x1\tprintk\tvmlinux\tEXPORT_SYMBOL' '0x1\tprintk\tvmlinux\tEXPORT\t\n' \
			'0xg\tprintk\tvmlinux\tEXPORT_SYMBOL\n' '0x1\tprintk\t\tEXPORT_SYMBOL\n' \
			'0x1\ta b\tvmlinux\tEXPORT_SYMBOL\n'; do
		printf "$bad" >bad
		refuses "bad: is not in the format of Module.symvers; get another copy of it" bad
	done
}

@test "a disk that is full" {
	[ -e /dev/full ] || skip "no /dev/full here"
	for option in '' --xz; do
		# shellcheck disable=SC2086 # a word or none
		run -1 bash -c "kheaders symvers $option kernel 2>&1 >/dev/full"
		[ "$output" = "kheaders: symvers: cannot write to standard output; is the disk full?" ]
	done
}

@test "what others can change is named, and not read" {
	[ "$(id -u)" = 0 ] || skip "needs root, for files of another user"
	module kernel/foo.ko
	cp kernel want
	chown 65534 $disk/kernel/foo.ko
	complete_is want "kernel/foo.ko: Operation not permitted"
	chown 0 $disk/kernel/foo.ko
	chmod g+w $disk/kernel/foo.ko
	complete_is want "kernel/foo.ko: Operation not permitted"
	chmod g-w $disk/kernel/foo.ko
	chown 65534 $disk/kernel
	complete_is want "kernel/: can't be read, or others can change it"
	mv $disk/kernel theirs
	chown 0 theirs
	ln -s ../../../../theirs $disk/kernel
	complete_is want
}

# --- In a tree ------------------------------------------------------------------

# make_image: of what is in archive/, and the symbols of symvers/image.c.
make_image() {
	(shopt -s dotglob; cd archive && tar -cf - *) | xz --check=crc32 >kheaders.tar.xz
	{
		symvers_image
		printf IKHD_ST
		cat kheaders.tar.xz
		printf IKHD_ED
	} >image
}

# An image with an archive and a table of symbols, a module of its build, and what comes
# of both.
image_and_module() {
	mkdir -p archive/include/config root
	echo 1.2.3 >archive/include/config/kernel.release
	echo 0123456789abcdef >archive/include/config/kheaders.id
	printf 'prepare:\n\ttest -s Module.symvers\n' >archive/Makefile
	make_image
	module kernel/drivers/foo.ko -UIMPORT -UIMPORT_CRC -DIMPORT=symbol -DIMPORT_CRC=0x12 \
		-DFIRST=one -DSECOND=two -DLAYOUT=first_symbol -DLAYOUT_CRC=0x89abcdef
	{
		line first_symbol vmlinux 0x89abcdef SOME_NS
		line symbol vmlinux 0x00000012 "" _GPL
		first_and_second drivers/foo one two
	} >want
	tree=root/usr/src/linux-headers-1.2.3
}

# installs [OPTION...]: without a word on stderr, what is wanted is in both files.
installs() {
	kheaders install --root root --from image "$@" 2>err
	cat err
	[ ! -s err ]
	diff want $tree/Module.symvers
	[ "$(stat -c %a $tree/Module.symvers)" = 644 ]
	xz -dc $disk/symvers.xz | diff want -
	grep -qx "symvers $(sha256sum $disk/symvers.xz | cut -c 1-64)" $tree/.kheaders
	grep -qx "prepared yes" $tree/.kheaders
	[ -z "$(find root -name '.*' ! -path $tree/.kheaders ! -path $tree/.config)" ]
}

@test "kheaders install makes Module.symvers and symvers.xz complete, and remove takes them away" {
	image_and_module
	installs
	kheaders remove --root root
	[ ! -e $tree ]
	[ -z "$(find root -name '*symvers*')" ]
	[ -e $disk/kernel/drivers/foo.ko ]
}

@test "the image is read once, for both the headers and the symbols" {
	image_and_module
	zstd -q image -o packed
	# LeakSanitizer does not run under strace.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o calls -e trace=openat \
		kheaders install --root root --from packed
	diff want $tree/Module.symvers
	[ "$(grep -c '"packed"' calls)" = 1 ]
}

@test "a symvers.xz that kheaders made is replaced, and one that it did not make stays" {
	image_and_module
	installs
	# Of another build: the tree is made again.
	rm $disk/kernel/drivers/foo.ko
	head -n 2 want >fewer && mv fewer want
	echo fedcba9876543210 >archive/include/config/kheaders.id
	make_image
	installs
	# Changed since, it is somebody's.
	echo changed >$disk/symvers.xz
	kheaders remove --root root
	[ "$(cat $disk/symvers.xz)" = changed ]
	kheaders install --root root --from image
	[ "$(cat $disk/symvers.xz)" = changed ]
	diff want $tree/Module.symvers
	grep -qx "symvers " $tree/.kheaders
	kheaders remove --root root
	[ "$(cat $disk/symvers.xz)" = changed ]
	# Without a directory of modules, one is made, and goes.
	rm -r root/lib
	installs
	kheaders remove --root root
	[ ! -e $disk ]
}

# missing TEXT STATUS FILE: what status says of it in its line, and in JSON.
missing() {
	run "-$2" --separate-stderr kheaders status --root root --from "$3"
	echo "$output$stderr"
	grep -qx "Missing:  $1" <<<"$output"
	run "-$2" --separate-stderr kheaders status --json --root root --from "$3"
	[ "$(python3 -c 'import json, sys; print(", ".join(json.load(sys.stdin)["missing"]) or "nothing")' \
		<<<"$output")" = "$1" ]
}

@test "a symvers.xz that is gone: status says so, and install makes it again" {
	image_and_module
	echo "# of 1.2.3" >archive/.config
	make_image
	missing "the tree, the link /lib/modules/1.2.3/build, /lib/modules/1.2.3/symvers.xz" 1 image
	installs
	missing nothing 0 image
	rm $disk/symvers.xz
	missing /lib/modules/1.2.3/symvers.xz 1 image
	# An archive alone has no symbols to make it of.
	missing nothing 0 kheaders.tar.xz
	[ "$(kheaders install --root root --from kheaders.tar.xz)" = "$tree: is there, and fits the kernel" ]
	diff want $tree/Module.symvers
	installs
	missing nothing 0 image
	# Somebody else's will do, and a tree that came without one needs none.
	echo theirs >$disk/symvers.xz
	missing nothing 0 image
	kheaders remove --root root
	kheaders install --root root --from image
	rm $disk/symvers.xz
	echo >>$tree/Module.symvers
	missing nothing 0 image
	[ "$(kheaders install --root root --from image)" = "$tree: is there, and fits the kernel" ]
}

@test "symvers.xz that can't be written: no tree either" {
	[ "$(id -u)" = 0 ] || skip "needs root, to mount"
	image_and_module
	mkdir -p $disk
	# No room for it, but for the link and the tree.
	run -1 unshare -m sh -c "mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs $disk &&
		kheaders install --root root --from image"
	echo "$output"
	[[ $output = "kheaders: root/lib/modules/1.2.3/symvers.xz: No space left on device; try as root, and look for room there" ]]
	[ -z "$(ls -A root/usr/src)" ]
}

@test "an archive alone has no symbols: a line says so, and there is no Module.symvers" {
	image_and_module
	printf 'prepare:\n\t:\n' >archive/Makefile
	echo CONFIG_MODVERSIONS=y >archive/include/config/auto.conf
	make_image
	kheaders install --root root --from kheaders.tar.xz 2>err
	[ "$(cat err)" = "kheaders: the tree has no Module.symvers: no symbol versions are in kheaders.tar.xz, only in an image of the kernel (CONFIG_IKHEADERS_SYMVERS)" ]
	[ -e $tree/Makefile ]
	[ -z "$(find root -name '*symvers*')" ]
}

@test "an archive with a Module.symvers, of a kernel that was built before: that is it, in symvers.xz, too" {
	image_and_module
	printf 'prepare:\n\t:\n' >archive/Makefile
	echo CONFIG_MODVERSIONS=y >archive/include/config/auto.conf
	printf '0x89abcdef\tbuilt\tdrivers/built\tEXPORT_SYMBOL\t\n' >archive/Module.symvers
	make_image
	for from in kheaders.tar.xz image; do
		kheaders install --root root --from $from 2>err
		[ ! -s err ] || { cat err; false; }
		cmp archive/Module.symvers $tree/Module.symvers
		xz -dc $disk/symvers.xz | cmp archive/Module.symvers -
		kheaders remove --root root
		[ -z "$(find root -name '*symvers*')" ]
	done
}

@test "kheaders sysext has a complete Module.symvers, too" {
	image_and_module
	head -n 2 want >of_the_kernel
	kheaders sysext --from image extension 2>err
	[ ! -s err ]
	diff of_the_kernel extension/usr/src/linux-headers-1.2.3/Module.symvers
}
