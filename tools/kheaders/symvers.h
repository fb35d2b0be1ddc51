/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The symbols that a kernel exports, read from its image in memory, by the table
 * that ../../kernel/kheaders.h describes. Nothing in an image is trusted.
 */
#ifndef KHEADERS_SYMVERS_H
#define KHEADERS_SYMVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No kernel comes near; they keep a made-up table from taking all time and memory. */
#define SYMVERS_MAX		250000	/* symbols in a table */
#define SYMVERS_STRING_MAX	512	/* the kernel's KSYM_NAME_LEN */

/* Private to symvers.c. */
struct symvers_table {
	uint64_t begin, crcs, flags;	/* offsets in the image; 0: none */
	size_t count;
	bool gpl_only;			/* if there are no flags */
	uint64_t *target;		/* of each pointer, if relocations tell it */
};

struct symvers {
	const unsigned char *image;
	size_t size;
	uint64_t order;			/* where ORDER is in the image, */
	uint64_t address;		/* and in the kernel */
	unsigned int pointers;
	unsigned int absolute;
	bool namespace_first;		/* in the kernel's own Module.symvers */
	bool distances;
	bool big_endian;
	bool outside;			/* something was not in the image */
	struct symvers_table table[2];
};

struct symvers_symbol {
	uint32_t crc;			/* 0 without CONFIG_MODVERSIONS */
	const char *name;		/* both are where it was read */
	const char *namespace;		/* "": in none; NULL: this kernel knows none */
	bool gpl_only;
};

/*
 * Whether that can be a symbol, or what a line or a terminal does not mind: a namespace
 * can be more than a name. Neither is NULL.
 */
bool symvers_is_name(const char *s);
bool symvers_is_printable(const char *s);

/*
 * Returns where the next mark of a table is in @image, from @from on, or @size if
 * there is none.
 */
size_t symvers_mark(const void *image, size_t size, size_t from);

/*
 * Reads the table whose mark is at @mark. @image must stay as long as @sv is used.
 * Returns 0, and symvers_close() is to be called; or
 *
 *	-EINVAL		this is no table
 *	-EBADMSG	what it leads to is not in the image, or no symbols
 *	-ENODATA	the pointers are in relocations, which are not in the image
 *	-ENOTSUP	they are in relocations, and the table does not tell where
 *	-ENOMEM
 */
int symvers_open(struct symvers *sv, const void *image, size_t size, size_t mark);
void symvers_close(struct symvers *sv);

/* Puts symbol @i, from 0, in @symbol. False: there are no more. */
bool symvers_get(struct symvers *sv, size_t i, struct symvers_symbol *symbol);

#endif
