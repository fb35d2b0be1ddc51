/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trees where the file system is read-only, or for users other than root: CACHE/SHA256, the
 * digest of the archive. The cache is /var/lib/kheaders, where only root can make trees and
 * everybody can read them, or the user's own.
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
