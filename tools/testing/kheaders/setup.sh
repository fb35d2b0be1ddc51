#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs the Debian packages that are missing, of those named in the file packages
# and, for other architectures than are always tested, packages.ARCH. Usage:
#
#	setup.sh [ARCH...]

set -eu
. "$(dirname "$0")/lib.sh"

missing=
lists=$here/packages
for arch; do
	[ ! -f "$here/packages.$arch" ] || lists="$lists $here/packages.$arch"
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
say "installing Debian packages:$missing"
command -v apt-get >/dev/null ||
	die "no apt-get here: install the like of$missing, then start again"
[ "$(id -u)" = 0 ] ||
	die "only root can install packages: run 'sudo apt-get install$missing', then start again"

mkdir -p "$build"
log=$build/setup.log
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of names
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 5 "$log" >&2
	die "apt-get failed, see $log"
fi
