#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests for the target (tools/testing/selftests/kheaders), without a kernel: what there
# is, what runs them, and what they print.

bats_require_minimum_version 1.5.0

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	export top here
}

setup() {
	work=$BATS_TEST_TMPDIR
	cd "$top"
}

@test "the tests for the target are in their Makefile, and run on a kernel" {
	local programs files name
	cd tools/testing/selftests/kheaders
	programs=$(sed -n 's/^TEST_PROGS := //p' Makefile)
	files=$(sed -n 's/^TEST_FILES := //p' Makefile)
	printf '%s\n' $programs $files Makefile config run.sh settings | sort | diff <(ls) -
	[ "${programs##* }" = dmesg.sh ]
	for name in $programs; do
		[ -x "$name" ]
		awk 'FILENAME ~ /list$/ && !/^#/ || $1 == "kernel" { for (i = 4; i <= NF; i++) print $i }
			sub(/.* boot [a-z]+ /, "") { print }' \
			"$here/kernels/list" "$here/suites/check.sh" | grep -qx "${name%.sh}" ||
			{ echo "no row of kernels/list and no line of check.sh has ${name%.sh}"; false; }
	done
}

@test "each test for the target is a function or a command that is there" {
	local file function
	for file in tools/testing/selftests/kheaders/*.sh; do
		for function in $(sed -n '/^tests /,$s/^[[:space:]]*"[^"]*" "\{0,1\}\([a-z_]*\).*/\1/p' "$file"); do
			grep -q "^$function() {" "$file" "${file%/*}"/{ktap,tree}.sh ||
				PATH=$PATH:/usr/sbin:/sbin type -P "$function" || { echo "$file: no $function()"; false; }
		done
	done
}

@test "run.sh names all that tests take from the environment, and the guests' tests get it" {
	cd tools/testing/selftests/kheaders
	# extmod_clang.sh sets that one.
	grep -ohE '\$\{?KHEADERS(_[A-Z_]+)?' ./*.sh | tr -d '${' | grep -vx KHEADERS_ONLY_CLANG | sort -u >"$work/taken"
	[ "$(wc -l <"$work/taken")" -gt 10 ]
	sed -n '/^#\tKHEADERS/s/^#\t\([A-Z_]*\).*/\1/p' run.sh | sort | diff "$work/taken" -
	grep -oE '\bKHEADERS(_[A-Z_]+)?=' "$here/lib.sh" | tr -d = | sort -u | diff "$work/taken" -
}

@test "without kheaders, each program is skipped; with KHEADERS_REQUIRED, it fails" {
	[ ! -e /proc/kheaders.tar.xz ] || skip "this machine has kheaders"
	local name
	cd tools/testing/selftests/kheaders
	for name in $(sed -n 's/^TEST_PROGS := //p' Makefile); do
		run -4 env -u KHEADERS_REQUIRED "./$name"
		[[ "${lines[1]}" = "1..0 # SKIP "* ]]
	done
	for name in read bpf extmod; do
		KHEADERS_REQUIRED=y run -1 "./$name.sh"
		[ "${lines[2]}" = "not ok 1 /proc/kheaders.tar.xz exists" ]
	done
}

# target: goes to a directory with what runs the tests on the target.
target() {
	local target=$BATS_TEST_TMPDIR/target
	mkdir "$target"
	cp tools/testing/selftests/kheaders/{ktap,run}.sh "$target"
	cd "$target"
}

# program NAME: a test program there, from standard input.
program() {
	{ printf '#!/bin/sh\n'; cat; } >"$1.sh"
	chmod +x "$1.sh"
}

# says: what was printed is what is on standard input, but for times.
says() {
	diff <(sed 's/took [0-9]* s$/took N s/' <<<"$output") -
}

@test "which tests there are, the Makefile says; one that is skipped is no failure" {
	target
	run -1 ./run.sh
	[[ "$output" = "kheaders: $PWD/Makefile, which names the tests, is missing:"* ]]
	echo 'TEST_PROGS := none.sh good.sh' >Makefile
	program none <<<'. ./ktap.sh; skip_all "not here"'
	program good <<<'. ./ktap.sh; tests one true'
	program bad <<<'. ./ktap.sh; tests one false'
	run -4 ./none.sh
	run -0 ./run.sh
	says <<-'EOT'
		KTAP version 1
		1..2
		  KTAP version 1
		  # Subtest: none
		# none took N s
		ok 1 none # SKIP not here
		  KTAP version 1
		  # Subtest: good
		  1..1
		  ok 1 one
		  # Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0
		# good took N s
		ok 2 good
		# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0
	EOT
	run -1 ./run.sh none bad good
}

