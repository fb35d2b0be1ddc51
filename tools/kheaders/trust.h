/* SPDX-License-Identifier: GPL-2.0-only */
/* Who can change a file. */
#ifndef KHEADERS_TRUST_H
#define KHEADERS_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Whether nobody but root and the caller can change what is in the open @directory, or, if
 * that is -1, where a symbolic link leads; @st is of the one or the other. A directory in
 * which all can make files, and only remove their own, is one of these.
 */
bool trusted(const struct stat *st, int directory);

#endif
