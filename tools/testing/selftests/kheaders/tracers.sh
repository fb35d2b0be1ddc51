#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# bcc and bpftrace as they come: they find the headers in
# /sys/kernel/kheaders.tar.xz by themselves, no linux-headers package is there.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

prepare

no_other_headers() {
	[ ! -e "/lib/modules/$(uname -r)/build" ]
	[ ! -e "/usr/src/linux-headers-$(uname -r)" ]
}

# The reader of /proc/self/comm is the process itself, by its own task_struct.
bpftrace_reads_task_struct() {
	cat >"$work/task.bt" <<-'EOT'
		#include <linux/sched.h>
		tracepoint:sched:sched_process_exec /comm == "true"/ {
			$t = (struct task_struct *)curtask;
			printf("task %d is %d\n", pid, $t->tgid);
			exit();
		}
	EOT
	(sleep 1; while [ ! -e "$work/stop" ]; do /bin/true; sleep 1; done) &
	bpftrace "$work/task.bt" >"$work/out" 2>&1 || :
	touch "$work/stop"
	wait
	cat "$work/out"
	sed -n 's/^task //p' "$work/out" | grep -E '^([0-9]+) is \1$'
}

bcc_reads_task_struct() {
	cat >"$work/task.py" <<-'EOT'
		from bcc import BPF
		import os
		b = BPF(text=r"""
		#include <linux/sched.h>
		BPF_ARRAY(seen, u64, 2);
		RAW_TRACEPOINT_PROBE(sched_process_exec) {
			struct task_struct *t = (struct task_struct *)bpf_get_current_task();
			int zero = 0, one = 1;
			u64 helper = bpf_get_current_pid_tgid() >> 32, field = t->tgid;
			seen.update(&zero, &helper);
			seen.update(&one, &field);
			return 0;
		}
		""")
		pid = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
		os.waitpid(pid, 0)
		print("task", b["seen"][0].value, "is", b["seen"][1].value, "is", pid)
	EOT
	python3 "$work/task.py" >"$work/out" 2>&1 || { tail -n 30 "$work/out"; exit 1; }
	grep -E '^task ([1-9][0-9]*) is \1 is \1$' "$work/out"
}

bcc_execsnoop() {
	execsnoop-bpfcc >"$work/snoop" 2>&1 &
	i=0
	while [ "$i" -lt 240 ] && ! grep -q 'khd_snooped' "$work/snoop"; do
		sh -c 'exec true khd_snooped'
		sleep 1
		i=$((i + 1))
	done
	kill -INT $!
	cat "$work/snoop"
	grep -q 'true .*khd_snooped' "$work/snoop"
}

[ -e /sys/kernel/kheaders.tar.xz ] || skip_all "no /sys/kernel/kheaders.tar.xz here"
grep -q ' bpf_prog_load$' /proc/kallsyms || skip_all "no eBPF in this kernel"
plan 4
check "no other headers here" no_other_headers
if has bpftrace; then
	check "bpftrace reads a task_struct" bpftrace_reads_task_struct
else
	skip "bpftrace reads a task_struct" "no bpftrace here"
fi
if ! has execsnoop-bpfcc; then
	skip "bcc reads a task_struct" "no bcc here (package bpfcc-tools)"
elif ! has_raw_tracepoints; then
	skip "bcc reads a task_struct" "no raw tracepoints in this kernel (they came with 4.17)"
else
	check "bcc reads a task_struct" bcc_reads_task_struct
fi
if has execsnoop-bpfcc; then
	check "execsnoop of bcc" bcc_execsnoop
else
	skip "execsnoop of bcc" "no bcc here (package bpfcc-tools)"
fi
finish
