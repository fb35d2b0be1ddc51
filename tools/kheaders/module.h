/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a module in memory exports and imports, read from its sections as the kernel's
 * loader reads them, of either order of bytes and size of pointers. Nothing in it is
 * trusted.
 */
#ifndef KHEADERS_MODULE_H
#define KHEADERS_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "symvers.h"

struct module {
	struct symvers_symbol *exports;
	size_t export_count;
	struct symvers_symbol *imports;	/* those with a version: names and CRCs */
	size_t import_count;
	bool intree;			/* made by the kernel's own build */
	char *vermagic;
};

/* Whether @data looks like a module. */
bool module_is_in(const void *data, size_t size);

/*
 * Reads a module. Of one that exports nothing, nothing else is read. Returns 0, and
 * module_free() is to be called; or
 *
 *	-EINVAL		this is no module
 *	-EBADMSG	it is damaged
 *	-ENOMEM
 */
int module_read(struct module *module, const void *data, size_t size);
void module_free(struct module *module);

#endif
