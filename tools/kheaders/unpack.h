/* SPDX-License-Identifier: GPL-2.0-only */
/* Compressed data in memory: all that the kernel's build makes. */
#ifndef KHEADERS_UNPACK_H
#define KHEADERS_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

struct format;

/*
 * Returns where, from @from on, something compressed may begin in @data, and in @format
 * what that is; or @size, if there is nothing more.
 */
size_t next_packed(const unsigned char *data, size_t size, size_t from,
		   const struct format **format);

/* What may be compressed at the first byte of @data, or NULL. */
const struct format *packed_at(const unsigned char *data, size_t size);

/* Where unpacked data goes. */
struct buffer {
	unsigned char *data;	/* to be freed by the caller */
	size_t size;
	size_t room;		/* bytes at @data */
	size_t max;		/* that @size may become */
	bool full;		/* there was more */
};

/*
 * Appends to @out what is packed at @data, as far as it can be unpacked: other data
 * may follow, and the end may be missing. In @read, how much of @size that took.
 * Returns 0 or -ENOMEM.
 */
int unpack(const struct format *format, const unsigned char *data, size_t size,
	   struct buffer *out, size_t *read);

#endif
