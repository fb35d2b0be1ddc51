#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# resolve_btfids, which until 6.18 has to do only with modules that have a section
# .BTF_ids, as those with kfuncs: it is built when the first of them is. Usage, on top
# of a tree unpacked from /proc/kheaders.tar.xz:
#
#	resolve_btfids.sh ARG... MODULE
#
# A module that it can't be built for loses its types, so that the kernel takes it.

for module; do :; done
program=tools/bpf/resolve_btfids/resolve_btfids
tree=$(cd "$(dirname "$0")/../.." && pwd) || exit 1

grep -q '\.BTF_ids' "$module" || exit 0
said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" $program)
case $said in
ready)	;;
ready*)	echo "kheaders: ${said#ready: }" >&2 ;;
*)	echo "kheaders: $module gets no BTF: ${said#stop: }" >&2
	exec "${OBJCOPY:-objcopy}" --remove-section=.BTF "$module" ;;
esac
exec "$tree/$program" "$@"
