#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the Debian packages of the kheaders command and of the source of kheaders.ko from
# a copy of this repository. Usage:
#
#	deb.sh [VERSION]
#
# VERSION stands in for that of this release. Prints the path of the first, in build/deb/;
# the other is beside it.

set -eu
. "$(dirname "$0")/../lib.sh"

out=$build/deb
copy=$out/kheaders
rm -rf "$copy"
mkdir -p "$copy"
# What the package is made of, and what that includes.
for path in debian tools/kheaders kernel init scripts/kheaders scripts/module Makefile Kconfig dkms.conf \
		NEWS COPYING Documentation/admin-guide/kheaders.rst; do
	mkdir -p "$copy/$(dirname "$path")"
	cp -R "$top/$path" "$copy/$path"
done
if [ "${1-}" ]; then
	sed -i "1s/(.*)/($1)/" "$copy/debian/changelog"
	sed -i "/KHEADERS_VERSION/s/\".*\"/\"$1\"/" "$copy/kernel/kheaders.h"
fi
version=$(cd "$copy" && dpkg-parsechangelog -S Version)
(cd "$copy" && dpkg-buildpackage -b -us -uc) >"$out/build.log" 2>&1 || {
	tail -n 20 "$out/build.log" >&2
	die "dpkg-buildpackage failed, see $out/build.log"
}
ls "$out/kheaders_${version}_"*.deb
