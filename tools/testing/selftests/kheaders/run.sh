#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of kheaders on the machine it is started on: a board, a phone, a
# guest. As root, since they load modules and eBPF programs. Runs the tests that are
# named as arguments or, without any, all in the Makefile.
#
# What tests take from the environment:
#
#	KHEADERS_REQUIRED	not empty if the kernel was built with kheaders: where it is
#				missing, tests fail, and are not skipped
#	KHEADERS_KO		kheaders.ko, if modprobe does not find it
#	KHEADERS_TEST_KO	kheaders_test.ko, the same
#	KHEADERS		the kheaders command, if it is not in PATH
#	KHEADERS_MODULES	where the kernel's modules were installed; they are copied to
#				/lib/modules if none are there
#	KHEADERS_BUILT_SYMVERS	Module.symvers of the kernel's build, to compare with
#	KHEADERS_REFERENCE	testmod/, built in the kernel's tree, to compare with and load
#	KHEADERS_CHANGED	testmod/, built for a kernel that has the same release, and one
#				more member in struct proc_dir_entry
#	KHEADERS_MANY_KO	kheaders_many_000.ko, which manymod/ makes
#	KHEADERS_KEY		an owner's key that the kernel trusts
#	KHEADERS_CERT		the certificate of that key (DER)
#	KHEADERS_DKMS		where the source of v4l2loopback is, if not in /usr/src
#	KHEADERS_ROOT		the root of a container, with gcc and make, if not /
#
# Prints KTAP, with each program as a test and its tests as subtests, line by line as
# they come. Returns 0 if all passed.

cd "$(dirname "$0")" || exit 1
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(sed -n '/^TEST_PROGS/s/.*:= *//p' Makefile 2>/dev/null | sed 's/\.sh//g')
[ $# -gt 0 ] || { echo "kheaders: $PWD/Makefile, which names the tests, is missing: copy the whole directory" >&2; exit 1; }
. ./ktap.sh

# What stands before the status of a program, behind all it prints. Nothing waits for
# processes that it left behind with its output open.
end="kheaders-end-$$"

now() {
	cut -d . -f 1 /proc/uptime
}

# subtest NAME: prints what that program says, on standard input, as a subtest, in which
# lines that are no TAP, or out of order, become diagnostic lines. Prints its result, too,
# and returns it as the status.
subtest() {
	began=$(now)
	planned='' ran=0 failed='' why='' status=''
	echo "  KTAP version 1"
	echo "  # Subtest: $1"
	while IFS= read -r line; do
		next=$((ran < ${planned:-0} ? ran + 1 : 0))
		case $line in
		"$end "*)
			status=${line#"$end "}
			break ;;
		'' | "KTAP version 1")
			continue ;;
		'1..0 # SKIP '*)
			why=${line#*'# SKIP '}
			continue ;;
		1..*[!0-9]*)
			line="# $line" ;;
		1..*)	[ -z "$planned" ] || failed=1 line="# $line"
			planned=${planned:-${line#1..}} ;;
		"ok $next "*)
			ran=$next ;;
		"not ok $next "*)
			ran=$next failed=1 ;;
		"ok "[0-9]* | "not ok "[0-9]*)
			failed=1 line="# $line" ;;
		'# '*)	;;
		*)	line="# $line" ;;
		esac
		printf '  %s\n' "$line"
	done
	case $status in
	0)	[ "$ran" != 0 ] && [ "$ran" = "$planned" ] || failed=1 ;;
	4)	[ "$why" ] || failed=1 ;;
	*)	failed=1 ;;
	esac
	echo "# $1 took $(($(now) - began)) s"
	[ -z "$failed" ] || why="exit=$status, $ran of ${planned:-0} tests"
	result "${failed:-$status}" "$1" "$why"
	return "${failed:-$status}"
}

plan $#
for name; do
	{ "./$name.sh" 2>&1; printf '\n%s\n' "$end $?"; } | subtest "$name"
	count $?
done
finish
