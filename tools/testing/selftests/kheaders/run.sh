#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of kheaders on the machine it is started on: a board, a phone, a
# guest. As root, since they load modules and eBPF programs. Names given are the
# only ones run; else all that the Makefile has.
#
#	KHEADERS_KO, KHEADERS_TEST_KO	kheaders.ko and kheaders_test.ko, where
#					modprobe does not find them
#	KHEADERS_KEY, KHEADERS_CERT	an owner's key, and its certificate (DER), which
#					the kernel trusts: what signed.sh signs with
#	KHEADERS_DKMS			what dkms.sh takes in place of /usr/src
#	KHEADERS_BUILT_SYMVERS, KHEADERS_REFERENCE, KHEADERS_CHANGED
#					what symvers.sh and extmod.sh compare with
#
# Prints the TAP of each, and the seconds it took; returns 0 if all passed.

cd "$(dirname "$0")" || exit 1
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(sed -n '/^TEST_PROGS/s/.*:= *//p' Makefile 2>/dev/null | sed 's/\.sh//g')
[ $# -gt 0 ] || { echo "kheaders: $PWD/Makefile, which names the tests, is missing: copy the whole directory" >&2; exit 1; }

now() {
	cut -d . -f 1 /proc/uptime
}

status=0
for name; do
	echo "# $name"
	began=$(now)
	"./$name.sh"
	# 4: skipped, see ktap.sh.
	case $? in 0|4) ;; *) status=1 ;; esac
	echo "# $name took $(($(now) - began)) s"
done
exit $status
