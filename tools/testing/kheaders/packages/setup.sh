#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs missing Debian packages: those named in the files "tests", "tools" and "deb"
# beside it and in the file LIST, for each LIST; or, to build the kheaders command, those in
# "tools" alone, or, to build our Debian packages, in "deb" and "tools". Usage:
#
#	setup.sh [LIST...]
#	setup.sh tools|deb
#
# LIST is archs, configs or an architecture; one without a file needs no more.

set -eu
. "$(dirname "$0")/../lib.sh"

arguments=$*
for file in "$build" "$build"/*; do
	[ -w "$file" ] || [ ! -e "$file" ] ||
		die "$file can't be written: is it another user's? Remove it, or take another clone"
done
missing=
case $* in
tools)	lists= ;;
deb)	lists=$here/packages/tools ;;
*)	lists="$here/packages/tests $here/packages/tools $here/packages/deb" ;;
esac
for arch; do
	[ ! -f "$here/packages/$arch" ] || lists="$lists $here/packages/$arch"
done
# shellcheck disable=SC2086 # a list of names
while read -r package needs; do
	case $package in
	''|'#'*) continue ;;
	esac
	for need in $needs; do
		case $need in
		/*) [ -e "$need" ] && continue ;;
		*) command -v "$need" >/dev/null && continue ;;
		esac
		missing="$missing $package"
		break
	done
done <<EOT
$(cat $lists)
EOT

[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null ||
	die "no apt-get here: install packages like$missing, then start again"

# known: of each word of $missing, the first of its names that apt knows. What "apt-cache
# show" finds may have a longer name.
known() {
	for names in $missing; do
		for name in $(echo "$names" | tr '|' ' '); do
			if [ "$name" = - ]; then
				break
			elif [ "$name" = "$names" ] ||
			     apt-cache pkgnames "$name" 2>/dev/null | grep -xF "$name" >/dev/null; then
				printf ' %s' "$name"
				break
			fi
		done
	done
}

# If apt knows none of the packages, there is nothing to install.
for lists in /var/lib/apt/lists/*_Packages*; do
	[ ! -e "$lists" ] || [ -n "$(known)" ] || exit 0
	break
done
root=
if [ "$(id -u)" != 0 ]; then
	names=$(known)
	say "Debian packages are missing:${names:-$missing}"
	root=sudo
	# sudo may be installed but not allow this user; -v asks for a password if need be.
	{ command -v sudo && sudo -v; } >/dev/null ||
		die "only root can install packages: as root, call \"apt-get update\" and \"$here/packages/setup.sh${arguments:+ $arguments}\", then start again"
fi

log=$build/setup.log
new=
for file in "$build" "$log"; do
	[ -e "$file" ] || new="$new $file"
done
mkdir -p "$build"
: >"$log"
# What root makes in a user's clone must belong to that user.
# shellcheck disable=SC2086 # a list of names
[ "$root" ] || [ -z "$new" ] || chown --reference="$top" $new
# sudo passes few variables on.
apt() {
	# shellcheck disable=SC2086 # sudo or nothing
	$root env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "apt-get $1 failed, see $log"
	}
}
apt update
missing=$(known)
[ -n "$missing" ] || exit 0
say "installing Debian packages:$missing"
# shellcheck disable=SC2086 # a list of names
apt install -y --no-install-recommends $missing
