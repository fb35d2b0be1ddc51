#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Gets a kernel's source, or its configurations, as one of Debian's packages has them.
# Usage:
#
#	debian.sh VERSION			linux-source: prints the tarball
#	debian.sh VERSION config [ARCH]		linux-config: prints a directory of files
#						config.ARCH_FEATURESET_FLAVOUR.xz
#
# VERSION is like 6.12, or "newest", the highest that the first suite below has. A
# package that is installed is taken from /usr/src. Any other one is downloaded by
# apt-get, from the mirror that this machine uses but with lists of its own in
# build/apt, so that neither root nor the machine's own lists are needed. ARCH is Debian's
# name of an architecture, by default this machine's.

set -eu
. "$(dirname "$0")/../lib.sh"

suites="trixie-backports trixie bookworm bullseye"
version=$1 kind=${2:-source} arch=${3:-$(dpkg --print-architecture)}
apt=$build/apt
[ "$arch" = "$(dpkg --print-architecture)" ] || apt=$apt/$arch
listed=

# mirror: Debian's, and why apt trusts it, as in a line of sources.list. The file that
# names it has either form, "Signed-By: FILE" or "[signed-by=FILE]".
mirror() {
	target=$(target)
	# A machine may have been made without lists.
	[ "$target" ] || ! apt-get update >&2 || target=$(target)
	[ "$target" ] || {
		echo "apt-get indextargets tells of no mirror of Debian's: call apt-get update" >&2
		return 1
	}
	file=${target#* }
	trust=$(grep -oiE '(signed-by[:=] *\/[^] ]+|trusted[:=] *yes)' "${file%:*}" |
		sed 's/^[^:=]*/\L&/; s/: */=/' | sort -u -t = -k 1,1)
	# shellcheck disable=SC2086 # in one line
	echo deb "[check-valid-until=no" $trust"]" "${target%% *}"
}

target() {
	# shellcheck disable=SC2016 # words of apt's
	apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' \
		'Created-By: Packages' 'Label: Debian' | head -n 1
}

# in_suite SUITE COMMAND...: one of apt's, with the lists of that suite alone.
in_suite() {
	dir=$apt/$1 command=$2; shift 2
	apt_in "$dir" "$arch" "$command" -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null "$@"
}

# update SUITE: gets its lists.
update() {
	source=$(mirror) && echo "$source $1 main" >"$apt/$1/sources.list" &&
		in_suite "$1" apt-get update --error-on=any
}

# lists SUITE: whether there are lists of what it has.
lists() {
	[ "$listed" != "$1" ] || return 0
	listed=$1
	apt_lists "$apt/$1" update "$1" || {
		listed=
		return 1
	}
}

# release SUITE PACKAGE: of the package there, if any. To apt, a name that is none is a
# pattern, with a dot in it: 6.1 would be 6.12.
release() {
	in_suite "$1" apt-cache show --no-all-versions "$2" 2>/dev/null |
		awk -v package="$2" '/^Package: / { is = $2 == package }
			is && sub(/^Version: /, "")'
}

cure="go online, or take KERNEL=6.12, 6.1 or the path of a tree"

case $version in
newest|[0-9]*.[0-9]*) ;;
*)	die "KERNEL=$version: neither a version, like 6.12, nor newest, nor the path of a tree" ;;
esac

mkdir -p "$apt"
exec 8>"$apt/lock"
flock 8
if [ "$version" = newest ]; then
	newest=${suites%% *}
	lists "$newest" ||
		die "KERNEL=newest: apt-get can't get the lists of Debian's $newest (see $apt/$newest.log): $cure"
	version=$(in_suite "$newest" apt-cache pkgnames linux-source- |
		sed -n 's/^linux-source-\([0-9.]*\)$/\1/p' | sort -V | tail -n 1)
	[ "$version" ] || die "KERNEL=newest: Debian's $newest has no linux-source package: $cure"
fi

package=linux-$kind-$version item=linux-$kind-$version
[ "$kind" != source ] || item=$item.tar.xz
if [ -e "/usr/src/$item" ] && [ "$apt" = "$build/apt" ]; then
	echo "/usr/src/$item"
	exit
fi
release='' logs=''
for suite in $suites; do
	if lists "$suite"; then
		release=$(release "$suite" "$package")
		[ -z "$release" ] || break
	else
		logs="$logs $apt/$suite.log"
	fi
done
if [ -z "$release" ]; then
	[ -z "$logs" ] ||
		die "KERNEL=$version: apt-get can't get lists of Debian's packages (see$logs): $cure"
	die "KERNEL=$version: no package $package in Debian's $(echo "$suites" | sed 's/ / or /'), nor in /usr/src: take another version, or the path of a tree"
fi

if [ "$(cat "$apt/$item.from" 2>/dev/null)" != "$release" ]; then
	[ "$kind" != source ] || say "downloading Debian's $package $release, some 150 MB"
	rm -rf "${apt:?}/$package"*
	mkdir "$apt/$package.tmp"
	(cd "$apt/$package.tmp" && in_suite "$suite" apt-get download "$package") \
		>"$apt/download.log" 2>&1 ||
		die "KERNEL=$version: apt-get can't download $package (see $apt/download.log): $cure"
	dpkg-deb -x "$apt/$package.tmp/"*.deb "$apt/$package.tmp"
	mv "$apt/$package.tmp/usr/src/$item" "$apt/$item"
	rm -rf "$apt/$package.tmp"
	echo "$release" >"$apt/$item.from"
fi
echo "$apt/$item"
