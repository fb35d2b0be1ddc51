/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /lib/modules/RELEASE/symvers.xz: a copy of Module.symvers where packages of kernels
 * have one, and where some modules' Makefiles look for it.
 */
#ifndef KHEADERS_SYMVERS_XZ_H
#define KHEADERS_SYMVERS_XZ_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"

#define SYMVERS_XZ	"symvers.xz"

struct symvers_xz {
	int directory;			/* /lib/modules/RELEASE, or -1: nothing is written */
	char digest[DIGEST_MAX];	/* SHA-256 of the file; or "" */
};

/*
 * Writes @text to a file beside the one in /lib/modules/@release below @root. Writes
 * nothing, and leaves ->digest empty, if one is there that does not have the digest @ours
 * ("": none was made). Returns 0, or an exit status, having said why.
 */
int symvers_xz_write(struct symvers_xz *xz, const char *root, const char *release,
		     const char *text, size_t size, const char *ours);

/* Puts it in place or, unless @good, removes it. Returns 0, or an exit status. */
int symvers_xz_end(struct symvers_xz *xz, bool good);

/*
 * Removes the one in @directory, which is called @shown, if it has that digest. Returns 0,
 * or an exit status, having said why.
 */
int symvers_xz_remove(int directory, const char *digest, const char *shown);

#endif
