#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What extmod.sh does, as if clang were the only compiler here, on a kernel that gcc
# built.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
has clang || skip_all "no clang here"
! archived include/config/auto.conf | grep -q '^CONFIG_CC_IS_CLANG=y' ||
	skip_all "clang built this kernel"
# clang has it since 15.
! archived include/config/auto.conf | grep -qE '^CONFIG_(MITIGATION_)?RETHUNK=y' ||
	clang -mfunction-return=thunk-extern -fsyntax-only -x c /dev/null 2>/dev/null ||
	skip_all "this clang has no -mfunction-return=thunk-extern (CONFIG_RETHUNK)"

mkdir "$work/bin"
IFS=:
for dir in $PATH; do
	ln -s "$dir"/* "$work/bin" 2>/dev/null
done
rm -f "$work"/bin/*gcc* "$work"/bin/*g++* "$work"/bin/cc "$work"/bin/c[89]9* "$work"/bin/c++
PATH=$work/bin KHEADERS_ONLY_CLANG=y ./extmod.sh
