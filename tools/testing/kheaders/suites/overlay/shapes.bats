#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make apply and revert on made-up trees, one for each shape that kernels have had since
# 4.14.

bats_require_minimum_version 1.5.0
load overlay

@test "a tree without kheaders, and back" {
	plain
	becomes_ours ""
}

@test "a tree with mainline's, and back" {
	mainline
	becomes_ours " (took the place of its own kheaders)"
}

# bats test_tags=slow
@test "a tree with Android's first, and back" {
	android
	becomes_ours " (took the place of its own kheaders)"
}

# bats test_tags=slow
@test "a tree with mainline's of 6.17, and back" {
	newest
	becomes_ours " (took the place of its own kheaders)"
}

@test "a list loses the words of kheaders and keeps the others" {
	plain
	more "$tree/kernel/Makefile" <<-'END'
	# both
	clean-files := one kheaders.md5 two
	targets += kheaders_data.tar.xz \
	\tthree \
	\tkheaders-objlist
	END
	apply
	file expected <<-'END'
	# both
	clean-files := one two
	targets += \
	\tthree

	include $(srctree)/kernel/Makefile.kheaders
	END
	sed -n '/^# both/,$p' "$tree/kernel/Makefile" | diff expected -
}

@test "a comment goes only if all that is right below it goes" {
	plain
	printf '\n# some\nobj-$(CONFIG_IKHEADERS) += kheaders.o\nobj-y += some.o\n' >>"$tree/kernel/Makefile"
	printf '\n# gone\nobj-$(CONFIG_IKHEADERS) += kheaders.o\n' >>"$tree/kernel/Makefile"
	apply
	grep -A1 '^# some$' "$tree/kernel/Makefile" | grep -q some.o
	run ! grep -q '^# gone$' "$tree/kernel/Makefile"
}

@test "a file that does not end in a newline" {
	plain
	printf 'obj-y += end.o' >>"$tree/kernel/Makefile"
	look_files "$tree" >before
	apply
	grep -qx 'obj-y += end.o' "$tree/kernel/Makefile"
	reverts_to before
}

@test "MAINTAINERS has an entry in its alphabetical place" {
	plain
	apply
	diff <(grep -B1 -A7 ^KHEADERS "$tree/MAINTAINERS") - <<-'END'

	KHEADERS: KERNEL HEADERS AND BUILD ARTIFACTS IN /PROC
	S:	Orphan
	F:	Documentation/kbuild/kheaders.rst
	F:	init/Kconfig.kheaders
	F:	kernel/Makefile.kheaders
	F:	kernel/kheaders*
	F:	scripts/kheaders/

	END
	[ "$(grep -A10 ^KHEADERS "$tree/MAINTAINERS" | tail -n 2 | head -n 1)" = LAST ]
}

# bats test_tags=slow
@test "tables of contents list our pages, and selftests ours; a tree may lack these lists" {
	plain
	look_files "$tree" >before
	apply
	[ "$(grep -A1 headers_install "$tree/Documentation/kbuild/index.rst" | tail -n 1)" = "    kheaders" ]
	# A payload without them: the make of all selftests would miss the directory.
	run ! grep kheaders "$tree/tools/testing/selftests/Makefile"
	file repo/tools/testing/selftests/kheaders/run.sh '#!/bin/sh'
	apply
	printf 'TARGETS += %s\n' kcmp kexec kheaders kvm | diff - "$tree/tools/testing/selftests/Makefile"
	reverts_to before
	rm -r "$tree/Documentation" "$tree/MAINTAINERS" "$tree/kernel/.gitignore" "$tree/tools"
	look_files "$tree" >before
	apply
	reverts_to before
}
