// SPDX-License-Identifier: GPL-2.0-only
/* See place.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/fs.h>

#include "command.h"
#include "interrupt.h"
#include "place.h"
#include "progress.h"

int place_error(const struct place *place, const char *what)
{
	char shown[PATH_MAX + 32];
	const char *cure = "try as root";
	int err = errno;

	if (interrupted())
		return fail(place->path, "was interrupted", "nothing there has changed");
	snprintf(shown, sizeof(shown), "%s%s%s", place->path, *what ? "/" : "", what);
	if (err == ENOSPC || err == EDQUOT)
		cure = "make room there";
	else if (err == EROFS)
		cure = "\"kheaders path\" makes a tree elsewhere";
	else if (err == EXDEV)
		return fail(shown, "a directory can't be renamed on this overlay",
			    "give its upper directory a file system with extended attributes");
	else if (err == EFBIG)
		cure = "raise the limit on the size of files (ulimit -f)";
	else if (err == EIO)
		cure = "look for errors of the disk";
	return fail(shown, strerror(err), cure);
}

int place_open(struct place *place, const char *root, const char *path,
	       enum directory_missing missing)
{
	*place = (struct place) { .work = -1, .root = root, .missing = missing };
	snprintf(place->path, sizeof(place->path), "%s%s", root, path);
	place->directory = directory_open(root, path, missing);
	if (place->directory >= 0)
		return 0;
	if (place->directory == -ENOENT)
		return -ENOENT;
	return STATUS_FAILED;
}

void place_close(struct place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	place->directory = -1;
}

/* Returns as lock() does. */
static int make_again(struct place *place)
{
	place_close(place);
	place->directory = directory_open(place->root, place->path + strlen(place->root),
					  DIRECTORY_MAKE);
	return place->directory < 0 ? STATUS_FAILED : -EAGAIN;
}

/* Whether the directory @fd is still what is called so, and ours alone. */
static int check_work(const struct place *place, int fd)
{
	struct stat here, st;

	if (fstat(fd, &here))
		return place_error(place, PLACE_WORK);
	if (fstatat(place->directory, PLACE_WORK, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? -EAGAIN : place_error(place, PLACE_WORK);
	if (here.st_dev != st.st_dev || here.st_ino != st.st_ino)
		return -EAGAIN;
	if (here.st_uid != geteuid() || here.st_mode & 0077)
		return fail(place->path, "has a .kheaders that is not yours alone",
			    "remove it, as its owner");
	return 0;
}

/* -EAGAIN: what is there has changed meanwhile. */
static int lock(struct place *place)
{
	int fd, ret;

	if (mkdirat(place->directory, PLACE_WORK, 0700) && errno != EEXIST) {
		if (errno != ENOENT || !place->root)
			return place_error(place, "");
		return place->missing == DIRECTORY_MAKE ? make_again(place) : -ENOENT;
	}
	fd = openat(place->directory, PLACE_WORK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : place_error(place, PLACE_WORK);
	/* Nobody else's is waited for. */
	ret = check_work(place, fd);
	if (ret) {
		close(fd);
		return ret;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		progress_say("waiting for another kheaders in", place->path);
		do {
			ret = flock(fd, LOCK_EX);
		} while (ret && errno == EINTR && !interrupted());
		if (ret) {
			close(fd);
			return place_error(place, PLACE_WORK);
		}
	}
	ret = check_work(place, fd);
	if (ret)
		close(fd);
	else
		place->work = fd;
	return ret;
}

int place_lock(struct place *place)
{
	int ret;

	interrupt_catch();
	/* Whoever had the lock removed the directory. */
	do {
		ret = lock(place);
	} while (ret == -EAGAIN && !interrupted());
	if (ret)
		return ret == -EAGAIN ? place_error(place, "") : ret;
	/* What one that was killed left. */
	if (!directory_empty(place->work, ".")) {
		ret = place_error(place, PLACE_WORK);
		place_unlock(place);
	}
	return ret;
}

void place_unlock(struct place *place)
{
	unlinkat(place->directory, PLACE_WORK, AT_REMOVEDIR);
	close(place->work);
}

int place_sweep(struct place *place)
{
	struct stat st;
	int ret;

	if (fstatat(place->directory, PLACE_WORK, &st, AT_SYMLINK_NOFOLLOW) ||
	    st.st_uid != geteuid())
		return 0;
	ret = place_lock(place);
	if (!ret)
		place_unlock(place);
	return ret == -ENOENT ? 0 : ret;
}

/* By renameat2(2), which not all C libraries have. */
static bool put(struct place *place, const char *name, unsigned int flags)
{
	return !syscall(SYS_renameat2, place->work, PLACE_NEW, place->directory, name, flags);
}

int place_put(struct place *place, const char *name)
{
	int ret;

	if (put(place, name, RENAME_NOREPLACE) ||
	    (errno == EEXIST && put(place, name, RENAME_EXCHANGE)))
		return 0;
	/* Some kernels and file systems can do neither: for a moment there is none. */
	if (renameat(place->directory, name, place->work, PLACE_OLD) && errno != ENOENT)
		return place_error(place, name);
	if (!renameat(place->work, PLACE_NEW, place->directory, name))
		return 0;
	ret = place_error(place, name);
	renameat(place->work, PLACE_OLD, place->directory, name);
	return ret;
}

int place_remove(struct place *place, const char *name)
{
	if (renameat(place->directory, name, place->work, PLACE_OLD))
		return place_error(place, name);
	return directory_remove(place->work, PLACE_OLD) ? 0 : place_error(place, name);
}

int trees_each(const char *root, const char *path, enum directory_missing missing,
	       tree_fn fn, void *arg)
{
	struct place place;
	struct tree_note note;
	struct dirent *entry;
	DIR *dir;
	int ret = place_open(&place, root, path, missing);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	dir = fdopendir(place.directory);
	if (!dir) {
		place_close(&place);
		return fail_memory(path);
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (note_read(place.directory, entry->d_name, &note) &&
		    !fn(&place, entry->d_name, &note, arg))
			break;
	}
	if (!entry && errno && missing != DIRECTORY_TRY)
		ret = place_error(&place, "");
	closedir(dir);
	return ret;
}
