// SPDX-License-Identifier: GPL-2.0-only
/* See symvers_xz.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "complete.h"
#include "directory.h"
#include "install.h"
#include "symvers_xz.h"

#define NEW		"." SYMVERS_XZ ".kheaders"
#define FILE_MAX	(16 << 20)

static int explain(const char *root, const char *release)
{
	char shown[2 * PATH_MAX];

	snprintf(shown, sizeof(shown), "%s" INSTALL_MODULES "/%s/" SYMVERS_XZ, root, release);
	return fail(shown, strerror(errno), "try as root, and look for room there");
}

/* The digest of the one that is there; "": none, or one that can't be ours. */
static void read_digest(int directory, char digest[DIGEST_MAX])
{
	char *data = malloc(FILE_MAX);
	ssize_t size = data ? directory_read(directory, SYMVERS_XZ, data, FILE_MAX) : -1;

	digest[0] = '\0';
	if (size >= 0)
		sha256(data, size, digest);
	free(data);
}

static bool write_file(int directory, const char *data, size_t size)
{
	int fd;
	bool ok;

	unlinkat(directory, NEW, 0);
	fd = openat(directory, NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	ok = write_all(fd, data, size) && !fsync(fd);
	if (close(fd))
		ok = false;
	if (!ok) {
		int err = errno;

		unlinkat(directory, NEW, 0);
		errno = err;
	}
	return ok;
}

static int pack(const char *text, size_t size, char **data, size_t *packed)
{
	FILE *out = open_memstream(data, packed);
	int ret = out ? complete_pack(out, text, size) : fail_memory(SYMVERS_XZ);

	if (out && fclose(out) && !ret)
		ret = fail_memory(SYMVERS_XZ);
	return ret;
}

int symvers_xz_write(struct symvers_xz *xz, const char *root, const char *release,
		     const char *text, size_t size, const char *ours)
{
	char path[PATH_MAX], there[DIGEST_MAX], *data = NULL;
	size_t packed;
	int ret;

	snprintf(path, sizeof(path), INSTALL_MODULES "/%s", release);
	xz->directory = directory_open(root, path, DIRECTORY_MAKE);
	if (xz->directory < 0)
		return STATUS_FAILED;
	ret = pack(text, size, &data, &packed);
	if (!ret)
		sha256(data, packed, xz->digest);
	read_digest(xz->directory, there);
	if (!ret && !directory_lacks(xz->directory, SYMVERS_XZ) &&
	    strcmp(there, xz->digest) && (!*ours || strcmp(there, ours))) {
		xz->digest[0] = '\0';
	} else if (!ret && !write_file(xz->directory, data, packed)) {
		ret = explain(root, release);
		xz->digest[0] = '\0';
	}
	free(data);
	return ret;
}

int symvers_xz_end(struct symvers_xz *xz, bool good)
{
	int ret = 0;

	if (xz->directory < 0)
		return 0;
	if (xz->digest[0] && !good)
		unlinkat(xz->directory, NEW, 0);
	else if (xz->digest[0] && renameat(xz->directory, NEW, xz->directory, SYMVERS_XZ))
		ret = fail(SYMVERS_XZ, strerror(errno), "try as root");
	close(xz->directory);
	return ret;
}

int symvers_xz_remove(int directory, const char *digest, const char *shown)
{
	char there[DIGEST_MAX];

	/* One that was killed left it. */
	unlinkat(directory, NEW, 0);
	read_digest(directory, there);
	if (!*digest || strcmp(there, digest))
		return 0;
	if (unlinkat(directory, SYMVERS_XZ, 0))
		return fail(shown, strerror(errno), "try as root");
	printf("%s: removed\n", shown);
	return 0;
}
