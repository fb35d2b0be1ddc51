// SPDX-License-Identifier: GPL-2.0-only
/*
 * See module.h. A module is not linked: its tables of symbols are zeros, and relocations
 * tell what belongs there. What type these are does not matter: whether a pointer or a
 * distance is stored, each leads to a symbol and an offset behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "command.h"
#include "module.h"

#define VERSION_SIZE	64		/* of a struct modversion_info */

enum {
	MODINFO,
	STRINGS,
	SYMBOLS,
	SYMBOLS_GPL,
	CRCS,
	CRCS_GPL,
	FLAGS,				/* since Linux 7.1, in place of a table for GPL */
	VERSIONS,
	LONG_CRCS,			/* since Linux 6.14 */
	LONG_NAMES,
	SECTIONS
};

static const char *const section_names[SECTIONS] = {
	[MODINFO]	= ".modinfo",
	[STRINGS]	= "__ksymtab_strings",
	[SYMBOLS]	= "__ksymtab",
	[SYMBOLS_GPL]	= "__ksymtab_gpl",
	[CRCS]		= "__kcrctab",
	[CRCS_GPL]	= "__kcrctab_gpl",
	[FLAGS]		= "__kflagstab",
	[VERSIONS]	= "__versions",
	[LONG_CRCS]	= "__version_ext_crcs",
	[LONG_NAMES]	= "__version_ext_names",
};

struct section {
	size_t index;			/* 0: it has none */
	const unsigned char *data;
	size_t size;
	Elf_Scn *relocations;
};

struct ko {
	Elf *elf;
	GElf_Ehdr header;
	Elf_Data *symtab;
	struct section section[SECTIONS];
	struct module *module;
};

/* Where a relocated pointer leads to. */
struct target {
	size_t section;			/* or SHN_ABS; 0: nowhere */
	uint64_t offset;
};

static bool is_64(const struct ko *ko)
{
	return ko->header.e_ident[EI_CLASS] == ELFCLASS64;
}

/* Reads a number of the module's own order; @data has @bytes. */
static uint64_t number(const struct ko *ko, const unsigned char *data, unsigned int bytes)
{
	bool big = ko->header.e_ident[EI_DATA] == ELFDATA2MSB;
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value |= (uint64_t)data[i] << 8 * (big ? bytes - 1 - i : i);
	return value;
}

/* --- Sections -------------------------------------------------------------------- */

static void set_data(struct section *section, Elf_Scn *scn)
{
	Elf_Data *data = elf_rawdata(scn, NULL);

	section->index = elf_ndxscn(scn);
	if (data && data->d_buf) {
		section->data = data->d_buf;
		section->size = data->d_size;
	}
}

static void find_sections(struct ko *ko)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	const char *name;
	size_t names, i;

	if (elf_getshdrstrndx(ko->elf, &names))
		return;
	while ((scn = elf_nextscn(ko->elf, scn))) {
		if (!gelf_getshdr(scn, &header))
			continue;
		if (header.sh_type == SHT_SYMTAB && !ko->symtab)
			ko->symtab = elf_getdata(scn, NULL);
		name = header.sh_type == SHT_PROGBITS ?
		       elf_strptr(ko->elf, names, header.sh_name) : NULL;
		for (i = 0; name && i < SECTIONS; i++) {
			if (!ko->section[i].index && !strcmp(name, section_names[i]))
				set_data(&ko->section[i], scn);
		}
	}
	while ((scn = elf_nextscn(ko->elf, scn))) {
		if (!gelf_getshdr(scn, &header) ||
		    (header.sh_type != SHT_REL && header.sh_type != SHT_RELA))
			continue;
		for (i = 0; i < SECTIONS; i++) {
			if (ko->section[i].index && ko->section[i].index == header.sh_info)
				ko->section[i].relocations = scn;
		}
	}
}

/* --- Relocations ------------------------------------------------------------------ */

static bool get_relocation(Elf_Data *data, int i, bool addends, GElf_Rela *r)
{
	GElf_Rel rel;

	if (addends)
		return gelf_getrela(data, i, r);
	if (!gelf_getrel(data, i, &rel))
		return false;
	*r = (GElf_Rela) { .r_offset = rel.r_offset, .r_info = rel.r_info };
	return true;
}

static size_t symbol_of(const struct ko *ko, const GElf_Rela *r)
{
	/* MIPS stores two words in place of one number. */
	if (ko->header.e_machine == EM_MIPS && is_64(ko) &&
	    ko->header.e_ident[EI_DATA] == ELFDATA2LSB)
		return r->r_info & 0xffffffff;
	return GELF_R_SYM(r->r_info);
}

/*
 * Fills @targets with where the @count pointers in @section, each of @step bytes, lead to.
 * Without @targets, returns whether there is one that @step does not fit.
 */
static bool relocate(const struct ko *ko, const struct section *section, size_t step,
		     struct target *targets, size_t count)
{
	GElf_Shdr header;
	Elf_Data *data;
	bool addends;
	GElf_Rela r;
	GElf_Sym sym;
	size_t slot;
	int i;

