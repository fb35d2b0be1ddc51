/* SPDX-License-Identifier: GPL-2.0-only */
/* Trees made of an archive: whole before anyone sees them, and noted as ours. */
#ifndef KHEADERS_TREE_H
#define KHEADERS_TREE_H

#include <stdbool.h>

#include "kernel.h"
#include "place.h"

struct tree_options {
	const char *root;		/* where /lib/modules/RELEASE is, "" or a directory */
	bool prepare;			/* make host programs fit this machine */
	bool symvers;			/* write symvers.xz, too */
};

/*
 * Makes the tree @name of @kernel in the locked @place; one that is there of ours goes.
 * Returns 0, or an exit status, having said why, with everything as it was.
 */
int tree_make(struct place *place, const char *name, struct kernel *kernel,
	      const struct tree_options *options);

#endif
