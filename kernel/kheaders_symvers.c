// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/kheaders.symvers: what this kernel and its modules export, in the format
 * of Module.symvers, for building modules against the tree in
 * /proc/kheaders.tar.xz. That archive can't hold the file, which is made from
 * the vmlinux that holds the archive; but a running kernel knows its symbols.
 *
 * It tells names, versions and licences, and no address. A module's name is the
 * one the kernel knows; the build's Module.symvers has its path.
 *
 * See Documentation/admin-guide/kheaders.rst.
 */

#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <generated/kheaders_id.h>

#include "kheaders.h"
#include "kheaders_compat.h"

/*
 * Where the same can be found in an image of this kernel; kheaders.h has the layout.
 * What is left out is zero.
 */
#ifdef CONFIG_64BIT
#define POINTER		".quad"
#define RELOCATIONS	KHEADERS_SV_RELOCATIONS(8)
#else
#define POINTER		".long"
#define RELOCATIONS	KHEADERS_SV_RELOCATIONS(4)
#endif
#ifdef CONFIG_XTENSA
/* Its assembler knows no other distances than those from where they are stored. */
#define WHERE(offset, symbol)	\
	AT(offset) "	.long " __stringify(symbol) "@pcrel + " __stringify(offset) "\n"
#else
#define WHERE(offset, symbol)	\
	AT(offset) "	.long " __stringify(symbol) " - 1b\n"
#endif
#define AT(offset)	"	.org 1b + " __stringify(offset) "\n"
extern const char kheaders_symvers_table[];
asm("	.pushsection .rodata, \"a\"\n"
"	.balign 8\n"
"	.long 0\n"	/* so that the pointer is aligned */
"kheaders_symvers_table:\n"
"	.ascii \"" KHEADERS_SYMVERS_MARK "\"\n"
"	.byte " __stringify(KHEADERS_KSYM_POINTERS) "+" __stringify(KHEADERS_CRC_DISTANCES)
"+" __stringify(KHEADERS_RELOCATABLE) "+" __stringify(KHEADERS_NAMESPACE_FIRST) "\n"
"kheaders_symvers_words:\n"
"1:	.long 1\n"
AT(KHEADERS_SV_ABSOLUTE)
"	.long " __stringify(KHEADERS_KSYM_ABSOLUTE) "\n"
WHERE(KHEADERS_SV_SYMBOLS + KHEADERS_SV_BEGIN, __start___ksymtab)
WHERE(KHEADERS_SV_SYMBOLS + KHEADERS_SV_END, __stop___ksymtab)
#ifdef CONFIG_MODVERSIONS
WHERE(KHEADERS_SV_SYMBOLS + KHEADERS_SV_CRCS, __start___kcrctab)
#endif
#ifdef KHEADERS_HAVE_KFLAGSTAB
WHERE(KHEADERS_SV_FLAGS, __start___kflagstab)
#else
WHERE(KHEADERS_SV_GPL + KHEADERS_SV_BEGIN, __start___ksymtab_gpl)
WHERE(KHEADERS_SV_GPL + KHEADERS_SV_END, __stop___ksymtab_gpl)
#ifdef CONFIG_MODVERSIONS
WHERE(KHEADERS_SV_GPL + KHEADERS_SV_CRCS, __start___kcrctab_gpl)
#endif
#endif
AT(KHEADERS_SV_SELF)
"	" POINTER " 1b + " __stringify(KHEADERS_SV_AHEAD(KHEADERS_RELOCATABLE)) "\n"
WHERE(RELOCATIONS + KHEADERS_SV_BEGIN, KHEADERS_RELOCATIONS)
WHERE(RELOCATIONS + KHEADERS_SV_END, KHEADERS_RELOCATIONS_END)
"	.popsection\n");

/*
 * How far a file that is open has been read: to a symbol of vmlinux or, behind
 * those, to a module. Modules come in the order of their names, each with all its
 * symbols in one step. Between two read()s only its name is kept, so a slow reader
 * holds up no rmmod.
 */
struct symvers_place {
	struct kheaders_ksymtab tab;	/* a table of vmlinux, if @mod is NULL, */
	size_t symbol;			/* and the symbol in it */
	struct module *mod;		/* held from start to stop */
	char name[MODULE_NAME_LEN];	/* of the last module, or "" */
	loff_t step;			/* which one that was, from 0; or -1 */
};

