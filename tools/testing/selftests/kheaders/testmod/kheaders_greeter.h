/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KHEADERS_GREETER_H
#define KHEADERS_GREETER_H

/*
 * The namespace of kheaders_greetings(). There are namespaces since 5.4, and since 6.13
 * the macros take a string.
 */
#ifndef EXPORT_SYMBOL_NS
#define GREETER_EXPORT(symbol)	EXPORT_SYMBOL(symbol)
#define GREETER_IMPORT		MODULE_INFO(greeter, "no namespaces")
#elif defined(NAMESPACES_ARE_STRINGS)
#define GREETER_EXPORT(symbol)	EXPORT_SYMBOL_NS(symbol, "KHEADERS_GREETER")
#define GREETER_IMPORT		MODULE_IMPORT_NS("KHEADERS_GREETER")
#else
#define GREETER_EXPORT(symbol)	EXPORT_SYMBOL_NS(symbol, KHEADERS_GREETER)
#define GREETER_IMPORT		MODULE_IMPORT_NS(KHEADERS_GREETER)
#endif

/* Longer than CONFIG_BASIC_MODVERSIONS can have. */
#ifdef CONFIG_EXTENDED_MODVERSIONS
#define kheaders_pid_of \
	kheaders_pid_of_whoever_it_is_under_a_name_that_only_extended_modversions_have
#endif

struct task_struct;

/* Returns the greeting; the caller frees it with kfree(). NULL: no memory. */
char *kheaders_greeting(void);

/* Returns how often to greet, 0 to 16. */
int kheaders_greetings(void);

/* Returns the process of a task. Its version changes with each structure of a task. */
int kheaders_pid_of(const struct task_struct *task);

#endif
