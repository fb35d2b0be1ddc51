#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Whether a compiler of the kernel's and one of host programs build for the same kind
# of machine. Usage:
#
#	native.sh "CC [FLAG...]" HOSTCC
#
# Returns 0 if so.

# shellcheck disable=SC2086 # a command and its options
cc=$($1 -dumpmachine) && hostcc=$($2 -dumpmachine) || exit 1
[ -n "$cc" ] && [ "${cc%%-*}" = "${hostcc%%-*}" ]
