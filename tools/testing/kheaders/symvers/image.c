// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes an image with two exported symbols, in the layout of kernel/kheaders.h, to standard
 * output. Usage:
 *
 *	symvers_image [NAME=VALUE...]
 *
 *	order=little|big
 *	pointers=3|2		in a symbol; with 2, there are no namespaces
 *	absolute=0|4|8		bytes of a pointer
 *	gpl=table|flags		how the second symbol is marked as GPL-only
 *	namespace=empty|null	what the second symbol has for none
 *	columns=last|first	where Module.symvers of this kernel has namespaces
 *	crcs=values|distances
 *	kernel=fixed		and relocatable ones: their pointers are
 *		inplace			in the image, too
 *		relocated|endless	in relocations that it tells the end of, or not
 *		stripped		in relocations that are not in the image
 *		old			in relocations that it does not tell of
 *	FIELD=NUMBER		a field of the table, to be wrong, such as GPL.END
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../../kernel/kheaders.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Offsets in the image. */
#define MARK		1000
#define ORDER		(MARK + KHEADERS_SV_ORDER)
#define SYMBOLS		1100
#define FLAGS		1180
#define CRCS		1200
#define CRC_VALUES	4900
#define STRINGS		5000
#define RELOCATIONS	6000
#define SIZE		7000

#define CRC_FIRST	0x89abcdef
#define CRC_SECOND	0x12
#define RELOCATION_TYPE	0x16

/* The second name is the end of a longer string. */
static const char strings[] = "\0first_symbol\0SOME_NS\0second\0";
#define NOTHING		STRINGS
#define FIRST_NAME	(STRINGS + 1)
#define SECOND_NAME	(FIRST_NAME + strlen("first_"))
#define NAMESPACE	(FIRST_NAME + sizeof("first_symbol"))

static unsigned char image[SIZE];
static size_t relocations;

static const char *order = "little", *pointers = "3", *absolute = "0", *gpl = "table";
static const char *namespace = "empty", *crcs = "values", *kernel = "fixed";
static const char *columns = "last";

static const struct {
	const char *name;
	const char **value;
	const char *values[7];
} options[] = {
	{ "order",	&order,		{ "little", "big" } },
	{ "pointers",	&pointers,	{ "2", "3" } },
	{ "absolute",	&absolute,	{ "0", "4", "8" } },
	{ "gpl",	&gpl,		{ "table", "flags" } },
	{ "namespace",	&namespace,	{ "empty", "null" } },
	{ "columns",	&columns,	{ "last", "first" } },
	{ "crcs",	&crcs,		{ "values", "distances" } },
	{ "kernel",	&kernel,	{ "fixed", "inplace", "relocated", "endless",
					  "stripped", "old" } },
};

