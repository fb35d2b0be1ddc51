// SPDX-License-Identifier: GPL-2.0-only
/* See complete.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>

#include "command.h"
#include "complete.h"
#include "disk.h"

#define PRESET	0	/* ten times as fast as 6, for a fifth more */

/* An exported symbol of the kernel's own lines or, if @module is not NULL, of a file. */
struct export {
	const struct symvers_symbol *symbol;
	size_t line;			/* of the kernel */
	struct disk_module *module;
};

struct complete {
	const struct lines *kernel;
	const char *shown;
	const char *release;
	struct disk disk;
	const char **name;		/* of the module in each line, as the build calls it */
	struct export *exports;		/* by names; the kernel's before a file's */
	size_t export_count;
	bool versions;			/* the kernel has CONFIG_MODVERSIONS */
};

static void leave_out(const struct complete *c, struct disk_module *module, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	fprintf(stderr, "kheaders: %s/%s: ", c->shown, module->path);
	vfprintf(stderr, why, args);
	fputs("; left out\n", stderr);
	va_end(args);
	module->left_out = true;
}

static const char *base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* Whether these are one module: the kernel knows no paths, and underscores alone. */
static bool same_module(const char *one, const char *other)
{
	one = base_of(one);
	other = base_of(other);
	while (*one && (*one == '-' ? '_' : *one) == (*other == '-' ? '_' : *other)) {
		one++;
		other++;
	}
	return *one == *other;
}

/* --- All that is exported ------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct export *one = a, *other = b;
	int order = strcmp(one->symbol->name, other->symbol->name);

	if (order)
		return order;
	/* NULL is the least of all; others are in the order of their paths. */
	return (one->module > other->module) - (one->module < other->module);
}

static bool list_exports(struct complete *c)
{
	size_t count = c->kernel->count, i, n = 0;
	struct disk_module *module, *end = c->disk.module + c->disk.count;

	for (module = c->disk.module; module < end; module++)
		count += module->module.export_count;
	c->exports = calloc(count + 1, sizeof(*c->exports));
	c->name = calloc(c->kernel->count + 1, sizeof(*c->name));
	if (!c->exports || !c->name)
		return false;
	for (i = 0; i < c->kernel->count; i++) {
		c->exports[n++] = (struct export) {
			.symbol = &c->kernel->line[i].symbol,
			.line = i,
		};
		c->name[i] = c->kernel->line[i].module;
		c->versions |= c->kernel->line[i].symbol.crc;
	}
	for (module = c->disk.module; module < end; module++) {
		for (i = 0; i < module->module.export_count; i++)
			c->exports[n++] = (struct export) {
				.symbol = &module->module.exports[i],
				.module = module,
			};
	}
	c->export_count = n;
	qsort(c->exports, n, sizeof(*c->exports), by_name);
	return true;
}

