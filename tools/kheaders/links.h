/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links in an archive, which mainline's has a few of, from one header to another. A tree
 * gets a copy of the file instead: no link is ever made in it or followed there.
 */
#ifndef KHEADERS_LINKS_H
#define KHEADERS_LINKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define LINKS_COUNT_MAX	256		/* real ones have 10 */

struct link {
	char *path;			/* that of the link */
	char *to;			/* that of the file */
	atomic_bool found;		/* the file is in the archive */
};

struct links {
	struct link link[LINKS_COUNT_MAX];
	size_t count;
	pthread_mutex_t lock;
};

/*
 * Adds the link @path. Symbolic ones lead to @target from the directory they are in,
 * others from the top. Returns 0, or -EXDEV if it leads out of the archive, -E2BIG if
 * there are LINKS_COUNT_MAX, or -ENOMEM. Threads may call it.
 */
int links_add(struct links *links, const char *path, const char *target, bool symbolic);

void links_free(struct links *links);

#endif