@test "what a test prints is shown if it fails, else its diagnostic lines" {
	target
	program some <<-'EOT'
		. ./ktap.sh
		shows() { echo '# 3 of 3'; echo 'no one sees it'; }
		fails() { echo '# 2 of 3'; printf '\n%s\n' 'a\nb'; false; echo 'went on'; }
		skips() { echo '# 1 of 3'; skip 'no \n: here'; }
		returns_4() { exit 4; }
		tests a shows b fails c skips d returns_4 e "expect it x x"
	EOT
	for shell in dash 'busybox sh' bash mksh; do
		run -1 $shell ./some.sh
		says <<-'EOT'
			KTAP version 1
			1..5
			# 3 of 3
			ok 1 a
			# 2 of 3
			# a\nb
			not ok 2 b
			ok 3 c # SKIP no \n: here
			not ok 4 d
			ok 5 e
			# Totals: pass:2 fail:2 xfail:0 xpass:0 skip:1 error:0
		EOT
	done
}

@test "whatever a program prints and however it ends, it is one document" {
	target
	program crashes <<<'. ./ktap.sh; plan 2; result 0 a; printf "half a line"; kill -9 $$'
	program less <<<'. ./ktap.sh; plan 2; result 0 a'
	program more <<<'. ./ktap.sh; plan 1; result 0 a; count 0; result 0 b'
	program lies <<<'. ./ktap.sh; plan 1; result 1 a'
	program noise <<-'EOT'
		printf '%s\n' early 'ok 1 early' 1..2 1..x '' '  ok 1 deep' 'ok 1 a' 'Bail out!' 1..2
		echo 'err\or' >&2
		echo 'ok 2 b'
	EOT
	program words <<<'echo 1..0; exit 4'
	program odd <<<'. ./ktap.sh; tests a true b'
	# What is left behind with the output open is not waited for.
	program leaves <<<'. ./ktap.sh; sleep 600 & echo $! >pid; tests a true'
	for shell in dash 'busybox sh' bash mksh; do
		run -1 --separate-stderr $shell ./run.sh crashes less more lies noise words odd leaves
		kill "$(cat pid)"
		output=$(sed 's/^\(  # half a line\).*/\1/; /took/d; /Totals/d; /Killed/d' <<<"$output")
		says <<-'EOT'
			KTAP version 1
			1..8
			  KTAP version 1
			  # Subtest: crashes
			  1..2
			  ok 1 a
			  # half a line
			not ok 1 crashes # exit=137, 1 of 2 tests
			  KTAP version 1
			  # Subtest: less
			  1..2
			  ok 1 a
			not ok 2 less # exit=0, 1 of 2 tests
			  KTAP version 1
			  # Subtest: more
			  1..1
			  ok 1 a
			  # ok 2 b
			not ok 3 more # exit=0, 1 of 1 tests
			  KTAP version 1
			  # Subtest: lies
			  1..1
			  not ok 1 a
			not ok 4 lies # exit=0, 1 of 1 tests
			  KTAP version 1
			  # Subtest: noise
			  # early
			  # ok 1 early
			  1..2
			  # 1..x
			  #   ok 1 deep
			  ok 1 a
			  # Bail out!
			  # 1..2
			  # err\or
			  ok 2 b
			not ok 5 noise # exit=0, 2 of 2 tests
			  KTAP version 1
			  # Subtest: words
			  1..0
			not ok 6 words # exit=4, 0 of 0 tests
			  KTAP version 1
			  # Subtest: odd
			  1..2
			  ok 1 a
			not ok 7 odd # exit=1, 1 of 2 tests
			  KTAP version 1
			  # Subtest: leaves
			  1..1
			  ok 1 a
			ok 8 leaves
		EOT
	done
}

@test "a result is out before the next test begins" {
	target
	program slow <<-'EOT'
		. ./ktap.sh
		was_seen() { i=0; while [ ! -e seen ] && [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.1; done; [ -e seen ]; }
		tests a true b was_seen
	EOT
	for shell in dash 'busybox sh' bash mksh; do
		rm -f seen
		$shell ./run.sh slow | while IFS= read -r line; do
			[ "$line" != '  ok 1 a' ] || touch seen
			echo "$line"
		done >log
		grep -x 'ok 1 slow' log
	done
}
