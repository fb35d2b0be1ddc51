// SPDX-License-Identifier: GPL-2.0-only
/* See lines.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "directory.h"
#include "image.h"
#include "lines.h"

#define TEXT_MAX	((size_t)64 << 20)
#define READS_MAX	10
#define COLUMNS_MAX	5

/* An image has one table. These many false ones are looked at, which takes time. */
#define TRIES	64

/* More than the largest kernels take. */
#define ROOM_MAX	((size_t)512 << 20)
#define WORK_MAX	((uint64_t)2 << 30)

void line_write(FILE *out, const struct lines *lines, const struct symvers_symbol *symbol,
		const char *module)
{
	const char *namespace = symbol->namespace ? symbol->namespace : "";
	const char *gpl = symbol->gpl_only ? "_GPL" : "";

	fprintf(out, "0x%08x\t%s\t", symbol->crc, symbol->name);
	if (lines->namespace_first)
		fprintf(out, "%s\t%s\tEXPORT_SYMBOL%s\n", namespace, module, gpl);
	else if (lines->namespaces)
		fprintf(out, "%s\tEXPORT_SYMBOL%s\t%s\n", module, gpl, namespace);
	else
		fprintf(out, "%s\tEXPORT_SYMBOL%s\n", module, gpl);
}

/* --- Text to lines ------------------------------------------------------------------ */

static size_t split(char *text, char *column[COLUMNS_MAX])
{
	size_t count = 0;

	while (text && count < COLUMNS_MAX)
		column[count++] = strsep(&text, "\t");
	return text ? 0 : count;
}

static bool parse_line(struct lines *lines, char *text)
{
	struct line *line = &lines->line[lines->count];
	char *column[COLUMNS_MAX], *export, *end;
	size_t count = split(text, column);
	bool first = !lines->count;

	if (count < 4)
		return false;
	if (first) {
		lines->namespaces = count == 5;
		lines->namespace_first = count == 5 && !strcmp(column[3], "vmlinux");
	}
	if (count != (lines->namespaces ? 5 : 4))
		return false;
	line->module = column[lines->namespace_first ? 3 : 2];
	export = column[lines->namespace_first ? 4 : 3];
	line->symbol = (struct symvers_symbol) {
		.crc = strtoul(column[0], &end, 16),
		.name = column[1],
		.namespace = lines->namespace_first ? column[2] : column[4],
		.gpl_only = !strcmp(export, "EXPORT_SYMBOL_GPL"),
	};
	if (!lines->namespaces)
		line->symbol.namespace = NULL;
	lines->count++;
	return !strncmp(column[0], "0x", 2) && !*end && symvers_is_name(line->symbol.name) &&
	       *line->module && symvers_is_printable(line->module) &&
	       (line->symbol.gpl_only || !strcmp(export, "EXPORT_SYMBOL")) &&
	       (!line->symbol.namespace || symvers_is_printable(line->symbol.namespace));
}

/* Cuts the lines out of @text, which is theirs from then on. Returns 0, -EINVAL or -ENOMEM. */
static int parse(struct lines *lines, char *text)
{
	char *at, *next = text;
	size_t count = 1;

	*lines = (struct lines) { .text = text };
	for (at = text; *at; at++)
		count += *at == '\n';
	lines->line = calloc(count, sizeof(*lines->line));
	if (!lines->line)
		return -ENOMEM;
	while ((at = strsep(&next, "\n")) && next) {
		if (!parse_line(lines, at))
			return -EINVAL;
	}
	return lines->count && !*at ? 0 : -EINVAL;
}

int lines_of_text(struct lines *lines, const char *name, char *text)
{
	int err = parse(lines, text);

	if (!err)
		return 0;
	lines_free(lines);
	return err == -ENOMEM ? fail_memory(name) :
	       fail(name, "is not in the format of Module.symvers", "get another copy of it");
}

void lines_free(struct lines *lines)
{
	free(lines->line);
	free(lines->text);
	*lines = (struct lines) { 0 };
}

/* --- The running kernel ------------------------------------------------------------- */

static char *read_proc(void)
{
	char *text = malloc(TEXT_MAX), *less;
	ssize_t got = text ? directory_read(AT_FDCWD, LINES_PROC, text, TEXT_MAX) : 0;

	if (got < 0) {
		free(text);
		return NULL;
	}
	less = text ? realloc(text, got + 1) : NULL;
	return less ? less : text;
}