static const struct {
	const char *name;
	int at;			/* from the mark */
	unsigned int size;
} fields[] = {
#define FIELD(field)	{ #field, KHEADERS_SV_ORDER + KHEADERS_SV_##field, 4 }
#define PART(field, part)						\
	{ #field "." #part,						\
	  KHEADERS_SV_ORDER + KHEADERS_SV_##field + KHEADERS_SV_##part, 4 }
	{ "KIND", KHEADERS_SV_KIND, 1 },
	{ "ORDER", KHEADERS_SV_ORDER, 4 },
	FIELD(ABSOLUTE),
	PART(SYMBOLS, BEGIN), PART(SYMBOLS, END), PART(SYMBOLS, CRCS),
	PART(GPL, BEGIN), PART(GPL, END), PART(GPL, CRCS),
	FIELD(FLAGS),
	FIELD(SELF),
	/* Of a kernel with 64 bits */
	{ "RELOCATIONS.BEGIN",
	  KHEADERS_SV_ORDER + KHEADERS_SV_RELOCATIONS(8) + KHEADERS_SV_BEGIN, 4 },
	{ "RELOCATIONS.END",
	  KHEADERS_SV_ORDER + KHEADERS_SV_RELOCATIONS(8) + KHEADERS_SV_END, 4 },
};

static bool is(const char *option, const char *value)
{
	return !strcmp(option, value);
}

static bool relocated(void)
{
	return !is(kernel, "fixed") && !is(kernel, "inplace");
}

static bool relocatable(void)
{
	return !is(kernel, "fixed") && !is(kernel, "old");
}

static void put(size_t at, uint64_t value, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		image[at + i] = value >> 8 * (is(order, "big") ? size - 1 - i : i);
}

static void put_place(unsigned int field, size_t place)
{
	put(ORDER + field, place ? place - ORDER : 0, 4);
}

static unsigned int pointer_size(void)
{
	return is(absolute, "0") ? 4 : atoi(absolute);
}

static uint64_t address(size_t at)
{
	return at + (is(absolute, "4") ? 0xc0008000 : 0xffffffff81000000);
}

static void put_relocation(size_t at, size_t to)
{
	unsigned int size = pointer_size();
	size_t entry = RELOCATIONS + 3 * size * relocations++;

	put(entry, address(at), size);
	put(entry + size, RELOCATION_TYPE, size);
	put(entry + 2 * size, address(to), size);
}

static void put_pointer(size_t at, size_t to)
{
	if (is(absolute, "0"))
		put(at, to - at, 4);
	else if (!relocated())
		put(at, address(to), pointer_size());
	else
		put_relocation(at, to);
}

static void put_symbol(size_t at, size_t name, size_t its_namespace)
{
	unsigned int size = pointer_size();

	memset(image + at, 0, atoi(pointers) * size);
	put_pointer(at, 123);		/* its value */
	put_pointer(at + size, name);
	if (is(pointers, "3") && its_namespace)
		put_pointer(at + 2 * size, its_namespace);
}

static void put_crc(unsigned int i, uint32_t crc)
{
	size_t at = CRCS + 4 * i;
	size_t value = CRC_VALUES - 4 * i;

	if (is(crcs, "distances")) {
		put(at, value - at, 4);
		at = value;
	}
	put(at, crc, 4);
}

static void put_table(void)
{
	unsigned int self_size = is(absolute, "4") ? 4 : 8;
	unsigned int size = atoi(pointers) * pointer_size();
	unsigned int kind = atoi(pointers);
	unsigned int field = KHEADERS_SV_RELOCATIONS(self_size);

	if (is(crcs, "distances"))
		kind += KHEADERS_SV_DISTANCES;
	if (is(columns, "first"))
		kind += KHEADERS_SV_NAMESPACE_FIRST;
	if (relocatable())
		kind += KHEADERS_SV_RELOCATABLE;
	memcpy(image + MARK, KHEADERS_SYMVERS_MARK, strlen(KHEADERS_SYMVERS_MARK));
	put(MARK + KHEADERS_SV_KIND, kind, 1);
	memset(image + ORDER, 0, field + (relocatable() ? KHEADERS_SV_CRCS : 0));
	put(ORDER, 1, 4);
	put(ORDER + KHEADERS_SV_ABSOLUTE, atoi(absolute), 4);
	put_place(KHEADERS_SV_SYMBOLS + KHEADERS_SV_BEGIN, SYMBOLS);
	put_place(KHEADERS_SV_SYMBOLS + KHEADERS_SV_CRCS, CRCS);
	if (is(gpl, "flags")) {
		put_place(KHEADERS_SV_SYMBOLS + KHEADERS_SV_END, SYMBOLS + 2 * size);
		put_place(KHEADERS_SV_FLAGS, FLAGS);
		image[FLAGS] = 0;
		image[FLAGS + 1] = 1;
	} else {
		put_place(KHEADERS_SV_SYMBOLS + KHEADERS_SV_END, SYMBOLS + size);
		put_place(KHEADERS_SV_GPL + KHEADERS_SV_BEGIN, SYMBOLS + size);
		put_place(KHEADERS_SV_GPL + KHEADERS_SV_END, SYMBOLS + 2 * size);
		put_place(KHEADERS_SV_GPL + KHEADERS_SV_CRCS, CRCS + 4);
	}
	put_symbol(SYMBOLS, FIRST_NAME, NAMESPACE);
	put_relocation(40, 4);		/* for something else */
	put_symbol(SYMBOLS + size, SECOND_NAME, is(namespace, "null") ? 0 : NOTHING);
	put_crc(0, CRC_FIRST);
	put_crc(1, CRC_SECOND);
	if (is(absolute, "0"))
		put(ORDER + KHEADERS_SV_SELF, address(ORDER), 8);
	else
		put_pointer(ORDER + KHEADERS_SV_SELF,
			    ORDER + KHEADERS_SV_AHEAD(kind));
	if (relocatable()) {
		put_place(field + KHEADERS_SV_BEGIN, RELOCATIONS);
		if (!is(kernel, "endless"))
			put_place(field + KHEADERS_SV_END,
				  RELOCATIONS + 3 * pointer_size() * relocations);
	}
	if (is(kernel, "stripped"))
		memset(image + RELOCATIONS, 0, SIZE - RELOCATIONS);
}

static bool set_option(const char *name, const char *value)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		for (j = 0; is(name, options[i].name) && options[i].values[j]; j++) {
			if (is(value, options[i].values[j])) {
				*options[i].value = options[i].values[j];
				return true;
			}
		}
	}
	return false;
}

static bool is_field(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (is(name, fields[i].name))
			return true;
	}
	return false;
}

static void set_field(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (is(name, fields[i].name))
			put(MARK + fields[i].at, strtoll(value, NULL, 0), fields[i].size);
	}
}

int main(int argc, char **argv)
{
	char *value;
	int i;

	for (i = 1; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (value)
			*value++ = '\0';
		if (!value || !(is_field(argv[i]) || set_option(argv[i], value))) {
			fprintf(stderr, "symvers_image: %s: see image.c\n", argv[i]);
			return 2;
		}
	}
	memset(image, 1, SIZE);
	memcpy(image + STRINGS, strings, sizeof(strings));
	put_table();
	for (i = 1; i < argc; i++)
		set_field(argv[i], argv[i] + strlen(argv[i]) + 1);
	return fwrite(image, SIZE, 1, stdout) != 1;
}
