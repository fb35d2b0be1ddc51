#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a tree unpacked from /proc/kheaders.tar.xz ready to add types (BTF) to modules,
# where the kernel has CONFIG_DEBUG_INFO_BTF_MODULES. Usage:
#
#	btf.sh TREE PAHOLE
#
# TREE/vmlinux is the base of such types: those of the kernel, which symvers.sh copied
# when that was running. Prints one line: "ready VERSION" and, behind a colon, what was
# built for that, where VERSION is PAHOLE's, as in CONFIG_PAHOLE_VERSION; "stop: " and why
# modules get no BTF; or "none" where Kbuild says so itself. Always returns 0.

tree=${1%/} pahole=$2
program=tools/bpf/resolve_btfids/resolve_btfids

[ -e "$tree/vmlinux" ] || { echo none; exit; }
command -v "$pahole" >/dev/null || { echo "stop: there is no $pahole here (package dwarves)"; exit; }
version=$("$pahole" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\.\([0-9]*\).*/\1\2/p')
[ "$version" ] || { echo "stop: $pahole --version tells none"; exit; }
# Until 6.18, resolve_btfids.sh sees to that.
said=ready
[ ! -e "$tree/scripts/gen-btf.sh" ] ||
	said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" $program)
case $said in
ready*)	echo "ready $version${said#ready}" ;;
*)	echo "$said" ;;
esac
