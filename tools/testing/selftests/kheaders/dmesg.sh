#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether a kernel with kheaders complained; run it last.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

prepare_archive

complaints() {
	dmesg | refuse grep -E -A 20 -e 'BUG:|WARNING:|KASAN|UBSAN|Oops|refcount_t' \
		-e 'possible (circular|recursive)|buffer overflow|task .* blocked'
}

tests \
	"no complaint in the kernel's log" complaints
