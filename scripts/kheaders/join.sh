#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Joins the chunks of kheaders_data.tar.xz. Usage:
#
#	join.sh END CHUNK...
#
# Prints the CHUNKs, in their order, and a last xz stream with the two zero blocks that
# end a tar archive. END is a temporary file for these.

set -eu
unset XZ_OPT XZ_DEFAULTS

end=$1; shift
trap 'rm -f "$end"' EXIT
trap 'exit 1' HUP INT TERM

dd if=/dev/zero of="$end" bs=512 count=2 2>/dev/null
[ "$(wc -c <"$end")" = 1024 ] || {
	echo "kheaders: dd can't write $end; CONFIG_IKHEADERS_PROC needs dd (package coreutils) and room" >&2
	exit 1
}
cat "$@"
${XZ:-xz} -T1 -6 --check=crc32 -c "$end"
