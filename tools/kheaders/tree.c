// SPDX-License-Identifier: GPL-2.0-only
/* See tree.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "interrupt.h"
#include "kernel_symvers.h"
#include "members.h"
#include "note.h"
#include "prepare.h"
#include "progress.h"
#include "symvers_xz.h"
#include "tree.h"
#include "whole.h"

#define SYMVERS	"Module.symvers"

struct writer {
	int tree;
	const struct place *place;
	atomic_size_t done;		/* bytes */
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
	done = atomic_fetch_add(&writer->done, m->size);
	progress_show(&writer->progress, done + m->size);
	return 0;
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
		       struct kernel *kernel, const struct tree_options *options,
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
	if (!note_read(place->directory, name, &old))
		old.symvers[0] = '\0';
	if (!own && !directory_write(tree, SYMVERS, text, size))
		ret = place_error(place, SYMVERS);
	else if (options->symvers)
		ret = symvers_xz_write(xz, options->root, kernel->release, text, size, old.symvers);
	free(text);
	return ret;
}

/* Makes the tree as the archive has it, and @files of whole_write_files(), to be freed. */
static int unpack_all(struct place *place, int tree, struct kernel *kernel, char **files)
{
	struct writer writer = { .tree = tree, .place = place };
	size_t size;
	FILE *out;
	bool ok;
	int ret;

	progress_begin(&writer.progress, "unpacking the headers of", kernel->release);
	ret = members_each(kernel->name, kernel->archive, kernel->size, write_member, &writer);
	progress_end(&writer.progress);
	if (ret)
		return ret;
	out = open_memstream(files, &size);
	if (!out)
		return fail_memory(kernel->name);
	ok = whole_write_files(out, tree);
	if (fclose(out) || !ok)
		return place_error(place, "");
	return 0;
}

/* Adds what the running kernel or this machine knows. */
static int complete(struct place *place, int tree, const char *name, struct kernel *kernel,
		    const struct tree_options *options, struct symvers_xz *xz,
		    struct tree_note *note)
{
	char shown[PATH_MAX + NAME_MAX];
	int ret;

	/* A tree without it has headers alone, and no modules are built there. */
	if (faccessat(tree, "Makefile", F_OK, 0))
		return 0;
	snprintf(shown, sizeof(shown), "%s/%s", place->path, name);
	ret = add_symvers(place, tree, name, kernel, options, xz);
	if (!ret)
		note->prepared = options->prepare &&
				 tree_prepare(tree, place->work, shown, *options->root);
	return ret;
}

static int fill(struct place *place, int tree, const char *name, struct kernel *kernel,
		const struct tree_options *options, struct symvers_xz *xz)
{
	struct tree_note note = { 0 };
	char *files = NULL;
	int ret = unpack_all(place, tree, kernel, &files);

	if (!ret)
		ret = complete(place, tree, name, kernel, options, xz, &note);
	memcpy(note.release, kernel->release, sizeof(note.release));
	memcpy(note.id, kernel->id, sizeof(note.id));
	memcpy(note.archive, kernel->digest, sizeof(note.archive));
	memcpy(note.symvers, xz->digest, sizeof(note.symvers));
	/* After a power cut it must not be there with half of its bytes. */
	if (!ret && (interrupted() || !note_write(tree, &note, files) || fchmod(tree, 0755) ||
		     syncfs(tree)))
		ret = place_error(place, "");
	free(files);
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
		return place_error(place, PLACE_WORK);
	tree = openat(place->work, PLACE_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree < 0)
		return place_error(place, PLACE_WORK);
	ret = fill(place, tree, name, kernel, options, &xz);
	close(tree);
	if (!ret)
		ret = place_put(place, name);
	if (symvers_xz_end(&xz, !ret))
		ret = STATUS_FAILED;
	/* What was there before, or what is not good. */
	directory_remove(place->work, PLACE_NEW);
	directory_remove(place->work, PLACE_OLD);
	return ret;
}
