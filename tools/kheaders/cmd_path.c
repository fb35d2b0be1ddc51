// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders path, env, exec: a tree that is ready, also where /usr/src and /lib/modules
 * can't be written to, and how to tell programs of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "cache.h"
#include "command.h"
#include "directory.h"
#include "install.h"
#include "interrupt.h"

/*
 * What programs and the Makefiles of modules read; the man page says which. Not
 * KERNELRELEASE: by it a Makefile knows that Kbuild has called it.
 */
static const struct {
	const char *name;
	bool release;		/* in place of the tree's path */
} variables[] = {
	{ "BPFTRACE_KERNEL_SOURCE", false },
	{ "BPFTRACE_KERNEL_BUILD", false },
	{ "BCC_KERNEL_SOURCE", false },
	{ "SYSTEMTAP_RELEASE", false },
	{ "KERNELDIR", false },
	{ "KERNEL_DIR", false },
	{ "KERNEL_SRC", false },
	{ "KERN_DIR", false },
	{ "KDIR", false },
	{ "KSRC", false },
	{ "SYSSRC", false },
	{ "KERN_VER", true },
	{ "KVERSION", true },
	{ "KVER", true },
};

/* Whether a tree of @kernel is installed where programs look; if so, @path is its path. */
static bool installed(const struct kernel *kernel, char path[PATH_MAX])
{
	struct install i;
	bool found;

	if (install_open(&i, "", kernel, DIRECTORY_TRY))
		return false;
	found = i.fits && (i.link != LINK_DANGLES || i.tree != TREE_NONE);
	if (found)
		snprintf(path, PATH_MAX, "%s",
			 i.link == LINK_FOREIGN ? i.link_path : i.tree_path);
	install_close(&i);
	return found;
}

struct found {
	char path[PATH_MAX];
	char release[RELEASE_MAX];
	char **operands;
};

/* What the three commands begin with. Returns 0, or -1 with the exit status in @status. */
static int find(struct found *found, unsigned int takes, int argc, char **argv,
		const char *usage, const char *help, int *status)
{
	struct arguments args;
	struct kernel kernel;

	if (!arguments_read(&args, takes, argc, argv, usage, help, status))
		return -1;
	found->operands = args.operands;
	if (takes & TAKES_OPERANDS && !*args.operands) {
		fprintf(stderr, "Usage: %s\n", usage);
		*status = STATUS_USAGE;
		return -1;
	}
	*status = kernel_open(&kernel, &args.choice);
	/* Without an id, only the archive tells which build it is. */
	if (!*status && !kernel.id[0])
		*status = kernel_load(&kernel);
	if (!*status && !installed(&kernel, found->path))
		*status = cache_get(&kernel, found->path);
	memcpy(found->release, kernel.release, sizeof(found->release));
	kernel_close(&kernel);
	return *status ? -1 : 0;
}

/* The value of variable @i. */
static const char *value(const struct found *found, size_t i)
{
	return variables[i].release ? found->release : found->path;
}

static const char path_usage[] = "kheaders path [--from FILE [--release R]]";

static const char path_help[] =
	"\n"
	"Print the directory of a tree in which modules for the running kernel can be\n"
	"built. If none is installed, one is made in /var/lib/kheaders or, for users\n"
	"other than root, in their own cache directory, once for each kernel.\n"
	"\n"
	"Options:\n"
	HELP_FROM
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  make -C $(kheaders path) M=$PWD modules\n"
	"\n"
	"Exit status: 0, or 1 if there is no such tree and none can be made, or 2 if the\n"
	"command was called in a wrong way, or 3 if the kernel carries no headers.\n";

int cmd_path(int argc, char **argv)
{
	struct found found;
	int status;

	if (find(&found, TAKES_FROM, argc, argv, path_usage, path_help, &status))
		return status;
	puts(found.path);
	return flush(argv[0]);
}

static const char env_usage[] = "kheaders env [--from FILE [--release R]]";

static const char env_help[] =
	"\n"
	"Print the tree of \"kheaders path\" as variables for a shell to set: those by\n"
	"which bcc, bpftrace, SystemTap and the Makefiles of modules are told of a\n"
	"kernel's headers.\n"
	"\n"
	"Options:\n"
	HELP_FROM
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  eval \"$(kheaders env)\"\n"
	"\n"
	"Exit status: as that of \"kheaders path\".\n";

int cmd_env(int argc, char **argv)
{
	struct found found;
	int status;
	size_t i;

	if (find(&found, TAKES_FROM, argc, argv, env_usage, env_help, &status))
		return status;
	/* Neither has a quote in it. */
	for (i = 0; i < ARRAY_SIZE(variables); i++)
		printf("export %s='%s'\n", variables[i].name, value(&found, i));
	return flush(argv[0]);
}

static const char exec_usage[] =
	"kheaders exec [--from FILE [--release R]] [--] COMMAND [ARGUMENT...]";

static const char exec_help[] =
	"\n"
	"Start COMMAND with the variables that \"kheaders env\" prints.\n"
	"\n"
	"Options:\n"
	HELP_FROM
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  kheaders exec -- bpftrace script.bt\n"
	"\n"
	"Exit status: that of COMMAND, or as that of \"kheaders path\", or 126 if COMMAND\n"
	"can't be started, or 127 if there is none.\n";

int cmd_exec(int argc, char **argv)
{
	struct found found;
	int status;
	size_t i;

	if (find(&found, TAKES_FROM | TAKES_OPERANDS, argc, argv, exec_usage, exec_help, &status))
		return status;
	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		if (setenv(variables[i].name, value(&found, i), 1))
			return fail_memory(argv[0]);
	}
	umask(umask_of_caller);
	interrupt_end();
	execvp(found.operands[0], found.operands);
	status = errno == ENOENT ? 127 : 126;
	fail(found.operands[0], strerror(errno), "name a command");
	return status;
}
