#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the KUnit suite of kheaders said, when the kernel booted or, where it is a
# module, now. KHEADERS_TEST_KO is its path; without it, modprobe finds it.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

if [ -n "${KHEADERS_TEST_KO-}" ]; then
	insmod "$KHEADERS_TEST_KO"
else
	modprobe kheaders_test 2>/dev/null
fi

# KTAP of the kernel's log without its times; cases stand four blanks in.
results=$(dmesg | sed 's/^\[[^]]*\] //' |
	sed -n '/^ *# Subtest: kheaders$/,/^\(not \)\{0,1\}ok [0-9]* \(- \)\{0,1\}kheaders$/p')
[ -n "$results" ] ||
	skip_all "no KUnit results in the log (CONFIG_IKHEADERS_KUNIT_TEST)"

all_passed() {
	echo "$results"
	echo "$results" | refuse grep 'not ok'
	echo "$results" | grep -qE '^ok [0-9]+ (- )?kheaders$'
}

enough_cases() {
	cases=$(echo "$results" | grep -cE '^ *ok [0-9]+ (- )?[a-z_]+$')
	expect "cases and their suite" 3 "$cases"
}

plan 2
check "KUnit: all cases passed" all_passed
check "KUnit: no case is missing" enough_cases
grep -q '^kheaders_test ' /proc/modules && rmmod kheaders_test
finish
