// SPDX-License-Identifier: GPL-2.0-only
/* See tree.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kernel/kheaders.h"
#include "command.h"
#include "interrupt.h"
#include "kernel_symvers.h"
#include "members.h"
#include "prepare.h"
#include "progress.h"
#include "symvers_xz.h"
#include "tree.h"

#define WORK	".kheaders"
#define OLD	"old"
#define SYMVERS	"Module.symvers"

/* --- The note ------------------------------------------------------------------- */

static void get_field(const char *text, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	value[0] = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, key, length) || text[length] != ' ')
			continue;
		text += length + 1;
		snprintf(value, size, "%.*s", (int)strcspn(text, "\n"), text);
		return;
	}
}

bool tree_read_note(int directory, const char *name, struct tree_note *note)
{
	char text[1024], prepared[8], files[16];
	int tree = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool ours;

	if (tree < 0)
		return false;
	/* Nobody else may have put it there. */
	ours = !fstat(tree, &st) && (!st.st_uid || st.st_uid == geteuid()) &&
	       !(st.st_mode & 0022) &&
	       directory_read(tree, TREE_NOTE, text, sizeof(text)) >= 0;
	close(tree);
	if (!ours)
		return false;
	get_field(text, "release", note->release, sizeof(note->release));
	get_field(text, "id", note->id, sizeof(note->id));
	get_field(text, "archive", note->archive, sizeof(note->archive));
	get_field(text, "symvers", note->symvers, sizeof(note->symvers));
	get_field(text, "prepared", prepared, sizeof(prepared));
	get_field(text, "files", files, sizeof(files));
	note->prepared = !strcmp(prepared, "yes");
	note->files = strtoul(files, NULL, 10);
	/* Both become parts of paths. */
	return release_is_sane(note->release) &&
	       strspn(note->archive, "0123456789abcdef") == DIGEST_MAX - 1;
}

