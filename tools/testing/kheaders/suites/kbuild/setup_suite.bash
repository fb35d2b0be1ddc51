# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs once before and once after all tests of this directory that are run: makes the
# reference, which takes longest, and the programs that each make of a kernel gets.

load kbuild

setup_suite() {
	# With --filter-tags, bats 1.8 calls this with a comma there.
	local tool IFS=$' \t\n'
	export LC_ALL=C
	top=$(cd "$BATS_TEST_DIRNAME/../../../../.." && pwd)
	here=$top/tools/testing/kheaders
	export top here
	tree=$("$here/kernels/source.sh" "${KERNEL:-6.12}")
	work=$(lib scratch kbuild)/$(basename "$tree")
	ref=$work/ref
	rm -rf "$work"
	mkdir -p "$work"
	if [ "$(stat -c %d "$tree")" != "$(stat -c %d "$work")" ]; then
		# For hard links to it.
		mkdir "$work/source"
		cp -a "$tree" "$work/source"
		tree=$work/source/${tree##*/}
	fi
	export tree work ref

	# Compressing well takes as long as all the rest, and is no part of what is
	# tested here: a later option wins.
	printf '#!/bin/sh\nexec xz "$@" -0\n' >"$work/xz-0"
	# A rustc by rustup only works for the user who has it, and pahole is not everywhere:
	# the configuration would depend on who calls make, and where.
	mkdir "$work/bin"
	for tool in rustc bindgen pahole; do
		printf '#!/bin/sh\necho 0\nexit 1\n' >"$work/bin/$tool"
	done
	chmod +x "$work/xz-0" "$work"/bin/*
	PATH=$work/bin:$PATH

	src=$tree arch=um
	configure "$ref"
	kbuild "$ref" kernel/kheaders.o >"$work/ref.log" 2>&1 ||
		{ cat "$work/ref.log" >&2; return 1; }
}

teardown_suite() {
	rm -rf "$work"
}
