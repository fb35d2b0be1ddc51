/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of Module.symvers, and the kernel's own. */
#ifndef KHEADERS_LINES_H
#define KHEADERS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "symvers.h"

/* The lines of the kernel that runs. */
#define LINES_PROC	"/proc/kheaders.symvers"

struct line {
	struct symvers_symbol symbol;
	const char *module;
};

struct lines {
	struct line *line;
	size_t count;
	bool namespaces;	/* there is a column of them: since Linux 5.4 */
	bool namespace_first;	/* it is before that of modules: in some versions */
	char *text;		/* that the strings above are in */
};

/* Those of the kernel that runs. Returns 0, or an exit status, having said why. */
int lines_of_running(struct lines *lines);

/*
 * Those of the kernel in @image, which is read from the file @name: in a kernel image, or
 * in a copy of /proc/kheaders.symvers. Returns 0, or an exit status, having said why.
 */
int lines_of_image(struct lines *lines, const char *name, const unsigned char *image,
		   size_t size);

/*
 * Puts them in @text, which is to be freed, if they are in @image as it is, with nothing
 * unpacked; otherwise NULL. Returns 0, or -ENOMEM.
 */
int lines_find(char **text, const unsigned char *image, size_t size);

/* Those in @text, which is theirs from then on. Returns as lines_of_image() does. */
int lines_of_text(struct lines *lines, const char *name, char *text);

void lines_free(struct lines *lines);

/* Writes a line with the columns that @lines has. */
void line_write(FILE *out, const struct lines *lines, const struct symvers_symbol *symbol,
		const char *module);

#endif
