/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes an unpacked tree ready, so that it is only read from then on. */
#ifndef KHEADERS_PREPARE_H
#define KHEADERS_PREPARE_H

#include <stdbool.h>

/*
 * Runs "make prepare" in the directory @tree, with an environment of its own. Says what
 * that says, and if it failed, why, with @shown for the tree. What it starts keeps the
 * file @lock open. In an @image, the cure is for when that runs. Returns whether it worked.
 */
bool tree_prepare(int tree, int lock, const char *shown, bool image);

#endif
