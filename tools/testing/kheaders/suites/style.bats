#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What can be told from the sources alone.

bats_require_minimum_version 1.5.0
load repository

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	work=$top/build/style
	export top here work
	rm -rf "$work"
	mkdir -p "$work"
	cd "$top"
	repository_files "$top" >"$work/files"
}

setup() {
	cd "$top"
}

shell_scripts() {
	xargs -a "$work/files" grep -lE '^#!/bin/(ba)?sh' -- |
		grep -v '\.bats$'
}

# Tests, and what they load.
suite_files() {
	find "$here/suites" -name '*.bats' -o -name '*.bash'
}

# passed_with NAME FILE...: whether NAME passed when these, and the tests here, were as now.
passed_with() {
	sha256sum "$BATS_TEST_FILENAME" "${@:2}" >"$work/$1.sums" && cmp -s "$work/$1.sums" "$top/build/$1.passed"
}

# passes NAME: with what passed_with() was asked about.
passes() {
	mv "$work/$1.sums" "$top/build/$1.passed"
}

@test "shellcheck" {
	# shellcheck disable=SC2046 # names without white space
	! passed_with shellcheck "$(command -v shellcheck)" .shellcheckrc $(shell_scripts) $(suite_files) || return 0
	# shellcheck disable=SC2046
	shellcheck $(shell_scripts)
	# Tests run in subshells, with variables of other files and of setup_file, and set -e.
	# shellcheck disable=SC2046
	shellcheck -S warning -e SC2030,SC2031,SC2034,SC2120,SC2154,SC2155,SC2164 $(suite_files)
	passes shellcheck
}

