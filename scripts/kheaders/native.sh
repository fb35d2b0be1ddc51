#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether a compiler of the kernel's and one of host programs build for the same kind
# of machine. Usage:
#
#	native.sh "CC [FLAG...]" HOSTCC
#
# Prints "64" or "32", the bits of host programs, if they do; else "no". A kernel for
# machines of 32 bits may be built by a compiler for both.

# shellcheck disable=SC2086 # a command and its options
kinds() {
	cc=$($1 -dumpmachine) && hostcc=$($2 -dumpmachine) &&
		[ -n "$cc" ] && [ "${cc%%-*}" = "${hostcc%%-*}" ]
}

# shellcheck disable=SC2086
if ! kinds "$@" 2>/dev/null; then
	echo no
elif $2 -dM -E -x c /dev/null | grep __LP64__ >/dev/null; then
	echo 64
else
	echo 32
fi
