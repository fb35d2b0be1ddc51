// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders install: the kernel's own tree at /usr/src/linux-headers-RELEASE, and a link
 * to it where consumers look, /lib/modules/RELEASE/build.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "directory.h"
#include "install.h"

static const char usage[] =
	"kheaders install [--force] [--from FILE [--release R]] [--root DIR]";

static const char help[] =
	"\n"
	"Make the headers that the running kernel carries a tree in which modules can be\n"
	"built, /usr/src/linux-headers-RELEASE, and /lib/modules/RELEASE/build a link to\n"
	"it. Nothing of a package is replaced. If a tree that fits the kernel is there,\n"
	"nothing is done.\n"
	"\n"
	"Options:\n"
	"      --force      replace a link that leads nowhere\n"
	HELP_FROM
	"      --root DIR   install in the root file system at DIR\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit status: 0, or 1 if there is no tree that fits the kernel, or 2 if the\n"
	"command was called in a wrong way, or 3 if the kernel carries no headers.\n";

static int report(const struct install *i, const char *what)
{
	printf("%s%s: %s\n", i->root, i->link == LINK_FOREIGN ? i->link_path : i->tree_path, what);
	return flush("install");
}

static int explain_link(const struct install *i)
{
	char shown[2 * PATH_MAX];

	snprintf(shown, sizeof(shown), "%s%s", i->root, i->link_path);
	return fail(shown, strerror(errno), "try as root, and look for room there");
}

/* Makes the link that leads to the tree, beside one that is there. */
static int make_link(const struct install *i)
{
	unlinkat(i->modules, INSTALL_LINK_NEW, 0);
	return symlinkat(i->tree_path, i->modules, INSTALL_LINK_NEW) ? explain_link(i) : 0;
}

/* Puts it in place if all is @good; else it goes. */
static int put_link(const struct install *i, bool good)
{
	int ret = 0;

	if (good && !renameat(i->modules, INSTALL_LINK_NEW, i->modules, INSTALL_LINK))
		return 0;
	if (good)
		ret = explain_link(i);
	unlinkat(i->modules, INSTALL_LINK_NEW, 0);
	return ret;
}

/* Whether the tree and what comes with it are there. */
static bool is_whole(const struct install *i, const struct kernel *kernel)
{
	return i->tree != TREE_NONE && i->fits && !install_lacks_symvers(i, kernel);
}

/* Returns 0 if the tree may be made or linked to, -1 if all is well, or an exit status. */
static int judge(const struct install *i, const struct kernel *kernel, bool force)
{
	char shown[2 * PATH_MAX];

	snprintf(shown, sizeof(shown), "%s%s", i->root,
		 i->link == LINK_FOREIGN || i->tree != TREE_FOREIGN ? i->link_path : i->tree_path);
	if (i->link == LINK_FOREIGN && i->fits)
		return -1;
	if (i->link == LINK_FOREIGN || (i->tree == TREE_FOREIGN && !i->fits))
		return fail(shown, "was not made by kheaders, and is not for this kernel",
			    "remove it, or the package that it belongs to");
	if (i->link == LINK_DANGLES && !force)
		return fail(shown, "is a link that leads nowhere", "--force replaces it");
	return i->link == LINK_OURS && is_whole(i, kernel) ? -1 : 0;
}

static int install_locked(struct install *i, struct kernel *kernel, bool force)
{
	const struct tree_options options = {
		.root = i->root,
		.prepare = true,
		.symvers = true,
	};
	int ret = install_renew(i);
	bool linked, whole;

	if (!ret)
		ret = install_look(i, kernel);
	if (!ret)
		ret = judge(i, kernel, force);
	linked = i->link == LINK_OURS;
	whole = is_whole(i, kernel);
	/* Before the tree, so that there is none without. */
	if (!ret && !linked)
		ret = make_link(i);
	if (ret)
		return ret;
	if (!whole)
		ret = tree_make(&i->trees, i->name, kernel, &options);
	if (!linked)
		ret |= put_link(i, !ret);
	return ret ? ret : report(i, whole ? "linked" : "made");
}

static int run_install(const struct arguments *args)
{
	struct kernel kernel;
	struct install i;
	int ret = kernel_open(&kernel, &args->choice);

	/* Without an id, only the archive tells. */
	if (!ret && !kernel.id[0])
		ret = kernel_load(&kernel);
	if (!ret)
		ret = install_open(&i, args->root, &kernel, DIRECTORY_ASK);
	if (ret) {
		kernel_close(&kernel);
		return ret;
	}
	ret = judge(&i, &kernel, args->force);
	if (!ret) {
		install_close(&i);
		ret = install_open(&i, args->root, &kernel, DIRECTORY_MAKE);
		if (!ret)
			ret = place_lock(&i.trees);
		if (!ret) {
			ret = install_locked(&i, &kernel, args->force);
			/* Not from under another one, which opens them when it has the lock. */
			if (ret > 0)
				directory_unmake();
			place_unlock(&i.trees);
		}
	}
	if (ret == -1) {
		ret = place_sweep(&i.trees);
		if (!ret)
			ret = report(&i, "is there, and fits the kernel");
	}
	install_close(&i);
	kernel_close(&kernel);
	return ret;
}

int cmd_install(int argc, char **argv)
{
	struct arguments args;
	int status;

	if (!arguments_read(&args, TAKES_FORCE | TAKES_FROM | TAKES_ROOT, argc, argv, usage,
			    help, &status))
		return status;
	return run_install(&args);
}
