#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a module with types of its own (BTF) against the tree in /proc/kheaders.tar.xz,
# loads it, and has eBPF trace one of its functions and call another.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
module=$work/btfmod
types=/sys/kernel/btf/kheaders_btf

has_types() {
	readelf -S "$module/kheaders_btf.ko" | grep -w '\.BTF'
}

build() {
	cp -r btfmod "$module"
	make_in "$module"
	has_nothing_to_say
	refuse grep 'Skipping BTF' "$work/log"
	has_types
}

# The options of pahole must also be right if make does not call itself a second time.
again() {
	touch "$module/kheaders_btf.c"
	make --no-print-directory -C "$tree" M="$module" modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	has_types
}

# without_types MAKE-ARG...: builds one. What it makes of the module is in $work/log.
without_types() {
	rm "$module/kheaders_btf.ko"
	make -C "$tree" M="$module" "$@" modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	refuse has_types
}

load() {
	insmod "$module/kheaders_btf.ko"
	[ -s "$types" ]
}

dump() {
	has bpftool || skip "no bpftool here"
	bpftool -B /sys/kernel/btf/vmlinux btf dump file "$types" >"$work/types"
	grep "STRUCT 'kheaders_btf_pair' size=8 vlen=2" "$work/types"
	grep "FUNC 'kheaders_btf_sum'" "$work/types"
	grep "FUNC 'kheaders_btf_twice'" "$work/types"
	echo "# $(grep -c '^\[' "$work/types") types of kheaders_btf.ko dumped"
}

compile() {
	needs_libbpf skip
	clang -target bpf -O2 -g "-I/usr/include/$(gcc -print-multiarch)" \
		-c bpf/kheaders_btf.bpf.c -o "$work/btf.o"
	clang -O2 -Wall -o "$work/attach" bpf/attach.c -lbpf
}

attach() {
	needs_libbpf skip
	cd /sys/module/kheaders_btf/parameters
	echo '20 22' >pair
	"$work/attach" "$work/btf.o" /bin/cat pair >"$work/out"
	expect "the module's sum" 42 "$(sed -n 1p "$work/out")"
}

traced() {
	needs_libbpf skip
	expect "the second number that eBPF saw" 22 "$(sed -n 's/^0 //p' "$work/out")"
}

called() {
	needs_libbpf skip
	expect "twice 21, by the module" 42 "$(sed -n 's/^1 //p' "$work/out")"
}

# Without pahole the module is one without types, and make says so.
without_pahole() {
	without_types PAHOLE=no-pahole
	grep '^kheaders:' "$work/log" >"$work/said"
	echo 'kheaders: modules get no BTF: there is no no-pahole here (package dwarves)' | cmp - "$work/said"
}

# The module has a kfunc, for which resolve_btfids is needed.
without_resolve_btfids() {
	[ ! -e "$types" ] || rmmod kheaders_btf
	rm "$tree/tools/bpf/resolve_btfids/resolve_btfids"
	without_types HOSTCC=no-cc
	expect "lines" 1 "$(grep -c '^kheaders: .* BTF: .*there is no HOSTCC=no-cc here' "$work/log")"
	insmod "$module/kheaders_btf.ko"
	rmmod kheaders_btf
}

# A tree of another build of the kernel gets no types of the running kernel, and does not
# use those that it got before.
not_of_another() {
	cp "$tree/include/config/kheaders.id" "$work/id"
	echo 0123456789abcdef >"$tree/include/config/kheaders.id"
	without_types
	grep '^kheaders: modules get no BTF: the tree is of another build' "$work/log"
	rm "$tree/vmlinux"
	without_types
	[ ! -e "$tree/vmlinux" ]
	mv "$work/id" "$tree/include/config/kheaders.id"
}

[ -e /sys/kernel/btf/vmlinux ] || skip_all "no types in this kernel (CONFIG_DEBUG_INFO_BTF)"
archived include/config/auto.conf | grep -q '^CONFIG_DEBUG_INFO_BTF_MODULES=y' ||
	skip_all "modules have no types in this kernel (CONFIG_DEBUG_INFO_BTF_MODULES)"
has pahole || skip_all "no pahole here (package dwarves)"
tests \
	"unpack" unpack \
	"museum 47: a module built here has types" build \
	"a module that is built again has types" again \
	"the running kernel takes them" load \
	"bpftool dumps them" dump \
	"compile eBPF, and what loads it" compile \
	"load, attach and run" attach \
	"fentry on a function of the module" traced \
	"a kfunc of the module" called \
	"where resolve_btfids can't be built, a module without types" without_resolve_btfids \
	"without pahole, a module without types" without_pahole \
	"no types of another kernel" not_of_another
