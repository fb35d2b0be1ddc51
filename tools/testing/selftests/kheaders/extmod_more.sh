#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What /proc/kheaders.symvers is for: builds modules that use one which is loaded,
# with the tree of the running kernel and with one of another build.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
greeter=$work/mod/kheaders_greeter.ko

# objects NAME...: makes $other one of these modules.
objects() {
	sed "s/^obj-m := .*/obj-m := $1/" testmod/Kbuild >"$other/Kbuild"
}

# other NAME: a directory with the caller alone, in $other. The greeter's exports
# can only be had from the kernel that has it loaded.
other() {
	other=$work/$1
	mkdir "$other"
	cp testmod/kheaders_greeter.h testmod/kheaders_caller.c "$other"
	objects "kheaders_caller.o"
}

load_the_greeter() {
	unpack
	cp -r testmod "$work/mod"
	make_in "$work/mod"
	has_nothing_to_say
	insmod "$greeter"
}

uses_a_loaded_module() {
	other alone
	make_in "$other"
	has_nothing_to_say
	expect depends kheaders_greeter "$(modinfo -F depends "$other/kheaders_caller.ko")"
	insmod "$other/kheaders_caller.ko"
	rmmod kheaders_caller
}

# People build a module again while the one from before is loaded.
is_built_again_while_loaded() {
	touch "$work/mod/kheaders_greeter.c"
	make_in "$work/mod"
	grep -q 'CC .*kheaders_greeter\.o' "$work/log"
	has_nothing_to_say
}

keeps_licences_and_namespaces() {
	other refused
	sed 's/MODULE_LICENSE("GPL")/MODULE_LICENSE("Proprietary")/' \
		testmod/kheaders_caller.c >"$other/closed.c"
	sed '/^GREETER_IMPORT/d' testmod/kheaders_caller.c >"$other/stranger.c"
	objects "closed.o stranger.o"
	refuse make -C "$tree" M="$other" modules >"$work/log" 2>&1
	cat "$work/log"
	grep -q "closed.*GPL-only symbol 'kheaders_greeting'" "$work/log"
	# Namespaces came with 5.4.
	! grep -q EXPORT_SYMBOL_NS "$tree/include/linux/export.h" ||
		grep -q "stranger.*symbol '*kheaders_greetings'* from namespace '*KHEADERS_GREETER" "$work/log"
}

# A tree of another build of the same release keeps its own symbol versions. Where one of
# them differs, the module is refused.
is_refused_by_another_build() {
	echo 0123456789abcdef >"$tree/include/config/kheaders.id"
	sed -i 's/^0x[0-9a-f]*\tseq_printf\t/0x01234567\tseq_printf\t/' "$tree/Module.symvers"
	touch "$work/mod/kheaders_greeter.c"
	make_in "$work/mod"
	expect lines 1 "$(grep -c '^kheaders: the tree is of another build of Linux' "$work/log")"
	if is_on CONFIG_MODVERSIONS; then
		refuse insmod "$greeter"
		dmesg | grep -q 'disagrees about version of symbol seq_printf'
	fi
}

without_symvers_says_why() {
	rm "$tree/Module.symvers"
	other nowhere
	# Of a symbol without a version, CONFIG_EXTENDED_MODVERSIONS makes a line that no
	# compiler takes.
	(make_in "$other") || is_on CONFIG_EXTENDED_MODVERSIONS
	grep -q '^kheaders: the tree is of another build .* no symbol versions' "$work/log"
	# Before 5.15 or so, modpost looks for no symbol where it knows none of the kernel's.
	if grep -q have_vmlinux "$tree/scripts/mod/modpost.c"; then
		grep -q 'Symbol version dump .*Module.symvers' "$work/log"
	else
		grep -q 'kheaders_greeting.* undefined' "$work/log"
	fi
	[ ! -e "$tree/Module.symvers" ]
}

[ -e /proc/kheaders.symvers ] ||
	skip_all "no /proc/kheaders.symvers here (CONFIG_IKHEADERS_SYMVERS)"
tests \
	"build and load a module with exports" load_the_greeter \
	"a module is built for one that is loaded" uses_a_loaded_module \
	"a module is built again while it is loaded" is_built_again_while_loaded \
	"licences and namespaces are kept" keeps_licences_and_namespaces \
	"rmmod" "rmmod kheaders_greeter" \
	"museum 24: the tree of another build says so, its modules are refused" is_refused_by_another_build \
	"the tree of another build without Module.symvers says why" without_symvers_says_why
