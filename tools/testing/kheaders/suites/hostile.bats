#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Archives that are hostile or damaged, given to the kheaders command, built with ASan and
# UBSan: they are refused, or give the tree of the one that they were made from, byte for
# byte. trees/archive.py makes the hostile ones.

bats_require_minimum_version 1.5.0
load command

setup() {
	rm -f /tmp/kheaders-hostile
	place
}

# nothing_outside: no file got to where none belongs.
nothing_outside() {
	[ ! -e /tmp/kheaders-hostile ]
	[ -z "$(find root -name '*hostile*')" ]
}

# refused FILE [TEXT]: and nothing is left.
refused() {
	run --separate-stderr kheaders install --from "$1" --root root
	echo "$status: $output$stderr"
	[ "$status" = 1 ] || [ "$status" = 3 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr = "kheaders: "*"${2-}"*"; "* ]]
	[ -z "$(find root/usr/src -mindepth 1)" ]
	[ ! -e root/lib/modules/6.9.1/build ]
}

# bats test_tags=long
@test "hostile archives are refused, with a line that says why, and nothing half-made" {
	local kind says tried=0
	mkdir kinds
	"$here/trees/archive.py" kinds >list
	tar -xJf kinds/plain --one-top-level=plain
	listing plain >plain.listing
	while IFS=$'\t' read -r kind says <&4; do
		echo "# $kind"
		if [ "$says" = same ]; then
			kheaders install --from "kinds/$kind" --root root
			listing root/usr/src/linux-headers-6.9.1 | diff plain.listing -
			kheaders remove --root root --all
		else
			refused "kinds/$kind" "$says"
		fi
		nothing_outside
		tried=$((tried + 1))
	done 4<list
	[ "$tried" -gt 80 ]
	echo "# $tried hostile archives, 0 wrong trees" >&3
}

# damages STEP FILE: each STEPth bit flipped and each STEPth byte the last one.
damages() {
	# shellcheck disable=SC2086 # a list of words
	[ -x "$work/damage" ] || gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $sanitize -pthread \
		-o "$work/damage" "$here/trees/damage.c" "$top"/tools/kheaders/{links,members,threads,image,unpack}.c \
		-larchive -llzma -llzo2 -lzstd
	run -0 "$work/damage" "$2" "$1"
	echo "# $2: $output" >&3
	[[ $output = *" 0 wrong" ]]
}

# bats test_tags=long
@test "damaged archives are refused, or give the same members" {
	rm -f "$work/damage"
	mkdir kinds
	"$here/trees/archive.py" kinds >list
	damages "${DAMAGE_EVERY:-7}" kinds/plain-in-streams
	damages "${DAMAGE_EVERY:-7}" kinds/plain
	damages $((30 * ${DAMAGE_EVERY:-7})) a.tar.xz
}

@test "an archive cut short anywhere leaves nothing" {
	local size whole
	whole=$(stat -c %s a.tar.xz)
	for size in 1 11 12 40 $((whole / 3)) $((whole / 2)) $((whole - 100)) $((whole - 8)) $((whole - 1)); do
		head -c "$size" a.tar.xz >short
		refused short
	done
	kheaders install --from a.tar.xz --root root
	whole root/usr/src/linux-headers-6.9.1
}

# bats test_tags=long
@test "the fuzzer finds no archive that leads astray" {
	local file
	# shellcheck disable=SC2086 # a list of words
	clang -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $sanitize -fsanitize=fuzzer -pthread \
		-o "$work/archive_fuzz" "$here/trees/fuzz.c" "$top"/tools/kheaders/{links,members,threads}.c -larchive -llzma
	mkdir kinds
	"$here/trees/archive.py" kinds >list
	mkdir -p "$work/archives"
	for file in kinds/*; do
		[ "$(stat -c %s "$file")" -lt 8000 ] || continue
		cp "$file" "$work/archives"
		xz -dc "$file" 2>/dev/null | head -c 8000 >"$work/archives/${file##*/}.tar" || :
	done
	"$work/archive_fuzz" -max_total_time="${FUZZ_SECONDS:-3}" -max_len=8000 -rss_limit_mb=1000 \
		-timeout=20 -artifact_prefix="$work/" "$work/archives"
}
