# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests here share: KTAP, see Documentation/dev-tools/ktap.rst, on plain sh, so
# that they run on any board. A program defines its tests as functions, and ends with
# one call of "tests", which lists and runs them. run.sh names what they take from the
# environment.

ktap_planned=0 ktap_passed=0 ktap_failed=0 ktap_skipped=0
ktap_newline='
'

# plan COUNT: begins the output of that many tests.
plan() {
	ktap_planned=$1
	echo "KTAP version 1"
	echo "1..$1"
}

# result STATUS NAME [WHY]: the line of a test that ended with it: 0, 4 if it was skipped.
result() {
	ktap_number=$((ktap_passed + ktap_failed + ktap_skipped + 1))
	case $1 in
	0)	echo "ok $ktap_number $2" ;;
	4)	printf '%s\n' "ok $ktap_number $2 # SKIP $3" ;;
	*)	echo "not ok $ktap_number $2${3:+ # $3}" ;;
	esac
}

# count STATUS: adds such a test to the totals.
count() {
	case $1 in
	0)	ktap_passed=$((ktap_passed + 1)) ;;
	4)	ktap_skipped=$((ktap_skipped + 1)) ;;
	*)	ktap_failed=$((ktap_failed + 1)) ;;
	esac
}

# finish: ends the program, which has failed unless each test that was planned has a result
# and none failed.
finish() {
	echo "# Totals: pass:$ktap_passed fail:$ktap_failed xfail:0 xpass:0 skip:$ktap_skipped error:0"
	[ $((ktap_passed + ktap_skipped)) = "$ktap_planned" ]
	exit
}

# check NAME COMMAND: runs a test in a subshell with set -e. Of what it prints, lines that
# begin with "# " are shown; all of it, if it fails. Not in a condition, where bash would
# ignore set -e.
check() {
	# shellcheck disable=SC2086 # words without blanks in them
	ktap_output=$(set -e; exec 2>&1; $2)
	ktap_status=$? ktap_why=
	case $ktap_status,${ktap_output##*"$ktap_newline"} in
	4,'# SKIP '*)
		ktap_why=${ktap_output##*'# SKIP '} ;;
	0,*)	printf '%s\n' "$ktap_output" | grep '^# ' ;;
	*)	ktap_status=1
		printf '%s\n' "$ktap_output" | tail -n 40 | sed '/^$/d; s/^\(# \)*/# /' ;;
	esac
	result "$ktap_status" "$1" "$ktap_why"
	count "$ktap_status"
}

# tests NAME COMMAND...: runs a program's tests and ends it.
tests() {
	plan $((($# + 1) / 2))
	while [ $# -gt 1 ]; do
		check "$1" "$2"
		shift 2
	done
	finish
}

# skip WHY: ends a test that can't run here.
skip() {
	printf '%s\n' "# SKIP $1"
	exit 4
}

# skip_all WHY: ends a program that can't, with the status that kselftest takes for that.
skip_all() {
	echo "KTAP version 1"
	printf '%s\n' "1..0 # SKIP $1"
	exit 4
}

# expect WHAT WANT GOT: fails the test if GOT is not what it should be.
expect() {
	[ "$2" = "$3" ] && return
	echo "$1: expected '$2', got '$3'"
	exit 1
}

# refuse COMMAND...: fails the test unless that fails. (set -e does not see "! command".)
# A grep that fails to read (status 2) fails the test, too.
refuse() {
	ktap_refused=0
	"$@" || ktap_refused=$?
	case $1,$ktap_refused in
	*,0)	echo "should have failed: $*"
		exit 1 ;;
	grep,1)	;;
	grep,*)	exit 1 ;;
	esac
}

# has COMMAND: whether there is one.
has() {
	command -v "$1" >/dev/null
}

# has_symbol NAME: whether the kernel, or a module that is loaded, has that function.
has_symbol() {
	grep -qE " $1(\$|[[:space:]])" /proc/kallsyms
}

# load_kheaders: where kheaders is a module.
load_kheaders() {
	if [ -n "${KHEADERS_KO-}" ]; then
		insmod "$KHEADERS_KO"
	else
		modprobe kheaders
	fi
}

# prepare: what most tests begin with: /proc/kheaders.tar.xz, if the kernel has it at all,
# and an empty directory $work that goes when the program ends.
prepare() {
	[ -e /proc/kheaders.tar.xz ] || load_kheaders 2>/dev/null
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

# prepare_archive: as prepare. Ends the program where there is no archive: skipped or, if
# KHEADERS_REQUIRED says that this kernel was built with one, failed.
prepare_archive() {
	prepare
	[ ! -e /proc/kheaders.tar.xz ] || return 0
	[ -n "${KHEADERS_REQUIRED-}" ] || skip_all "no /proc/kheaders.tar.xz here"
	tests "/proc/kheaders.tar.xz exists" false
}

# archived FILE: prints that file of the archive.
archived() {
	xz -dc /proc/kheaders.tar.xz | tar -xOf - "$1"
}

# Each of the next three ends a test or a program by its argument, skip or skip_all, where
# something is missing.

needs_ebpf() {
	has_symbol bpf_prog_load || $1 "no eBPF in this kernel"
}

# What the eBPF programs here attach to.
needs_raw_tracepoints() {
	archived include/uapi/linux/bpf.h | grep -q BPF_PROG_TYPE_RAW_TRACEPOINT ||
		$1 "no raw tracepoints in this kernel (they came with 4.17)"
}

# What compiles them, and bpf/attach.c.
needs_libbpf() {
	has clang || $1 "no clang here"
	[ -e /usr/include/bpf/libbpf.h ] || $1 "no libbpf here (package libbpf-dev)"
}

# differ FILE FILE: prints how many symbols differ in two sorted lists of them.
differ() {
	sort "$1" "$2" | uniq -u | cut -f 2 | sort -u | wc -l
}

# part_of FILE BS SKIP: a checksum of two blocks of it, to compare reads. A read() may give
# less than one.
part_of() {
	dd if="$1" bs="$2" skip="$3" 2>/dev/null | head -c $(($2 * 2)) | cksum
}

# bring_modules: puts what was installed in KHEADERS_MODULES where programs look for the
# kernel's modules, if none are there; take_modules_away undoes that.
bring_modules() {
	brought=
	modules=/lib/modules/$(uname -r)
	if [ -n "${KHEADERS_MODULES-}" ] && [ ! -e "$modules/kernel" ]; then
		brought=$modules
		mkdir -p "$modules"
		cp -r "$KHEADERS_MODULES$modules/kernel" "$KHEADERS_MODULES$modules"/modules.* "$modules"
		depmod
	fi
}

take_modules_away() {
	[ -z "$brought" ] || rm -rf "$brought/kernel" "$brought"/modules.*
}
