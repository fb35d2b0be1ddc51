/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules in files: those below /lib/modules/RELEASE that export symbols, and others. */
#ifndef KHEADERS_DISK_H
#define KHEADERS_DISK_H

#include <stddef.h>

#include "module.h"

struct disk_module {
	char *path;		/* below the directory */
	char *name;		/* as the kernel's build calls it: drivers/net/foo */
	struct module module;
	int err;		/* of module_load() */
	bool left_out;		/* for complete.c */
	bool loaded;
};

struct disk {
	struct disk_module *module;	/* by their paths */
	size_t count;
};

/*
 * Reads the modules in the directory @modules, which is called @shown, of the release
 * @release. Those that export nothing are left out. Returns 0, or an exit status, having
 * said why; one that can't be read is no error.
 */
int disk_read(struct disk *disk, int modules, const char *shown, const char *release);
void disk_free(struct disk *disk);

/* The same as module_read(), for one that may be compressed. */
int module_load(struct module *module, const unsigned char *data, size_t size);

/* A copy of @path without what is behind .ko, or NULL. */
char *module_name(const char *path);

#endif
