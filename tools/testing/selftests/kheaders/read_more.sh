#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests in read_test.c, where there is a compiler.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

has cc || skip_all "no cc here"
prepare_archive

compile() {
	cc -O2 -Wall -o "$work/read_test" read_test.c -lpthread
}

# in_c NAME: runs that test of read_test.c.
in_c() {
	"$work/read_test" "$1"
}

tests \
	"compile what reads" compile \
	"st_size is where reading ends" "in_c ends" \
	"exact bytes at any offset and length" "in_c edges" \
	"lseek" "in_c seeks" \
	"negative offsets are refused" "in_c bad_offsets" \
	"bad memory is refused" "in_c bad_memory" \
	"preadv" "in_c vectors" \
	"sendfile" "in_c sendfiles" \
	"concurrent threads" "in_c threads" \
	"writing is refused" "in_c refuses_writing"
