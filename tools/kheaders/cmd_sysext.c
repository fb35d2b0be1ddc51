// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders sysext: what "kheaders install" makes, as an extension that systemd-sysext
 * puts over a read-only /usr.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "directory.h"
#include "install.h"
#include "interrupt.h"

#define SQUASHFS	".raw"
#define RELEASES	"usr/lib/extension-release.d"

static const char usage[] = "kheaders sysext [--from FILE [--release R]] DIR|FILE.raw";

static const char help[] =
	"\n"
	"Make a system extension with the tree for the running kernel: the directory\n"
	"DIR, or the squashfs FILE.raw (which needs mksquashfs). It is for this version\n"
	"of the operating system alone. In /run/extensions it is gone after the next\n"
	"boot, when another kernel may run.\n"
	"\n"
	"Options:\n"
	HELP_FROM
	"  -h, --help       print this\n"
	"\n"
	"Example:\n"
	"  kheaders sysext /run/extensions/kheaders && systemd-sysext refresh\n"
	"\n"
	"Exit status: 0, or 1 if it can't be made, or 2 if the command was called in a\n"
	"wrong way, or 3 if the kernel carries no headers.\n";

struct extension {
	struct place place;		/* the directory that it will be in */
	char file[NAME_MAX + 1];	/* its name there */
	char name[NAME_MAX + 1];	/* that without .raw */
	bool squashfs;
	int fd;				/* of place's PLACE_NEW */
};

static int make_directories(struct extension *e, const char *path)
{
	char directory[PATH_MAX];
	const char *slash = path;

	do {
		slash = strchr(slash + 1, '/');
		snprintf(directory, sizeof(directory), "%.*s",
			 slash ? (int)(slash - path) : PATH_MAX - 1, path);
		if (mkdirat(e->fd, directory, 0755) && errno != EEXIST)
			return place_error(&e->place, path);
	} while (slash);
	return 0;
}

/* Copies the lines by which systemd-sysext finds out whether it fits. */
static int write_release(struct extension *e)
{
	static const char *const keys[] = { "ID=", "VERSION_ID=", "SYSEXT_LEVEL=" };
	char text[16384], path[PATH_MAX];
	const char *line;
	bool ok = true;
	size_t i;
	int fd;

	if (directory_read(AT_FDCWD, "/etc/os-release", text, sizeof(text)) < 0 &&
	    directory_read(AT_FDCWD, "/usr/lib/os-release", text, sizeof(text)) < 0)
		return fail("/usr/lib/os-release", "cannot be read",
			    "systemd-sysext needs that file, too");
	snprintf(path, sizeof(path), RELEASES "/extension-release.%s", e->name);
	fd = openat(e->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return place_error(&e->place, e->name);
	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		for (i = 0; i < ARRAY_SIZE(keys); i++) {
			if (!strncmp(line, keys[i], strlen(keys[i])))
				ok &= dprintf(fd, "%.*s\n", (int)strcspn(line, "\n"), line) > 0;
		}
	}
	return !close(fd) && ok ? 0 : place_error(&e->place, e->name);
}

static int fill(struct extension *e, struct kernel *kernel)
{
	const struct tree_options options = { .root = "", .prepare = true };
	char path[PATH_MAX], name[sizeof(INSTALL_TREE) + RELEASE_MAX], target[PATH_MAX];
	struct place trees;
	int ret;

	snprintf(path, sizeof(path), "usr/lib/modules/%s", kernel->release);
	snprintf(name, sizeof(name), INSTALL_TREE "%s", kernel->release);
	snprintf(target, sizeof(target), INSTALL_TREES "/%s", name);
	ret = make_directories(e, "usr/src");
	if (!ret)
		ret = make_directories(e, path);
	if (!ret)
		ret = make_directories(e, RELEASES);
	if (ret)
		return ret;
	strcat(path, "/" INSTALL_LINK);
	if (symlinkat(target, e->fd, path))
		return place_error(&e->place, path);
	ret = write_release(e);
	if (ret)
		return ret;
	trees = (struct place) { .directory = openat(e->fd, "usr/src", O_RDONLY | O_CLOEXEC) };
	snprintf(trees.path, sizeof(trees.path), "%.*s/%s/usr/src", PATH_MAX - NAME_MAX - 16,
		 e->place.path, e->file);
	if (trees.directory < 0)
		return place_error(&e->place, "");
	ret = place_lock(&trees);
	if (!ret) {
		ret = tree_make(&trees, name, kernel, &options);
		place_unlock(&trees);
	}
	close(trees.directory);
	return ret;
}

