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

#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/stringify.h>
#include <generated/kheaders_id.h>

#include "kheaders.h"
#include "kheaders_compat.h"

/*
 * Where the same can be found in an image of this kernel, behind the mark: a
 * byte, the pointers in a struct kernel_symbol, and 16 if a CRC is stored as the
 * distance to where it is; then words of 32 bits:
 *
 *	1				tells the order of bytes
 *	0, 4 or 8			pointers are relative, or their bytes
 *	begin, end, CRCs		of the table of symbols,
 *	begin, end, CRCs		of that of GPL-only symbols,
 *	flags				of the first table's symbols,
 *
 * relative to where the words begin, 0 if there are none; and a pointer to there.
 */
#ifdef CONFIG_XTENSA
/* Its assembler knows no other distances than those from where they are stored. */
#define WHERE(symbol)	"	.long " __stringify(symbol) "@pcrel + (. - 1b)\n"
#else
#define WHERE(symbol)	"	.long " __stringify(symbol) " - 1b\n"
#endif
#define NONE		"	.long 0\n"
asm("	.pushsection .rodata, \"a\"\n"
"	.balign 8\n"
"	.ascii \"" KHEADERS_SYMVERS_MARK "\"\n"
"	.byte " __stringify(KHEADERS_KSYM_POINTERS) "+" __stringify(KHEADERS_CRC_DISTANCES) "\n"
"1:	.long 1\n"
"	.long " __stringify(KHEADERS_KSYM_ABSOLUTE) "\n"
WHERE(__start___ksymtab)
WHERE(__stop___ksymtab)
#ifdef CONFIG_MODVERSIONS
WHERE(__start___kcrctab)
#else
NONE
#endif
#ifdef KHEADERS_HAVE_KFLAGSTAB
NONE NONE NONE
WHERE(__start___kflagstab)
#else
WHERE(__start___ksymtab_gpl)
WHERE(__stop___ksymtab_gpl)
#ifdef CONFIG_MODVERSIONS
WHERE(__start___kcrctab_gpl)
#else
NONE
#endif
NONE
#endif
#ifdef CONFIG_64BIT
"	.quad 1b\n"
#else
"	.long 1b\n"
#endif
"	.popsection\n");

/* The exports of @mod, or of vmlinux if that is NULL. */
static void show_exports(struct seq_file *m, const struct module *mod)
{
	struct kheaders_ksymtab tab;
	const char *export;
	size_t i;
	int n;

	for (n = 0; kheaders_ksymtab(mod, n, &tab); n++) {
		for (i = 0; i < tab.count && !seq_has_overflowed(m); i++) {
			export = kheaders_ksym_gpl_only(&tab, i) ?
				 "EXPORT_SYMBOL_GPL" : "EXPORT_SYMBOL";
			kheaders_symvers_line(m, kheaders_ksym_crc(&tab, i),
					      kheaders_ksym_name(&tab.sym[i]),
					      mod ? mod->name : "vmlinux", export,
					      kheaders_ksym_namespace(&tab.sym[i]));
		}
	}
}

/*
 * All at once, so that what is read is the state of one moment however it is
 * read. Modules are found by their entries in /sys/module, which are there before a
 * module is live, and are taken away, under this lock, before its memory is.
 */
static int symvers_show(struct seq_file *m, void *v)
{
	struct kobject *entry;
	struct module *mod;

	show_exports(m, NULL);

	spin_lock(&module_kset->list_lock);
	list_for_each_entry(entry, &module_kset->list, entry) {
		mod = container_of(entry, struct module_kobject, kobj)->mod;
		if (mod && READ_ONCE(mod->state) == MODULE_STATE_LIVE)
			show_exports(m, mod);
	}
	spin_unlock(&module_kset->list_lock);
	return 0;
}

static int __init kheaders_symvers_init(void)
{
	if (!kheaders_proc_single("kheaders.symvers", symvers_show))
		return -ENOMEM;
	return 0;
}
device_initcall(kheaders_symvers_init);

/*
 * In /sys/module/kheaders_symvers/version, where it tells whether a tree is
 * that of the running kernel; include/config/kheaders.id is the tree's.
 */
MODULE_VERSION(KHEADERS_ID);
