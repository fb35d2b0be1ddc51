/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The members of a kheaders.tar.xz in memory. Nothing in an archive is trusted: only
 * regular files with relative paths are handed on, and no more than MEMBERS_MAX bytes
 * and MEMBERS_COUNT_MAX of them. A link to one of them is handed on, too, as a file with
 * the same contents.
 */
#ifndef KHEADERS_MEMBERS_H
#define KHEADERS_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define MEMBERS_MAX	((uint64_t)512 << 20)	/* bytes, unpacked; real ones have 50 MB */
#define MEMBERS_COUNT_MAX	100000			/* they have 20000 */

struct member {
	const char *path;		/* relative, without "." and ".." */
	const unsigned char *data;
	size_t size;
	bool executable;
	time_t mtime;
};

#define MEMBERS_ENOUGH	(-1)

/*
 * Returns 0 to go on, MEMBERS_ENOUGH, or an exit status, having said why. Called by
 * several threads.
 */
typedef int (*member_fn)(const struct member *member, void *arg);

/* Whether @data begins and ends as an archive does. */
bool members_are_in(const unsigned char *data, size_t size);

/*
 * Hands each member of the archive @data, which is @name in messages, to @fn, as many
 * at a time as there are processors. Returns 0, or an exit status, having said why; @fn
 * may have had some members then.
 */
int members_each(const char *name, const unsigned char *data, size_t size, member_fn fn,
		 void *arg);

#endif
