/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trees made of an archive: whole before anyone sees them, and noted as ours.
 *
 * They are made in PLACE/.kheaders, which only its owner can enter. It is the lock, too:
 * others wait, and what a killed one left there is removed.
 */
#ifndef KHEADERS_TREE_H
#define KHEADERS_TREE_H

#include <limits.h>
#include <stdbool.h>

#include "directory.h"
#include "kernel.h"

/* What a tree says of itself, in a file of this name. */
#define TREE_NOTE	".kheaders"

struct tree_note {
	char release[RELEASE_MAX];
	char id[ID_MAX];		/* or "" */
	char archive[DIGEST_MAX];	/* SHA-256 */
	char symvers[DIGEST_MAX];	/* SHA-256 of /lib/modules/RELEASE/symvers.xz, or "" */
	bool prepared;
	unsigned long files;		/* of the archive */
};

/* Reads the note of the tree @name in @directory. False: it is not one of ours. */
bool tree_read_note(int directory, const char *name, struct tree_note *note);

/* Whether the tree with that note is of this kernel. */
bool tree_fits(const struct tree_note *note, const struct kernel *kernel);

/*
 * Whether the tree @name in @directory still has as many files as the archive: programs
 * that clean up by age, as systemd-tmpfiles, take them one by one.
 */
bool tree_is_whole(int directory, const char *name, const struct tree_note *note);

/* A directory with trees. */
struct place {
	int directory;
	int work;			/* PLACE/.kheaders, while that is locked */
	char path[PATH_MAX];
};

/* Waits for the lock. Returns 0, or an exit status, having said why. */
int place_lock(struct place *place);
void place_unlock(struct place *place);

/*
 * Removes what a command of the caller's left when it was killed. Waits for one that
 * still runs. Returns 0, or an exit status, having said why.
 */
int place_sweep(struct place *place);

/* In ->work: what is not ready yet. */
#define PLACE_NEW	"new"

/*
 * Puts what is there at @name, in place of what was. Returns 0, or an exit status, having
 * said why.
 */
int place_put(struct place *place, const char *name);

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

/* Removes it, at once for all who look. Returns 0, or an exit status, having said why. */
int tree_remove(struct place *place, const char *name);

#endif
