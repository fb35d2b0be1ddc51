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

/* Whether the system has a tree of @kernel where all look; then in @path where. */
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

static int find(const struct arguments *args, char path[PATH_MAX], char release[RELEASE_MAX])
{
	struct kernel kernel;
	int ret = kernel_open(&kernel, &args->choice);

	/* Without an id, only the archive tells which build it is. */
	if (!ret && !kernel.id[0])
		ret = kernel_load(&kernel);
	if (!ret && !installed(&kernel, path))
		ret = cache_get(&kernel, path);
	snprintf(release, RELEASE_MAX, "%s", kernel.release);
	kernel_close(&kernel);
	return ret;
}

static const char path_usage[] = "kheaders path [--from FILE [--release R]]";

static const char path_help[] =
	"\n"
	"Print the directory of a tree in which modules for the running kernel can be\n"
	"built. If none is installed, one is made in /var/lib/kheaders or, for users\n"
	"other than root, in their own cache directory, once for each kernel.\n"
	"\n"
	"Options:\n"
	"      --from FILE  take the headers in FILE, in place of the running kernel's: a\n"
	"                   kernel image, kheaders.ko or kheaders.tar.xz\n"
	"      --release R  the release of that kernel, if FILE does not say it\n"
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  make -C $(kheaders path) M=$PWD modules\n"
	"\n"
	"Exit status: 0, or 1 if there is no such tree and none can be made, or 2 if the\n"
	"command was called in a wrong way, or 3 if the kernel carries no headers.\n";

int cmd_path(int argc, char **argv)
{
	char path[PATH_MAX], release[RELEASE_MAX];
	struct arguments args;
	int ret;

	if (!arguments_read(&args, TAKES_FROM, argc, argv, path_usage, path_help, &ret))
		return ret;
	ret = find(&args, path, release);
	if (ret)
		return ret;
	puts(path);
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
	"      --from FILE  take the headers in FILE, in place of the running kernel's: a\n"
	"                   kernel image, kheaders.ko or kheaders.tar.xz\n"
	"      --release R  the release of that kernel, if FILE does not say it\n"
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  eval \"$(kheaders env)\"\n"
	"\n"
	"Exit status: as that of \"kheaders path\".\n";

int cmd_env(int argc, char **argv)
{
	char path[PATH_MAX], release[RELEASE_MAX];
	struct arguments args;
	size_t i;
	int ret;

	if (!arguments_read(&args, TAKES_FROM, argc, argv, env_usage, env_help, &ret))
		return ret;
	ret = find(&args, path, release);
	if (ret)
		return ret;
	/* Neither has a quote in it. */
	for (i = 0; i < ARRAY_SIZE(variables); i++)
		printf("export %s='%s'\n", variables[i].name,
		       variables[i].release ? release : path);
	return flush(argv[0]);
}

static const char exec_usage[] =
	"kheaders exec [--from FILE [--release R]] [--] COMMAND [ARGUMENT...]";

static const char exec_help[] =
	"\n"
	"Start COMMAND with the variables that \"kheaders env\" prints.\n"
	"\n"
	"Options:\n"
	"      --from FILE  take the headers in FILE, in place of the running kernel's: a\n"
	"                   kernel image, kheaders.ko or kheaders.tar.xz\n"
	"      --release R  the release of that kernel, if FILE does not say it\n"
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  kheaders exec -- bpftrace script.bt\n"
	"\n"
	"Exit status: that of COMMAND, or as that of \"kheaders path\", or 126 if COMMAND\n"
	"can't be started, or 127 if there is none.\n";

int cmd_exec(int argc, char **argv)
{
	char path[PATH_MAX], release[RELEASE_MAX];
	struct arguments args;
	size_t i;
	int ret;

	if (!arguments_read(&args, TAKES_FROM | TAKES_OPERANDS, argc, argv, exec_usage,
			    exec_help, &ret))
		return ret;
	if (!*args.operands) {
		fprintf(stderr, "Usage: %s\n", exec_usage);
		return STATUS_USAGE;
	}
	ret = find(&args, path, release);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		if (setenv(variables[i].name, variables[i].release ? release : path, 1))
			return fail_memory(argv[0]);
	}
	umask(umask_of_caller);
	interrupt_end();
	execvp(args.operands[0], args.operands);
	ret = errno == ENOENT ? 127 : 126;
	fail(args.operands[0], strerror(errno), "name a command");
	return ret;
}
