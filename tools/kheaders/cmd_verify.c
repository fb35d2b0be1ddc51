// SPDX-License-Identifier: GPL-2.0-only
/* kheaders verify: compares a tree with the archive that it was made of. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "members.h"
#include "arguments.h"
#include "command.h"
#include "directory.h"
#include "install.h"

static const char usage[] = "kheaders verify [--from FILE [--release R]] [TREE]";

static const char help[] =
	"\n"
	"Compare TREE, or else /usr/src/linux-headers-RELEASE, file by file with the\n"
	"headers that the running kernel carries. Prints each file that differs, is\n"
	"missing, or is in neither the kernel's headers nor made from them.\n"
	"\n"
	"Options:\n"
	"      --from FILE  compare with the headers in FILE: a kernel image,\n"
	"                   kheaders.ko or kheaders.tar.xz\n"
	HELP_RELEASE
	"  -h, --help       print this\n"
	"\n"
	"Exit status: 0 if all files are those of the kernel, or 1 if not, or 2 if the\n"
	"command was called in a wrong way, or 3 if the kernel carries no headers.\n";

/* The tree's own list of the host programs that were built where it is. */
#define BUILT "scripts/kheaders/built"

/* What "make" and kheaders add to a tree. */
static const char *const added[] = {
	NOTE_FILE,
	"Module.symvers",
	"vmlinux",
	BUILT,
	"scripts/kheaders/no-sign-file",
	"scripts/kheaders/vmlinux.id",
	"scripts/kheaders/vmlinux.pahole",
};

struct comparison {
	int tree;
	char *built;		/* host programs that were built here, a line for each */
	pthread_mutex_t lock;
	char **known;		/* all paths of the archive */
	size_t count, room;
	size_t wrong;
};

static bool was_built(const struct comparison *c, const char *path)
{
	size_t length = strlen(path);
	const char *line;

	for (line = c->built; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!strncmp(line, path, length) && line[length] == ':')
			return true;
	}
	return false;
}

/* Reads it, since a file that gets shorter meanwhile must not end the program. */
static bool holds(int fd, const unsigned char *data, size_t size)
{
	unsigned char part[1 << 16];
	ssize_t got;

	while (size) {
		got = read(fd, part, size < sizeof(part) ? size : sizeof(part));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || memcmp(part, data, got))
			return false;
		data += got;
		size -= got;
	}
	return true;
}

/* What is wrong with the file, or NULL. */
static const char *compare(int tree, const struct member *m)
{
	int fd = openat(tree, m->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *wrong = NULL;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? "is missing" : "cannot be read";
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size != m->size ||
	    !holds(fd, m->data, m->size))
		wrong = "differs";
	close(fd);
	return wrong;
}

static bool remember(struct comparison *c, const char *path)
{
	char **known;

	if (c->count == c->room) {
		known = realloc(c->known, (c->room + 4096) * sizeof(*known));
		if (!known)
			return false;
		c->known = known;
		c->room += 4096;
	}
	c->known[c->count] = strdup(path);
	return c->known[c->count++];
}

static bool is_program(const struct member *m)
{
	return m->size > 4 && !memcmp(m->data, "\177ELF", 4);
}

/* Not what is wrong, but nothing that can be compared, either. */
static void show_built(const char *path)
{
	printf("%s: was built on this machine, says " BUILT "\n", path);
}

static int check(const struct member *m, void *arg)
{
	struct comparison *c = arg;
	const char *wrong = compare(c->tree, m);
	bool built = wrong && is_program(m) && was_built(c, m->path);
	int ret = 0;

	pthread_mutex_lock(&c->lock);
	if (!remember(c, m->path))
		ret = fail_memory(m->path);
	if (built) {
		show_built(m->path);
	} else if (wrong) {
		printf("%s: %s\n", m->path, wrong);
		c->wrong++;
	}
	pthread_mutex_unlock(&c->lock);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool expected(const struct comparison *c, const char *path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(added); i++) {
		if (!strcmp(path, added[i]))
			return true;
	}
	if (bsearch(&path, c->known, c->count, sizeof(*c->known), by_name))
		return true;
	if (!was_built(c, path))
		return false;
	show_built(path);
	return true;
}

/* Looks for files that are not ours. Only now are all of ours known. */
static int look_for_others(struct comparison *c, char *tree)
{
	char *const roots[] = { tree, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t skip = strlen(tree);
	FTSENT *entry;

	qsort(c->known, c->count, sizeof(*c->known), by_name);
	while (fts && (errno = 0, entry = fts_read(fts))) {
		const char *path = entry->fts_path + skip;

		path += strspn(path, "/");
		if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP || expected(c, path))
			continue;
		printf("%s: is not of the kernel\n", path);
		c->wrong++;
	}
	if (!fts || errno)
		return fail(tree, strerror(errno), "try as root");
	fts_close(fts);
	return 0;
}

static int verify(struct kernel *kernel, char *tree)
{
	struct comparison c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	char built[16384] = "";
	size_t i;
	int ret;

	c.built = built;
	c.tree = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.tree < 0)
		return fail(tree, strerror(errno),
			    "\"kheaders install\" makes a tree, or name one");
	directory_read(c.tree, BUILT, built, sizeof(built));
	ret = kernel_load(kernel);
	if (!ret)
		ret = members_each(kernel->name, kernel->archive, kernel->size, check, &c);
	if (!ret)
		ret = look_for_others(&c, tree);
	if (!ret)
		printf("%s: %zu files of Linux %s compared, %zu differ\n", tree, c.count,
		       kernel->release, c.wrong);
	for (i = 0; i < c.count; i++)
		free(c.known[i]);
	free(c.known);
	close(c.tree);
	if (!ret)
		ret = flush(tree);
	return ret ? ret : c.wrong ? STATUS_FAILED : 0;
}

int cmd_verify(int argc, char **argv)
{
	char tree[PATH_MAX];
	struct arguments args;
	struct kernel kernel;
	int ret;

	if (!arguments_read(&args, TAKES_FROM | TAKES_OPERANDS, argc, argv, usage, help, &ret))
		return ret;
	if (args.operands[0] && args.operands[1]) {
		fprintf(stderr, "Usage: %s\n", usage);
		return STATUS_USAGE;
	}
	ret = kernel_open(&kernel, &args.choice);
	if (!ret) {
		snprintf(tree, sizeof(tree), INSTALL_TREES "/" INSTALL_TREE "%s", kernel.release);
		ret = verify(&kernel, args.operands[0] ? args.operands[0] : tree);
	}
	kernel_close(&kernel);
	return ret;
}
