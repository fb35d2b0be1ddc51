/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KHEADERS_GREETER_H
#define KHEADERS_GREETER_H

/* In this namespace is kheaders_greetings(); since 6.13 the macros take a string. */
#ifdef NAMESPACES_ARE_STRINGS
#define GREETER_NS	"KHEADERS_GREETER"
#else
#define GREETER_NS	KHEADERS_GREETER
#endif

/* Returns the greeting; the caller frees it with kfree(). NULL: no memory. */
char *kheaders_greeting(void);

/* Returns how often to greet, 0 to 16. */
int kheaders_greetings(void);

#endif
