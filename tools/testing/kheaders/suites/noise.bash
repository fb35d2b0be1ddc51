# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the images of tests have around what is looked for.

# noise BYTES
noise() {
	head -c "$1" /dev/urandom
}

# false_magics: the first bytes of each compression, with nothing of it behind them.
false_magics() {
	local _
	for _ in {1..5}; do
		printf '\037\213\10\0'; noise 30; printf '\3757zXZ\0'; noise 30
		printf 'BZh91AY&SY'; noise 30; printf '\211LZO\0\r\n\032\n'; noise 30
		printf '\2!L\030'; noise 30; printf '\050\265/\375'; noise 30
		printf '\135\0\0\0\4\377\377\377\377\377\377\377\377\0'; noise 30
	done
}
