#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Joins the chunks of kheaders_data.tar.xz. Usage:
#
#	join.sh OUT CHUNK...
#
# OUT becomes the CHUNKs, in their order, and a last xz stream with the two zero
# blocks that end a tar archive. It is written whole or not at all.

set -eu
unset XZ_OPT XZ_DEFAULTS

out=$1; shift
trap 'rm -f "$out.tmp"' EXIT
trap 'exit 1' HUP INT TERM

{
	cat "$@"
	head -c 1024 /dev/zero | "${XZ:-xz}" -T1 -6 --check=crc32
} >"$out.tmp"
mv -f "$out.tmp" "$out"
