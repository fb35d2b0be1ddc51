// SPDX-License-Identifier: GPL-2.0-only
/*
 * See whole.h. A directory from which nothing was taken has the time of its last change
 * still, which nobody can set back. Only if one has not, as in a copy of a tree, all files
 * are counted, which takes ten times as long.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

static DIR *open_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* The next entry but "." and "..", and with its type; else NULL and, if it failed, errno. */
static struct dirent *next(DIR *dir)
{
	struct dirent *entry;
	struct stat st;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	/* Some file systems don't say. */
	if (entry && entry->d_type == DT_UNKNOWN &&
	    !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
		entry->d_type = DT_DIR;
	return entry;
}

static unsigned long count_files(int parent, const char *name)
{
	DIR *dir = open_directory(parent, name);
	unsigned long files = 0;
	struct dirent *entry;

	while (dir && (entry = next(dir)))
		files += entry->d_type == DT_DIR ? count_files(dirfd(dir), entry->d_name) : 1;
	if (dir)
		closedir(dir);
	return files;
}

static bool is_written(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(written); i++) {
		if (!strcmp(name, written[i]))
			return true;
	}
	return false;
}

/* @above is the path of the directory @name, and a slash; or empty for the tree. */
static bool list(FILE *out, int parent, const char *name, const char *above)
{
	DIR *dir = open_directory(parent, name);
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;
	bool ok = dir;

	while (ok && (entry = next(dir))) {
		if (entry->d_type != DT_DIR) {
			if (!*above && !is_written(entry->d_name))
				fprintf(out, "file %s\n", entry->d_name);
			continue;
		}
		snprintf(path, sizeof(path), "%s%s/", above, entry->d_name);
		ok = !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		     list(out, dirfd(dir), entry->d_name, path);
		if (ok)
			fprintf(out, "directory %lld.%09ld %s\n", (long long)st.st_ctim.tv_sec,
				st.st_ctim.tv_nsec, path);
	}
	ok = ok && !errno;
	if (dir)
		closedir(dir);
	return ok;
}

bool whole_write(FILE *out, int tree)
{
	return list(out, tree, ".", "");
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
		if (fstatat(tree, line + path, &st, 0) || st.st_ctim.tv_sec != seconds ||
		    st.st_ctim.tv_nsec != nanoseconds)
			return false;
		told = true;
	}
	return told;
}

bool whole_is(int directory, const char *name, unsigned long files)
{
	int tree = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *text = malloc(NOTE_MAX);
	bool unchanged = tree >= 0 && text && directory_read(tree, NOTE_FILE, text, NOTE_MAX) > 0 &&
			 is_unchanged(tree, text);

	free(text);
	if (tree >= 0)
		close(tree);
	/* The note is one more. */
	return unchanged || count_files(directory, name) > files;
}
