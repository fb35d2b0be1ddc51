#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's packages for DKMS, as they are. Usage:
#
#	dkms.sh get PACKAGE...		their sources, without installing them, which would
#					build for the kernels of this machine: prints the
#					directory they are in, as in /usr/src. What is there
#					is not downloaded again
#	dkms.sh compare TREE BUILT RELEASE DIR PACKAGE...
#
# compare builds them with TREE, which was in /proc/kheaders.tar.xz, and with BUILT, where
# that kernel was built or its linux-headers, and compares the modules. They are in
# DIR/ours and DIR/theirs. Prints what differs and how much was compared; returns 1 if
# anything does. Only root can: TREE is mounted over BUILT, since some modules name the
# directory.

set -eu
. "$(dirname "$0")/../lib.sh"

packages=$build/dkms
sources=$packages/usr/src

get() {
	mkdir -p "$sources"
	for package; do
		to=$packages/$package
		[ ! -e "$to" ] || continue
		rm -rf "$to.tmp"
		mkdir "$to.tmp"
		(cd "$to.tmp" && apt-get -o APT::Sandbox::User="$(id -un)" download "$package") \
			>"$to.log" 2>&1 ||
			die "apt-get can't download $package, see $to.log"
		dpkg-deb -x "$to.tmp"/*.deb "$packages"
		mv "$to.tmp" "$to"
	done
}

# conf_of PACKAGE: its dkms.conf.
conf_of() {
	dpkg-deb --fsys-tarfile "$packages/$1"/*.deb | tar -tf - |
		sed -n "s,^\./usr/src/\(.*/dkms\.conf\)$,$sources/\1,p"
}

# build_with TREE RESULT PACKAGE...
build_with() {
	tree=$1 result=$2; shift 2
	mkdir "$dir/tree"
	for package; do
		conf=$(conf_of "$package")
		[ -f "$conf" ] || die "$packages/$package has no dkms.conf: remove $packages"
		name=$(sed -n 's/^PACKAGE_NAME="*\([^"]*\)"*$/\1/p' "$conf")
		version=$(sed -n 's/^PACKAGE_VERSION="*\([^"]*\)"*$/\1/p' "$conf")
		# Some look nowhere but in /lib/modules.
		# shellcheck disable=SC2016 # that shell's arguments
		unshare --mount sh -euc '
			tree=$1 built=$2 modules=/lib/modules/$3; shift 3
			mount --bind "$tree" "$built"
			mkdir -p /lib/modules
			mount -t tmpfs tmpfs /lib/modules
			mkdir "$modules"
			ln -s "$built" "$modules/build"
			exec "$@"' sh "$tree" "$built" "$release" \
			dkms build -m "$name" -v "$version" -k "$release" \
			--kernelsourcedir "$built" --dkmstree "$dir/tree" --sourcetree "$sources" >&2 || {
			find "$dir/tree" -name make.log -exec tail -n 20 {} + >&2
			die "dkms can't build $package with $tree"
		}
	done
	mv "$dir/tree" "$dir/$result"
}

case ${1-} in
get)
	shift
	get "$@"
	echo "$sources"
	;;
compare)
	[ $# -ge 6 ] || die "usage: dkms.sh compare TREE BUILT RELEASE DIR PACKAGE..."
	ours=$2 built=$3 release=$4 dir=$5; shift 5
	get "$@"
	rm -rf "$dir"
	mkdir "$dir"
	build_with "$built" theirs "$@"
	build_with "$ours" ours "$@"
	"$here/judges/modules.py" "$dir/ours" "$dir/theirs"
	;;
*)
	die "usage: dkms.sh get|compare ..."
	;;
esac
