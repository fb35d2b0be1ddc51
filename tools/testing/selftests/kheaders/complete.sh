#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders symvers (tools/kheaders) on the kernel that runs: all that its build knew of
# symbols, whichever modules are loaded.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

prepare
kheaders=${KHEADERS:-kheaders}
built=${KHEADERS_BUILT_SYMVERS-}
greeter=${KHEADERS_REFERENCE-}/kheaders_greeter.ko
has "$kheaders" || skip_all "there is no kheaders command here"
[ -e /proc/kheaders.symvers ] || skip_all "no /proc/kheaders.symvers here (CONFIG_IKHEADERS_SYMVERS)"
[ -n "$built" ] || skip_all "KHEADERS_BUILT_SYMVERS is not set"
bring_modules
trap 'rm -rf "$work"; take_modules_away' EXIT
[ -d "$modules/kernel" ] || skip_all "no modules in $modules (KHEADERS_MODULES)"
sort "$built" >"$work/built"

# gives FILE [COMMAND...]: the same lines, in any order, and nothing on stderr.
gives() {
	want=$1; shift
	"$@" "$kheaders" symvers >"$work/got" 2>"$work/said"
	cat "$work/said"
	[ ! -s "$work/said" ]
	sort "$work/got" >"$work/sorted"
	echo "# $(wc -l <"$work/sorted") lines compared with the build's," \
		"$(differ "$want" "$work/sorted") differ;" \
		"$(cut -d ' ' -f 1 /proc/modules | grep -cxFf "$work/exporting") of" \
		"$(wc -l <"$work/exporting") modules with symbols are loaded"
	diff "$want" "$work/sorted"
}
cut -f 3,4 "$built" | tr '\t' '\n' | sed -n 's,.*/,,p' | tr - _ | sort -u >"$work/exporting"

few_are_loaded() {
	gives "$work/built"
}

all_are_loaded() {
	while read -r module; do
		modprobe "$module"
	done <"$work/exporting"
	gives "$work/built"
}

for_any_user() {
	gives "$work/built" setpriv --reuid 65534 --regid 65534 --clear-groups
}

another_build_is_loaded() {
	[ -e "$greeter" ] || skip "KHEADERS_REFERENCE is not set"
	insmod "$greeter"
	mkdir -p "$modules/updates"
	cp "$greeter" "$modules/updates"
	grep kheaders_greeter /proc/kheaders.symvers | sort - "$work/built" >"$work/more"
	gives "$work/more"
	rmmod kheaders_greeter
	"$kheaders" symvers 2>"$work/said" | sort | diff "$work/built" -
	rm -r "$modules/updates"
	expect "what is said" \
		"kheaders: $modules/updates/kheaders_greeter.ko: is not of the kernel's own build; left out" \
		"$(cat "$work/said")"
}

compressed() {
	"$kheaders" symvers --xz | xz -dc | cmp - "$work/got"
}

tests "few modules are loaded" few_are_loaded \
	"all modules are loaded that export symbols" all_are_loaded \
	"for any user" for_any_user \
	"compressed" compressed \
	"a module of another build, loaded and not" another_build_is_loaded
