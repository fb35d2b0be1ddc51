#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/extract-ikheaders and "kheaders symvers" on the kernels that check.sh has built:
# $IMAGES, their object trees. What they find must be what was built in, which the booted
# kernels show (read.sh, symvers.sh). The first of them that is a bzImage is also packed
# with each compression, or with those of $IMAGE_METHODS: "METHOD,SUFFIX...". UML's is
# booted from clones in other directories.

bats_require_minimum_version 1.5.0

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	work=$top/build/images
	export top here work
	rm -rf "$work"
	mkdir -p "$work"
	make -s -C "$top/tools/kheaders" O="$work/tools"
}

teardown_file() {
	rm -rf "$work"
}

# extracts FILE OBJTREE: the archive comes out of FILE byte for byte.
extracts() {
	"$top/scripts/extract-ikheaders" "$1" >"$work/got" || { echo "$1"; false; }
	cmp "$work/got" "$2/kernel/kheaders_data.tar.xz" || { echo "$1"; false; }
}

# objtrees PATTERN: those whose configuration has a line like it.
objtrees() {
	for out in $IMAGES; do
		! grep -q "$1" "$out/.config" || echo "$out"
	done
}

# need PATTERN: a test of kernels with that, where there are some.
need() {
	[ -n "$(objtrees "$1")" ] || skip "none of these kernels has $1"
}

@test "museum 4: vmlinux, bzImage, Image.gz and UML's linux" {
	need '^CONFIG_IKHEADERS_PROC=y'
	for out in $(objtrees '^CONFIG_IKHEADERS_PROC=y'); do
		extracts "$out/vmlinux" "$out"
		for image in "$out/linux" "$out/arch/x86/boot/bzImage" "$out/arch/arm64/boot/Image.gz"; do
			[ ! -f "$image" ] || extracts "$image" "$out"
		done
	done
}

@test "kheaders.ko, plain and compressed" {
	need '^CONFIG_IKHEADERS_PROC=m'
	for out in $(objtrees '^CONFIG_IKHEADERS_PROC=m'); do
		extracts "$out/kernel/kheaders.ko" "$out"
		cp "$out/kernel/kheaders.ko" "$work/k.ko"
		gzip -k "$work/k.ko"
		# As the kernel's own modules_install compresses.
		xz -k --check=crc32 --lzma2=dict=1MiB "$work/k.ko"
		zstd -q -T0 "$work/k.ko"
		for image in "$work"/k.ko.*; do
			extracts "$image" "$out"
		done
		rm "$work"/k.ko*
	done
}

@test "a guest sees its clone, even in a directory where a guest mounts something else" {
	need '^CONFIG_UML=y'
	[ "$EUID" = 0 ] || skip "needs root, to write in each of these directories"
	ln -s "$(objtrees '^CONFIG_UML=y' | head -n 1)" "$work/um"
	for dir in /mnt /tmp /run /dev/shm /home /srv; do
		clone=$(mktemp -d $dir/kheaders-XXXXXX)/tools/testing/kheaders
		mkdir -p "$clone/guest"
		cp "$here/lib.sh" "$clone"
		cp "$here"/guest/{boot,init}.sh "$clone/guest"
		run "$clone/guest/boot.sh" "$work/um" 60 ls "$clone/lib.sh"
		rm -rf "${clone%/tools/*}"
		echo "$output"
		[ "$status" = 0 ]
		[[ "$output" = *"$clone/lib.sh"* ]]
	done
}

@test "an image with kheaders as a module has no archive: the error names kheaders.ko" {
	for out in $(objtrees '^CONFIG_IKHEADERS_PROC=m'); do
		run -1 "$top/scripts/extract-ikheaders" "$out/vmlinux"
		echo "$output" | grep 'kheaders.ko'
	done
}

@test "each chunk has files: no row of the table chunks comes too late" {
	[ -n "$IMAGES" ]
	for out in $IMAGES; do
		find "$out/kernel/.kheaders" -maxdepth 1 -name '*.manifest' -size 0 | diff /dev/null -
	done
}

@test "each include of a header in the archive leads to a file of the archive" {
	[ -n "$IMAGES" ]
	for out in $IMAGES; do
		"$here/judges/includes.py" "$out" >"$work/includes" || { cat "$work/includes"; false; }
		echo "# $(basename "$out"): $(cat "$work/includes")" >&3
	done
}

