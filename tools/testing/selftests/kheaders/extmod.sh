#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Unpacks /proc/kheaders.tar.xz, builds a pair of modules against it with nothing
# but the documented commands, and loads, uses and unloads them.
#
#	KHEADERS_ONLY_CLANG	not empty where extmod_clang.sh calls this: there is no
#				compiler but clang, and gcc built the kernel

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
cp -r testmod "$work/mod"
greeter=$work/mod/kheaders_greeter.ko
caller=$work/mod/kheaders_caller.ko
reference=${KHEADERS_REFERENCE-}

# Museum 20: only what does not run here is built, and one line says so.
build() {
	status=0
	"$tree/scripts/basic/fixdep" >/dev/null 2>&1 || status=$?
	make_in "$work/mod"
	sed 's/^/# /' "$work/log"
	expect "lines of programs built" $((status >= 126)) \
		"$(grep -c '^kheaders: built for this machine .*fixdep.* modpost' "$work/log")"
	expect "lines of clang in gcc's place" "${KHEADERS_ONLY_CLANG:+1}" \
		"$(grep -c '^kheaders: no gcc here' "$work/log" | grep -vx 0)"
	[ -z "${KHEADERS_ONLY_CLANG-}" ] || refuse grep -E 'warning: .*\[-W' "$work/log"
	[ -f "$greeter" ]
	[ -f "$caller" ]
}

# With symbol versions, of /proc/kheaders.symvers or in the archive itself, make has nothing
# to complain of; without, it prints one line.
says_what_is_missing() {
	if [ -e "$tree/Module.symvers" ]; then
		has_nothing_to_say
	else
		expect lines 1 "$(grep -c '^kheaders: .*CONFIG_IKHEADERS_SYMVERS.* symbol versions' "$work/log")"
	fi
}

fits_this_kernel() {
	expect vermagic "$(uname -r)" \
		"$(modinfo -F vermagic "$greeter" | cut -d ' ' -f 1)"
}

depends_on_the_other() {
	expect depends kheaders_greeter "$(modinfo -F depends "$caller")"
}

again_is_up_to_date() {
	make_in "$work/mod"
	refuse grep -E '^ +(CC|LD) |^kheaders: built again' "$work/log"
}

# basic_versions MODULE: "CRC NAME" of each symbol it wants, sorted.
basic_versions() {
	modprobe --dump-modversions "$1" | sed 's/^0x0*//' | tr '\t' ' ' | sort
}

# extended_versions MODULE: the same by CONFIG_EXTENDED_MODVERSIONS, which kmod does not
# show: two sections, one of numbers and one of names.
extended_versions() {
	objcopy=objcopy
	has objcopy || objcopy=llvm-objcopy
	$objcopy --dump-section __version_ext_crcs="$work/crcs" \
		--dump-section __version_ext_names="$work/names" "$1" "$work/copy.ko"
	# The last name has a NUL of its own and that of the string in C.
	tr '\0' '\n' <"$work/names" | sed '/^$/d' >"$work/names.txt"
	expect "bytes of CRCs" $((4 * $(wc -l <"$work/names.txt"))) "$(($(wc -c <"$work/crcs")))" >&2
	od -An -v -tx4 "$work/crcs" | tr -s ' ' '\n' | sed '/^$/d; s/^0*//' |
		paste -d ' ' - "$work/names.txt" | sort
}

# versions MODULE: all it wants: the extended ones, where there are any, are the basic ones
# and more.
versions() {
	if is_on CONFIG_EXTENDED_MODVERSIONS; then
		extended_versions "$1"
	else
		basic_versions "$1"
	fi
}

# exports FILE: CRC and name of each symbol in a Module.symvers, sorted.
exports() {
	cut -f 1,2 "$1" | sort
}

has_the_kernels_versions() {
	is_on CONFIG_MODVERSIONS || skip "CONFIG_MODVERSIONS is off"
	sed 's/^0x0*\([0-9a-f]*\)\t\([^\t]*\).*/\1 \2/' "$tree/Module.symvers" "$work/mod/Module.symvers" |
		sort -u >"$work/known"
	for module in "$greeter" "$caller"; do
		versions "$module" >"$work/wanted"
		grep -q ' module_layout$' "$work/wanted"
		comm -23 "$work/wanted" "$work/known" >"$work/unknown"
		cat "$work/unknown"
		[ ! -s "$work/unknown" ]
	done
}