static bool write_note(int tree, const struct tree_note *note)
{
	int fd = openat(tree, TREE_NOTE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok;

	if (fd < 0)
		return false;
	ok = dprintf(fd, "# Made by \"kheaders\", which also removes it.\n"
		     "kheaders " KHEADERS_VERSION "\n"
		     "release %s\nid %s\narchive %s\nsymvers %s\nprepared %s\nfiles %lu\n",
		     note->release, note->id, note->archive, note->symvers,
		     note->prepared ? "yes" : "no", note->files) > 0;
	return !close(fd) && ok;
}

bool tree_fits(const struct tree_note *note, const struct kernel *kernel)
{
	if (strcmp(note->release, kernel->release))
		return false;
	if (kernel->digest[0])
		return !strcmp(note->archive, kernel->digest);
	return kernel->id[0] && !strcmp(note->id, kernel->id);
}

static unsigned long count_files(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned long files = 0;
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		/* Some file systems don't say. */
		if (entry->d_type == DT_UNKNOWN &&
		    !fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
			entry->d_type = DT_DIR;
		files += entry->d_type == DT_DIR ? count_files(fd, entry->d_name) : 1;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return files;
}

bool tree_is_whole(int directory, const char *name, const struct tree_note *note)
{
	/* The note is one more. */
	return count_files(directory, name) > note->files;
}

/* --- The place ------------------------------------------------------------------- */

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
	else if (err == EIO)
		cure = "look for errors of the disk";
	return fail(shown, strerror(err), cure);
}

/* Whether the directory @fd is still what is called so, and ours alone. */
static int check_work(const struct place *place, int fd)
{
	struct stat here, st;

	if (fstat(fd, &here))
		return place_error(place, WORK);
	if (fstatat(place->directory, WORK, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? -EAGAIN : place_error(place, WORK);
	if (here.st_dev != st.st_dev || here.st_ino != st.st_ino)
		return -EAGAIN;
	if (here.st_uid != geteuid() || here.st_mode & 0077)
		return fail(place->path, "has a .kheaders that is not yours alone",
			    "remove it, as its owner");
	return 0;
}

static int lock(struct place *place)
{
	int fd, ret;

	if (mkdirat(place->directory, WORK, 0700) && errno != EEXIST)
		return place_error(place, "");
	fd = openat(place->directory, WORK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : place_error(place, WORK);
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
			return place_error(place, WORK);
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
		ret = place_error(place, WORK);
		place_unlock(place);
	}
	return ret;
}

void place_unlock(struct place *place)
{
	unlinkat(place->directory, WORK, AT_REMOVEDIR);
	close(place->work);
}

int place_sweep(struct place *place)
{
	struct stat st;
	int ret;

	if (fstatat(place->directory, WORK, &st, AT_SYMLINK_NOFOLLOW) || st.st_uid != geteuid())
		return 0;
	ret = place_lock(place);
	if (!ret)
		place_unlock(place);
	return ret;
}

int trees_each(const char *root, const char *path, enum directory_missing missing,
	       tree_fn fn, void *arg)
{
	struct place place = { .work = -1 };
	struct tree_note note;
	struct dirent *entry;
	DIR *dir;
	int fd = directory_open(root, path, missing);

	if (fd < 0)
		return fd == -ENOENT ? 0 : STATUS_FAILED;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return fail_memory(path);
	}
	place.directory = fd;
	snprintf(place.path, sizeof(place.path), "%s%s", root, path);
	while ((errno = 0, entry = readdir(dir))) {
		if (tree_read_note(fd, entry->d_name, &note) &&
		    !fn(&place, entry->d_name, &note, arg))
			break;
	}
	if (!entry && errno && missing != DIRECTORY_TRY) {
		place_error(&place, "");
		fd = -1;
	}
	closedir(dir);
	return fd < 0 ? STATUS_FAILED : 0;
}

/* --- Making ---------------------------------------------------------------------- */

struct writer {
	int tree;
	const struct place *place;
	atomic_size_t done;		/* bytes */
	atomic_ulong files;
	struct progress progress;
};

/* Makes the directories above @path. False, with errno: can't. */
static bool make_parents(int tree, const char *path)
{
	char directory[PATH_MAX];
	const char *slash;

	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		if (mkdirat(tree, directory, 0755) && errno != EEXIST)
			return false;
	}
	return true;
}

static int write_member(const struct member *m, void *arg)
{
	struct writer *writer = arg;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = m->mtime } };
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const mode_t mode = m->executable ? 0755 : 0644;
	size_t done;
	bool ok;
	int fd;

	if (interrupted())
		return place_error(writer->place, "");
	fd = openat(writer->tree, m->path, flags, mode);
	if (fd < 0 && errno == ENOENT && make_parents(writer->tree, m->path))
		fd = openat(writer->tree, m->path, flags, mode);
	if (fd < 0 && (errno == EEXIST || errno == EISDIR || errno == ENOTDIR))
		return fail(m->path, "is in the archive twice", "get another copy of it");
	if (fd < 0)
		return place_error(writer->place, m->path);
	ok = write_all(fd, m->data, m->size) && !futimens(fd, times);
	if (close(fd) || !ok)
		return place_error(writer->place, m->path);
	writer->files++;
	done = atomic_fetch_add(&writer->done, m->size);
	progress_show(&writer->progress, done + m->size);
	return 0;
}

