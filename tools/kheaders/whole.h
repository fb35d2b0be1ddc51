/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a tree is whole: programs that clean up by age, as systemd-tmpfiles, take files
 * one by one.
 */
#ifndef KHEADERS_WHOLE_H
#define KHEADERS_WHOLE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Write lines for the note of @tree: the files that are there, which is called while it has
 * those of the archive alone; and the times of its directories, when it is finished. False,
 * with errno: it can't be read.
 */
bool whole_write_files(FILE *out, int tree);
bool whole_write_times(FILE *out, int tree);

/* Whether the tree @name in @directory still has all the files in its note. */
bool whole_is(int directory, const char *name);

#endif
