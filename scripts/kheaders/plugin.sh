#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Compiles a plugin of gcc's again for the archive, from the object tree: that of the
# build names its source by its path on the machine that built, where it asserts
# something. Usage:
#
#	plugin.sh PLUGIN OUT
#
# The command is that of the build, which PLUGIN's .cmd file has or, where objects are
# linked in a step of their own (before 5.13), that of its object.

set -eu
plugin=$1 out=$2
dir=${plugin%/*} name=${plugin##*/}
source=scripts/gcc-plugins/${name%.so}.c

cmd=$dir/.${name%.so}.o.cmd
[ -e "$cmd" ] || cmd=$dir/.$name.cmd
# As make reads it.
command=$(sed -n '1{s/^[^ ]* := *//;s/\$\$/$/g;s/\\#/#/g;p;}' "$cmd")
eval "set -- $command"
skip=
for word; do
	shift
	[ -z "$skip" ] || { skip=; continue; }
	case $word in
	-o)	skip=y ;;
	-c|-shared|-Wp,-M*) ;;
	*)	set -- "$@" "$word" ;;
	esac
done
exec "$@" -Wno-builtin-macro-redefined "-D__FILE__=\"$source\"" -g0 -s -Wl,--build-id=none \
	-shared -o "$out"
