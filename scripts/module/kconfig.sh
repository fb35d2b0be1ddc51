#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The configuration of "make module", by one of the kernel's programs for that. Usage:
#
#	kconfig.sh KDIR BUILD conf|mconf [OPTION]
#
# The program is that of KDIR, or kconfig-conf and kconfig-mconf (package
# kconfig-frontends-nox). OPTION is for conf, such as --oldconfig. It reads Kconfig here and
# writes BUILD/.config. Where there is neither program, --olddefconfig completes BUILD/.config
# from default.config beside this.

set -eu
. "$(dirname "$0")/lib.sh"
kdir=$(cd "$1" 2>/dev/null && pwd) || kdir=$1
build=$2 program=$3; shift 3

# starts PROGRAM: whether there is one, and for this machine.
starts() {
	status=0
	"$1" --help </dev/null >/dev/null 2>&1 || status=$?
	[ "$status" -lt 126 ]
}

found=$kdir/scripts/kconfig/$program
starts "$found" || found=kconfig-$program
starts "$found" || {
	[ "$*" = --olddefconfig ] ||
		die "neither $kdir/scripts/kconfig/$program nor kconfig-$program runs here: install the package kconfig-frontends-nox"
	found=
}
# Without one, mconf waits for ever.
if [ "$program" = mconf ] && ! { [ -t 0 ] && [ -t 1 ]; }; then
	die "menuconfig needs a terminal: use oldconfig, or write the options into $build/.config"
fi
writable "$build"
cd "$build"
if [ -z "$found" ]; then
	chosen=.config
	[ -e "$chosen" ] || chosen=
	# Of the options of a choice, the last that is chosen turns the others off.
	awk '
		match($0, /CONFIG_[A-Z0-9_]+(=| is not set)/) {
			name = substr($0, RSTART, RLENGTH)
			sub(/[= ].*/, "", name)
			if (!(name in line))
				names[++n] = name
			if (name ~ /_STRIP_/ && /=y$/)
				for (other in line)
					if (other ~ /_STRIP_/)
						line[other] = "# " other " is not set"
			line[name] = $0
		}
		END { for (i = 1; i <= n; i++) print line[names[i]] }' \
		"$top/scripts/module/default.config" ${chosen:+"$chosen"} >.config.new
	mv .config.new .config
	exit
fi
# In the environment, for "default" by $(shell,...).
export srctree="$top" KCONFIG_CONFIG=.config CC=gcc HOSTCC=gcc CLANG_FLAGS=
"$found" "$@" Kconfig
# Headers of each option, by some versions.
rm -rf include
