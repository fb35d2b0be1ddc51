// SPDX-License-Identifier: GPL-2.0-only
/*
 * Half of a pair of external modules that extmod.sh builds against the tree in
 * /proc/kheaders.tar.xz: parameters, a file in /proc, and exports that
 * kheaders_caller uses, one of them in a namespace, one with a long name.
 */

#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/utsname.h>

#include "kheaders_greeter.h"

static char *name = "world";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "whom to greet");

static int times = 1;
module_param(times, int, 0644);
MODULE_PARM_DESC(times, "how often, 0 to 16");

char *kheaders_greeting(void)
{
	return kasprintf(GFP_KERNEL, "hello %s", name);
}
EXPORT_SYMBOL_GPL(kheaders_greeting);

int kheaders_greetings(void)
{
	return clamp(times, 0, 16);
}

GREETER_EXPORT(kheaders_greetings);

int kheaders_pid_of(const struct task_struct *task)
{
	return task->tgid;
}
EXPORT_SYMBOL(kheaders_pid_of);

static int greeter_show(struct seq_file *m, void *v)
{
	char *greeting;
	int i;

	greeting = kheaders_greeting();
	if (!greeting)
		return -ENOMEM;
	for (i = 0; i < kheaders_greetings(); i++)
		seq_printf(m, "%s\n", greeting);
	/* Real structures: wrong headers would show in these. */
	seq_printf(m, "release %s\n", init_utsname()->release);
	seq_printf(m, "reader %s %d\n", current->comm, kheaders_pid_of(current));
	kfree(greeting);
	return 0;
}

/* proc_create_single() came with 4.18. */
#ifdef proc_create_single
static struct proc_dir_entry *greeter_create(const char *path)
{
	return proc_create_single(path, 0444, NULL, greeter_show);
}
#else
static int greeter_open(struct inode *inode, struct file *file)
{
	return single_open(file, greeter_show, NULL);
}

static const struct file_operations greeter_fops = {
	.open		= greeter_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static struct proc_dir_entry *greeter_create(const char *path)
{
	return proc_create(path, 0444, NULL, &greeter_fops);
}
#endif

static int __init greeter_init(void)
{
	return greeter_create("kheaders_greeter") ? 0 : -ENOMEM;
}

static void __exit greeter_exit(void)
{
	remove_proc_entry("kheaders_greeter", NULL);
}

module_init(greeter_init);
module_exit(greeter_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module of kheaders: greets in /proc/kheaders_greeter");
