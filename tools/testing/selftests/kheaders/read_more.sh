#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Compiles and runs read_test.c, where there is a compiler.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

has cc || skip_all "no cc here"
prepare
cc -O2 -Wall -o "$work/read_test" read_test.c -lpthread && "$work/read_test"