@test "C is warning-free under gcc and clang" {
	for cc in gcc clang; do
		for file in scripts/kheaders/*.c \
				tools/testing/kheaders/strip/main.c \
				tools/testing/kheaders/bench/read.c \
				tools/testing/kheaders/{symvers,trees}/*.c \
				tools/testing/selftests/kheaders/*.c \
				tools/testing/selftests/kheaders/bpf/[!k]*.c \
				tools/testing/selftests/kheaders/bpf/khd_send.c; do
			$cc -O2 -std=gnu11 -Wall -Wextra -Werror -c -o "$work/x.o" "$file"
		done
	done
}

@test "checkpatch --strict" {
	# It takes its time to get these out of the archive: they are kept.
	scripts=$top/build/checkpatch/linux-source-6.12/scripts
	if [ ! -f "$scripts/checkpatch.pl" ]; then
		mkdir -p "$top/build/checkpatch"
		tar -xf "$("$here/kernels/debian.sh" 6.12)" -C "$top/build/checkpatch" \
			--wildcards '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch' '*/scripts/checkpatch.pl'
	fi
	mapfile -t sources < <(grep -E '^(kernel|scripts|tools/kheaders|tools/testing/selftests)/.*\.[ch]$' "$work/files" |
		sed "s,^,$top/,")
	[ ${#sources[@]} -gt 50 ]
	! passed_with checkpatch "$scripts/checkpatch.pl" "${sources[@]}" || return 0
	# libzstd has names of mixed case, of which it writes a list to where it is run.
	cd "$work"
	perl "$scripts/checkpatch.pl" --no-tree --strict --terse --quiet --ignore CAMELCASE -f "${sources[@]}"
	passes checkpatch
}

@test "eBPF: no __section(), which takes a name with quotes only since Linux 5.10" {
	run ! grep -n '[^_]__section(' tools/testing/selftests/kheaders/bpf/*.bpf.c
}

@test "each file begins with its SPDX line" {
	while read -r file; do
		case $file in
		COPYING|NEWS|.shellcheckrc|Documentation/ABI/*|debian/changelog|debian/*.dkms|debian/source/format) continue ;;
		esac
		head -n 4 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' ||
			{ echo "$file"; false; }
	done <"$work/files"
}

@test "the documents are valid reStructuredText" {
	for file in $(grep '\.rst$' "$work/files"); do
		rst2html --strict "$file" >"$work/x.html"
	done
}

@test "README and make help name the same commands" {
	make help >"$work/help"
	for target in $(sed -n 's/^  make \([a-z-]*\).*/\1/p' "$work/help"); do
		grep -q "^$target\|^\(.* \)\{0,1\}$target\( .*\)\{0,1\}:" Makefile
		[ "$target" = clean ] || grep -q "make $target" README.md ||
			{ echo "README.md lacks make $target"; false; }
	done
}

@test "an architecture that is booted is named wherever the tests ask for it" {
	local arch archs file
	# One without a prefix for its compiler is this machine's.
	archs=$(sed -n 's/^\([a-z0-9]*\))\tcross=.*/\1/p' "$here/kernels/kernel.sh")
	[ "$(wc -w <<<"$archs")" -gt 2 ]
	make help | sed -n 's/.* ARCH=\([^ ][^ ]*\) .*/\1/p' | tr '|' '\n' | sort |
		diff <(printf '%s\n' um x86_64 $archs | sort) -
	grep "ARCH=.* is not one that is built here" "$here/kernels/kernel.sh" >"$work/refusal"
	sed -n '/^For both/,/^$/p' README.md >"$work/readme"
	for arch in $archs; do
		grep -q "arch/$arch/boot/" "$here/lib.sh" || { echo "image_of in lib.sh lacks $arch"; false; }
		[ -f "$here/kernels/kconfig/$arch.config" ] || { echo "kernels/kconfig/$arch.config is missing"; false; }
		for file in "$here"/guest/{boot,root}.sh; do
			grep -q "^[[:space:]]*$arch)" "$file" || { echo "$file lacks $arch"; false; }
		done
		for file in "$work"/{refusal,readme}; do
			grep -qw "$arch" "$file" || { echo "$file lacks $arch"; false; }
		done
	done
}

# A machine where something was installed by hand would hide a missing package.
# bats test_tags=long
@test "packages: each entry holds what it is there for" {
	while read -r package needs; do
		case $package in
		''|'#'*) continue ;;
		esac
		for name in $(echo "$package" | tr '|' ' '); do
			dpkg -L "$name" >"$work/holds" 2>/dev/null || continue
			# One whose content has moved to another depends on that.
			dpkg-query -W -f '${Depends}' "$name" | sed 's/([^)]*)//g; s/|[^,]*//g' |
				tr , '\n' | xargs -r dpkg -L >>"$work/holds" 2>/dev/null || :
			break
		done
		[ "$name" != - ] || continue
		for need in $needs; do
			grep -qxF -e "$need" -e "/usr$need" -e "/bin/$need" -e "/sbin/$need" \
				-e "/usr/bin/$need" -e "/usr/sbin/$need" "$work/holds" ||
				{ echo "$need is not in $package"; false; }
		done
	done < <(cat "$here/packages"/{tests,tools,deb})
}

@test "packages: the compilers of make check-archs are named" {
	while read -r compiler; do
		case $compiler in
		# Of this machine, or in another's place.
		x86_64-linux-gnu-|'('*) continue ;;
		-*)	compiler=clang$compiler ;;
		*)	compiler=${compiler}gcc ;;
		esac
		grep -q "[[:space:]]$compiler\$" "$here/packages/archs" ||
			{ echo "packages/archs lacks $compiler"; false; }
	done < <(awk '$1 == "archs" { print $5 }' "$here/kernels/configs")
}

