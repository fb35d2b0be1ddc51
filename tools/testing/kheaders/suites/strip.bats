#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The stripper of the generator: its unit tests and its fuzzer, with the sanitizers.
# That it changes no token of real headers is in kbuild/contents.bats.

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	work=$top/build/strip
	cflags="-g -O1 -std=gnu11 -Wall -Wextra -Werror -fno-sanitize-recover=all"
	sources=$(echo "$top"/scripts/kheaders/{scan,strip,squeeze,strip_make}.c)
	export here work cflags sources
	mkdir -p "$work"
}

@test "unit tests, gcc with ASan and UBSan" {
	# shellcheck disable=SC2086 # a list of words
	gcc $cflags -fsanitize=address,undefined -o "$work/strip_test" \
		"$here/strip/test.c" $sources -lcmocka
	"$work/strip_test"
}

# bats test_tags=long
@test "the fuzzer finds no text that reads differently" {
	# shellcheck disable=SC2086
	clang $cflags -fsanitize=fuzzer,address,undefined -o "$work/strip_fuzz" \
		"$here/strip/fuzz.c" $sources
	mkdir -p "$work/corpus"
	"$work/strip_fuzz" -max_total_time="${FUZZ_SECONDS:-3}" -max_len=200 \
		-artifact_prefix="$work/" "$work/corpus"
}