has_the_references_versions() {
	[ -n "$reference" ] || skip "KHEADERS_REFERENCE is not set"
	is_on CONFIG_MODVERSIONS || skip "CONFIG_MODVERSIONS is off"
	[ -z "${KHEADERS_ONLY_CLANG-}" ] || skip "attributes that clang lacks are in gcc's versions of types"
	total=0
	for module in kheaders_greeter.ko kheaders_caller.ko; do
		versions "$reference/$module" >"$work/want"
		versions "$work/mod/$module" >"$work/got"
		grep -q ' module_layout$' "$work/got"
		diff "$work/want" "$work/got"
		total=$((total + $(wc -l <"$work/got")))
	done
	exports "$reference/Module.symvers" >"$work/want"
	exports "$work/mod/Module.symvers" >"$work/got"
	expect exports 3 "$(grep -c '	kheaders_' "$work/got")"
	refuse grep '^0x00000000' "$work/got"
	diff "$work/want" "$work/got"
	echo "# $total symbol versions, 3 of exports, compared with a build in the full tree, 0 differ"
}

# The old section has all names that fit, and is only there if it is asked for.
has_versions_of_long_names() {
	is_on CONFIG_EXTENDED_MODVERSIONS || skip "CONFIG_EXTENDED_MODVERSIONS is off"
	extended_versions "$caller" >"$work/all"
	grep -E '^[0-9a-f]+ kheaders_.{56}' "$work/all"
	: >"$work/want"
	! is_on CONFIG_BASIC_MODVERSIONS ||
		grep -vE ' .{56}' "$work/all" >"$work/want"
	basic_versions "$caller" >"$work/got"
	diff "$work/want" "$work/got"
}

# Bit 1 of the kernel's taint flags: a module was forced to load, without versions.
load() {
	insmod "$greeter" name=kernel times=3
	sh -c 'echo $$ >"$1"; exec insmod "$2"' sh "$work/loader" "$caller"
	expect "taint of forced modules" 0 "$(($(cat /proc/sys/kernel/tainted) & 2))"
}

use() {
	cat /proc/kheaders_greeter >"$work/said"
	sed 's/^/# /' "$work/said"
	expect greetings 3 "$(grep -cx 'hello kernel' "$work/said")"
	expect release "release $(uname -r)" "$(grep ^release "$work/said")"
	grep -q '^reader cat [0-9]*$' "$work/said"
	expect heard 'hello kernel' "$(cat /sys/module/kheaders_caller/parameters/heard)"
	expect loader "$(cat "$work/loader")" "$(cat /sys/module/kheaders_caller/parameters/loader)"
}

in_use() {
	refuse rmmod kheaders_greeter
}

# export_of NAME: the fields of that exported symbol behind its CRC and name.
export_of() {
	sed -n "s/^0x[0-9a-f]*\t$1\t//p" /proc/kheaders.symvers | tr '\t' ' '
}

shows_the_exports_of_modules() {
	[ -e /proc/kheaders.symvers ] || skip "no /proc/kheaders.symvers here"
	exports "$work/mod/Module.symvers" >"$work/want"
	grep '	kheaders_greeter	' /proc/kheaders.symvers >"$work/loaded"
	exports "$work/loaded" | diff "$work/want" -
	expect kheaders_greeting "kheaders_greeter EXPORT_SYMBOL_GPL" \
		"$(export_of kheaders_greeting | sed 's/^ //; s/ $//')"
	# There are four fields before 5.4, and in 5.4 and 5.5 the namespace is the first.
	case $(export_of kheaders_greetings) in
	"kheaders_greeter EXPORT_SYMBOL KHEADERS_GREETER") ;;
	"KHEADERS_GREETER kheaders_greeter EXPORT_SYMBOL") ;;
	"kheaders_greeter EXPORT_SYMBOL")
		refuse grep -q EXPORT_SYMBOL_NS "$tree/include/linux/export.h" ;;
	*)	export_of kheaders_greetings
		exit 1 ;;
	esac
}

unload() {
	rmmod kheaders_caller 2>/dev/null || :
	rmmod kheaders_greeter
	[ ! -e /proc/kheaders_greeter ]
	[ ! -e /proc/kheaders.symvers ] || expect exports "" "$(export_of kheaders_greeting)"
}

tests \
	"cat /proc/kheaders.tar.xz | tar xJ" unpack \
	"make -C TREE M=DIR modules" build \
	"says what is missing" says_what_is_missing \
	"the modules fit this kernel" fits_this_kernel \
	"a second make builds nothing" again_is_up_to_date \
	"museum 27: symbol versions are those of the kernel" has_the_kernels_versions \
	"symbol versions are those of a build in the full tree" has_the_references_versions \
	"museum 31: symbol versions of long names" has_versions_of_long_names \
	"one depends on the other" depends_on_the_other \
	"insmod, with parameters and a dependency" load \
	"the modules do what they are for" use \
	"a module that is used stays" in_use \
	"exports of a loaded module, one in a namespace" shows_the_exports_of_modules \
	"rmmod" unload