	if (!section->relocations || !gelf_getshdr(section->relocations, &header))
		return false;
	addends = header.sh_type == SHT_RELA;
	data = elf_getdata(section->relocations, NULL);
	for (i = 0; data && get_relocation(data, i, addends, &r); i++) {
		if (!targets && r.r_offset % step)
			return true;
		slot = r.r_offset / step;
		if (!targets || r.r_offset % step || slot >= count || targets[slot].section)
			continue;
		if (!gelf_getsym(ko->symtab, symbol_of(ko, &r), &sym))
			continue;
		/* Some subtract where the pointer is, by one more. */
		if (sym.st_shndx == section->index)
			continue;
		if (!addends)
			r.r_addend = step == 4 ?
				(int32_t)number(ko, section->data + 4 * slot, 4) :
				(int64_t)number(ko, section->data + 8 * slot, 8);
		targets[slot].section = sym.st_shndx;
		targets[slot].offset = sym.st_value + r.r_addend;
	}
	return false;
}

static struct target *targets_of(const struct ko *ko, const struct section *section, size_t step)
{
	size_t count = section->size / step;
	struct target *targets = calloc(count + 1, sizeof(*targets));

	if (targets && ko->symtab)
		relocate(ko, section, step, targets, count);
	return targets;
}

/* --- Exports ---------------------------------------------------------------------- */

/* A copy of the string that a pointer leads to, if that is one and @good. */
static char *string(const struct ko *ko, const struct target *target, bool good(const char *))
{
	const struct section *strings = &ko->section[STRINGS];
	const char *s;
	size_t max;

	if (target->section != strings->index || target->offset >= strings->size)
		return NULL;
	s = (const char *)strings->data + target->offset;
	max = strings->size - target->offset;
	if (max > SYMVERS_STRING_MAX)
		max = SYMVERS_STRING_MAX;
	return memchr(s, '\0', max) && good(s) ? strdup(s) : NULL;
}

/* What is at @target: a number, or the place of one. */
static uint32_t crc_at(const struct ko *ko, const struct target *target)
{
	Elf_Scn *scn;
	Elf_Data *data;

	if (target->section == SHN_ABS)
		return target->offset;
	scn = elf_getscn(ko->elf, target->section);
	data = scn ? elf_rawdata(scn, NULL) : NULL;
	if (!data || !data->d_buf || data->d_size < 4 || target->offset > data->d_size - 4)
		return 0;
	return number(ko, (const unsigned char *)data->d_buf + target->offset, 4);
}

static int read_crcs(const struct ko *ko, const struct section *crcs,
		     struct symvers_symbol *symbols, size_t count)
{
	struct target *targets;
	size_t i;

	/* Without CONFIG_MODVERSIONS there are none. */
	if (!crcs->size)
		return 0;
	if (crcs->size / 4 < count)
		return -EBADMSG;
	targets = targets_of(ko, crcs, 4);
	if (!targets)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		symbols[i].crc = targets[i].section ? crc_at(ko, &targets[i]) :
				 number(ko, crcs->data + 4 * i, 4);
	}
	free(targets);
	return 0;
}

/* Adds what the targets of the pointers in a table say. @flags has a byte for each, or is NULL. */
static int add_exports(struct ko *ko, const struct target *targets, size_t pointers, size_t count,
		       const unsigned char *flags, bool gpl_only)
{
	struct module *module = ko->module;
	struct symvers_symbol *symbol;
	size_t i;

	symbol = reallocarray(module->exports, module->export_count + count, sizeof(*symbol));
	if (!symbol)
		return -ENOMEM;
	module->exports = symbol;
	for (i = 0; i < count; i++, targets += pointers) {
		symbol = &module->exports[module->export_count++];
		*symbol = (struct symvers_symbol) {
			.name = string(ko, &targets[1], symvers_is_name),
			.gpl_only = flags ? flags[i] & 1 : gpl_only,
		};
		if (pointers == 3)
			symbol->namespace = targets[2].section ?
				string(ko, &targets[2], symvers_is_printable) : strdup("");
		if (!symbol->name || (pointers == 3 && !symbol->namespace))
			return -EBADMSG;
	}
	return 0;
}

/* A symbol has pointers to itself, to its name and, since Linux 5.4, to its namespace. */
static size_t pointers_of(const struct ko *ko, const struct target *targets, size_t count)
{
	return count >= 3 && (!targets[2].section ||
			      targets[2].section == ko->section[STRINGS].index) ? 3 : 2;
}

