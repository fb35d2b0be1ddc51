// SPDX-License-Identifier: GPL-2.0-only
/*
 * An external module with types of its own, which eBPF needs to trace its functions and
 * to call them: btf.sh builds it against the tree in /proc/kheaders.tar.xz.
 */

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

struct kheaders_btf_pair {
	int first;
	int second;
};

static struct kheaders_btf_pair last;

/* Traced by kheaders_btf.bpf.c. */
noinline int kheaders_btf_sum(const struct kheaders_btf_pair *pair);
noinline int kheaders_btf_sum(const struct kheaders_btf_pair *pair)
{
	return pair->first + pair->second;
}

/* Called from there. The macros came with 6.3 and 6.9. */
#ifndef __bpf_kfunc
#define __bpf_kfunc	noinline
#endif
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

__bpf_kfunc int kheaders_btf_twice(int n);
__bpf_kfunc int kheaders_btf_twice(int n)
{
	return 2 * n;
}

BTF_KFUNCS_START(kheaders_btf_ids)
BTF_ID_FLAGS(func, kheaders_btf_twice)
BTF_KFUNCS_END(kheaders_btf_ids)

static const struct btf_kfunc_id_set kheaders_btf_set = {
	.owner	= THIS_MODULE,
	.set	= &kheaders_btf_ids,
};

static int pair_set(const char *text, const struct kernel_param *param)
{
	if (sscanf(text, "%d %d", &last.first, &last.second) != 2)
		return -EINVAL;
	return 0;
}

static int pair_get(char *text, const struct kernel_param *param)
{
	return sprintf(text, "%d\n", kheaders_btf_sum(&last));
}

static const struct kernel_param_ops pair_ops = {
	.set	= pair_set,
	.get	= pair_get,
};

module_param_cb(pair, &pair_ops, NULL, 0644);
MODULE_PARM_DESC(pair, "two numbers; read, their sum");

static int __init btf_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &kheaders_btf_set);
}

static void __exit btf_exit(void)
{
}

module_init(btf_init);
module_exit(btf_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module of kheaders: has types for eBPF");
