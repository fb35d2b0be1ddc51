/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that kheaders is built for, so that
 * kheaders.c and kheaders_symvers.c read the same on all of them. Each block is
 * named for what differs.
 */
#ifndef KHEADERS_COMPAT_H
#define KHEADERS_COMPAT_H

#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

#include <generated/kheaders_have.h>	/* KHEADERS_HAVE_*, by scripts/kheaders/have.sh */

/* The operations of a file in /proc. */
#ifdef KHEADERS_HAVE_PROC_READ_ITER	/* sendfile() and splice() read it, too */
#define KHEADERS_PROC_OPS(name, reader)				\
	static const struct proc_ops name = {			\
		.proc_read_iter	= reader,			\
		.proc_lseek	= default_llseek,		\
	}
#elif defined(KHEADERS_HAVE_PROC_OPS)
#define KHEADERS_PROC_OPS(name, reader)				\
	static const struct proc_ops name = {			\
		.proc_read	= reader,			\
		.proc_lseek	= default_llseek,		\
	}
#else
#define KHEADERS_PROC_OPS(name, reader)				\
	static const struct file_operations name = {		\
		.owner		= THIS_MODULE,			\
		.read		= reader,			\
		.llseek		= default_llseek,		\
	}
#endif

#ifndef KHEADERS_HAVE_BIN_ATTR_SIMPLE_READ
static inline ssize_t
sysfs_bin_attr_simple_read(struct file *file, struct kobject *kobj,
			   struct bin_attribute *attr, char *buf, loff_t off,
			   size_t count)
{
	memcpy(buf, attr->private + off, count);
	return count;
}
#endif

/* The tables of exported symbols, for kheaders_symvers.c. */
#ifdef CONFIG_IKHEADERS_SYMVERS

#include <linux/export.h>
#include <linux/module.h>
#ifdef KHEADERS_HAVE_KSYMTAB_INTERNAL
#include "module/internal.h"
#else
extern const struct kernel_symbol __start___ksymtab[];
extern const struct kernel_symbol __stop___ksymtab[];
extern const struct kernel_symbol __start___ksymtab_gpl[];
extern const struct kernel_symbol __stop___ksymtab_gpl[];
extern const s32 __start___kcrctab[];
extern const s32 __start___kcrctab_gpl[];
#endif
#ifdef KHEADERS_HAVE_KFLAGSTAB
#include <linux/module_symbol.h>
#endif

/* How many pointers are in a struct kernel_symbol; their size, or 0 if they are relative. */
#ifdef KHEADERS_HAVE_SYMBOL_NAMESPACE
#define KHEADERS_KSYM_POINTERS	3
#else
#define KHEADERS_KSYM_POINTERS	2
#endif
#ifdef CONFIG_HAVE_ARCH_PREL32_RELOCATIONS
#define KHEADERS_KSYM_ABSOLUTE	0
#elif defined(CONFIG_64BIT)
#define KHEADERS_KSYM_ABSOLUTE	8
#else
#define KHEADERS_KSYM_ABSOLUTE	4
#endif

/* What the table in the image says of the columns of Module.symvers, of CRCs, */
#ifdef KHEADERS_HAVE_NAMESPACE_BEFORE_MODULE
#define KHEADERS_NAMESPACE_FIRST	KHEADERS_SV_NAMESPACE_FIRST
#else
#define KHEADERS_NAMESPACE_FIRST	0
#endif
#ifdef CONFIG_MODULE_REL_CRCS
#define KHEADERS_CRC_DISTANCES	KHEADERS_SV_DISTANCES
#else
#define KHEADERS_CRC_DISTANCES	0
#endif

/*
 * Where the relocations are that a relocatable kernel fills in pointers from as it starts,
 * in place of the zeros of its image. Other kernels, and those with no symbol at the end of
 * the relocations, name the table's own words: a distance of 0.
 */
#if defined(CONFIG_RELOCATABLE) && !defined(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS) && \
	(defined(CONFIG_RISCV) || defined(CONFIG_PPC))
#define KHEADERS_RELOCATABLE	KHEADERS_SV_RELOCATABLE
#define KHEADERS_RELOCATIONS	__rela_dyn_start
#define KHEADERS_RELOCATIONS_END	kheaders_symvers_words
#elif defined(CONFIG_RELOCATABLE) && !defined(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS) && \
	defined(CONFIG_LOONGARCH)
#define KHEADERS_RELOCATABLE	KHEADERS_SV_RELOCATABLE
#define KHEADERS_RELOCATIONS	__rela_dyn_begin
#define KHEADERS_RELOCATIONS_END	__rela_dyn_end
#else
#define KHEADERS_RELOCATABLE	0
#define KHEADERS_RELOCATIONS	kheaders_symvers_words
#define KHEADERS_RELOCATIONS_END	kheaders_symvers_words
#endif

