// SPDX-License-Identifier: GPL-2.0-only
/* kheaders verify: compares a tree with the archive that it was made of. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
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
#include "image.h"
#include "install.h"

#define PROGRAM_MAX	(64 << 20)

static const char usage[] = "kheaders verify [--from FILE [--release R]] [TREE]";

static const char help[] =
	"\n"
	"Compare TREE, or else /usr/src/linux-headers-RELEASE, file by file with the\n"
	"headers that the running kernel carries. Prints each file that differs, is\n"
	"missing, or is in neither the kernel's headers nor made from them. A host\n"
	"program that was built on this machine has to be as it was then.\n"
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

static bool is_program(const unsigned char *data, size_t size)
{
	return size > SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

/* What the line of the program @path ends with, or "". */
static void built_as(const struct comparison *c, const char *path, char digest[DIGEST_MAX])
{
	size_t length = strlen(path), end;
	const char *line;

	digest[0] = '\0';
	for (line = c->built; *line; line += end, line += *line == '\n') {
		end = strcspn(line, "\n");
		if (!strncmp(line, path, length) && line[length] == ':' && end >= DIGEST_MAX)
			snprintf(digest, DIGEST_MAX, "%s", line + end - (DIGEST_MAX - 1));
	}
}

/*
 * NULL if the file is a host program as it was when it was built here; else what is wrong
 * with it, which is @wrong if nothing is known of it.
 */
static const char *excuse(const struct comparison *c, const char *path, const char *wrong)
{
	char built[DIGEST_MAX], digest[DIGEST_MAX];
	unsigned char *data = NULL;
	struct stat st;
	size_t size;
	int fd;

	built_as(c, path, built);
	if (strspn(built, "0123456789abcdef") != DIGEST_MAX - 1)
		return wrong;
	fd = openat(c->tree, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return wrong;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= PROGRAM_MAX &&
	    !image_read_fd(fd, st.st_size, &data, &size)) {
		if (is_program(data, size)) {
			sha256(data, size, digest);
			wrong = strcmp(digest, built) ? "was changed after it was built here" :
				NULL;
		}
		free(data);
	}
	close(fd);
	return wrong;
}

/* A file can shrink meanwhile, which would end this program if it were mapped. */
static const char *compare_data(int fd, const struct member *m)
{
	char block[16384];
	size_t done = 0;
	ssize_t got;

	while (done < m->size) {
		got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return "cannot be read";
		if (!got || (size_t)got > m->size - done || memcmp(block, m->data + done, got))
			return "differs";
		done += got;
	}
	return NULL;
}

/* What is wrong with the file, or NULL. */
static const char *compare(int tree, const struct member *m)
{
	int fd = openat(tree, m->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *wrong = "differs";
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? "is missing" : "cannot be read";
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (size_t)st.st_size == m->size)
		wrong = compare_data(fd, m);
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

static int check(const struct member *m, void *arg)
{
	struct comparison *c = arg;
	const char *wrong = compare(c->tree, m);
	int ret = 0;

	if (wrong && is_program(m->data, m->size))
		wrong = excuse(c, m->path, wrong);
	pthread_mutex_lock(&c->lock);
	if (!remember(c, m->path))
		ret = fail_memory(m->path);
	if (wrong) {
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
	return bsearch(&path, c->known, c->count, sizeof(*c->known), by_name);
}

/* Complains of a file that is not ours. Only when all are compared are all of ours known. */
static bool check_other(const struct directory_entry *entry, void *arg)
{
	struct comparison *c = arg;
	const char *wrong;

	if (entry->is_directory || expected(c, entry->path))
		return true;
	wrong = excuse(c, entry->path, "is not of the kernel");
	if (wrong) {
		printf("%s: %s\n", entry->path, wrong);
		c->wrong++;
	}
	return true;
}

static int look_for_others(struct comparison *c, const char *tree)
{
	qsort(c->known, c->count, sizeof(*c->known), by_name);
	if (directory_walk(c->tree, check_other, c))
		return 0;
	return fail(tree, strerror(errno), "try as root");
}

static int verify(struct kernel *kernel, const char *tree)
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
