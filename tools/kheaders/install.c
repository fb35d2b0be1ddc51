// SPDX-License-Identifier: GPL-2.0-only
/* See install.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "directory.h"
#include "install.h"
#include "kernel_symvers.h"
#include "symvers_xz.h"
#include "whole.h"

#define SYMVERS_MAX	(64 << 20)

/* --- Does a tree of somebody else's fit? ----------------------------------------- */

/* The version of module_layout, which the kernel compares before all others. 0: none. */
static unsigned long layout_crc(int directory, const char *name)
{
	char *text = malloc(SYMVERS_MAX), *at, *line;
	unsigned long crc = 0;

	if (text && directory_read(directory, name, text, SYMVERS_MAX) > 0) {
		at = strstr(text, "\tmodule_layout\t");
		for (line = at; line && line > text && line[-1] != '\n'; line--)
			;
		if (line)
			crc = strtoul(line, NULL, 16);
	}
	free(text);
	return crc;
}

static bool has_line(int directory, const char *name, const char *wanted)
{
	char line[256];

	if (directory_read(directory, name, line, sizeof(line)) < 0)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, wanted);
}

static bool foreign_fits(int tree, const struct kernel *kernel)
{
	char define[RELEASE_MAX + 32];
	unsigned long theirs, ours;

	/* Debian's include/config/kernel.release does not say all of it. */
	snprintf(define, sizeof(define), "#define UTS_RELEASE \"%s\"", kernel->release);
	if (!has_line(tree, "include/generated/utsrelease.h", define))
		return false;
	if (kernel->id[0] && !faccessat(tree, "include/config/kheaders.id", F_OK, 0) &&
	    !has_line(tree, "include/config/kheaders.id", kernel->id))
		return false;
	if (!kernel->running)
		return true;
	ours = layout_crc(AT_FDCWD, "/proc/kheaders.symvers");
	theirs = ours ? layout_crc(tree, "Module.symvers") : 0;
	return !ours || !theirs || ours == theirs;
}

/* --- What is there ----------------------------------------------------------------- */

static bool same(int a, int b)
{
	struct stat one, other;

	return !fstat(a, &one) && !fstat(b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static void look_at_tree(struct install *i, const struct kernel *kernel)
{
	int fd;

	i->tree = TREE_NONE;
	if (i->trees.directory < 0 ||
	    directory_lacks(i->trees.directory, i->name))
		return;
	if (note_read(i->trees.directory, i->name, &i->note)) {
		i->tree = TREE_OURS;
		i->fits = note_fits(&i->note, kernel);
		i->damaged = i->fits && !whole_is(i->trees.directory, i->name);
		i->fits = i->fits && !i->damaged;
		return;
	}
	i->tree = TREE_FOREIGN;
	fd = directory_open(i->root, i->tree_path, DIRECTORY_TRY);
	i->fits = fd >= 0 && foreign_fits(fd, kernel);
	if (fd >= 0)
		close(fd);
}

static int look_at_link(struct install *i, const struct kernel *kernel)
{
	char target[PATH_MAX];
	ssize_t length;
	int fd, tree;

	i->link = LINK_NONE;
	if (i->modules < 0)
		return 0;
	length = readlinkat(i->modules, INSTALL_LINK, target, sizeof(target) - 1);
	if (length < 0 && errno == ENOENT)
		return 0;
	target[length < 0 ? 0 : length] = '\0';
	if (!strcmp(target, i->tree_path)) {
		i->link = LINK_OURS;
		return 0;
	}
	fd = directory_open(i->root, i->link_path, i->look);
	if (fd == -ENOENT) {
		i->link = LINK_DANGLES;
		return 0;
	}
	if (fd < 0)
		return STATUS_FAILED;
	tree = directory_open(i->root, i->tree_path, DIRECTORY_TRY);
	if (tree >= 0 && same(tree, fd)) {
		i->link = LINK_OURS;
	} else {
		i->link = LINK_FOREIGN;
		i->damaged = false;
		i->fits = foreign_fits(fd, kernel);
	}
	if (tree >= 0)
		close(tree);
	close(fd);
	return 0;
}

int install_look(struct install *i, const struct kernel *kernel)
{
	i->fits = false;
	i->damaged = false;
	look_at_tree(i, kernel);
	return look_at_link(i, kernel);
}

int install_open(struct install *i, const char *root, const struct kernel *kernel, int missing)
{
	char modules[PATH_MAX];
	int ret;

	*i = (struct install) { .root = root, .modules = -1, .look = missing };
	if (missing == DIRECTORY_MAKE)
		i->look = DIRECTORY_ASK;
	snprintf(i->name, sizeof(i->name), INSTALL_TREE "%s", kernel->release);
	snprintf(modules, sizeof(modules), INSTALL_MODULES "/%s", kernel->release);
	snprintf(i->link_path, sizeof(i->link_path), INSTALL_MODULES "/%s/" INSTALL_LINK,
		 kernel->release);
	snprintf(i->tree_path, sizeof(i->tree_path), INSTALL_TREES "/%s", i->name);
	ret = place_open(&i->trees, root, INSTALL_TREES, missing);
	if (ret && ret != -ENOENT)
		return ret;
	i->modules = directory_open(root, modules, missing);
	ret = i->modules != -ENOENT && i->modules < 0 ? STATUS_FAILED : install_look(i, kernel);
	if (ret)
		install_close(i);
	return ret;
}

bool install_lacks_symvers(const struct install *i, const struct kernel *kernel)
{
	if (i->link == LINK_FOREIGN || i->tree == TREE_FOREIGN || !kernel_has_symvers(kernel))
		return false;
	if (i->tree == TREE_OURS && i->fits && !i->note.symvers[0])
		return false;
	return i->modules < 0 || directory_lacks(i->modules, SYMVERS_XZ);
}

int install_renew(struct install *i)
{
	char modules[PATH_MAX];

	close(i->modules);
	snprintf(modules, sizeof(modules), "%.*s",
		 (int)(strrchr(i->link_path, '/') - i->link_path), i->link_path);
	i->modules = directory_open(i->root, modules, DIRECTORY_MAKE);
	return i->modules < 0 ? STATUS_FAILED : 0;
}

void install_close(struct install *i)
{
	place_close(&i->trees);
	if (i->modules >= 0)
		close(i->modules);
	i->modules = -1;
}
