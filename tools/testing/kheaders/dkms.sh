#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Gets the sources in packages of Debian's for DKMS, without installing them, which would
# build for the kernels of this machine. Usage:
#
#	dkms.sh PACKAGE...
#
# Prints the directory they are in, as in /usr/src: build/dkms/usr/src. What is there
# is not downloaded again.

set -eu
. "$(dirname "$0")/lib.sh"

dir=$build/dkms
mkdir -p "$dir/usr/src"
for package; do
	[ ! -e "$dir/$package" ] || continue
	rm -rf "$dir/$package.tmp"
	mkdir "$dir/$package.tmp"
	(cd "$dir/$package.tmp" && apt-get -o APT::Sandbox::User="$(id -un)" download "$package") \
		>"$dir/$package.log" 2>&1 ||
		die "apt-get can't download $package, see $dir/$package.log"
	dpkg-deb -x "$dir/$package.tmp"/*.deb "$dir"
	mv "$dir/$package.tmp" "$dir/$package"
done
echo "$dir/usr/src"
