// SPDX-License-Identifier: GPL-2.0-only
/* See arguments.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "command.h"

/* What getopt_long() returns of those without a letter. */
enum {
	ALL = 256,
	FROM,
	RELEASE,
	ROOT,
	FORCE,
	JSON,
	STALE,
	XZ,
};

static const struct option options[] = {
	{ "all", no_argument, NULL, ALL },
	{ "from", required_argument, NULL, FROM },
	{ "release", required_argument, NULL, RELEASE },
	{ "root", required_argument, NULL, ROOT },
	{ "force", no_argument, NULL, FORCE },
	{ "json", no_argument, NULL, JSON },
	{ "stale", no_argument, NULL, STALE },
	{ "xz", no_argument, NULL, XZ },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/* By any name, such as "//". */
static bool is_top(const char *directory)
{
	struct stat st, top;

	return !stat(directory, &st) && !stat("/", &top) && st.st_dev == top.st_dev &&
	       st.st_ino == top.st_ino;
}

static bool take(struct arguments *args, unsigned int takes, int option)
{
	switch (option) {
	case ALL:
		return takes & TAKES_ALL && (args->all = true);
	case FROM:
		args->choice.from = optarg;
		return takes & TAKES_FROM;
	case RELEASE:
		args->choice.release = optarg;
		return takes & (TAKES_FROM | TAKES_RELEASE);
	case ROOT:
		args->root = is_top(optarg) ? "" : optarg;
		return takes & TAKES_ROOT && *optarg;
	case FORCE:
		return takes & TAKES_FORCE && (args->force = true);
	case JSON:
		return takes & TAKES_JSON && (args->json = true);
	case STALE:
		return takes & TAKES_STALE && (args->stale = true);
	case XZ:
		return takes & TAKES_XZ && (args->xz = true);
	}
	return false;
}

bool arguments_read(struct arguments *args, unsigned int takes, int argc, char **argv,
		    const char *usage, const char *help, int *status)
{
	bool ok = true;
	int option;

	*args = (struct arguments) { .root = "" };
	opterr = 0;
	/* What follows the first operand is another command's. */
	while (ok && (option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (option == 'h') {
			printf("Usage: %s\n%s", usage, help);
			*status = flush(argv[0]);
			return false;
		}
		ok = take(args, takes, option);
	}
	args->operands = argv + optind;
	if (!ok || (args->choice.release && !args->choice.from && !(takes & TAKES_RELEASE)) ||
	    (*args->operands && !(takes & TAKES_OPERANDS))) {
		fprintf(stderr, "Usage: %s\n", usage);
		*status = STATUS_USAGE;
		return false;
	}
	return true;
}
