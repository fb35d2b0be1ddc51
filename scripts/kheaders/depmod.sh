#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/depmod.sh of the tree in kheaders_data.tar.xz: the kernel's own does nothing
# without System.map, which is made long after the archive. Usage, from Makefiles:
#
#	depmod.sh RELEASE		since 6.6, with $DEPMOD in the environment
#	depmod.sh DEPMOD RELEASE ...	before

set -eu
if [ $# -gt 1 ]; then
	depmod=$1 release=$2
else
	depmod=${DEPMOD:-depmod} release=$1
fi
# depmod is in directories that not every user's PATH has.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
command -v "$depmod" >/dev/null || {
	echo "kheaders: no $depmod here (package kmod): modprobe will not know the modules that were installed until it has run" >&2
	exit 0
}
set --
[ ! -r System.map ] || set -- -e -F System.map
exec "$depmod" -a "$@" ${INSTALL_MOD_PATH:+-b "$INSTALL_MOD_PATH"} "$release"
