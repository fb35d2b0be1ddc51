/* SPDX-License-Identifier: GPL-2.0-only */
/* The note in a tree, by which the command knows its own. */
#ifndef KHEADERS_NOTE_H
#define KHEADERS_NOTE_H

#include <stdbool.h>

#include "kernel.h"

/* What a tree says of itself, in a file of this name. */
#define NOTE_FILE	".kheaders"

struct tree_note {
	char release[RELEASE_MAX];
	char id[ID_MAX];		/* or "" */
	char archive[DIGEST_MAX];	/* SHA-256 */
	char symvers[DIGEST_MAX];	/* SHA-256 of /lib/modules/RELEASE/symvers.xz, or "" */
	bool prepared;
};

/* Reads the note of the tree @name in @directory. False: it is not one of ours. */
bool note_read(int directory, const char *name, struct tree_note *note);

/* Whether the tree with that note is of this kernel. */
bool note_fits(const struct tree_note *note, const struct kernel *kernel);

/*
 * Writes that of the directory @tree, with the lines @files of whole_write_files(). False,
 * with errno: can't.
 */
bool note_write(int tree, const struct tree_note *note, const char *files);

#endif
