/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories that nobody else can change on the way to them: each one, and each link,
 * belongs to root or to who calls, and only its owner can write to it. So openat(2)
 * and friends need no more care below.
 */
#ifndef KHEADERS_DIRECTORY_H
#define KHEADERS_DIRECTORY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum directory_missing {
	DIRECTORY_MAKE,		/* what is missing is made, of mode 0755 */
	DIRECTORY_ASK,		/* a missing one is not an error: returns -ENOENT */
	DIRECTORY_TRY,		/* whatever is wrong: -ENOENT, and no message */
};

/*
 * Opens the absolute @path below @root ("" for /): links there are followed as they
 * would be after chroot(2). Returns a file descriptor, -ENOENT, or -1, having said why.
 */
int directory_open(const char *root, const char *path, enum directory_missing missing);

/* The same for @name, a directory in @parent that is no link; @shown is for messages. */
int directory_open_at(int parent, const char *name, const char *shown,
		      enum directory_missing missing);

/*
 * Puts the path of the open @directory in @path; also where there is no /proc, so it goes
 * there and back, which other threads must not notice. False, with errno: it has none.
 */
bool directory_path(int directory, char path[PATH_MAX]);

/*
 * Removes what was made, for commands that fail. What something is in stays, until this is
 * called again.
 */
void directory_unmake(void);

/*
 * Reads the regular file @name in @directory, which is no link, up to @size - 1 bytes,
 * and ends it with 0. Returns how many, or -1.
 */
ssize_t directory_read(int directory, const char *name, char *text, size_t size);

/*
 * Whether there is nothing called @name in @directory, also no link. If that can't be told,
 * there may be something of somebody else's: false.
 */
bool directory_lacks(int directory, const char *name);

/* Makes the file @name in @directory. False, with errno: can't, or it is there. */
bool directory_write(int directory, const char *name, const void *data, size_t size);

/* False, with errno: not all of it can be written. */
bool write_all(int fd, const void *data, size_t size);

struct directory_entry {
	int parent;
	const char *name;	/* in @parent */
	const char *path;	/* from where the walk began */
	bool is_directory;
};

/*
 * Calls @fn for all that is below @directory, for a directory before what is in it, until
 * it returns false. Returns false, too, then, or with errno if something can't be read.
 */
bool directory_walk(int directory, bool (*fn)(const struct directory_entry *entry, void *arg),
		    void *arg);

/*
 * Remove all that is in the directory @name in @parent; and whatever @name is, too.
 * Return false, with errno, if they can't.
 */
bool directory_empty(int parent, const char *name);
bool directory_remove(int parent, const char *name);

#endif
