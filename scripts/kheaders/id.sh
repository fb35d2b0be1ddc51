#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints the id of a tree: 16 hexadecimal digits that are a function of its files'
# names, modes and contents. Usage:
#
#	id.sh MANIFEST...
#
# MANIFESTs, see stage.c, say what is in the chunks.

set -eu

command -v sha256sum >/dev/null || {
	echo "kheaders: CONFIG_IKHEADERS_PROC needs sha256sum (package coreutils)" >&2
	exit 1
}
sums=$(sha256sum "$@")
sum=$(echo "$sums" | sha256sum)
rest=${sum#????????????????}
echo "${sum%"$rest"}"
