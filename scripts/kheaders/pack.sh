#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Packs a chunk of kheaders_data.tar.xz. Usage:
#
#	pack.sh MANIFEST TREE OUT TIMESTAMP EPOCH
#
# MANIFEST (see stage.c) names the files below TREE. OUT becomes an xz stream of
# their tar entries, without the blocks that end a tar archive: chunks are joined.
# TIMESTAMP is KBUILD_BUILD_TIMESTAMP, a date as date(1) reads it, and EPOCH is
# SOURCE_DATE_EPOCH, in seconds; the time of all entries is the first of them
# that is not empty. OUT is written whole or not at all.

set -eu
export LC_ALL=C TZ=UTC
# The archive must not depend on the builder's own options.
unset TAR_OPTIONS XZ_OPT XZ_DEFAULTS

manifest=$1 tree=$2 out=$3 timestamp=$4 epoch=$5
# TAR and XZ may be commands with options.
tar=${TAR:-tar} xz=${XZ:-xz}

die() {
	echo "kheaders: $*" >&2
	exit 1
}

# Names of its own: one that a killed make left running must not meet the next one, which
# removes what that has.
new=$out.$$
trap 'rm -f "$new.list" "$new.tar" "$new.tmp"' EXIT
trap 'exit 1' HUP INT TERM
rm -f "$out" "$out".*

command -v "${xz%% *}" >/dev/null ||
	die "CONFIG_IKHEADERS_PROC needs xz, there is no XZ=$xz here (package xz-utils)"
command -v "${tar%% *}" >/dev/null ||
	die "CONFIG_IKHEADERS_PROC needs GNU tar, there is no TAR=$tar here (package tar)"
case $($tar --version 2>&1) in
*'GNU tar'*) ;;
*) die "CONFIG_IKHEADERS_PROC needs GNU tar, TAR=$tar is another (package tar)" ;;
esac

# Not 0, which some versions of tar take for a mistake, and not later: on a device
# without a clock it is 1970, and make would complain of files from the future.
mtime=1
if [ -n "$timestamp" ]; then
	mtime=$(date -d "$timestamp" +%s 2>/dev/null) ||
		die "KBUILD_BUILD_TIMESTAMP='$timestamp' is not a date; set one that date -d takes"
elif [ -n "$epoch" ]; then
	case $epoch in
	*[!0-9]*) die "SOURCE_DATE_EPOCH='$epoch' is not a number of seconds since 1970" ;;
	esac
	mtime=$epoch
fi

# Blocks of one sector (-b 1) leave nothing but the two zero ones at the end.
# As they are: tar would take "\n" in a name for a new line.
cut -f 1 "$manifest" >"$new.list"
$tar --format=ustar -b 1 --no-recursion --no-unquote --owner=0 --group=0 --numeric-owner \
	--mode=a+rX,u+w,go-w --mtime="@$mtime" \
	-C "$tree" -T "$PWD/$new.list" -cf "$new.tar"
blocks=$(($(wc -c <"$new.tar") / 512 - 2))
dd if=/dev/null of="$new.tar" bs=512 seek="$blocks" 2>/dev/null
[ "$(wc -c <"$new.tar")" = $((blocks * 512)) ] ||
	die "dd can't cut off the end of $new.tar; CONFIG_IKHEADERS_PROC needs dd (package coreutils)"

# For text: more literal context (lc=4), no alignment (pb=0). Unpacking takes as much
# memory as the dictionary has; a chunk is hardly larger.
$xz -T1 --lzma2=preset=6,lc=4,pb=0,dict=4MiB,nice=96 --check=crc32 -c "$new.tar" >"$new.tmp" ||
	die "XZ=$xz can't pack $out: is it xz, and is there room on the disk?"
mv -f "$new.tmp" "$out"
