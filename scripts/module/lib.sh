# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034
#
# What the scripts here share. Each sources this file first.

# With it, cd prints where it went.
unset CDPATH
top=$(cd "$(dirname "$0")/../.." && pwd)

say() {
	echo "kheaders: $*"
}

die() {
	say "$@" >&2
	exit 1
}

# writable DIR [FILE]: makes DIR, and dies if that or FILE in it can't be written.
writable() {
	{ mkdir -p "$1" 2>/dev/null && [ -w "$1" ] &&
		{ [ -z "${2-}" ] || [ ! -e "$1/$2" ] || [ -w "$1/$2" ]; }; } ||
		die "$1 can't be written: is it another user's? Remove it, or take another clone"
}
