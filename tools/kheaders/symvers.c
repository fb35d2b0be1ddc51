// SPDX-License-Identifier: GPL-2.0-only
/* See symvers.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/kheaders.h"
#include "symvers.h"

#define NAME_FIRST	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_."
#define NAME_OTHERS	NAME_FIRST "0123456789"

/*
 * The number at @at. What is not in the image is 0, and ->outside says so. Offsets
 * wrap around, so that one before the image's begin is far behind its end.
 */
static uint64_t number(struct symvers *sv, uint64_t at, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	if (at > sv->size || bytes > sv->size - at) {
		sv->outside = true;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		value |= (uint64_t)sv->image[at + i] << 8 * (sv->big_endian ? bytes - 1 - i : i);
	return value;
}

static int32_t word(struct symvers *sv, uint64_t at)
{
	return number(sv, at, 4);
}

/* The place that @field of the table gives, as an offset in the image, or 0. */
static uint64_t place(struct symvers *sv, unsigned int field)
{
	int64_t away = word(sv, sv->order + field);

	return away ? sv->order + away : 0;
}

/* How far it is from one address to another. */
static int64_t distance(const struct symvers *sv, uint64_t from, uint64_t to)
{
	return sv->absolute == 4 ? (int32_t)(to - from) : (int64_t)(to - from);
}

static uint64_t offset_of(const struct symvers *sv, uint64_t address)
{
	return sv->order + distance(sv, sv->address, address);
}

/* The bytes of a pointer in a struct kernel_symbol, and of all of it. */
static unsigned int pointer_size(const struct symvers *sv)
{
	return sv->absolute ? sv->absolute : 4;
}

static unsigned int symbol_size(const struct symvers *sv)
{
	return sv->pointers * pointer_size(sv);
}

/* What pointer @n of symbol @i is to, as an offset in the image; 0: to nothing. */
static uint64_t target(struct symvers *sv, const struct symvers_table *table, size_t i,
		       unsigned int n)
{
	uint64_t at = table->begin + i * symbol_size(sv) + n * pointer_size(sv);
	uint64_t address;
	int64_t away;

	if (table->target)
		return table->target[i * sv->pointers + n];
	if (!sv->absolute) {
		away = word(sv, at);
		return away ? at + away : 0;
	}
	address = number(sv, at, sv->absolute);
	return address ? offset_of(sv, address) : 0;
}

/* The string at @at, or NULL. */
static const char *string(const struct symvers *sv, uint64_t at)
{
	size_t max;

	if (!at || at >= sv->size)
		return NULL;
	max = sv->size - at;
	if (max > SYMVERS_STRING_MAX)
		max = SYMVERS_STRING_MAX;
	return memchr(sv->image + at, '\0', max) ? (const char *)sv->image + at : NULL;
}

bool symvers_is_name(const char *s)
{
	return s && *s && strchr(NAME_FIRST, *s) && !s[strspn(s, NAME_OTHERS)];
}

bool symvers_is_printable(const char *s)
{
	if (!s)
		return false;
	while (*s >= ' ' && *s <= '~')
		s++;
	return !*s;
}

static void open_table(struct symvers *sv, struct symvers_table *table, unsigned int field)
{
	uint64_t end = place(sv, field + KHEADERS_SV_END);

	table->begin = place(sv, field + KHEADERS_SV_BEGIN);
	table->crcs = place(sv, field + KHEADERS_SV_CRCS);
	if (table->begin && table->begin < end && end <= sv->size)
		table->count = (end - table->begin) / symbol_size(sv);
	else
		sv->outside |= table->begin != end;
}

/*
 * Relocations are three numbers: the address of a pointer, a type, and the address that it
 * is to. Without an end, those of the first one's type are meant, which come first.
 */
struct relocations {
	uint64_t begin, end;
	bool open_ended;
};

static bool next_relocation(struct symvers *sv, const struct relocations *all, uint64_t *at,
			    uint64_t *from, uint64_t *to)
{
	unsigned int size = sv->absolute;

	*at = *at ? *at + 3 * size : all->begin;
	if (*at > all->end || all->end - *at < 3 * size)
		return false;
	/* Of 64 bits, the type is in the lower half. */
	if (all->open_ended &&
	    (uint32_t)number(sv, *at + size, size) !=
	    (uint32_t)number(sv, all->begin + size, size))
		return false;
	*from = number(sv, *at, size);
	*to = number(sv, *at + 2 * size, size);
	return true;
}

/* Finds ->address and the targets of all pointers in the relocations. */
static int relocate(struct symvers *sv)
{
	unsigned int field = KHEADERS_SV_RELOCATIONS(sv->absolute);
	struct relocations all = {
		.begin = place(sv, field + KHEADERS_SV_BEGIN),
		.end = place(sv, field + KHEADERS_SV_END),
	};
	int64_t ahead = KHEADERS_SV_AHEAD(KHEADERS_SV_RELOCATABLE);
	struct symvers_table *table;
	uint64_t at, from, to, i;
	bool found = false;

	all.open_ended = !all.end;
	if (all.open_ended || all.end > sv->size)
		all.end = sv->size;
	if (!all.begin)
		return -ENODATA;

	for (at = 0; next_relocation(sv, &all, &at, &from, &to);) {
		if (distance(sv, from, to) == ahead - KHEADERS_SV_SELF) {
			sv->address = from - KHEADERS_SV_SELF;
			found = true;
		}
	}
	if (!found)
		return -ENODATA;

	for (table = sv->table; table < sv->table + 2; table++) {
		table->target = calloc(table->count * sv->pointers + 1, sizeof(*table->target));
		if (!table->target)
			return -ENOMEM;
		for (at = 0; next_relocation(sv, &all, &at, &from, &to);) {
			i = offset_of(sv, from) - table->begin;
			if (i % sv->absolute == 0 && i / sv->absolute < table->count * sv->pointers)
				table->target[i / sv->absolute] = offset_of(sv, to);
		}
	}
	return 0;
}

static int find_address(struct symvers *sv, unsigned int kind)
{
	uint64_t self = number(sv, sv->order + KHEADERS_SV_SELF, sv->absolute);

	if (sv->outside)
		return -EBADMSG;
	if (self) {
		sv->address = self - KHEADERS_SV_AHEAD(kind);
		return 0;
	}
	return kind & KHEADERS_SV_RELOCATABLE ? relocate(sv) : -ENOTSUP;
}

static int open_tables(struct symvers *sv, unsigned int kind)
{
	struct symvers_symbol symbol;
	size_t i;
	int err;

	sv->pointers = kind & KHEADERS_SV_POINTERS;
	if (sv->pointers != 2 && sv->pointers != 3)
		return -EINVAL;
	sv->namespace_first = sv->pointers == 3 && kind & KHEADERS_SV_NAMESPACE_FIRST;
	sv->distances = kind & KHEADERS_SV_DISTANCES;
	if (word(sv, sv->order) != 1)
		sv->big_endian = true;
	if (word(sv, sv->order) != 1)
		return -EINVAL;
	sv->absolute = word(sv, sv->order + KHEADERS_SV_ABSOLUTE);
	if (sv->absolute != 0 && sv->absolute != 4 && sv->absolute != 8)
		return -EINVAL;

	open_table(sv, &sv->table[0], KHEADERS_SV_SYMBOLS);
	open_table(sv, &sv->table[1], KHEADERS_SV_GPL);
	sv->table[0].flags = place(sv, KHEADERS_SV_FLAGS);
	sv->table[1].gpl_only = true;
	if (sv->outside || sv->table[0].count > SYMVERS_MAX || sv->table[1].count > SYMVERS_MAX)
		return -EBADMSG;
	if (sv->absolute) {
		err = find_address(sv, kind);
		if (err)
			return err;
	}

	for (i = 0; symvers_get(sv, i, &symbol); i++) {
		if (sv->outside || !symvers_is_name(symbol.name) ||
		    (sv->pointers == 3 && !symvers_is_printable(symbol.namespace)))
			return -EBADMSG;
	}
	return i ? 0 : -EBADMSG;
}

size_t symvers_mark(const void *image, size_t size, size_t from)
{
	const char *mark;

	if (from >= size)
		return size;
	mark = memmem((const char *)image + from, size - from, KHEADERS_SYMVERS_MARK,
		      strlen(KHEADERS_SYMVERS_MARK));
	return mark ? (size_t)(mark - (const char *)image) : size;
}

int symvers_open(struct symvers *sv, const void *image, size_t size, size_t mark)
{
	int err;

	*sv = (struct symvers) {
		.image = image,
		.size = size,
		.order = mark + KHEADERS_SV_ORDER,
	};
	err = open_tables(sv, number(sv, mark + KHEADERS_SV_KIND, 1));
	if (err)
		symvers_close(sv);
	return err;
}

void symvers_close(struct symvers *sv)
{
	free(sv->table[0].target);
	free(sv->table[1].target);
}

bool symvers_get(struct symvers *sv, size_t i, struct symvers_symbol *symbol)
{
	const struct symvers_table *table = sv->table;
	uint64_t at, namespace;

	if (i >= table->count) {
		i -= table->count;
		table++;
		if (i >= table->count)
			return false;
	}
	*symbol = (struct symvers_symbol) {
		.name = string(sv, target(sv, table, i, 1)),
		.gpl_only = table->flags ? number(sv, table->flags + i, 1) & 1 : table->gpl_only,
	};
	if (sv->pointers == 3) {
		namespace = target(sv, table, i, 2);
		symbol->namespace = namespace ? string(sv, namespace) : "";
	}
	if (table->crcs) {
		at = table->crcs + 4 * i;
		if (sv->distances)
			at += (int64_t)word(sv, at);
		symbol->crc = number(sv, at, 4);
	}
	return true;
}