/* Asked before the work is done. */
static int need_mksquashfs(const char *operand)
{
	const char *path = getenv("PATH");
	/* Without one, execlp(3) looks there. */
	char *copy = strdup(path ? path : "/bin:/usr/bin"), *next = copy;
	char *directory, program[PATH_MAX];
	bool found = false;

	while (!found && (directory = strsep(&next, ":"))) {
		snprintf(program, sizeof(program), "%s/mksquashfs", directory);
		found = !access(program, X_OK);
	}
	free(copy);
	return found ? 0 : fail(operand, "there is no mksquashfs here",
				"install it (package squashfs-tools), or name a directory");
}

/* Packs PLACE_NEW, which becomes the squashfs. */
static int squash(struct extension *e)
{
	int status;
	pid_t pid = interrupt_fork();

	if (!pid) {
		if (fchdir(e->place.work))
			_exit(1);
		execlp("mksquashfs", "mksquashfs", PLACE_NEW, "squashfs", "-quiet", "-no-progress",
		       "-all-root", "-noappend", NULL);
		_exit(127);
	}
	status = pid < 0 ? -1 : interrupt_wait(pid);
	if (interrupted())
		return place_error(&e->place, "");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail(e->place.path, "mksquashfs failed",
			    "is there room? or name a directory");
	if (!directory_remove(e->place.work, PLACE_NEW) ||
	    renameat(e->place.work, "squashfs", e->place.work, PLACE_NEW))
		return place_error(&e->place, "");
	return 0;
}

static int make(struct extension *e, struct kernel *kernel)
{
	int ret;

	if (mkdirat(e->place.work, PLACE_NEW, 0755))
		return place_error(&e->place, "");
	e->fd = openat(e->place.work, PLACE_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->fd < 0)
		return place_error(&e->place, "");
	ret = fill(e, kernel);
	close(e->fd);
	if (!ret && e->squashfs)
		ret = squash(e);
	if (!ret)
		ret = place_put(&e->place, e->file);
	return ret;
}

/* Whether @operand is a name for an extension; then ->place and all names are set. */
static int take_name(struct extension *e, const char *operand)
{
	char copy[PATH_MAX], *base, *absolute;
	size_t length, suffix = strlen(SQUASHFS);

	if (strlen(operand) >= sizeof(copy))
		return fail(operand, strerror(ENAMETOOLONG), "name another");
	snprintf(copy, sizeof(copy), "%s", operand);
	base = basename(copy);
	length = strlen(base);
	if (*base == '.' || *base == '/' || length > NAME_MAX)
		return fail(operand, "is not a name for an extension", "name another");
	snprintf(e->file, sizeof(e->file), "%s", base);
	memcpy(e->name, e->file, sizeof(e->name));
	e->squashfs = length > suffix && !strcmp(base + length - suffix, SQUASHFS);
	if (e->squashfs)
		e->name[length - suffix] = '\0';
	snprintf(copy, sizeof(copy), "%s", operand);
	absolute = realpath(dirname(copy), NULL);
	if (!absolute)
		return fail(operand, strerror(errno), "make the directory that it is to be in");
	snprintf(e->place.path, sizeof(e->place.path), "%s", absolute);
	free(absolute);
	e->place.directory = directory_open("", e->place.path, DIRECTORY_MAKE);
	if (e->place.directory < 0)
		return STATUS_FAILED;
	if (!directory_lacks(e->place.directory, e->file)) {
		close(e->place.directory);
		return fail(operand, "is there", "remove it, or name another");
	}
	return 0;
}

int cmd_sysext(int argc, char **argv)
{
	struct extension e = { .fd = -1 };
	struct arguments args;
	struct kernel kernel;
	int ret;

	if (!arguments_read(&args, TAKES_FROM | TAKES_OPERANDS, argc, argv, usage, help, &ret))
		return ret;
	if (!args.operands[0] || args.operands[1]) {
		fprintf(stderr, "Usage: %s\n", usage);
		return STATUS_USAGE;
	}
	ret = take_name(&e, args.operands[0]);
	if (!ret && e.squashfs)
		ret = need_mksquashfs(args.operands[0]);
	if (ret)
		return ret;
	ret = kernel_open(&kernel, &args.choice);
	if (!ret)
		ret = place_lock(&e.place);
	if (!ret) {
		ret = make(&e, &kernel);
		directory_empty(e.place.work, ".");
		place_unlock(&e.place);
	}
	kernel_close(&kernel);
	close(e.place.directory);
	if (!ret)
		printf("%s: made\n", args.operands[0]);
	return ret ? ret : flush(argv[0]);
}
