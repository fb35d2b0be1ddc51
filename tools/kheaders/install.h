/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where consumers look: /lib/modules/RELEASE/build, a link to
 * /usr/src/linux-headers-RELEASE.
 */
#ifndef KHEADERS_INSTALL_H
#define KHEADERS_INSTALL_H

#include <limits.h>

#include "kernel.h"
#include "tree.h"

#define INSTALL_TREES	"/usr/src"
#define INSTALL_MODULES	"/lib/modules"
#define INSTALL_TREE	"linux-headers-"	/* and a release */
#define INSTALL_LINK	"build"
#define INSTALL_LINK_NEW ".build.kheaders"	/* until it is renamed */

enum install_tree {
	TREE_NONE,
	TREE_OURS,
	TREE_FOREIGN,		/* a package's, or made by hand */
};

enum install_link {
	LINK_NONE,
	LINK_DANGLES,
	LINK_OURS,		/* to where our tree is, or would be */
	LINK_FOREIGN,		/* to something else, or a directory */
};

struct install {
	const char *root;	/* "" or a directory in place of / */
	char name[sizeof(INSTALL_TREE) + RELEASE_MAX];
	char tree_path[PATH_MAX];	/* below root, as all paths in links */
	char link_path[PATH_MAX];
	struct place trees;	/* INSTALL_TREES; ->directory is -1: not there */
	int modules;		/* INSTALL_MODULES/RELEASE, or -1: not there */
	int look;		/* DIRECTORY_TRY: if the link can't be followed, not a word */

	enum install_tree tree;
	struct tree_note note;	/* of TREE_OURS */
	enum install_link link;
	bool damaged;		/* TREE_OURS is of the kernel, but lacks files: does not fit */
	bool fits;		/* what ->link or, without, ->tree leads to is of the kernel */
};

/*
 * Looks at what there is for @kernel. With DIRECTORY_MAKE in @missing, the directories
 * are made. Returns 0, or an exit status, having said why.
 */
int install_open(struct install *install, const char *root, const struct kernel *kernel,
		 int missing);

/* Looks again, as what is there may have changed before the lock was got. */
int install_look(struct install *install, const struct kernel *kernel);

/*
 * Whether it would write /lib/modules/RELEASE/symvers.xz: none is there, and the tree is
 * one to make, or one that came with it.
 */
bool install_lacks_symvers(const struct install *install, const struct kernel *kernel);

/*
 * Opens the directory of modules again, which is open: without the lock, another command may
 * have removed it since. Returns 0, or an exit status, having said why.
 */
int install_renew(struct install *install);

void install_close(struct install *install);

#endif
