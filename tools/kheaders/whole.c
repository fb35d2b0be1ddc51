// SPDX-License-Identifier: GPL-2.0-only
/*
 * See whole.h. A directory from which nothing was taken has the time of its last change
 * still, which nobody can set back. Only if one has not, as in a copy of a tree, all files
 * are counted, which takes ten times as long.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "directory.h"
#include "note.h"
#include "whole.h"

#define NOTE_MAX	1048576

/* What "make" and kheaders write at the top, whose time changes by that. */
static const char *const written[] = { NOTE_FILE, "Module.symvers", "vmlinux" };

static bool is_written(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(written); i++) {
		if (!strcmp(name, written[i]))
			return true;
	}
	return false;
}

static bool list(const struct directory_entry *entry, void *out)
{
	struct stat st;

	if (!entry->is_directory) {
		if (!strchr(entry->path, '/') && !is_written(entry->name))
			fprintf(out, "file %s\n", entry->name);
		return true;
	}
	if (fstatat(entry->parent, entry->name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	fprintf(out, "directory %lld.%09ld %s\n", (long long)st.st_ctim.tv_sec,
		st.st_ctim.tv_nsec, entry->path);
	return true;
}

bool whole_write(FILE *out, int tree)
{
	return directory_walk(tree, list, out);
}

static bool count(const struct directory_entry *entry, void *files)
{
	if (!entry->is_directory)
		++*(unsigned long *)files;
	return true;
}

static bool has_all(int tree, unsigned long files)
{
	unsigned long found = 0;

	/* The note is one more. */
	return directory_walk(tree, count, &found) && found > files;
}

/* False, too: the note does not tell. */
static bool is_unchanged(int tree, char *text)
{
	bool told = false;
	long long seconds;
	long nanoseconds;
	struct stat st;
	char *line;
	int path;

	while ((line = strsep(&text, "\n")) && text) {
		if (!strncmp(line, "file ", 5) &&
		    faccessat(tree, line + 5, F_OK, AT_SYMLINK_NOFOLLOW))
			return false;
		if (sscanf(line, "directory %lld.%ld %n", &seconds, &nanoseconds, &path) != 2)
			continue;
		if (fstatat(tree, line + path, &st, AT_SYMLINK_NOFOLLOW) ||
		    st.st_ctim.tv_sec != seconds || st.st_ctim.tv_nsec != nanoseconds)
			return false;
		told = true;
	}
	return told;
}

bool whole_is(int directory, const char *name, unsigned long files)
{
	int tree = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *text = malloc(NOTE_MAX);
	bool whole = tree >= 0 && text &&
		     directory_read(tree, NOTE_FILE, text, NOTE_MAX) > 0 &&
		     is_unchanged(tree, text);

	if (tree >= 0 && !whole)
		whole = has_all(tree, files);
	free(text);
	if (tree >= 0)
		close(tree);
	return whole;
}
