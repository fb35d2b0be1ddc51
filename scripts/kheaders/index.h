/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the kheaders generator share: files, their state, and the
 * index, which remembers what all was made from.
 *
 * An error ends the program with one line on standard error, and status 1.
 */
#ifndef KHEADERS_INDEX_H
#define KHEADERS_INDEX_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NSEC_PER_SEC	1000000000LL

/* In place of a time: the state is not known well enough. */
#define UNSURE		(-1LL)

/* The chunk, and the path, of what is watched, but not archived. */
#define WATCHED		"-"

struct state {			/* of a file, as stat() tells it */
	long long mtime, ctime;	/* nanoseconds since 1970 */
	long long size;		/* bytes */
	unsigned long long ino;
};

struct item {
	char *chunk, *path, *source;
	struct state from, to;	/* the source and the staged file */
	unsigned long long hash;	/* of the staged file's content, or a directory's names */
	unsigned int mode;	/* 0644 or 0755 */
	bool listed;		/* in the index: also in today's list */
	struct item *old;	/* in the list: what the index knows of it, or NULL */
};

struct list {
	struct item *item;
	size_t count, room;
	char *text;		/* what the strings point into */
};

#define die(...) \
	(fprintf(stderr, "kheaders: " __VA_ARGS__), fputc('\n', stderr), exit(1))
#define die_errno(doing, name) \
	die("cannot %s %s: %s", doing, name, strerror(errno))

/* realloc() that does not fail. */
void *xrealloc(void *old, size_t size);

/* A new string, of two others. */
char *xasprintf(const char *fmt, const char *a, const char *b);

struct state state_of(const struct stat *st);
bool same_state(const struct state *a, const struct state *b);

/**
 * read_file() - read a whole file
 * @name:	its path
 * @optional:	it need not be there
 * @len:	where its length goes, in bytes
 * @st:		where its state goes, as it was when it was opened
 *
 * Return: its content with a NUL behind it, for the caller to free(); NULL if it is
 * @optional and not there.
 */
char *read_file(const char *name, bool optional, size_t *len, struct stat *st);

/**
 * write_file() - replace a file at once and whole, so that a build may be killed
 * @name:	its path; directories that are not there are made. Is as before afterwards
 * @buf:	its new content
 * @len:	the length of that, in bytes
 * @mode:	its mode, whatever the umask
 */
void write_file(char *name, const char *buf, size_t len, unsigned int mode);

/* The hash of bytes, FNV-1a. */
unsigned long long hash_of(const char *buf, size_t len);

/* A number for the names in the directory @name, in whatever order they come. */
unsigned long long hash_names(const char *name);

/* Adds an empty item; it stays where it is until the next is added. */
struct item *add_item(struct list *list);

bool is_watched(const struct item *e);

/**
 * read_index() - read what write_index() wrote
 * @name:	its path
 * @strip:	what write_index() was given; NULL: anything
 * @index:	where the items go
 *
 * The index is only a memory: one that is missing, damaged, or of another version
 * of the program costs the time to stage all files again.
 *
 * Return: whether @index has all of it.
 */
bool read_index(const char *name, const char *strip, struct list *index);

/**
 * write_index() - remember what was staged
 * @name:	its path
 * @strip:	what was left out of the files: they are other ones then
 * @list:	the items
 */
void write_index(char *name, const char *strip, const struct list *list);

#endif
