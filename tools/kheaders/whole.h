/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a tree is whole: programs that clean up by age, as systemd-tmpfiles, take files
 * one by one.
 */
#ifndef KHEADERS_WHOLE_H
#define KHEADERS_WHOLE_H

#include <stdbool.h>
#include <stdio.h>

/* Writes lines for the note of the finished @tree. False, with errno: it can't be read. */
bool whole_write(FILE *out, int tree);

/* Whether the tree @name in @directory, with that note, has the @files of its archive still. */
bool whole_is(int directory, const char *name, unsigned long files);

#endif
