#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# bcc and bpftrace as they come, without a linux-headers package: those that unpack
# /sys/kernel/kheaders.tar.xz by themselves, and all of them with the lines that
# Documentation/admin-guide/kheaders.rst says to type.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare
tree=$work/h

no_other_headers() {
	[ ! -e "/lib/modules/$(uname -r)/build" ]
	[ ! -e "/usr/src/linux-headers-$(uname -r)" ]
}

# older VERSION VERSION: whether the first is, of three numbers each.
older() {
	echo "$1.$2" | awk -F . '{
		for (i = 1; i < 3 && $i == $(i + 3); i++)
			;
		exit !($i < $(i + 3))
	}'
}

# bpftrace_unpacks: whether this one unpacks the headers, by the table in the documentation.
bpftrace_unpacks() {
	older "$bpftrace" 0.9.3 && return 1
	older "$bpftrace" 0.12.0 && return
	older "$bpftrace" 0.20.4 && [ ! -e /sys/kernel/btf/vmlinux ]
}

# Programs that unpack the headers do it here, and take them again the next time.
fresh_tmpdir() {
	export TMPDIR="$work/tmp"
	rm -rf "$TMPDIR"
	mkdir "$TMPDIR"
}

unpacked() {
	[ -e "$TMPDIR/kheaders-$(uname -r)/include/linux/sched.h" ]
}

# What starts is the process itself, by its own task_struct. (The pid that bpftrace
# has by itself takes CONFIG_PID_NS since 0.23.0.)
cat >"$work/task.bt" <<-'EOT'
	#include <linux/sched.h>
	tracepoint:sched:sched_process_exec /comm == "khd_true"/ {
		$t = (struct task_struct *)curtask;
		printf("task %d\n", $t->tgid);
		exit();
	}
EOT
ln -s /bin/true "$work/khd_true"

start_programs() {
	fresh_tmpdir
	: >"$work/started"
	while sleep 1 && [ ! -e "$TMPDIR/stop" ]; do
		sh -c 'echo $$ >>"$0/started"; exec "$0/khd_true"' "$work"
	done &
}

stop_programs() {
	touch "$TMPDIR/stop"
	wait
	cat "$work/out"
}

saw_itself() {
	sed -n 's/^task //p' "$work/out" | grep -xF -f "$work/started"
}

# One that unpacks nothing knows no structure of the kernel where there is no BTF, either.
bpftrace_alone() {
	has bpftrace || skip "no bpftrace here"
	bpftrace=$(bpftrace --version | sed -n 's/^bpftrace v*\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p')
	start_programs
	bpftrace "$work/task.bt" >"$work/out" 2>&1 || :
	stop_programs
	if bpftrace_unpacks; then
		echo "# bpftrace $bpftrace unpacks them"
		saw_itself
		unpacked
		return
	fi
	echo "# bpftrace $bpftrace unpacks nothing"
	refuse unpacked
	[ ! -e /sys/kernel/btf/vmlinux ] || return 0
	refuse saw_itself
	grep -E 'struct task_struct|linux/sched.h' "$work/out"
}

bpftrace_with_tree() {
	has bpftrace || skip "no bpftrace here"
	start_programs
	cd "$tree"
	BPFTRACE_KERNEL_SOURCE=$PWD bpftrace "$work/task.bt" >"$work/out" 2>&1 || :
	stop_programs
	saw_itself
	refuse unpacked
}

needs_bcc() {
	has execsnoop-bpfcc || skip "no bcc here (package bpfcc-tools)"
}

bcc_alone() {
	needs_bcc
	needs_raw_tracepoints skip
	fresh_tmpdir
	python3 task.py >"$work/out" 2>&1 || { tail -n 30 "$work/out"; exit 1; }
	grep -E '^task ([1-9][0-9]*) is \1 is \1$' "$work/out"
	unpacked
}

# Since 7.1, headers have structures without a name in others, which clang takes by an
# option alone.
bcc_lacks_extensions() {
	grep -qs '^CONFIG_CC_MS_EXTENSIONS=' "$tree/include/config/auto.conf" &&
		! grep -qs -e -fms-extensions -e -fms-anonymous-structs /usr/lib/*/libbcc.so.0
}

bcc_with_tree() {
	needs_bcc
	! bcc_lacks_extensions || skip "this bcc can't read linux/fs.h of this kernel"
	fresh_tmpdir
	cd "$tree"
	BCC_KERNEL_SOURCE=$PWD execsnoop-bpfcc >"$work/snoop" 2>&1 &
	i=0
	while [ "$i" -lt 240 ] && ! grep -q 'khd_snooped' "$work/snoop"; do
		sh -c 'exec true khd_snooped'
		sleep 1
		i=$((i + 1))
	done
	kill -INT $! || :
	cat "$work/snoop"
	grep -q 'true .*khd_snooped' "$work/snoop"
	refuse unpacked
}

[ -e /sys/kernel/kheaders.tar.xz ] || skip_all "no /sys/kernel/kheaders.tar.xz here"
needs_ebpf skip_all
tests \
	"no other headers here" no_other_headers \
	"unpack the headers" unpack \
	"bpftrace by itself" bpftrace_alone \
	"bpftrace with BPFTRACE_KERNEL_SOURCE" bpftrace_with_tree \
	"bcc unpacks them by itself" bcc_alone \
	"execsnoop of bcc with BCC_KERNEL_SOURCE" bcc_with_tree
