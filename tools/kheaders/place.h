/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory with trees. They are made in PLACE/.kheaders, which only its owner can enter.
 * It is the lock, too: others wait, and what a killed one left there is removed.
 */
#ifndef KHEADERS_PLACE_H
#define KHEADERS_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "directory.h"
#include "note.h"

struct place {
	int directory;			/* or -1: not there */
	int work;			/* PLACE/.kheaders, while that is locked */
	const char *root;		/* what ->path begins with; NULL: not by place_open() */
	enum directory_missing missing;
	char path[PATH_MAX];
};

/*
 * Opens the directory @path below @root. Returns 0, -ENOENT as directory_open() does, or an
 * exit status, having said why.
 */
int place_open(struct place *place, const char *root, const char *path,
	       enum directory_missing missing);
void place_close(struct place *place);

/*
 * Waits for the lock. If a command that failed has removed the directory, it is made again,
 * if place_open() was to. Returns 0, -ENOENT if not, or an exit status, having said why.
 */
int place_lock(struct place *place);
void place_unlock(struct place *place);

/*
 * Removes what a command of the caller's left when it was killed. Waits for one that
 * still runs. Returns 0, or an exit status, having said why.
 */
int place_sweep(struct place *place);

/* In the directory, and in that what is not ready yet, and what goes. */
#define PLACE_WORK	".kheaders"
#define PLACE_NEW	"new"
#define PLACE_OLD	"old"

/*
 * Puts what is there at @name, in place of what was. Returns 0, or an exit status, having
 * said why.
 */
int place_put(struct place *place, const char *name);

/*
 * Removes the tree @name, at once for all who look. Returns 0, or an exit status, having
 * said why.
 */
int place_remove(struct place *place, const char *name);

/* Says what errno means for @what ("": itself) in @place. Returns STATUS_FAILED. */
int place_error(const struct place *place, const char *what);

/* Called for each tree of ours. Returns whether to go on. */
typedef bool (*tree_fn)(const struct place *place, const char *name,
			const struct tree_note *note, void *arg);

/*
 * Shows the trees of ours in the directory @path below @root to @fn. Returns 0, also if
 * there is no such directory, or an exit status; says why, unless @missing is
 * DIRECTORY_TRY.
 */
int trees_each(const char *root, const char *path, enum directory_missing missing,
	       tree_fn fn, void *arg);

#endif