/* The first export of that name, or the one behind the last. */
static const struct export *find(const struct complete *c, const char *name)
{
	size_t from = 0, to = c->export_count, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (strcmp(c->exports[middle].symbol->name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return c->exports + from;
}

static bool is_called(const struct complete *c, const struct export *export, const char *name)
{
	return export < c->exports + c->export_count && !strcmp(export->symbol->name, name);
}

/* --- Which modules belong to the kernel ------------------------------------------------ */

/* How many of the kernel's lines are of the module. */
static size_t lines_of(const struct complete *c, const struct disk_module *module)
{
	size_t i, count = 0;

	for (i = 0; i < c->kernel->count; i++)
		count += same_module(c->kernel->line[i].module, module->name);
	return count;
}

/* What each module tells of itself. */
static void check_alone(const struct complete *c, struct disk_module *module)
{
	const char *vermagic = module->module.vermagic;
	size_t length = strlen(c->release);

	if (module->err == -EINVAL)
		leave_out(c, module, "is not a module");
	else if (module->err == -EBADMSG)
		leave_out(c, module, "is damaged");
	else if (module->err)
		leave_out(c, module, "%s", strerror(-module->err));
	else if (!module->module.intree && lines_of(c, module))
		module->left_out = true;	/* its lines are there, as it is loaded */
	else if (!module->module.intree)
		leave_out(c, module, "is not of the kernel's own build");
	else if (strncmp(vermagic, c->release, length) || vermagic[length] != ' ')
		leave_out(c, module, "is for another kernel, \"%s\"", vermagic);
	else if (c->versions && !module->module.import_count)
		leave_out(c, module, "has no symbol versions, but the kernel has");
	else if (!c->versions && module->module.import_count)
		leave_out(c, module, "has symbol versions, but the kernel has none");
}

/* The kernel's line of a symbol that the module exports, too, if it is of that module. */
static const struct export *loaded_as(const struct complete *c, const struct disk_module *module,
				      const struct symvers_symbol *symbol)
{
	const struct export *export = find(c, symbol->name);
	const struct line *line;

	if (!is_called(c, export, symbol->name) || export->module)
		return NULL;
	line = &c->kernel->line[export->line];
	/* Another file may be it already. */
	if (c->name[export->line] != line->module || !same_module(line->module, module->name) ||
	    line->symbol.crc != symbol->crc || line->symbol.gpl_only != symbol->gpl_only)
		return NULL;
	return export;
}

/* If the module is loaded, is that this one? */
static void check_loaded(const struct complete *c, struct disk_module *module)
{
	const struct module *m = &module->module;
	size_t lines = lines_of(c, module), i;

	if (!lines)
		return;
	for (i = 0; lines == m->export_count && i < m->export_count; i++) {
		if (!loaded_as(c, module, &m->exports[i]))
			lines = 0;
	}
	if (lines != m->export_count) {
		leave_out(c, module, "another build of it is loaded");
		return;
	}
	for (i = 0; i < m->export_count; i++)
		c->name[loaded_as(c, module, &m->exports[i])->line] = module->name;
	module->loaded = true;
}

/* All must be for one kernel: that of the loaded ones or, if none is loaded, of most. */
static void check_vermagic(const struct complete *c)
{
	struct disk_module *module, *end = c->disk.module + c->disk.count;
	const char *vermagic = NULL;
	size_t votes = 0;

	for (module = c->disk.module; module < end; module++) {
		if (module->left_out)
			continue;
		if (module->loaded) {
			vermagic = module->module.vermagic;
			break;
		}
		if (!votes)
			vermagic = module->module.vermagic;
		votes += !strcmp(vermagic, module->module.vermagic) ? 1 : -1;
	}
	for (module = c->disk.module; module < end; module++) {
		if (!module->left_out && strcmp(module->module.vermagic, vermagic))
			leave_out(c, module, "is for another kernel, \"%s\"",
				  module->module.vermagic);
	}
}

/* Is all that the module imports there, in that version? Returns whether it is left out. */
static bool check_imports(const struct complete *c, struct disk_module *module)
{
	const struct symvers_symbol *import = module->module.imports;
	const struct symvers_symbol *end = import + module->module.import_count;
	const struct export *export;
	bool found, same;

	for (; import < end; import++) {
		found = false;
		same = false;
		for (export = find(c, import->name); is_called(c, export, import->name); export++) {
			if (export->module && export->module->left_out)
				continue;
			found = true;
			same |= !export->symbol->crc || export->symbol->crc == import->crc;
		}
		if (!same) {
			leave_out(c, module, found ? "imports another version of %s than there is" :
				  "imports %s, which nothing exports", import->name);
			return true;
		}
	}
	return false;
}

/* Does nothing else export the same? */
static bool check_exports(const struct complete *c)
{
	const struct export *export = c->exports, *end = export + c->export_count, *last = NULL;
	bool changed = false;

	for (; export < end; export++) {
		/* What is loaded is in the kernel's lines. */
		if (export->module && (export->module->left_out || export->module->loaded))
			continue;
		if (last && export->module && !strcmp(last->symbol->name, export->symbol->name)) {
			leave_out(c, export->module, "exports %s, as %s does", export->symbol->name,
				  last->module ? last->module->path : c->name[last->line]);
			changed = true;
			continue;
		}
		last = export;
	}
	return changed;
}

static void check(const struct complete *c)
{
	struct disk_module *module, *end = c->disk.module + c->disk.count;
	bool changed;

	for (module = c->disk.module; module < end; module++) {
		check_alone(c, module);
		if (!module->left_out)
			check_loaded(c, module);
	}
	check_vermagic(c);
	/* Whatever is left out may have been what others import. */
	do {
		changed = false;
		for (module = c->disk.module; module < end; module++) {
			if (!module->left_out && !module->loaded)
				changed |= check_imports(c, module);
		}
		if (!changed)
			changed = check_exports(c);
	} while (changed);
}

/* --- All of it -------------------------------------------------------------------------- */

static void write_lines(FILE *out, const struct complete *c)
{
	struct disk_module *module, *end = c->disk.module + c->disk.count;
	size_t i;

	for (i = 0; i < c->kernel->count; i++)
		line_write(out, c->kernel, &c->kernel->line[i].symbol, c->name[i]);
	for (module = c->disk.module; module < end; module++) {
		if (module->left_out || module->loaded)
			continue;
		for (i = 0; i < module->module.export_count; i++)
			line_write(out, c->kernel, &module->module.exports[i], module->name);
	}
}

int complete_symvers(FILE *out, const struct lines *kernel, int modules, const char *shown,
		     const char *release)
{
	struct complete c = { .kernel = kernel, .shown = shown, .release = release };
	int ret = modules < 0 ? 0 : disk_read(&c.disk, modules, shown, release);

	if (ret)
		return ret;
	if (list_exports(&c)) {
		check(&c);
		write_lines(out, &c);
	} else {
		ret = fail_memory(shown);
	}
	free(c.exports);
	free(c.name);
	disk_free(&c.disk);
	return ret;
}

int complete_pack(FILE *out, const char *text, size_t size)
{
	size_t room = lzma_stream_buffer_bound(size), packed = 0;
	unsigned char *data = malloc(room);

	if (!data || lzma_easy_buffer_encode(PRESET, LZMA_CHECK_CRC32, NULL,
					     (const unsigned char *)text, size, data, &packed,
					     room) != LZMA_OK) {
		free(data);
		return fail_memory("symvers.xz");
	}
	fwrite(data, 1, packed, out);
	free(data);
	return 0;
}