static bool write_text(int tree, const char *name, const char *text, size_t size)
{
	int fd = openat(tree, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write_all(fd, text, size);

	return fd >= 0 && !close(fd) && ok;
}

/* Whether the kernel takes no modules without symbol versions. */
static bool needs_symvers(int tree)
{
	const size_t room = 1 << 20;
	char *text = malloc(room);
	bool needs = text &&
		     directory_read(tree, "include/config/auto.conf", text, room) > 0 &&
		     strstr(text, "CONFIG_MODVERSIONS=y");

	free(text);
	return needs;
}

/* That of the archive itself: a kheaders.ko for a kernel that was built before it has one. */
static int own_symvers(struct place *place, int tree, char **text, size_t *size)
{
	struct stat st;

	*text = NULL;
	if (fstatat(tree, SYMVERS, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	*size = st.st_size;
	*text = malloc(*size + 1);
	if (*text && directory_read(tree, SYMVERS, *text, *size + 1) == st.st_size)
		return 0;
	free(*text);
	*text = NULL;
	return place_error(place, SYMVERS);
}

/* Also makes symvers.xz, in place of the one that an earlier tree @name came with. */
static int add_symvers(struct place *place, int tree, const char *name,
		       const struct kernel *kernel, const struct tree_options *options,
		       struct symvers_xz *xz)
{
	struct tree_note old = { 0 };
	char *text;
	size_t size;
	int ret = own_symvers(place, tree, &text, &size);
	bool own = text;

	if (!ret && !own)
		ret = kernel_symvers(kernel, options->root, needs_symvers(tree), &text, &size);
	if (ret || !text)
		return ret;
	if (!tree_read_note(place->directory, name, &old))
		old.symvers[0] = '\0';
	if (!own && !write_text(tree, SYMVERS, text, size))
		ret = place_error(place, SYMVERS);
	else if (options->symvers)
		ret = symvers_xz_write(xz, options->root, kernel->release, text, size, old.symvers);
	free(text);
	return ret;
}

static int fill(struct place *place, int tree, const char *name, struct kernel *kernel,
		const struct tree_options *options, struct symvers_xz *xz)
{
	char shown[PATH_MAX + NAME_MAX];
	struct writer writer = { .tree = tree, .place = place };
	struct tree_note note = { 0 };
	int ret;

	snprintf(shown, sizeof(shown), "%s/%s", place->path, name);
	progress_begin(&writer.progress, "unpacking the headers of", kernel->release);
	ret = members_each(kernel->name, kernel->archive, kernel->size, write_member, &writer);
	progress_end(&writer.progress);
	if (ret)
		return ret;
	note.files = writer.files;
	/* A tree without it has headers alone, and no modules are built there. */
	if (!faccessat(tree, "Makefile", F_OK, 0)) {
		ret = add_symvers(place, tree, name, kernel, options, xz);
		if (ret)
			return ret;
		note.prepared = options->prepare && tree_prepare(tree, place->work, shown);
	}
	memcpy(note.release, kernel->release, sizeof(note.release));
	memcpy(note.id, kernel->id, sizeof(note.id));
	memcpy(note.archive, kernel->digest, sizeof(note.archive));
	memcpy(note.symvers, xz->digest, sizeof(note.symvers));
	/* After a power cut it must not be there with half of its bytes. */
	if (interrupted() || !write_note(tree, &note) || fchmod(tree, 0755) || syncfs(tree))
		return place_error(place, "");
	return 0;
}

int place_put(struct place *place, const char *name)
{
	int ret;

	if (!renameat2(place->work, PLACE_NEW, place->directory, name, RENAME_NOREPLACE))
		return 0;
	if (errno == EEXIST) {
		if (!renameat2(place->work, PLACE_NEW, place->directory, name, RENAME_EXCHANGE))
			return 0;
		/* Some file systems can't: for a moment there is none. */
		if (errno != EINVAL)
			return place_error(place, name);
		if (renameat(place->directory, name, place->work, OLD))
			return place_error(place, name);
	} else if (errno != EINVAL) {
		return place_error(place, name);
	}
	if (!renameat(place->work, PLACE_NEW, place->directory, name))
		return 0;
	ret = place_error(place, name);
	renameat(place->work, OLD, place->directory, name);
	return ret;
}

int tree_make(struct place *place, const char *name, struct kernel *kernel,
	      const struct tree_options *options)
{
	struct symvers_xz xz = { .directory = -1 };
	int tree, ret = kernel_load(kernel);

	if (ret)
		return ret;
	if (mkdirat(place->work, PLACE_NEW, 0700))
		return place_error(place, WORK);
	tree = openat(place->work, PLACE_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree < 0)
		return place_error(place, WORK);
	ret = fill(place, tree, name, kernel, options, &xz);
	close(tree);
	if (!ret)
		ret = place_put(place, name);
	if (symvers_xz_end(&xz, !ret))
		ret = STATUS_FAILED;
	/* What was there before, or what is not good. */
	directory_remove(place->work, PLACE_NEW);
	directory_remove(place->work, OLD);
	return ret;
}

int tree_remove(struct place *place, const char *name)
{
	if (renameat(place->directory, name, place->work, OLD))
		return place_error(place, name);
	return directory_remove(place->work, OLD) ? 0 : place_error(place, name);
}
