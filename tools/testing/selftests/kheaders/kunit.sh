#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the KUnit suite of kheaders said, when the kernel booted or, where it is a
# module, now.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

if [ -n "${KHEADERS_TEST_KO-}" ]; then
	insmod "$KHEADERS_TEST_KO"
else
	modprobe kheaders_test 2>/dev/null
fi

# Its lines of the kernel's log, without their times, from when it ran last. Cases stand
# four blanks in, and older kernels put a "-" before a name.
results=$(dmesg 2>/dev/null | sed 's/^\[[^]]*\] //' | awk '
	/^ *# Subtest: kheaders$/ { suite = ""; running = 1 }
	running { suite = suite $0 "\n" }
	/^(not )?ok [0-9]+ (- )?kheaders$/ { running = 0 }
	END { printf "%s", suite }')
! grep -qs '^kheaders_test ' /proc/modules || rmmod kheaders_test
[ -n "$results" ] ||
	skip_all "no KUnit results in the log (CONFIG_IKHEADERS_KUNIT_TEST)"

all_passed() {
	echo "$results" | sed 's/^/  /'
	echo "$results" | refuse grep 'not ok'
	echo "$results" | grep -qE '^ok [0-9]+ (- )?kheaders$'
}

none_is_missing() {
	expect "cases" "$(echo "$results" | sed -n 's/^    1\.\.//p')" \
		"$(echo "$results" | grep -cE '^    (not )?ok ')"
}

tests \
	"KUnit: all cases passed" all_passed \
	"KUnit: no case is missing" none_is_missing
