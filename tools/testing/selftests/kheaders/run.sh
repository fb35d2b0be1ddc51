#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of kheaders on the machine it is started on: a board, a phone, a
# guest. As root, since they load modules and eBPF programs. Names given are the
# only ones run.
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
[ $# -gt 0 ] || set -- module read read_more symvers symvers_many kunit extmod extmod_more extmod_clang dkms signed bpf btf tracers dmesg

now() {
	cut -d . -f 1 /proc/uptime
}

status=0
for name; do
	echo "# $name"
	began=$(now)
	"./$name.sh" || status=1
	echo "# $name took $(($(now) - began)) s"
done
exit $status
