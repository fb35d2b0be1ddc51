// SPDX-License-Identifier: GPL-2.0-only
/*
 * See whole.h. A directory from which nothing was taken has the time of its last change
 * still, which nobody can set back. Only if one has not, as in a copy of a tree, all files
 * are looked for, which takes three times as long.
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

#define NOTE_MAX	(8 << 20)

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

static bool write_file(const struct directory_entry *entry, void *out)
{
	if (!entry->is_directory && !is_written(entry->path))
		fprintf(out, "file %s\n", entry->path);
	return true;
}

bool whole_write_files(FILE *out, int tree)
{
	return directory_walk(tree, write_file, out);
}

static bool write_time(const struct directory_entry *entry, void *out)
{
	struct stat st;

	if (!entry->is_directory)
		return true;
	if (fstatat(entry->parent, entry->name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	fprintf(out, "directory %lld.%09ld %s\n", (long long)st.st_ctim.tv_sec,
		st.st_ctim.tv_nsec, entry->path);
	return true;
}

bool whole_write_times(FILE *out, int tree)
{
	return directory_walk(tree, write_time, out);
}

/* Whether the directory of that line has changed since. */
static bool is_changed(int tree, const char *line)
{
	long long seconds;
	long nanoseconds;
	struct stat st;
	int path;

	return sscanf(line, "directory %lld.%ld %n", &seconds, &nanoseconds, &path) != 2 ||
	       fstatat(tree, line + path, &st, AT_SYMLINK_NOFOLLOW) ||
	       st.st_ctim.tv_sec != seconds || st.st_ctim.tv_nsec != nanoseconds;
}

/* The times come first. The top changes by what is written there. */
static bool has_all(int tree, char *text)
{
	bool changed = false, told = false;
	char *line;

	while ((line = strsep(&text, "\n")) && text) {
		if (!strncmp(line, "directory ", 10)) {
			changed = changed || is_changed(tree, line);
		} else if (!strncmp(line, "file ", 5)) {
			told = true;
			if ((changed || !strchr(line + 5, '/')) &&
			    directory_lacks(tree, line + 5))
				return false;
		}
	}
	return told;
}

bool whole_is(int directory, const char *name)
{
	int tree = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *text = malloc(NOTE_MAX);
	bool whole = tree >= 0 && text &&
		     directory_read(tree, NOTE_FILE, text, NOTE_MAX) > 0 &&
		     has_all(tree, text);

	free(text);
	if (tree >= 0)
		close(tree);
	return whole;
}
