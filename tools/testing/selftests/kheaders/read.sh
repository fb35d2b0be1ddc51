#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads /proc/kheaders.tar.xz with what every system has.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

file=/proc/kheaders.tar.xz
sys=/sys/kernel/kheaders.tar.xz

prepare_archive

mode_and_size() {
	cat "$file" >"$work/whole"
	expect mode -r--r--r-- "$(stat -c %A "$file")"
	expect owner 0:0 "$(stat -c %u:%g "$file")"
	expect size "$(wc -c <"$work/whole")" "$(stat -c %s "$file")"
}

is_xz() {
	expect magic fd377a585a00 "$(od -An -tx1 -N6 "$file" | tr -d ' \n')"
	xz -t <"$file"
}

is_tar() {
	xz -dc "$file" | tar -tf - >"$work/names"
	for name in include/linux/sched.h include/generated/autoconf.h \
			include/uapi/linux/bpf.h; do
		grep -qx "$name" "$work/names" || { echo "no $name"; exit 1; }
	done
}

# Paths start at the root; no links, no devices, nothing above.
is_tame() {
	xz -dc "$file" | tar -tvf - >"$work/listing"
	refuse grep -v '^-rw-r--r-- 0/0\|^-rwxr-xr-x 0/0' "$work/listing"
	refuse grep -e '^/' -e '^\./' -e '\.\./' "$work/names"
}

holds_no_secrets() {
	[ -s "$work/names" ]
	# In a module for a kernel that was built before, it is the kernel's.
	[ ! -e /proc/kheaders.symvers ] || refuse grep 'Module\.symvers' "$work/names"
	refuse grep -E -e '\.pem$|utsversion\.h|/compile\.h' \
		-e 'randstruct\.seed|randomize_layout_seed' "$work/names"
}

# piece FILE: a checksum of three blocks of $bs bytes, behind $skip of them.
piece() {
	dd if="$1" bs="$bs" skip="$skip" count=3 2>/dev/null | cksum
}

any_offset() {
	size=$(wc -c <"$work/whole")
	[ "$size" != 0 ]
	for bs in 1 7 4096 65536 1048576 100000000; do
		for skip in 0 1 $((size / bs / 2)) $((size / bs)) $((size / bs + 1)); do
			want=$(piece "$work/whole")
			got=$(piece "$file")
			expect "bs=$bs skip=$skip" "$want" "$got"
		done
	done
}

concurrent() {
	[ -s "$work/whole" ]
	want=$(cksum <"$work/whole")
	for i in 1 2 3 4 5 6 7 8; do
		dd if="$file" bs=$((i * 1000 + i)) 2>/dev/null | cksum >"$work/sum$i" &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		expect "reader $i" "$want" "$(cat "$work/sum$i")"
	done
}

no_writes() {
	refuse dd if=/dev/zero of="$file" bs=1 count=1 conv=notrunc
	cmp "$file" "$work/whole"
}

sysfs_is_the_same() {
	[ -e "$sys" ] || skip "CONFIG_IKHEADERS_SYSFS is off"
	expect mode 444 "$(stat -c %a "$sys")"
	expect size "$(wc -c <"$work/whole")" "$(stat -c %s "$sys")"
	cmp "$sys" "$work/whole"
}

tests \
	"a plain file of mode 0444, owner root, st_size the true size" mode_and_size \
	"xz reads it" is_xz \
	"tar reads it" is_tar \
	"plain files of root with tame names" is_tame \
	"neither Module.symvers nor secrets nor the time" holds_no_secrets \
	"museum 12: reads at any offset and length" any_offset \
	"concurrent readers" concurrent \
	"can't be written" no_writes \
	"the same bytes at $sys" sysfs_is_the_same