/*
 * Takes hold of the first live module, by name, from @name on or behind it. Modules
 * are found by their entries in /sys/module: an unload takes its entry away, and
 * waits until nobody holds that, before the module's memory goes.
 */
static struct module *get_module(const char *name, bool behind)
{
	struct module *mod, *first;
	struct kobject *entry;
	bool gone;

	do {
		first = NULL;
		spin_lock(&module_kset->list_lock);
		list_for_each_entry(entry, &module_kset->list, entry) {
			mod = container_of(entry, struct module_kobject, kobj)->mod;
			if (mod && READ_ONCE(mod->state) == MODULE_STATE_LIVE &&
			    strcmp(mod->name, name) >= behind &&
			    (!first || strcmp(mod->name, first->name) < 0))
				first = mod;
		}
		gone = first && !kref_get_unless_zero(&first->mkobj.kobj.kref);
		spin_unlock(&module_kset->list_lock);
	} while (gone);
	return first;
}

static void symvers_stop(struct seq_file *m, void *v)
{
	struct symvers_place *at = m->private;

	if (at->mod)
		kobject_put(&at->mod->mkobj.kobj);
	at->mod = NULL;
}

static void *symvers_start(struct seq_file *m, loff_t *pos)
{
	struct symvers_place *at = m->private;
	loff_t step = *pos;
	bool behind;
	int n;

	for (n = 0; kheaders_ksymtab(NULL, n, &at->tab); n++) {
		if (step < (loff_t)at->tab.count) {
			at->symbol = step;
			at->name[0] = '\0';
			at->step = -1;
			return at;
		}
		step -= at->tab.count;
	}

	/* Mostly this goes on where the last read() stopped, or to the next. */
	if (step < at->step) {
		at->name[0] = '\0';
		at->step = -1;
	}
	do {
		symvers_stop(m, at);
		behind = at->step < step;
		at->mod = get_module(at->name, behind);
		if (!at->mod)
			return NULL;
		strscpy(at->name, at->mod->name, sizeof(at->name));
		at->step += behind;
	} while (at->step < step);
	return at;
}

static void *symvers_next(struct seq_file *m, void *v, loff_t *pos)
{
	symvers_stop(m, v);
	++*pos;
	return symvers_start(m, pos);
}

static void show_symbol(struct seq_file *m, const char *module,
			const struct kheaders_ksymtab *tab, size_t i)
{
	const struct kernel_symbol *sym = &tab->sym[i];

	/* There are thousands of symbols. */
	cond_resched();
	kheaders_symvers_line(m, kheaders_ksym_crc(tab, i), kheaders_ksym_name(sym),
			      module, kheaders_ksym_gpl_only(tab, i) ?
			      "EXPORT_SYMBOL_GPL" : "EXPORT_SYMBOL",
			      kheaders_ksym_namespace(sym));
}

static int symvers_show(struct seq_file *m, void *v)
{
	struct symvers_place *at = v;
	struct kheaders_ksymtab tab;
	size_t i;
	int n;

	if (!at->mod) {
		show_symbol(m, "vmlinux", &at->tab, at->symbol);
		return 0;
	}
	for (n = 0; kheaders_ksymtab(at->mod, n, &tab); n++) {
		for (i = 0; i < tab.count && !seq_has_overflowed(m); i++)
			show_symbol(m, at->mod->name, &tab, i);
	}
	return 0;
}

static const struct seq_operations symvers_ops = {
	.start	= symvers_start,
	.next	= symvers_next,
	.stop	= symvers_stop,
	.show	= symvers_show,
};

static int __init kheaders_symvers_init(void)
{
	/* The linker of some kernels drops what nothing refers to. */
	barrier_data(kheaders_symvers_table);
	if (!kheaders_proc_seq("kheaders.symvers", &symvers_ops,
			       sizeof(struct symvers_place)))
		return -ENOMEM;
	return 0;
}
device_initcall(kheaders_symvers_init);

/*
 * In /sys/module/kheaders_symvers/version, where it tells whether a tree is
 * that of the running kernel; include/config/kheaders.id is the tree's.
 */
MODULE_VERSION(KHEADERS_ID);