struct kheaders_ksymtab {
	const struct kernel_symbol *sym;
	size_t count;
	const u32 *crc;		/* NULL: no symbol versions */
	const u8 *flags;	/* NULL: @gpl_only says it for all */
	bool gpl_only;
};

static inline const u32 *kheaders_crcs(const void *crcs)
{
	return IS_ENABLED(CONFIG_MODVERSIONS) ? crcs : NULL;
}

/* Table @n, from 0, of @mod, or of vmlinux if that is NULL. False: no more. */
static inline bool kheaders_ksymtab(const struct module *mod, int n,
				    struct kheaders_ksymtab *tab)
{
	*tab = (struct kheaders_ksymtab){ .gpl_only = n };
	switch (n) {
	case 0:
		tab->sym = mod ? mod->syms : __start___ksymtab;
		tab->count = mod ? mod->num_syms :
			     __stop___ksymtab - __start___ksymtab;
		tab->crc = kheaders_crcs(mod ? mod->crcs : __start___kcrctab);
#ifdef KHEADERS_HAVE_KFLAGSTAB
		tab->flags = mod ? mod->flagstab : __start___kflagstab;
#endif
		return true;
#ifndef KHEADERS_HAVE_KFLAGSTAB
	case 1:
		tab->sym = mod ? mod->gpl_syms : __start___ksymtab_gpl;
		tab->count = mod ? mod->num_gpl_syms :
			     __stop___ksymtab_gpl - __start___ksymtab_gpl;
		tab->crc = kheaders_crcs(mod ? mod->gpl_crcs :
					 __start___kcrctab_gpl);
		return true;
#endif
	}
	return false;
}

static inline bool kheaders_ksym_gpl_only(const struct kheaders_ksymtab *tab,
					  size_t i)
{
#ifdef KHEADERS_HAVE_KFLAGSTAB
	return tab->flags[i] & KSYM_FLAG_GPL_ONLY;
#else
	return tab->gpl_only;
#endif
}

static inline u32 kheaders_ksym_crc(const struct kheaders_ksymtab *tab,
				    size_t i)
{
	if (!tab->crc)
		return 0;
#ifdef CONFIG_MODULE_REL_CRCS
	return *(const u32 *)((const char *)&tab->crc[i] + (s32)tab->crc[i]);
#else
	return tab->crc[i];
#endif
}

static inline const char *kheaders_ksym_name(const struct kernel_symbol *sym)
{
#ifdef CONFIG_HAVE_ARCH_PREL32_RELOCATIONS
	return offset_to_ptr(&sym->name_offset);
#else
	return sym->name;
#endif
}

/* Empty: in none. */
static inline const char *
kheaders_ksym_namespace(const struct kernel_symbol *sym)
{
#ifndef KHEADERS_HAVE_SYMBOL_NAMESPACE
	return "";
#elif defined(CONFIG_HAVE_ARCH_PREL32_RELOCATIONS)
	return sym->namespace_offset ?
	       offset_to_ptr(&sym->namespace_offset) : "";
#else
	return sym->namespace ?: "";
#endif
}

/*
 * A file in /proc that @ops write, with @size bytes for each that is open in
 * seq_file's ->private. proc_create_seq_private() came with 4.18. Before, all such
 * files have the same @size.
 */
#ifdef KHEADERS_HAVE_PROC_SEQ
static inline struct proc_dir_entry *
kheaders_proc_seq(const char *name, const struct seq_operations *ops, unsigned int size)
{
	return proc_create_seq_private(name, 0444, NULL, ops, size, NULL);
}
#else
static unsigned int kheaders_seq_size;

static int kheaders_seq_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, PDE_DATA(inode), kheaders_seq_size);
}

static const struct file_operations __maybe_unused kheaders_seq_fops = {
	.open		= kheaders_seq_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

static inline struct proc_dir_entry *
kheaders_proc_seq(const char *name, const struct seq_operations *ops, unsigned int size)
{
	kheaders_seq_size = size;
	return proc_create_data(name, 0444, NULL, &kheaders_seq_fops, (void *)ops);
}
#endif

/* A line of Module.symvers. */
static inline void kheaders_symvers_line(struct seq_file *m, u32 crc,
					 const char *name, const char *module,
					 const char *export, const char *namespace)
{
#ifndef KHEADERS_HAVE_SYMBOL_NAMESPACE
	seq_printf(m, "0x%08x\t%s\t%s\t%s\n", crc, name, module, export);
#elif defined(KHEADERS_HAVE_NAMESPACE_BEFORE_MODULE)
	seq_printf(m, "0x%08x\t%s\t%s\t%s\t%s\n", crc, name, namespace,
		   module, export);
#else
	seq_printf(m, "0x%08x\t%s\t%s\t%s\t%s\n", crc, name, module,
		   export, namespace);
#endif
}

#endif /* CONFIG_IKHEADERS_SYMVERS */

#endif
