// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes what "kheaders symvers" does with an image: unpacking, and reading the table of
 * symbols; and with a module. Nothing in these may lead outside of them, and what is read
 * must be fit to print. tool.bats gives it the images of image.c, plain and packed, and the
 * modules of module.S, to begin with.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../../kheaders/image.h"
#include "../../../kheaders/module.h"
#include "../../../kheaders/symvers.h"

static void check_symbol(const struct symvers_symbol *symbol)
{
	size_t length = strlen(symbol->name);

	if (!length || length >= 512 || strpbrk(symbol->name, "\t\n \x1b"))
		abort();
	if (symbol->namespace && strpbrk(symbol->namespace, "\t\n\x1b"))
		abort();
}

static void check(struct symvers *sv, const unsigned char *image, size_t size)
{
	const char *begin = (const char *)image, *end = begin + size;
	struct symvers_symbol symbol;
	size_t i;

	for (i = 0; symvers_get(sv, i, &symbol); i++) {
		if (symbol.name < begin || symbol.name >= end)
			abort();
		check_symbol(&symbol);
	}
	/* An image with a table, but without a symbol, has none. */
	if (!i)
		abort();
}

static bool look(const unsigned char *image, size_t size, void *arg)
{
	struct symvers sv;
	size_t mark;

	(void)arg;
	for (mark = symvers_mark(image, size, 0); mark < size;
	     mark = symvers_mark(image, size, mark + 1)) {
		if (!symvers_open(&sv, image, size, mark)) {
			check(&sv, image, size);
			symvers_close(&sv);
		}
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_search search = {
		.look = look,
		.room_max = 1 << 20,
		.work_max = 4 << 20,
	};

	struct module module;
	size_t i;

	image_search(&search, data, size);
	if (!module_read(&module, data, size)) {
		for (i = 0; i < module.export_count; i++)
			check_symbol(&module.exports[i]);
		module_free(&module);
	}
	return 0;
}
