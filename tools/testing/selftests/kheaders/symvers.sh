#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads /proc/kheaders.symvers. What it is for is tested by extmod.sh and extmod_more.sh.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

prepare
file=/proc/kheaders.symvers
built=${KHEADERS_BUILT_SYMVERS-}
greeter=${KHEADERS_REFERENCE-}/kheaders_greeter.ko
changed=${KHEADERS_CHANGED-}/kheaders_greeter.ko

is_readable() {
	cat "$file" >"$work/whole"
	expect mode 444 "$(stat -c %a "$file")"
	expect owner 0:0 "$(stat -c %u:%g "$file")"
}

# Five fields since 5.4, four before; so there is no room for an address.
has_the_format() {
	name='[A-Za-z_.][A-Za-z0-9_.]*' rest='[^ ]*'
	tr '\t' ' ' <"$work/whole" >"$work/blanks"
	refuse grep -vE -e "^0x[0-9a-f]{8} $name $name EXPORT_SYMBOL(_GPL)?( $rest)?\$" \
		-e "^0x[0-9a-f]{8} $name $rest $name EXPORT_SYMBOL(_GPL)?\$" "$work/blanks"
	[ "$(wc -l <"$work/whole")" -gt 500 ]
	grep -q " vmlinux " "$work/blanks"
}

each_symbol_once() {
	cut -f 2 "$work/whole" | sort | uniq -d >"$work/twice"
	cat "$work/twice"
	[ ! -s "$work/twice" ]
}

# vmlinux_and_loaded FILE: its lines of vmlinux and of modules that are loaded, by name; the
# build has their paths.
vmlinux_and_loaded() {
	cut -d ' ' -f 1 /proc/modules >"$work/loaded"
	awk -F '\t' -v OFS='\t' '
		FILENAME == ARGV[1] { loaded[$1]; next }
		{ sub(".*/", "", $3); gsub("-", "_", $3) }
		$3 == "vmlinux" || $3 in loaded' "$work/loaded" "$1" | sort
}

is_what_was_built() {
	[ -n "$built" ] || skip "KHEADERS_BUILT_SYMVERS is not set"
	vmlinux_and_loaded "$built" >"$work/want"
	echo "# $(wc -l <"$work/whole") symbols compared with the build's," \
		"$(differ "$work/want" "$work/whole") differ"
	sort "$work/whole" | diff "$work/want" -
}

any_offset() {
	size=$(wc -c <"$work/whole")
	for bs in 1 100 4096 65536; do
		for skip in 0 $((size / bs / 2)) $((size / bs - 1)) $((size / bs + 1)); do
			expect "bs=$bs skip=$skip" \
				"$(part_of "$work/whole" "$bs" "$skip")" \
				"$(part_of "$file" "$bs" "$skip")"
		done
	done
}

no_writes() {
	refuse sh -c "echo x >>$file" 2>/dev/null
	cmp "$file" "$work/whole"
}

knows_its_tree() {
	[ -e /proc/kheaders.tar.xz ] || skip "no /proc/kheaders.tar.xz here"
	archived include/config/kheaders.id | cmp - /sys/module/kheaders_symvers/version
}

# Whole lines, and the greeter's three or none.
reads_while_modules_come_and_go() {
	[ -e "$greeter" ] || skip "KHEADERS_REFERENCE is not set"
	trap 'touch "$work/stop"' EXIT
	for i in 1 2 3 4; do
		while [ ! -e "$work/stop" ]; do
			dd if=/proc/kheaders.symvers bs=$((i * 1000)) 2>/dev/null >"$work/read$i"
			if grep -vqE '^0x[0-9a-f]{8}(	[^	]*){3,4}$' "$work/read$i"; then
				touch "$work/wrong"
			fi
			case $(grep -c kheaders_greeter "$work/read$i") in
			0|3) echo . >>"$work/reads" ;;
			*) touch "$work/wrong" ;;
			esac
		done &
	done
	i=0
	while [ "$i" -lt 30 ]; do
		insmod "$greeter"
		rmmod kheaders_greeter
		i=$((i + 1))
	done
	touch "$work/stop"
	wait
	[ ! -e "$work/wrong" ]
	[ "$(wc -l <"$work/reads")" -ge 4 ]
	echo "# $(wc -l <"$work/reads") reads while a module came and went $i times"
}

refuses_a_changed_structure() {
	[ -e "$changed" ] || skip "KHEADERS_CHANGED is not set"
	expect vermagic "$(modinfo -F vermagic "$greeter")" "$(modinfo -F vermagic "$changed")"
	refuse insmod "$changed"
	dmesg | grep 'kheaders_greeter: disagrees about version of symbol proc_'
	[ ! -e /sys/module/kheaders_greeter ]
}

[ -e "$file" ] || skip_all "no $file here (CONFIG_IKHEADERS_SYMVERS)"
tests \
	"mode 0444, owner root" is_readable \
	"the format of Module.symvers, and no address" has_the_format \
	"each symbol once" each_symbol_once \
	"what the build's Module.symvers says, of vmlinux and loaded modules" is_what_was_built \
	"reads at any offset and length" any_offset \
	"can't be written" no_writes \
	"reads while modules come and go" reads_while_modules_come_and_go \
	"a module for a kernel with one changed structure is refused" refuses_a_changed_structure \
	"its version is the id in the archive" knows_its_tree
