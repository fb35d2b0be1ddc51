#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# resolve_btfids, for kernels without gen-btf.sh. There, only modules with a section
# .BTF_ids need it, such as those with kfuncs, and it is built for the first of them.
# Usage, in a tree unpacked from /proc/kheaders.tar.xz:
#
#	resolve_btfids.sh ARG... MODULE
#
# If that fails, the module loses its types; most kernels load it without.

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