@test "packages: each header that the kheaders command includes is of a package for it" {
	gcc -M -D_GNU_SOURCE tools/kheaders/*.c | grep -o '/usr/include/[^ ]*' |
		xargs realpath | sort -u | xargs dpkg -S | cut -d : -f 1 | sort -u >"$work/used"
	[ "$(wc -l <"$work/used")" -gt 4 ]
	while read -r package; do
		# The kernel's come with the C library's.
		[ "$package" = linux-libc-dev ] || grep -q "^${package}[[:space:]]" "$here/packages/tools" ||
			{ echo "$package is used, but not in packages/tools"; false; }
	done <"$work/used"
}

@test "packages: debian/control and the documents name the libraries of the kheaders command" {
	sed -n 's/^\(lib[^[:space:]]*-dev\).*/\1/p' "$here/packages/tools" | grep -v '^libc6-' | sort >"$work/libraries"
	[ "$(wc -l <"$work/libraries")" -gt 4 ]
	sed -n '/^Build-Depends/,/^[A-Z]/s/^ \(lib.*\),$/\1/p' debian/control | sort | diff "$work/libraries" -
	sed -n '/^The command is in/,/^$/p' Documentation/admin-guide/kheaders.rst | grep -o 'lib[a-z0-9]*-dev' |
		sort | diff "$work/libraries" -
}

# bats test_tags=slow
@test "packages: each command in the scripts comes from a package named there" {
	# Words where a command can stand, but for our own functions; the base system
	# needs no entry.
	# shellcheck disable=SC2046
	grep -ohE '^[a-z_]+\(\)' $(shell_scripts) $(suite_files) | tr -d '()' >"$work/functions"
	# shellcheck disable=SC2046
	sed -e 's/#.*//' $(shell_scripts) $(suite_files) |
		grep -oE '(^[[:space:]]*|[|;&(`]+ *|\$\(|(if|then|do|else|exec|env|!|timeout "\$[a-z]*"|run -?[0-9]*) +)[a-z][a-z0-9_.-]+' |
		grep -oE '[a-z][a-z0-9_.-]+$' | sort -u |
	while read -r word; do
		# Each system has awk and cc; which, the alternatives tell.
		case $word in awk|cc) continue ;; esac
		grep -qx "$word" "$work/functions" && continue
		path=$(type -P "$word") || continue
		case $(readlink "$path") in
		/etc/alternatives/*) path=$(readlink -f "$path") ;;
		esac
		case $path in
		/usr/local/*|"$HOME"/*) ;;
		/*) echo "$path" ;;
		esac
	done | sort -u >"$work/commands"
	# A file can be known as /bin/x where it is found as /usr/bin/x, and back.
	sed 's,^/usr,,' "$work/commands" | sed 'p; s,^,/usr,' | xargs dpkg -S 2>/dev/null |
		grep -v '^diversion' | cut -d : -f 1 | sort -u >"$work/used"
	[ "$(wc -l <"$work/used")" -gt 20 ]
	xargs -a "$work/used" dpkg-query -W -f '${Package} ${Essential} ${Priority}\n' |
	while read -r package rest; do
		case $rest in
		yes*|*required|*important) continue ;;
		esac
		find "$here/packages" -type f ! -name '*.sh' -exec sed 's/[[:space:]].*//' {} + | tr '|' '\n' | grep -qxF "$package" ||
			{ echo "$package is used, but not in packages"; exit 1; }
	done
}

@test "the museum: each row has the test it names, each test that has a number is in its row" {
	# Lines "NUMBER FILE", of the one and of the others: FILE in suites/, or its name.
	awk -F ' *[|] *' '$2 ~ /^[0-9]+$/ {
		for (i = split($6, files, ", *"); i; i--) print $2, files[i] }' "$here/MUSEUM.md" |
		sort >"$work/rows"
	[ "$(wc -l <"$work/rows")" -gt 40 ]
	# shellcheck disable=SC2046
	grep -oE '"museum [0-9, ]+' $(suite_files) "$here/machines/machine.sh" tools/testing/selftests/kheaders/*.sh |
		sed 's/:"museum/,/' | awk -F '[, ]+' '{
			sub(/.*\/suites\//, "", $1) || sub(/.*\//, "", $1)
			for (i = 2; i <= NF; i++) if ($i) print $i, $1 }' |
		sort -u >"$work/tests"
	diff "$work/rows" "$work/tests"
}

@test "NEWS begins with the version that make version prints" {
	[[ "$(head -n 1 NEWS)" = "kheaders $(make -s version)"* ]]
	make -s version | grep -xE '[0-9]+\.[0-9]+'
}

@test "the archive has each script that make M= calls" {
	local script
	sed -n '/find_in "scripts\/kheaders\//,/"$/p' scripts/kheaders/list.sh |
		grep -o 'scripts/kheaders/[a-z_]*\.sh' | sort >"$work/carried"
	[ "$(wc -l <"$work/carried")" -gt 4 ]
	xargs sed 's/^[[:space:]]*#.*//' scripts/kheaders/tree.mk <"$work/carried" | grep -o '[a-z_]*\.sh' | sort -u |
	while read -r script; do
		[ ! -e "scripts/kheaders/$script" ] || echo "scripts/kheaders/$script"
	done | diff "$work/carried" -
}

