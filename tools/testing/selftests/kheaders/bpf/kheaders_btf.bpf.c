// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces a function of kheaders_btf.ko and calls another one, by the types that came with
 * that module; btf.sh compares what was seen with what is known.
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Where the members are, libbpf finds out from the module's types. */
struct kheaders_btf_pair {
	int second;
} __attribute__((preserve_access_index));

extern int kheaders_btf_twice(int n) __ksym;

enum { SEEN_SECOND, SEEN_TWICE };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} kheaders_seen SEC(".maps");

static __always_inline void note(__u32 key, __u64 value)
{
	bpf_map_update_elem(&kheaders_seen, &key, &value, BPF_ANY);
}

SEC("fentry/kheaders_btf_sum")
int BPF_PROG(on_sum, struct kheaders_btf_pair *pair)
{
	note(SEEN_SECOND, pair->second);
	return 0;
}

SEC("syscall")
int call_twice(void *ctx)
{
	note(SEEN_TWICE, kheaders_btf_twice(21));
	return 0;
}

char _license[] SEC("license") = "GPL";
