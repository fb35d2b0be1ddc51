/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a kernel image, and what is compressed in it. */
#ifndef KHEADERS_IMAGE_H
#define KHEADERS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the regular file @name. Returns 0, or an exit status if it can't be read and
 * has been complained about. @data is to be freed.
 */
int image_read(const char *name, unsigned char **data, size_t *size);

/* The same for an open file of @size bytes, or less. Returns 0, or -errno. */
int image_read_fd(int fd, size_t size, unsigned char **data, size_t *got);

struct image_search {
	/* Whether what is looked for is in @image, which may go after the call. */
	bool (*look)(const unsigned char *image, size_t size, void *arg);
	void *arg;
	size_t room_max;	/* for what is unpacked, in bytes at a time */
	uint64_t work_max;	/* bytes that are unpacked, and to what, in all */
	bool gave_up;		/* these were not enough for all of it */
};

/*
 * Shows @image and then all that is compressed in it to ->look, until that returns
 * true. Returns 1 then, 0 if it never did, or -ENOMEM.
 */
int image_search(struct image_search *search, const unsigned char *image, size_t size);

#endif
