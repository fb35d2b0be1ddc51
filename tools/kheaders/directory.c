// SPDX-License-Identifier: GPL-2.0-only
/* See directory.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "directory.h"
#include "trust.h"

#define DEPTH_MAX	64
#define LINKS_MAX	40
#define SAID		(-4096)		/* in place of -errno: has been complained about */

/* From the root to where the walk is. */
struct walk {
	int fd[DEPTH_MAX];
	unsigned int depth;	/* of the last one */
	unsigned int links;
	char rest[2 * PATH_MAX];	/* of the path */
	const char *shown;	/* the whole of it, in messages */
	enum directory_missing missing;
};

/* Of what DIRECTORY_MAKE made, the last one first. */
static struct made {
	struct made *before;
	int parent;
	char name[NAME_MAX + 1];
} *made;

static int make(int parent, const char *name)
{
	struct made *one = malloc(sizeof(*one));
	int err;

	if (!one)
		return -ENOMEM;
	*one = (struct made) { .before = made };
	snprintf(one->name, sizeof(one->name), "%s", name);
	one->parent = fcntl(parent, F_DUPFD_CLOEXEC, 0);
	if (one->parent >= 0 && !mkdirat(parent, name, 0755)) {
		made = one;
		return 0;
	}
	err = -errno;
	if (one->parent >= 0)
		close(one->parent);
	free(one);
	return err;
}

void directory_unmake(void)
{
	struct made **at = &made, *one;

	while ((one = *at)) {
		if (unlinkat(one->parent, one->name, AT_REMOVEDIR) &&
		    (errno == ENOTEMPTY || errno == EEXIST)) {
			at = &one->before;
			continue;
		}
		*at = one->before;
		close(one->parent);
		free(one);
	}
}

static int refuse_link(const char *shown, enum directory_missing missing)
{
	if (missing != DIRECTORY_TRY)
		fail(shown, "a link on the way there belongs to someone else",
		     "check who it belongs to");
	return SAID;
}

bool directory_path(int directory, char path[PATH_MAX])
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool ok = here >= 0 && !fchdir(directory) && getcwd(path, PATH_MAX);
	int err = errno;

	if (here >= 0) {
		ok &= !fchdir(here);
		close(here);
	}
	errno = err;
	return ok;
}

/* By its own name, which @shown may only begin with. */
static void refuse(int fd, const char *shown, enum directory_missing missing)
{
	char path[PATH_MAX];

	if (missing == DIRECTORY_TRY)
		return;
	fail(directory_path(fd, path) ? path : shown, "can be changed by others than root and you",
	     "check who it belongs to, and its mode (chmod go-w)");
}

/* Opens @name in @parent if it is a directory to be trusted; else -errno, -ELOOP: a link. */
static int step(int parent, const char *name, const char *shown, enum directory_missing missing)
{
	struct stat st;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && missing == DIRECTORY_MAKE) {
		fd = make(parent, name);
		if (fd < 0 && fd != -EEXIST)
			return fd;
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return !fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode) ?
		       -ELOOP : -ENOTDIR;
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && trusted(&st, fd))
		return fd;
	refuse(fd, shown, missing);
	close(fd);
	return SAID;
}

/* Puts what the link @name says in front of the path. */
static int follow(struct walk *w, const char *name)
{
	char target[PATH_MAX], rest[sizeof(w->rest)];
	struct stat st;
	ssize_t length = readlinkat(w->fd[w->depth], name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	if (fstatat(w->fd[w->depth], name, &st, AT_SYMLINK_NOFOLLOW) || !trusted(&st, -1))
		return refuse_link(w->shown, w->missing);
	if (++w->links > LINKS_MAX ||
	    (size_t)snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= sizeof(rest))
		return -ELOOP;
	memcpy(w->rest, rest, sizeof(w->rest));
	if (target[0] == '/') {
		while (w->depth)
			close(w->fd[w->depth--]);
	}
	return 0;
}

static int enter(struct walk *w, const char *name)
{
	int fd;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		if (w->depth)
			close(w->fd[w->depth--]);
		return 0;
	}
	fd = step(w->fd[w->depth], name, w->shown, w->missing);
	if (fd == -ELOOP)
		return follow(w, name);
	if (fd < 0)
		return fd;
	if (w->depth + 1 == DEPTH_MAX) {
		close(fd);
		return -ENAMETOOLONG;
	}
	w->fd[++w->depth] = fd;
	return 0;
}

static int walk(struct walk *w)
{
	char name[NAME_MAX + 1];
	size_t length, slashes;
	int err = 0;

	while (!err) {
		slashes = strspn(w->rest, "/");
		length = strcspn(w->rest + slashes, "/");
		if (!length)
			return 0;
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, w->rest + slashes, length);
		name[length] = '\0';
		memmove(w->rest, w->rest + slashes + length,
			strlen(w->rest + slashes + length) + 1);
		err = enter(w, name);
	}
	return err;
}