static int read_table(struct ko *ko, unsigned int n)
{
	bool gpl_only = n == SYMBOLS_GPL;
	const struct section *table = &ko->section[n], *flags = &ko->section[FLAGS];
	size_t first = ko->module->export_count, step, pointers, count;
	struct target *targets;
	int err;

	if (!table->size)
		return 0;
	/* Of 64 bits, they can be distances of 32. */
	step = is_64(ko) && !relocate(ko, table, 8, NULL, 0) ? 8 : 4;
	targets = targets_of(ko, table, step);
	if (!targets)
		return -ENOMEM;
	count = table->size / step;
	pointers = pointers_of(ko, targets, count);
	if (table->size % (step * pointers) || count / pointers > SYMVERS_MAX ||
	    (flags->size && flags->size < count / pointers)) {
		free(targets);
		return -EBADMSG;
	}
	count /= pointers;
	err = add_exports(ko, targets, pointers, count, flags->size ? flags->data : NULL, gpl_only);
	free(targets);
	if (err)
		return err;
	return read_crcs(ko, &ko->section[gpl_only ? CRCS_GPL : CRCS],
			 ko->module->exports + first, count);
}

/* --- Imports, and what the module says of itself ---------------------------------- */

static int add_import(struct module *module, const char *name, size_t room, uint32_t crc)
{
	struct symvers_symbol *import = &module->imports[module->import_count];

	/* Of functions, where these have descriptors. */
	if (room && *name == '.') {
		name++;
		room--;
	}
	import->name = strndup(name, room);
	if (!import->name)
		return -ENOMEM;
	import->crc = crc;
	module->import_count++;
	return symvers_is_name(import->name) ? 0 : -EBADMSG;
}

static int read_long_versions(struct ko *ko)
{
	const struct section *crcs = &ko->section[LONG_CRCS], *names = &ko->section[LONG_NAMES];
	const char *name = (const char *)names->data;
	size_t left = names->size, i, length;
	int err = 0;

	for (i = 0; !err && i < crcs->size / 4; i++) {
		length = strnlen(name, left);
		if (length == left)
			return -EBADMSG;
		err = add_import(ko->module, name, length, number(ko, crcs->data + 4 * i, 4));
		name += length + 1;
		left -= length + 1;
	}
	return err;
}

static int read_versions(struct ko *ko)
{
	const struct section *versions = &ko->section[VERSIONS];
	bool are_long = ko->section[LONG_CRCS].size && ko->section[LONG_NAMES].size;
	size_t count = are_long ? ko->section[LONG_CRCS].size / 4 : versions->size / VERSION_SIZE;
	size_t word = is_64(ko) ? 8 : 4, i;
	const unsigned char *data;
	int err = 0;

	if (count > SYMVERS_MAX)
		return -EBADMSG;
	ko->module->imports = calloc(count + 1, sizeof(*ko->module->imports));
	if (!ko->module->imports)
		return -ENOMEM;
	if (are_long)
		return read_long_versions(ko);
	for (i = 0; !err && i < count; i++) {
		data = versions->data + i * VERSION_SIZE;
		err = add_import(ko->module, (const char *)data + word, VERSION_SIZE - word,
				 number(ko, data, word));
	}
	return err;
}

static int read_modinfo(struct ko *ko)
{
	const struct section *modinfo = &ko->section[MODINFO];
	const char *at = (const char *)modinfo->data, *end = at + modinfo->size;
	size_t length;

	for (; at < end; at += length + 1) {
		length = strnlen(at, end - at);
		if (at + length == end)
			break;
		if (!strcmp(at, "intree=Y"))
			ko->module->intree = true;
		if (!strncmp(at, "vermagic=", 9) && !ko->module->vermagic)
			ko->module->vermagic = strdup(at + 9);
	}
	return ko->module->vermagic && symvers_is_printable(ko->module->vermagic) ? 0 : -EBADMSG;
}

/* --- The module ------------------------------------------------------------------- */

bool module_is_in(const void *data, size_t size)
{
	return size > EI_NIDENT && !memcmp(data, ELFMAG, SELFMAG);
}

static int read_all(struct ko *ko)
{
	int err;

	if (!gelf_getehdr(ko->elf, &ko->header) || ko->header.e_type != ET_REL)
		return -EINVAL;
	find_sections(ko);
	if (!ko->section[MODINFO].size)
		return -EINVAL;
	err = read_table(ko, SYMBOLS);
	if (!err)
		err = read_table(ko, SYMBOLS_GPL);
	if (err || !ko->module->export_count)
		return err;
	err = read_modinfo(ko);
	return err ? err : read_versions(ko);
}

int module_read(struct module *module, const void *data, size_t size)
{
	struct ko ko = { .module = module };
	int err;

	*module = (struct module) { 0 };
	elf_version(EV_CURRENT);
	/* It is only read. */
	ko.elf = elf_memory((char *)data, size);
	if (!ko.elf)
		return -EINVAL;
	err = read_all(&ko);
	elf_end(ko.elf);
	if (err)
		module_free(module);
	return err;
}

static void free_symbols(struct symvers_symbol *symbols, size_t count)
{
	while (count--) {
		free((char *)symbols[count].name);
		free((char *)symbols[count].namespace);
	}
	free(symbols);
}

void module_free(struct module *module)
{
	free_symbols(module->exports, module->export_count);
	free_symbols(module->imports, module->import_count);
	free(module->vermagic);
	*module = (struct module) { 0 };
}
