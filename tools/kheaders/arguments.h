/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of the subcommands, which mean the same in each. */
#ifndef KHEADERS_ARGUMENTS_H
#define KHEADERS_ARGUMENTS_H

#include <stdbool.h>

#include "kernel.h"

/* What --help says of --from and --release where these are the headers to take. */
#define HELP_FROM \
	"      --from FILE  take the headers in FILE, in place of the running kernel's: a\n" \
	"                   kernel image, kheaders.ko or kheaders.tar.xz\n" \
	HELP_RELEASE
#define HELP_RELEASE \
	"      --release R  the release of that kernel, if FILE does not say it\n"

struct arguments {
	struct kernel_choice choice;	/* --from FILE, --release R */
	const char *root;		/* --root DIR; "" stands for / */
	bool all, force, json, stale, xz;
	char **operands;		/* up to NULL */
};

enum {
	TAKES_FROM	= 1 << 0,	/* --release, too */
	TAKES_ROOT	= 1 << 1,
	TAKES_FORCE	= 1 << 2,
	TAKES_JSON	= 1 << 3,
	TAKES_STALE	= 1 << 4,
	TAKES_OPERANDS	= 1 << 5,
	TAKES_ALL	= 1 << 6,
	TAKES_RELEASE	= 1 << 7,	/* without --from */
	TAKES_XZ	= 1 << 8,
};

/*
 * Reads @argv of a command that has the options in @takes. Returns true; or false, with the
 * exit status in @status, after an error or --help, which prints @usage and @help.
 */
bool arguments_read(struct arguments *args, unsigned int takes, int argc, char **argv,
		    const char *usage, const char *help, int *status);

#endif
