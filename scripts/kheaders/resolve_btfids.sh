#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# resolve_btfids, for kernels without gen-btf.sh: there it has to do only with modules that
# have a section .BTF_ids, as those with kfuncs, and is built when the first of them is.
# Usage, in a tree unpacked from /proc/kheaders.tar.xz:
#
#	resolve_btfids.sh ARG... MODULE
#
# A module that it can't do this for loses its types, without which most kernels take it.

for module; do :; done
program=tools/bpf/resolve_btfids/resolve_btfids
tree=$(cd "${0%/*}/../.." && pwd) || exit 1

# without WHY
without() {
	echo "kheaders: $module gets no BTF: $1" >&2
	exec "${OBJCOPY:-objcopy}" --remove-section=.BTF --remove-section=.BTF.base "$module"
}

grep -q '\.BTF_ids' "$module" || exit 0
said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" $program)
case $said in
ready)	;;
ready*)	echo "kheaders: ${said#ready: }" >&2 ;;
*)	without "${said#stop: }" ;;
esac
said=$("$tree/$program" "$@" 2>&1) || without "resolve_btfids failed: $(echo "$said" | tail -n 1)"
[ -z "$said" ] || echo "$said" >&2
