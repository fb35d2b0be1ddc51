#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make apply, revert and patch on trees of Debian's linux-source packages, with a made-up
# payload, and with that of this repository.

bats_require_minimum_version 1.5.0
load overlay

# real VERSION: that kernel as the tree.
real() {
	[ -d "$TOP/build/overlay/linux-$1" ] || skip "no package linux-source-$1"
	cp -a "$TOP/build/overlay/linux-$1" "$tree"
}

# round_trip [FILE...]: apply and patch make the same tree but for MAINTAINERS and
# the FILEs, and revert undoes it.
round_trip() {
	look_files "$tree" >before
	cp -a "$tree" am
	commit_tree am
	patch
	git -C am am -q "$PWD"/out/*.patch
	apply
	diff -rq -x .git -x .kheaders-overlay am "$tree" | sed "s,^Files am/\([^ ]*\) and .*,\1,; s,^Only in $tree/*\(.*\): ,\1/," |
		sort | diff <(printf '%s\n' MAINTAINERS "$@" | sort) -
	signed | diff - am/MAINTAINERS
	[ "$(grep -ciE 'kheaders|genikh' "$tree/kernel/Makefile" "$tree/init/Kconfig" | sed 's/.*://' | tr '\n' ' ')" = "1 1 " ]
	grep -B2 ^KHEADERS "$tree/MAINTAINERS" | grep -q khadas
	reverts_to before
}

# style FILE...: the tree's own checkpatch accepts these patches. One warning is
# excused: checkpatch says that a file names itself where kernel/Makefile names
# "kernel/Makefile.kheaders", and init/Kconfig "init/Kconfig.kheaders".
style() {
	local patch
	(cd "$tree" && touch COPYING CREDITS Kbuild README &&
		mkdir -p arch include drivers fs init ipc lib)
	for patch; do
		(cd "$tree" && perl scripts/checkpatch.pl --strict --emacs --show-types "../$patch") >said || :
		grep -q '^total: .* lines checked$' said
		sed -n 's/^[^:]*\.patch:\([0-9]*\): \([A-Z]*:\)/\1 \2/p' said | while read -r line what; do
			case $what:$(sed -n "${line}p" "$patch") in
			'WARNING:EMBEDDED_FILENAME: '*:'+include $(srctree)/kernel/Makefile.kheaders') ;;
			'WARNING:EMBEDDED_FILENAME: '*:'+source "init/Kconfig.kheaders"') ;;
			*)	cat said; exit 1 ;;
			esac
		done
	done
}

# real_tree VERSION: the made-up payload in that kernel.
real_tree() {
	real $1
	for name in kernel/kheaders.c init/Kconfig.kheaders kernel/Makefile.kheaders; do
		sed -i '1s/.*/# SPDX-License-Identifier: GPL-2.0-only/' "repo/$name"
	done
	file repo/scripts/extract-ikheaders '#!/bin/sh'
	sed -i '1s,.*,// SPDX-License-Identifier: GPL-2.0-only,' repo/kernel/kheaders.c
	sed -i '1s,.*,.. SPDX-License-Identifier: GPL-2.0-only,' repo/Documentation/kbuild/kheaders.rst
	for name in repo/scripts/kheaders/list.sh repo/scripts/extract-ikheaders; do
		printf '%s\n' '#!/bin/sh' '# SPDX-License-Identifier: GPL-2.0-only' >$name
		chmod 755 $name
	done
	round_trip
	style out/*.patch
}

# bats test_tags=slow
@test "linux 6.12: apply, revert, patch, checkpatch" {
	real_tree 6.12
}

# bats test_tags=slow
@test "linux 6.1: apply, revert, patch, checkpatch" {
	real_tree 6.1
}

# real_payload VERSION: the payload of this repository in that kernel. In patches,
# conditionals are resolved.
real_payload() {
	local path name
	[ -f "$TOP/kernel/Makefile.kheaders" ] || skip "there is no payload yet"
	real $1
	rm -r repo
	ln -s "$TOP" repo
	round_trip kernel/Makefile.kheaders kernel/kheaders.c kernel/kheaders_compat.h \
		kernel/kheaders_symvers.c scripts/kheaders/have.sh
	for path in out/*.patch; do
		run ! grep -q '^+.*[^[:space:]][[:blank:]]$' "$path"
	done
	run ! grep -rn -e KHEADERS_HAVE -e kheaders_have am/kernel am/init am/scripts
	run ! grep -nE ':=.*[$][(]shell' am/kernel/Makefile.kheaders
	# The functions of make that are called are still there.
	for name in $(grep -o 'call [a-z-]*-of' am/kernel/Makefile.kheaders | sort -u | cut -c 6-); do
		grep "^$name = " am/kernel/Makefile.kheaders
	done
	# The conditionals that are left ask for options of this kernel.
	sed -n 's/^#\(if\|elif\)/&/p' am/kernel/kheaders* | grep -v -e '#ifndef KHEADERS_[A-Z_]*H$' |
		grep -oE '[A-Z_0-9]{3,}' | sort -u >left
	grep -qx CONFIG_64BIT left
	run ! grep -v -e '^CONFIG_' -e '^IS_MODULE$' left
	run ! grep REL_CRCS left
	run -0 apply "$PWD/am"
	[[ $output == *"as patches: nothing to do" ]]
	rm am/.git -r
	style out/*-kheaders-show-the-archive-*.patch
}

# bats test_tags=slow
@test "linux 6.12 with the payload of this repository: the patches have no code for other kernels" {
	real_payload 6.12
}

# bats test_tags=slow
@test "linux 6.1 with the payload of this repository: the patches have no code for other kernels" {
	real_payload 6.1
}
