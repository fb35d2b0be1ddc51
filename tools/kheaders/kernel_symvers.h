/* SPDX-License-Identifier: GPL-2.0-only */
/* The complete Module.symvers of a kernel, for its tree. */
#ifndef KHEADERS_KERNEL_SYMVERS_H
#define KHEADERS_KERNEL_SYMVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"

/* Whether it can be made: the kernel's own symbols are known. */
bool kernel_has_symvers(const struct kernel *kernel);

/*
 * Makes it in @text, to be freed, of what the kernel tells or its image holds, and of its
 * modules below @root, once. NULL: the kernel's symbols are not known, as a line on
 * stderr says if @tell.
 * Returns 0, or an exit status, having said why.
 */
int kernel_symvers(struct kernel *kernel, const char *root, bool tell, char **text,
		   size_t *size);

#endif
