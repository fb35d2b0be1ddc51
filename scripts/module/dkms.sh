#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Puts the source of kheaders.ko where dkms takes it from, and has it build that for the
# running kernel and, whenever their headers are installed, for others. Usage:
#
#	dkms.sh DESTDIR
#
# With DESTDIR, only copies: to DESTDIR/usr/src/kheaders-VERSION. "dkms remove
# kheaders/VERSION --all" undoes all but the copy.

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
destdir=$1

die() {
	echo "kheaders: $*" >&2
	exit 1
}

version=$(make -s --no-print-directory -C "$top" version)
source=$destdir/usr/src/kheaders-$version
[ "$destdir" ] || command -v dkms >/dev/null || die "dkms is needed, and is not here: install it"
if ! mkdir -p "$source" 2>/dev/null || [ ! -w "$source" ]; then
	die "$source can't be written: call make dkms-install as root, or with DESTDIR="
fi
rm -rf "$source.new"
mkdir "$source.new"
cd "$top"
cp --parents -r Makefile Kconfig init/Kconfig.kheaders kernel scripts/kheaders scripts/module "$source.new"
rm "$source.new/scripts/kheaders/.gitignore"
sed "s/#MODULE_VERSION#/$version/" dkms.conf >"$source.new/dkms.conf"
rm -r "$source"
mv "$source.new" "$source"
[ "$destdir" ] || {
	dkms remove "kheaders/$version" --all >/dev/null 2>&1 || :
	dkms install "kheaders/$version"
}
