/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trees for where the file system is read-only, or one is not root: CACHE/SHA256, of the
 * archive. The cache is /var/lib/kheaders, which root alone makes trees in and all read,
 * or the user's own.
 */
#ifndef KHEADERS_CACHE_H
#define KHEADERS_CACHE_H

#include <limits.h>
#include <stdbool.h>

#include "kernel.h"
#include "tree.h"

#define CACHE_SYSTEM	"/var/lib/kheaders"

/*
 * Puts the path of the caller's own cache in @path. Returns 0, or an exit status,
 * having said why.
 */
int cache_own(char path[PATH_MAX]);

/*
 * Puts in @path where a tree of @kernel is, which is made if there is none. Returns 0,
 * or an exit status, having said why.
 */
int cache_get(struct kernel *kernel, char path[PATH_MAX]);

#endif
