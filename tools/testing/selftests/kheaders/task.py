#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# Has bcc read a structure of the kernel: prints the process that starts, as the kernel's
# task_struct and as its helper say, and as it is known here.

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
