// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eBPF program compiled against the tree in /proc/kheaders.tar.xz. It reads
 * real kernel structures at the offsets those headers give their members, where
 * the right answer is known another way; bpf.sh compares, and defines SEC().
 */

#include <linux/sched.h>
#include <linux/skbuff.h>
#include <uapi/linux/bpf.h>

static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)BPF_FUNC_map_update_elem;
static u64 (*get_current_pid_tgid)(void) = (void *)BPF_FUNC_get_current_pid_tgid;
static long (*get_current_comm)(void *buf, u32 size) = (void *)BPF_FUNC_get_current_comm;
static long (*probe_read_kernel)(void *to, u32 size, const void *from) =
	(void *)BPF_FUNC_probe_read_kernel;

/* What the programs saw last, by SEEN_*. */
struct {
	int (*type)[BPF_MAP_TYPE_ARRAY];
	int (*max_entries)[4];
	u32 *key;
	u64 *value;
} kheaders_seen SEC(".maps");

enum { SEEN_TGID, SEEN_TASK_TGID, SEEN_COMMS_DIFFER, SEEN_SKB_LEN };

static __always_inline void note(u32 key, u64 value)
{
	map_update_elem(&kheaders_seen, &key, &value, BPF_ANY);
}

/* Only what bpf.sh starts counts; the first word of its name is enough. */
static __always_inline bool ours(const char *comm)
{
	return comm[0] == 'k' && comm[1] == 'h' && comm[2] == 'd' && comm[3] == '_';
}

/* sched_process_exec(struct task_struct *task, pid_t old, struct linux_binprm *) */
SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	char comm[TASK_COMM_LEN], task_comm[TASK_COMM_LEN];
	u64 differ = 0;
	pid_t tgid;
	int i;

	get_current_comm(comm, sizeof(comm));
	if (!ours(comm))
		return 0;
	probe_read_kernel(task_comm, sizeof(task_comm), task->comm);
	probe_read_kernel(&tgid, sizeof(tgid), &task->tgid);
	/* Behind the end of the name there can be the rest of an earlier one. */
#pragma unroll
	for (i = 0; i < TASK_COMM_LEN; i++) {
		differ += comm[i] != task_comm[i];
		if (!comm[i])
			break;
	}

	note(SEEN_TGID, get_current_pid_tgid() >> 32);
	note(SEEN_TASK_TGID, tgid);
	note(SEEN_COMMS_DIFFER, differ);
	return 0;
}

/* consume_skb(struct sk_buff *skb, ...) */
SEC("raw_tp/consume_skb")
int on_consume_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	char comm[TASK_COMM_LEN];
	unsigned int len;

	get_current_comm(comm, sizeof(comm));
	if (!ours(comm))
		return 0;
	probe_read_kernel(&len, sizeof(len), &skb->len);
	note(SEEN_SKB_LEN, len);
	return 0;
}

char _license[] SEC("license") = "GPL";
