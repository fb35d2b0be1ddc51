/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel and the archive of its headers: the running one, or one in a file. */
#ifndef KHEADERS_KERNEL_H
#define KHEADERS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#define RELEASE_MAX	65		/* of utsname */
#define ID_MAX		17
#define DIGEST_MAX	65		/* SHA-256, in hexadecimal digits */

struct kernel {
	const char *name;		/* of the file with the archive */
	bool running;
	char release[RELEASE_MAX];
	char id[ID_MAX];		/* "" if the archive has none */
	unsigned char *archive;		/* NULL before kernel_load() */
	size_t size;
	char digest[DIGEST_MAX];	/* "" before kernel_load(), if running */
	char *symvers;			/* lines of Module.symvers beside it in an image, or NULL */
};

/* What the arguments of a command say of a kernel. */
struct kernel_choice {
	const char *from;		/* a file, or NULL: the running kernel */
	const char *release;		/* or NULL */
};

/*
 * Finds out which kernel that is. Reads the archive only of one in a file. Returns 0, or
 * an exit status, having said why.
 */
int kernel_open(struct kernel *kernel, const struct kernel_choice *choice);

/*
 * Finds out the id of the running kernel where only kheaders.ko has one: root loads that for
 * a moment.
 */
void kernel_ask_module(struct kernel *kernel);

/* Reads the archive, if it is not read yet. Returns 0, or an exit status, having said why. */
int kernel_load(struct kernel *kernel);

void kernel_close(struct kernel *kernel);

/* Puts the SHA-256 of @data in @digest. */
void sha256(const void *data, size_t size, char digest[DIGEST_MAX]);

/* Whether @release could be that of a kernel, and not a path elsewhere. */
bool release_is_sane(const char *release);

#endif