@test "sources compile to the same objects with the archive's headers and with the kernel's" {
	[ -n "$IMAGES" ]
	for out in $IMAGES; do
		"$here/judges/objects.py" "$out" kernel/fork.c mm/memory.c fs/namei.c lib/vsprintf.c \
			>"$work/objects" || { cat "$work/objects"; false; }
		echo "# $(basename "$out"): $(cat "$work/objects")" >&3
	done
}

# has_symvers FILE OBJTREE: in FILE are vmlinux's symbols of the build's Module.symvers.
has_symvers() {
	"$work/tools/kheaders" symvers "$1" >"$work/got"
	grep '	vmlinux	' "$2/Module.symvers" | sort >"$work/want"
	sort "$work/got" | diff "$work/want" -
}

@test "kheaders symvers: vmlinux's part of the build's Module.symvers" {
	need '^CONFIG_IKHEADERS_SYMVERS=y'
	for out in $(objtrees '^CONFIG_IKHEADERS_SYMVERS=y'); do
		for image in "$out/vmlinux" "$out/linux" "$out/arch/x86/boot/bzImage" \
				"$out/arch/arm64/boot/Image.gz" "$out/arch/riscv/boot/Image"; do
			[ ! -f "$image" ] || has_symvers "$image" "$out"
		done
		echo "# $(wc -l <"$work/want") symbols of $(basename "$out") compared, 0 differ" >&3
	done
}

@test "museum 40: the table of symbols stays where a linker drops what nothing refers to" {
	need '^CONFIG_IKHEADERS_SYMVERS=y'
	cat >"$work/gc.lds" <<-'EOT'
		SECTIONS {
			.text : { *(.text*) *(.init.text) *(.exit.text) }
			.init : { KEEP(*(.initcall*)) }
			.rodata : { *(.rodata*) }
		}
	EOT
	for out in $(objtrees '^CONFIG_IKHEADERS_SYMVERS=y'); do
		cross=$(sed -n "s/.* CROSS_COMPILE='\([^']*\)'.*/\1/p" "$out/kmake")
		"${cross}ld" --gc-sections -T "$work/gc.lds" --unresolved-symbols=ignore-all -e 0 \
			-o "$work/gc" "$out/kernel/kheaders_symvers.o"
		grep -q IKHD_SV "$work/gc" || { echo "$out"; false; }
	done
}

@test "bindeb-pkg, with kheaders as a module" {
	need '^CONFIG_IKHEADERS_PROC=m'
	out=$(objtrees '^CONFIG_IKHEADERS_PROC=m' | head -n 1)
	mkdir "$work/deb"
	cp -a "$out" "$work/deb/o"
	"$work/deb/o/kmake" bindeb-pkg DPKG_FLAGS=-d KDEB_SOURCE_COMPRESS=gzip \
		KBUILD_BUILD_TIMESTAMP='Mon Feb 11 09:35:59 UTC 2019' >"$work/log" 2>&1 || {
		tail -n 30 "$work/log"
		false
	}
	for deb in "$work"/deb/*.deb; do
		dpkg-deb -x "$deb" "$work/deb/x"
	done
	extracts "$(find "$work/deb/x" -name kheaders.ko)" "$work/deb/o"
	rm -rf "$work/deb"
}

@test "bzImage with each compression" {
	for out in $(objtrees '^CONFIG_IKHEADERS_PROC=y'); do
		[ ! -f "$out/arch/x86/boot/bzImage" ] || break
	done
	[ -f "$out/arch/x86/boot/bzImage" ] || skip "no bzImage of these has kheaders built in"
	boot=$out/arch/x86/boot
	# The options of make alone: with those in .config, all that the archive holds of it, and
	# so the kernel, would be made again for each.
	for method in ${IMAGE_METHODS:-bzip2,bz2 lzma,lzma xz,xz lzo,lzo lz4,lz4 zstd,zst gzip,gz}; do
		option=CONFIG_KERNEL_$(echo "${method%,*}" | tr a-z A-Z)
		packed=$boot/compressed/vmlinux.bin.${method#*,}
		rm -f "$packed"
		"$out/kmake" CONFIG_KERNEL_GZIP= "$option=y" bzImage >"$work/log" 2>&1 || {
			tail "$work/log"
			false
		}
		[ -f "$packed" ]
		extracts "$boot/bzImage" "$out"
		! grep -q '^CONFIG_IKHEADERS_SYMVERS=y' "$out/.config" ||
			has_symvers "$boot/bzImage" "$out"
	done
}