static int explain(const char *shown, int err, enum directory_missing missing)
{
	if (missing == DIRECTORY_TRY)
		return -ENOENT;
	if (err == SAID)
		return -1;
	if (err == -ENOENT && missing == DIRECTORY_ASK)
		return -ENOENT;
	if (err == -EACCES || err == -EPERM)
		fail(shown, "permission denied", "try as root");
	else if (err == -EROFS)
		fail(shown, "is on a read-only file system",
		     "\"kheaders path\" makes a tree elsewhere");
	else if (err == -ENOSPC || err == -EDQUOT)
		fail(shown, strerror(-err), "make room there");
	else
		fail(shown, strerror(-err), "it has to be a directory");
	return -1;
}

/* Returns a file descriptor, -errno or SAID. */
static int open_below(int root, const char *path, const char *shown,
		      enum directory_missing missing)
{
	struct walk w = { .shown = shown, .missing = missing };
	int err, fd;

	if ((size_t)snprintf(w.rest, sizeof(w.rest), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	w.fd[0] = fcntl(root, F_DUPFD_CLOEXEC, 0);
	if (w.fd[0] < 0)
		return -errno;
	err = walk(&w);
	fd = w.fd[w.depth];
	while (w.depth)
		close(w.fd[--w.depth]);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int directory_open(const char *root, const char *path, enum directory_missing missing)
{
	int top = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char shown[PATH_MAX];
	int fd, tries = 100;

	if (top < 0)
		return explain(*root ? root : "/", -errno,
			       missing == DIRECTORY_TRY ? missing : DIRECTORY_MAKE);
	snprintf(shown, sizeof(shown), "%s%s", root, path);
	/* A command that fails removes what it made, and others may be in there. */
	do {
		fd = open_below(top, path, shown, missing);
	} while (fd == -ENOENT && missing == DIRECTORY_MAKE && tries--);
	close(top);
	return fd < 0 ? explain(shown, fd, missing) : fd;
}

int directory_open_at(int parent, const char *name, const char *shown,
		      enum directory_missing missing)
{
	int fd = step(parent, name, shown, missing);

	if (fd >= 0)
		return fd;
	return explain(shown, fd, missing);
}

ssize_t directory_read(int directory, const char *name, char *text, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t got = -1;
	size_t done = 0;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		do {
			got = read(fd, text + done, size - 1 - done);
			if (got > 0)
				done += got;
		} while (got > 0 || (got < 0 && errno == EINTR));
	}
	close(fd);
	text[done] = '\0';
	return got < 0 ? -1 : (ssize_t)done;
}

/* Not by faccessat(2), whose AT_SYMLINK_NOFOLLOW old kernels and musl do not have together. */
bool directory_lacks(int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
}

bool directory_write(int directory, const char *name, const void *data, size_t size)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write_all(fd, data, size);

	return fd >= 0 && !close(fd) && ok;
}

bool write_all(int fd, const void *data, size_t size)
{
	const char *next = data;
	ssize_t put;

	while (size) {
		put = write(fd, next, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		next += put;
		size -= put;
	}
	return true;
}

static DIR *open_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* The next entry but "." and "..", or NULL, with errno if that can't be read. */
static struct dirent *next_entry(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	return entry;
}

struct walk_below {
	bool (*fn)(const struct directory_entry *entry, void *arg);
	void *arg;
	char path[PATH_MAX];
};

static bool is_directory(int parent, const struct dirent *entry)
{
	struct stat st;

	/* Some file systems don't say. */
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return !fstatat(parent, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* @length is that of the path of @dir, with a slash at the end. */
static bool walk_below(struct walk_below *w, DIR *dir, size_t length)
{
	struct directory_entry found = { .parent = dirfd(dir), .path = w->path };
	struct dirent *entry;
	DIR *below;
	bool ok = true;

	while (ok && (entry = next_entry(dir))) {
		size_t end = length + snprintf(w->path + length, PATH_MAX - length, "%s",
					       entry->d_name);

		found.name = entry->d_name;
		found.is_directory = is_directory(found.parent, entry);
		if (end + 1 >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return false;
		}
		ok = w->fn(&found, w->arg);
		if (!ok || !found.is_directory)
			continue;
		below = open_directory(found.parent, found.name);
		w->path[end] = '/';
		ok = below && walk_below(w, below, end + 1);
		if (below)
			closedir(below);
	}
	return ok && !errno;
}

bool directory_walk(int directory, bool (*fn)(const struct directory_entry *entry, void *arg),
		    void *arg)
{
	struct walk_below w = { .fn = fn, .arg = arg };
	DIR *dir = open_directory(directory, ".");
	bool ok = dir && walk_below(&w, dir, 0);

	if (dir)
		closedir(dir);
	return ok;
}

bool directory_empty(int parent, const char *name)
{
	DIR *dir = open_directory(parent, name);
	struct dirent *entry;
	bool ok = dir;

	if (!dir)
		return false;
	while (ok && (entry = next_entry(dir)))
		ok = directory_remove(dirfd(dir), entry->d_name);
	ok = ok && !errno;
	closedir(dir);
	return ok;
}

bool directory_remove(int parent, const char *name)
{
	int tries = 8;

	if (!unlinkat(parent, name, 0) || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	/* Some file systems skip entries while others are removed. */
	do {
		if (!directory_empty(parent, name))
			return false;
		if (!unlinkat(parent, name, AT_REMOVEDIR))
			return true;
	} while (errno == ENOTEMPTY && tries--);
	return false;
}