@test "options: the documents name each, and no other" {
	sed -n 's/^config \(IKHEADERS.*\)/\1/p' init/Kconfig.kheaders | sort >"$work/options"
	[ "$(wc -l <"$work/options")" -gt 5 ]
	# An option that begins with "_" has that in place of the end of the one before it.
	sed -n '/^Building/,/^Reproducible/s/^``CONFIG_\(IKHEADERS.*\)``$/\1/p' Documentation/kbuild/kheaders.rst |
		awk -F '``, ``' '{ print $1; sub(/_[^_]*$/, "", $1); for (i = 2; i <= NF; i++) print $1 $i }' |
		sort | diff "$work/options" -
}

@test "chunks: each has one turn, and the turns are the numbers from 1" {
	grep -v '^#' scripts/kheaders/chunks >"$work/chunks"
	awk '{ print $1 }' "$work/chunks" | sort -u >"$work/names"
	run ! grep -x id "$work/names"
	awk '$2 != "-" { print $1 }' "$work/chunks" | sort | diff "$work/names" -
	awk '$2 != "-" { print $2 }' "$work/chunks" | sort -n | diff <(seq "$(wc -l <"$work/names")") -
}

@test "host programs: the documents name those of the table, their options and packages" {
	local key value word count=0
	sed -n '/^always  /,/^===/p' Documentation/kbuild/kheaders.rst >"$work/programs"
	while read -r key value; do
		case $key in
		''|'#'*|sources:|files:|but:|libraries:) ;;
		use:)	grep -xE 'runs|signs|btf' <<<"$value" || { echo "no use is called $value"; false; } ;;
		program:)
			count=$((count + 1))
			word=$(basename "${value%)}")
			[ "$word" != '*.so' ] || word=plugins
			grep -qw -e "$word" "$work/programs" ||
				{ echo "kbuild/kheaders.rst lacks $word"; false; } ;;
		options:)
			for word in $(tr '|' ' ' <<<"$value"); do
				grep -q "[\`G]_${word#!}\`\`" "$work/programs" ||
					{ echo "kbuild/kheaders.rst lacks $word"; false; }
			done ;;
		packages:)
			for word in $value; do
				grep -qw -e "$word" Documentation/admin-guide/kheaders.rst ||
					{ echo "admin-guide/kheaders.rst lacks $word"; false; }
			done ;;
		*)	echo "scripts/kheaders/hostprogs has a line $key"; false ;;
		esac
	done <scripts/kheaders/hostprogs
	[ "$count" -ge 8 ]
}

@test "what the generator leaves in its directory is two programs, which git ignores" {
	make -pnRr -f scripts/kheaders/Makefile srctree=. obj=. 2>/dev/null >"$work/made" || :
	sed -n 's/^hostprogs\(-y\)\{0,1\} := //p' "$work/made" | tr ' ' '\n' | sort -u >"$work/programs"
	grep -xF stage "$work/programs"
	sed -n 's,^/,,p' scripts/kheaders/.gitignore | sort -u | diff "$work/programs" -
}

@test "no paths or hosts of one machine" {
	run ! xargs -a "$work/files" grep -nE "https?://(deb|security|ftp)\.|$top/" --
}

