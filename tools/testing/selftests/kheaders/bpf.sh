#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Compiles an eBPF program against the headers in /proc/kheaders.tar.xz, attaches
# it, and compares what it read from kernel structures with what is known.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_archive
tree=$work/h

# srcarch: the directory in arch/ whose headers these are: the one with generated ones.
srcarch() {
	basename "$(dirname "$(dirname "$(ls -d "$tree"/arch/*/include/generated)")")"
}

compile() {
	arch=arch/$(srcarch)/include
	set -- -nostdinc -isystem "$(clang -print-resource-dir)/include"
	for dir in $arch $arch/generated include $arch/uapi $arch/generated/uapi \
			include/uapi include/generated/uapi; do
		set -- "$@" -I "$tree/$dir"
	done
	# The headers hold assembler of the kernel's own architecture, in functions
	# that an eBPF program does not call: what is behind asm, asm volatile, asm
	# goto and so on becomes an empty string.
	for word in asm __asm__; do
		set -- "$@" "-D$word(...)="
	done
	for word in volatile __volatile__ goto __inline; do
		set -- "$@" "-D$word(...)=(\"\")"
	done
	set -- "$@" -Dregister=extern -D__seg_gs= -D__seg_fs=
	# What a compiler for that architecture defines.
	case $(srcarch) in
	x86)	set -- "$@" -D__x86_64__ ;;
	# These have variables that are registers in functions, too (arm64 since 6.13).
	arm64)	set -- "$@" -D__aarch64__ -Uregister -Dregister= ;;
	riscv)	set -- "$@" -D__riscv -D__riscv_xlen=64 -Uregister -Dregister= ;;
	esac
	# The first came with 5.13, the last with 4.15.
	for header in compiler-version kconfig compiler_types; do
		[ ! -e "$tree/include/linux/$header.h" ] || set -- "$@" -include "linux/$header.h"
	done
	# It came with 5.5.
	grep -qw 'FN(probe_read_kernel' "$tree/include/uapi/linux/bpf.h" ||
		set -- "$@" -DBPF_FUNC_probe_read_kernel=BPF_FUNC_probe_read
	# libbpf's; the kernel's own __section() put quotes around the name until 5.10.
	set -- "$@" '-DSEC(name)=__attribute__((section(name),used))'
	# Structures without a name by their tag, as 7.1 has them.
	clang -target bpf -O2 -g -Wno-everything -fms-extensions -D__KERNEL__ -D__BPF_TRACING__ \
		"$@" -c bpf/kheaders.bpf.c -o "$work/kheaders.bpf.o"
}

tools() {
	clang -O2 -Wall -o "$work/khd_send" bpf/khd_send.c
	clang -O2 -Wall -o "$work/attach" bpf/attach.c -lbpf
}

attach() {
	"$work/attach" "$work/kheaders.bpf.o" "$work/khd_send" 4321 >"$work/out"
}

# sent_by: the process that khd_send said it was.
sent_by() {
	sed -n '/^[0-9]*$/p' "$work/out"
}

# seen KEY: what the eBPF programs noted for it.
seen() {
	sed -n "s/^$1 //p" "$work/out"
}

current_task() {
	expect "processes that khd_send was" 1 "$(sent_by | wc -l)"
	echo "# khd_send was process $(sent_by) and sent 4321 bytes; the eBPF program saw" \
		"process $(seen 1) and an sk_buff of $(seen 3) bytes"
	expect "the helper's process ID" "$(sent_by)" "$(seen 0)"
}

task_struct() {
	expect "processes that khd_send was" 1 "$(sent_by | wc -l)"
	expect "task->tgid" "$(sent_by)" "$(seen 1)"
	expect "letters of task->comm that differ" 0 "$(seen 2)"
}

sk_buff() {
	expect "skb->len" 4321 "$(seen 3)"
}

case $(head -n 1 /proc/kallsyms) in
????????' '*) skip_all "a 32-bit kernel: its structures are not what clang -target bpf, of 64 bits, makes of them" ;;
esac
needs_libbpf skip_all
needs_ebpf skip_all
needs_raw_tracepoints skip_all
tests \
	"unpack the headers" unpack \
	"clang -target bpf, with task_struct and sk_buff" compile \
	"compile what loads it" tools \
	"load, attach and run" attach \
	"the current process" current_task \
	"task->tgid and task->comm" task_struct \
	"skb->len" sk_buff
