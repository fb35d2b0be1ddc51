// SPDX-License-Identifier: GPL-2.0-only
/* kheaders remove: what kheaders made, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "cache.h"
#include "command.h"
#include "directory.h"
#include "install.h"
#include "symvers_xz.h"

static const char usage[] = "kheaders remove [--release R | --stale | --all] [--root DIR]";

static const char help[] =
	"\n"
	"Remove the tree and the link that \"kheaders install\" made for the running\n"
	"kernel, and the caller's trees that \"kheaders path\" made for it. What others\n"
	"made stays.\n"
	"\n"
	"Options:\n"
	"      --release R  remove, instead, those of the kernels of release R\n"
	"      --stale      remove, instead, those of kernels that are not there any\n"
	"                   more: not running, and without modules in /lib/modules\n"
	"      --all        remove those of all kernels\n"
	"      --root DIR   remove in the root file system at DIR, where no kernel is\n"
	"                   running: all, without --release or --stale\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit status: 0, also if there was nothing; or 1 if something could not be\n"
	"removed, or 2 if the command was called in a wrong way.\n";

struct removal {
	const struct arguments *args;
	const struct kernel *kernel;
	int status;
};

/* Whether a kernel of @release can be booted: its modules are there. */
static bool has_modules(const char *root, const char *release)
{
	char path[PATH_MAX];
	int fd;
	bool there;

	snprintf(path, sizeof(path), INSTALL_MODULES "/%s", release);
	fd = directory_open(root, path, DIRECTORY_TRY);
	if (fd < 0)
		return false;
	/* Packages leave what depmod made there. */
	there = !faccessat(fd, "modules.builtin", F_OK, 0) || !faccessat(fd, "kernel", F_OK, 0);
	close(fd);
	return there;
}

static bool goes(const struct removal *removal, const struct tree_note *note)
{
	const struct kernel *kernel = removal->kernel;
	const struct arguments *args = removal->args;
	const bool image = *args->root;

	if (args->choice.release)
		return !strcmp(note->release, args->choice.release);
	if (!args->stale)
		return image || args->all || !strcmp(note->release, kernel->release);
	if (!image && !strcmp(note->release, kernel->release))
		return (kernel->id[0] || kernel->digest[0]) && !note_fits(note, kernel);
	return !has_modules(args->root, note->release);
}

/*
 * The link first, so that it never leads nowhere; and symvers.xz. Returns 0, or an exit
 * status, having said why.
 */
static int remove_links(const char *root, const struct tree_note *note, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX], ours[PATH_MAX], shown[2 * PATH_MAX];
	ssize_t length;
	int fd, ret = 0;

	snprintf(path, sizeof(path), INSTALL_MODULES "/%s", note->release);
	snprintf(ours, sizeof(ours), INSTALL_TREES "/%s", name);
	snprintf(shown, sizeof(shown), "%s%s/" INSTALL_LINK, root, path);
	fd = directory_open(root, path, DIRECTORY_ASK);
	if (fd < 0)
		return fd == -ENOENT ? 0 : STATUS_FAILED;
	unlinkat(fd, INSTALL_LINK_NEW, 0);
	length = readlinkat(fd, INSTALL_LINK, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	if (!strcmp(target, ours)) {
		if (unlinkat(fd, INSTALL_LINK, 0))
			ret = fail(shown, strerror(errno), "try as root");
		else
			printf("%s: removed\n", shown);
	}
	snprintf(shown, sizeof(shown), "%s%s/" SYMVERS_XZ, root, path);
	ret |= symvers_xz_remove(fd, note->symvers, shown);
	close(fd);
	/* If nothing else is in the directory, "install" made it. */
	fd = directory_open(root, INSTALL_MODULES, DIRECTORY_TRY);
	if (fd >= 0) {
		unlinkat(fd, note->release, AT_REMOVEDIR);
		close(fd);
	}
	return ret;
}

/* Of an installed tree, the links go, too. */
static int remove_locked(struct removal *removal, struct place *place, const char *name,
			 bool installed)
{
	struct tree_note note;
	int ret = 0;

	/* Before the lock was got, another command can have put anything there. */
	if (!note_read(place->directory, name, &note) || !goes(removal, &note))
		return 0;
	if (installed)
		ret = remove_links(removal->args->root, &note, name);
	if (!ret)
		ret = place_remove(place, name);
	if (!ret)
		printf("%s/%s: removed\n", place->path, name);
	return ret;
}

static void remove_tree(struct removal *removal, const struct place *at, const char *name,
			bool installed)
{
	struct place place = *at;
	int ret = place_lock(&place);

	if (ret == -ENOENT)
		return;
	if (!ret) {
		ret = remove_locked(removal, &place, name, installed);
		place_unlock(&place);
	}
	removal->status |= ret;
}

static bool remove_cached(const struct place *cache, const char *name,
			  const struct tree_note *note, void *arg)
{
	struct removal *removal = arg;

	if (goes(removal, note))
		remove_tree(removal, cache, name, false);
	return true;
}

static bool remove_installed(const struct place *trees, const char *name,
			     const struct tree_note *note, void *arg)
{
	struct removal *removal = arg;

	if (!strncmp(name, INSTALL_TREE, strlen(INSTALL_TREE)) && goes(removal, note))
		remove_tree(removal, trees, name, true);
	return true;
}

static void sweep(struct removal *removal, const char *path)
{
	struct place place;

	if (!place_open(&place, removal->args->root, path, DIRECTORY_TRY))
		removal->status |= place_sweep(&place);
	place_close(&place);
}

int cmd_remove(int argc, char **argv)
{
	const struct kernel_choice running = { 0 };
	struct arguments args;
	struct kernel kernel;
	struct removal removal = { .args = &args, .kernel = &kernel };
	char cache[PATH_MAX] = CACHE_SYSTEM;
	int status;

	if (!arguments_read(&args, TAKES_ALL | TAKES_RELEASE | TAKES_ROOT | TAKES_STALE, argc, argv,
			    usage, help, &status))
		return status;
	if (args.all + args.stale + !!args.choice.release > 1) {
		fprintf(stderr, "Usage: %s\n", usage);
		return STATUS_USAGE;
	}
	status = kernel_open(&kernel, &running);
	if (status)
		return status;
	if (!*args.root)
		removal.status = cache_own(cache);
	if (!removal.status) {
		trees_each(args.root, cache, DIRECTORY_TRY, remove_cached, &removal);
		sweep(&removal, cache);
	}
	removal.status |= trees_each(args.root, INSTALL_TREES, DIRECTORY_ASK, remove_installed,
				     &removal);
	sweep(&removal, INSTALL_TREES);
	kernel_close(&kernel);
	return removal.status ? removal.status : flush(argv[0]);
}
