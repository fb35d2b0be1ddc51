#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The configuration of "make module", by one of the kernel's programs for that. Usage:
#
#	kconfig.sh KDIR BUILD conf|mconf [OPTION]
#
# The program is that of KDIR, or kconfig-conf and kconfig-mconf (package
# kconfig-frontends). OPTION is for conf, such as --oldconfig. It reads Kconfig here and
# writes BUILD/.config. Where there is neither program, --olddefconfig takes the defaults
# from default.config beside this.

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$2"
kdir=$(cd "$1" 2>/dev/null && pwd) || kdir=$1
build=$(cd "$2" && pwd) program=$3; shift 3

# starts PROGRAM: whether there is one, and for this machine.
starts() {
	status=0
	"$1" --help </dev/null >/dev/null 2>&1 || status=$?
	[ "$status" -lt 126 ]
}

found=$kdir/scripts/kconfig/$program
starts "$found" || found=kconfig-$program
starts "$found" || {
	if [ "$*" = --olddefconfig ]; then
		[ -e "$build/.config" ] || cp "$top/scripts/module/default.config" "$build/.config"
		exit
	fi
	echo "kheaders: no $program in $kdir/scripts/kconfig, and no kconfig-$program here: install kconfig-frontends" >&2
	exit 1
}
cd "$build"
# In the environment, for "default" by $(shell,...).
export srctree="$top" KCONFIG_CONFIG=.config CC=gcc HOSTCC=gcc CLANG_FLAGS=
"$found" "$@" Kconfig
# Headers of each option, by some versions.
rm -rf include
