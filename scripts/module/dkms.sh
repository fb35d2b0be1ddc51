#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Puts the source of kheaders.ko where dkms takes it from, and has it build that for each
# kernel whose headers are here and, when those of others are installed, for these. Usage:
#
#	dkms.sh DESTDIR
#
# With DESTDIR, only copies: to DESTDIR/usr/src/kheaders-VERSION. "dkms remove
# kheaders/VERSION --all" undoes all but the copy.

set -eu
# dkms takes for a compiler what a make below another one says about directories.
unset MAKELEVEL MAKEFLAGS MFLAGS
. "$(dirname "$0")/lib.sh"
destdir=$1

cd "$top"
version=$(make -s --no-print-directory version)
source=$destdir/usr/src/kheaders-$version
[ "$destdir" ] || command -v dkms >/dev/null || die "dkms is needed, and is not here: install it"
if ! mkdir -p "${source%/*}" 2>/dev/null || [ ! -w "${source%/*}" ]; then
	die "$source can't be written: call make dkms-install as root, or with DESTDIR="
fi
trap 'rm -rf "$source.new"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$source.new"
mkdir "$source.new"
cp --parents -r Makefile Kconfig init/Kconfig.kheaders kernel scripts/kheaders scripts/module "$source.new"
rm "$source.new/scripts/kheaders/.gitignore"
sed "s/#MODULE_VERSION#/$version/" dkms.conf >"$source.new/dkms.conf"
rm -rf "$source"
mv "$source.new" "$source"
[ -z "$destdir" ] || exit 0

known=$(dkms status "kheaders/$version")
[ -z "$known" ] || dkms remove "kheaders/$version" --all
dkms add "kheaders/$version"
any='' failed=''
for makefile in /lib/modules/*/build/Makefile; do
	[ -e "$makefile" ] || continue
	any=y release=${makefile#/lib/modules/} status=0
	release=${release%/build/Makefile}
	dkms install "kheaders/$version" -k "$release" || status=$?
	# 77: dkms.conf excludes that kernel.
	[ "$status" = 0 ] || [ "$status" = 77 ] || failed="$failed $release"
done
[ "$any" ] || say "no headers in /lib/modules/RELEASE/build: dkms builds kheaders.ko once a kernel has some"
[ -z "$failed" ] || die "dkms built no kheaders.ko for Linux$failed, see above"