int lines_of_running(struct lines *lines)
{
	char *text, *before = NULL;
	int reads;

	/* Modules may come and go during a read. What two reads agree on was true at one moment. */
	for (reads = 0; reads < READS_MAX; reads++) {
		errno = 0;
		text = read_proc();
		if (!text) {
			free(before);
			return errno == ENOMEM ? fail_memory(LINES_PROC) :
			       fail(LINES_PROC, "can't be read",
				    "was the kernel built with CONFIG_IKHEADERS_SYMVERS=y? or name an IMAGE");
		}
		if (before && !strcmp(before, text))
			reads = READS_MAX;
		free(before);
		before = text;
	}
	return lines_of_text(lines, LINES_PROC, before);
}

/* --- An image ------------------------------------------------------------------------ */

struct search {
	char *text;		/* what it would be in /proc */
	int tries;
	int err;		/* what symvers_open() said, if more than that there is none */
};

static int write_symbols(char **text, struct symvers *sv)
{
	struct symvers_symbol symbol;
	struct lines columns = { .namespace_first = sv->namespace_first };
	size_t length, i;
	FILE *out = open_memstream(text, &length);

	if (!out)
		return -ENOMEM;
	for (i = 0; symvers_get(sv, i, &symbol); i++) {
		columns.namespaces = symbol.namespace;
		line_write(out, &columns, &symbol, "vmlinux");
	}
	if (!fclose(out))
		return 0;
	free(*text);
	*text = NULL;
	return -ENOMEM;
}

static bool look(const unsigned char *image, size_t size, void *arg)
{
	struct search *search = arg;
	struct symvers sv;
	size_t mark;
	int err;

	for (mark = symvers_mark(image, size, 0); mark < size && search->tries;
	     mark = symvers_mark(image, size, mark + 1)) {
		err = symvers_open(&sv, image, size, mark);
		if (!err) {
			search->err = write_symbols(&search->text, &sv);
			symvers_close(&sv);
			return true;
		}
		if (err == -EINVAL)
			continue;
		search->tries--;
		if (err != -EBADMSG)
			search->err = err;
	}
	return false;
}

int lines_find(char **text, const unsigned char *image, size_t size)
{
	struct search search = { .tries = TRIES };

	look(image, size, &search);
	*text = search.text;
	return search.err == -ENOMEM ? -ENOMEM : 0;
}

static int why_not(const char *name, int err, bool gave_up)
{
	switch (err) {
	case -ENOMEM:
		return fail_memory(name);
	case -ENODATA:
		return fail(name,
			    "no symbol versions can be read: its pointers are in relocations, which are not in this file any more",
			    "take the Image or vmlinuz that was made of it");
	case -ENOTSUP:
		return fail(name,
			    "no symbol versions can be read: its pointers are in relocations, and this kernel does not say where",
			    "build it with a newer kheaders");
	}
	if (gave_up)
		return fail(name, "no symbol versions found, and no kernel unpacks to so much",
			    "name a kernel image");
	return fail(name, "no symbol versions in it",
		    "was it built with CONFIG_IKHEADERS_SYMVERS=y?");
}

/* Returns an exit status, having said why. */
static int text_of_image(char **text, const char *name, const unsigned char *image, size_t size)
{
	struct search search = { .tries = TRIES };
	struct image_search images = {
		.look = look,
		.arg = &search,
		.room_max = ROOM_MAX,
		.work_max = WORK_MAX,
	};
	int ret = image_search(&images, image, size);

	*text = search.text;
	return *text ? 0 : why_not(name, ret < 0 ? ret : search.err, images.gave_up);
}

int lines_of_image(struct lines *lines, const char *name, const unsigned char *image, size_t size)
{
	static const char begin[] = "0x";
	char *text;
	int ret;

	*lines = (struct lines) { 0 };
	if (size < TEXT_MAX && size > strlen(begin) && !memcmp(image, begin, strlen(begin))) {
		text = strndup((const char *)image, size);
		if (!text)
			return fail_memory(name);
	} else {
		ret = text_of_image(&text, name, image, size);
		if (ret)
			return ret;
	}
	return lines_of_text(lines, name, text);
}
