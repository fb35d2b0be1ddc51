// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/kheaders.tar.xz: the headers and build artifacts this kernel was made
 * with, for building external modules and eBPF programs on the machine that
 * runs it. The archive is made by scripts/kheaders/ and read from where it
 * lies in the kernel image; nothing is copied or allocated for it.
 *
 * See Documentation/admin-guide/kheaders.rst.
 */

#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sysfs.h>
#include <linux/uio.h>
#include <generated/kheaders_id.h>

#include "kheaders.h"
#include "kheaders_compat.h"

asm("	.pushsection .rodata, \"a\"\n"
"	.ascii \"" KHEADERS_START_MARK "\"\n"
"	.globl kheaders_data\n"
"kheaders_data:\n"
"	.incbin \"kernel/kheaders_data.tar.xz\"\n"
"	.globl kheaders_data_end\n"
"kheaders_data_end:\n"
"	.ascii \"" KHEADERS_END_MARK "\"\n"
"	.popsection\n"
);

static size_t kheaders_size(void)
{
	return kheaders_data_end - kheaders_data;
}

const char *kheaders_archive(size_t *size)
{
	*size = kheaders_size();
	return kheaders_data;
}

#if IS_MODULE(CONFIG_IKHEADERS_KUNIT_TEST)
EXPORT_SYMBOL_GPL(kheaders_archive);
#endif

#ifdef KHEADERS_HAVE_PROC_READ_ITER
static ssize_t kheaders_read(struct kiocb *iocb, struct iov_iter *to)
{
	loff_t pos = iocb->ki_pos;
	size_t copied;

	if (pos < 0)
		return -EINVAL;
	if (pos >= kheaders_size() || !iov_iter_count(to))
		return 0;

	copied = copy_to_iter(kheaders_data + pos, kheaders_size() - pos, to);
	if (!copied)
		return -EFAULT;

	iocb->ki_pos += copied;
	return copied;
}
#else
static ssize_t kheaders_read(struct file *file, char __user *buf, size_t len,
			     loff_t *pos)
{
	return simple_read_from_buffer(buf, len, pos, kheaders_data,
				       kheaders_size());
}
#endif

KHEADERS_PROC_OPS(kheaders_proc_ops, kheaders_read);

#ifdef CONFIG_IKHEADERS_SYSFS
static struct bin_attribute kheaders_attr __ro_after_init = {
	.attr	= { .name = "kheaders.tar.xz", .mode = 0444 },
	.read	= sysfs_bin_attr_simple_read,
};

static int __init kheaders_sysfs_add(void)
{
	kheaders_attr.private = (void *)kheaders_data;
	kheaders_attr.size = kheaders_size();
	return sysfs_create_bin_file(kernel_kobj, &kheaders_attr);
}

static void kheaders_sysfs_remove(void)
{
	sysfs_remove_bin_file(kernel_kobj, &kheaders_attr);
}
#else
static inline int kheaders_sysfs_add(void) { return 0; }
static inline void kheaders_sysfs_remove(void) { }
#endif

static int __init kheaders_init(void)
{
	struct proc_dir_entry *entry;
	int err;

	entry = proc_create("kheaders.tar.xz", 0444, NULL, &kheaders_proc_ops);
	if (!entry)
		return -ENOMEM;
	proc_set_size(entry, kheaders_size());

	err = kheaders_sysfs_add();
	if (err)
		proc_remove(entry);
	return err;
}

static void __exit kheaders_exit(void)
{
	kheaders_sysfs_remove();
	remove_proc_entry("kheaders.tar.xz", NULL);
}

module_init(kheaders_init);
module_exit(kheaders_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(KHEADERS_ID);
MODULE_INFO(kheaders, KHEADERS_VERSION);
MODULE_DESCRIPTION("Kernel headers and more in /proc/kheaders.tar.xz");