@test "tracers.sh expects of bcc and bpftrace what kheaders.rst says of them" {
	document=Documentation/admin-guide/kheaders.rst
	tracers=tools/testing/selftests/kheaders/tracers.sh
	# What is typed for each.
	grep -oE '^    B[A-Z]+_KERNEL_SOURCE=\$PWD [a-z-]+' $document >"$work/typed"
	[ "$(wc -l <"$work/typed")" = 2 ]
	while read -r line; do
		grep -F "$line" $tracers
	done <"$work/typed"
	# From which version on bpftrace is another.
	sed -n 's/^bpftrace \([0-9.]*\) \(to\|and\) .*/\1/p' $document >"$work/documented"
	sed -n 's/.*older "$bpftrace" \([0-9.]*\).*/\1/p' $tracers >"$work/expected"
	[ -s "$work/expected" ]
	diff "$work/documented" "$work/expected"
}

# functions NAME...: those of check.sh.
functions() {
	for name; do
		eval "$(sed -n "/^$name() {/,/^}/p" "$here/suites/check.sh")"
	done
}

@test "check.sh: make check runs each suite" {
	local suite
	for suite in "$here"/suites/*.bats; do
		suite=$(basename "$suite" .bats)
		grep -qE "bats_suite $suite |/$suite\.bats" "$here/suites/check.sh" ||
			{ echo "check.sh lacks $suite"; false; }
	done
}

@test "check.sh: a guest that stops halfway has failed, also if it skipped a test" {
	functions suite failures tally
	results=$work start=0
	stops() {
		printf '%s\n' 'ok 1 none # SKIP not here' '  1..2' "  $1ok 1 the first of two"
		return 124
	}
	skips() {
		echo '1..0 # SKIP not here'
	}
	suite stopped stops '' >"$work/said"
	grep '  1 passed, 1 failed, 1 skipped in ' "$work/said"
	grep -x 'not ok - stopped ended with status 124' "$work/said"
	suite failed stops 'not ' >"$work/said"
	grep '  0 passed, 1 failed, 1 skipped in ' "$work/said"
	suite skipped skips >"$work/said"
	grep '  0 passed, 0 failed, 1 skipped in ' "$work/said"
}

@test "check.sh: a process that a test leaves does not keep the next make check from running" {
	functions suite failures tally
	results=$work start=0
	leaves() {
		sleep 60 >"$work/left" 2>&1 3>&- 4>&- &
		echo $! >"$work/pid"
		echo 'ok 1 leaves'
	}
	exec 9>"$work/lock"
	flock -n 9
	suite leaves leaves
	exec 9>&-
	run -0 flock -n "$work/lock" true
	kill "$(cat "$work/pid")"
}

@test "check.sh: subtests count; a test with subtests counts only if it failed and none of them did" {
	functions failures tally
	cat >"$work/bats.tap" <<-'EOT'
		1..3
		ok 1 a
		not ok 2 b
		# why b
		ok 3 c # skip not here
	EOT
	cat >"$work/guest.tap" <<-'EOT'
		KTAP version 1
		1..4
		  1..3
		  ok 1 a
		  # why b
		  not ok 2 b
		  ok 3 c # SKIP not here
		not ok 1 failed # exit=1, 3 of 3 tests
		  1..2
		  ok 1 a
		not ok 2 crashed # exit=139, 1 of 2 tests
		ok 3 skipped # SKIP not here
		  1..1
		  ok 1 a
	EOT
	[ "$(tally "$work/bats.tap")" = "1 passed, 1 failed, 1 skipped" ]
	[ "$(tally "$work/guest.tap")" = "3 passed, 2 failed, 2 skipped" ]
	[ "$(tally "$work/guest.tap" "$work/bats.tap")" = "4 passed, 3 failed, 3 skipped" ]
	failures "$work/bats.tap" | diff - <(printf '%s\n' 'not ok 2 b' '# why b')
	failures "$work/guest.tap" | diff - <(printf '%s\n' '  not ok 2 b' '  # why b' \
		'not ok 1 failed # exit=1, 3 of 3 tests' '  1..2' 'not ok 2 crashed # exit=139, 1 of 2 tests')
}
