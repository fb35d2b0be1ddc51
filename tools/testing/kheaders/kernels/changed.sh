#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the tests' modules for a kernel that has the same release as one built by
# kernel.sh, but another struct proc_dir_entry. Usage:
#
#	changed.sh OBJTREE
#
# Makes OBJTREE/testmod-changed. Needs root, or namespaces for users: only that build sees
# the changed header and a copy of OBJTREE, mounted over the originals. With other paths,
# make would build everything again.

set -eu
. "$(dirname "$0")/../lib.sh"

out=$1
header=$(readlink -f "$out/source")/fs/proc/internal.h
copy=$out.changed
log=$copy.log

rm -rf "$copy" "$out/testmod-changed"
cp -a "$out" "$copy"
sed 's/^struct proc_dir_entry {/&\n\tunsigned long kheaders_changed;/' "$header" >"$copy/internal.h"
! cmp -s "$header" "$copy/internal.h" ||
	die "$header has no struct proc_dir_entry to change"
say "building $(basename "$out") with one structure changed (log: $log)"
user=
[ "$(id -u)" = 0 ] || user=--map-root-user
# shellcheck disable=SC2016,SC2086 # the arguments of that shell; one word or none
unshare --mount $user sh -euc '
	mount --bind "$1/internal.h" "$2"
	mount --bind "$1" "$3"
	"$3/kmake" -j"$4"
	rm -f "$3"/testmod/*.o "$3"/testmod/*.ko
	"$3/kmake" M="$3/testmod" modules
' sh "$copy" "$header" "$out" "$jobs" >"$log" 2>&1 || die "that failed, see $log"
mv "$copy/testmod" "$out/testmod-changed"
rm -rf "$copy"
