// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders symvers: prints the Module.symvers of a kernel, the running one or that of an
 * image, with its modules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "complete.h"
#include "directory.h"
#include "disk.h"
#include "image.h"
#include "install.h"
#include "lines.h"

static const char usage[] =
	"kheaders symvers [--xz] [--release R] [--root DIR] [IMAGE|MODULE...]";

static const char help[] =
	"\n"
	"Print Module.symvers: the symbols that a kernel and its modules export, with\n"
	"their versions. Without arguments, that of the running kernel: what it tells in\n"
	"/proc/kheaders.symvers, and the modules in /lib/modules that belong to it.\n"
	"Others are named on standard error, and left out.\n"
	"\n"
	"With files, print the symbols of these alone. IMAGE is a vmlinux, vmlinuz,\n"
	"bzImage, zImage or Image of a kernel with CONFIG_IKHEADERS_SYMVERS=y, or a copy\n"
	"of /proc/kheaders.symvers. MODULE is a .ko. All may be compressed.\n"
	"\n"
	"Options:\n"
	"      --release R  complete IMAGE with the modules in /lib/modules/R\n"
	"      --root DIR   complete IMAGE with the modules in DIR/lib/modules\n"
	"      --xz         compress what is printed, as for /lib/modules/R/symvers.xz\n"
	"  -h, --help       print this\n"
	"\n"
	"Examples:\n"
	"  kheaders symvers >Module.symvers\n"
	"  kheaders symvers --release 6.12.5 /boot/vmlinuz-6.12.5 >Module.symvers\n"
	"\n"
	"Exit status: 0, or 1 if something can't be read or has no symbols, or 2 if the\n"
	"command was called in a wrong way.\n";

/* --- Of files ----------------------------------------------------------------------- */

struct operand {
	const char *name;
	char *called;		/* as a module */
	struct module module;
	struct lines lines;	/* of an image */
};

/* What the kernel's build would call that module. */
static char *called(const char *name)
{
	const char *installed = strstr(name, INSTALL_MODULES "/");
	const char *release = installed ? installed + strlen(INSTALL_MODULES "/") : NULL;
	const char *slash = release ? strchr(release, '/') : NULL;
	char *short_name;

	/* /lib/modules/RELEASE/kernel/drivers/net/foo.ko */
	if (slash && strchr(slash + 1, '/'))
		name = strchr(slash + 1, '/') + 1;
	else if (!strncmp(name, "./", 2))
		name += 2;
	short_name = module_name(name);
	return short_name || errno == ENOMEM ? short_name : strdup(name);
}

static int open_operand(struct operand *operand)
{
	const char *name = operand->name;
	unsigned char *data;
	size_t size;
	int ret = image_read(name, &data, &size);

	if (ret)
		return ret;
	ret = module_load(&operand->module, data, size);
	if (!ret) {
		operand->called = called(name);
		if (!operand->called)
			ret = fail_memory(name);
		else if (!symvers_is_printable(operand->called))
			ret = fail(name, "is not a name for a module", "rename it");
	} else if (ret == -EINVAL) {
		ret = lines_of_image(&operand->lines, name, data, size);
	} else {
		ret = ret == -ENOMEM ? fail_memory(name) :
		      fail(name, "is damaged", "get another copy of it");
	}
	free(data);
	return ret;
}

static void write_operands(FILE *out, const struct operand *operands, size_t count)
{
	struct lines columns = { 0 };
	const struct lines *lines;
	size_t i, n;

	/* The columns are those of the kernel or, without one, what modules have. */
	for (i = 0; i < count; i++) {
		columns.namespaces |= operands[i].module.export_count &&
				      operands[i].module.exports->namespace;
	}
	for (i = 0; i < count; i++) {
		lines = &operands[i].lines;
		for (n = 0; n < lines->count; n++)
			line_write(out, lines, &lines->line[n].symbol, lines->line[n].module);
		if (lines->count) {
			columns.namespaces = lines->namespaces;
			columns.namespace_first = lines->namespace_first;
		}
	}
	for (i = 0; i < count; i++) {
		for (n = 0; n < operands[i].module.export_count; n++)
			line_write(out, &columns, &operands[i].module.exports[n],
				   operands[i].called);
	}
}

static int of_files(FILE *out, char **names)
{
	struct operand *operands;
	size_t count = 0, i;
	int ret = 0;

	while (names[count])
		count++;
	operands = calloc(count, sizeof(*operands));
	if (!operands)
		return fail_memory(names[0]);
	for (i = 0; !ret && i < count; i++) {
		operands[i].name = names[i];
		ret = open_operand(&operands[i]);
	}
	if (!ret)
		write_operands(out, operands, count);
	for (i = 0; i < count; i++) {
		module_free(&operands[i].module);
		lines_free(&operands[i].lines);
		free(operands[i].called);
	}
	free(operands);
	return ret;
}

/* --- Of a kernel and its modules on disk ----------------------------------------------- */

static int kernel_lines(struct lines *lines, const char *image)
{
	unsigned char *data;
	size_t size;
	int ret;

	if (!image)
		return lines_of_running(lines);
	ret = image_read(image, &data, &size);
	if (ret)
		return ret;
	ret = lines_of_image(lines, image, data, size);
	free(data);
	return ret;
}

static int of_kernel(FILE *out, const char *root, const char *release, const char *image)
{
	struct lines lines = { 0 };
	char path[PATH_MAX], shown[2 * PATH_MAX];
	int modules, ret;

	snprintf(path, sizeof(path), INSTALL_MODULES "/%s", release);
	snprintf(shown, sizeof(shown), "%s%s", root, path);
	modules = directory_open(root, path, DIRECTORY_ASK);
	if (modules == -ENOENT && image)
		return fail(shown, "no such directory", "name another one with --release");
	if (modules < 0 && modules != -ENOENT)
		return STATUS_FAILED;
	ret = kernel_lines(&lines, image);
	/* The kernel of a device may have no modules. */
	if (!ret)
		ret = complete_symvers(out, &lines, modules, shown, release);
	lines_free(&lines);
	if (modules >= 0)
		close(modules);
	return ret;
}

/* --- The command ------------------------------------------------------------------------ */

static int write_text(FILE *out, const struct arguments *args)
{
	const char *release = args->choice.release, *image = args->operands[0];
	struct utsname uts;

	uname(&uts);
	if (!release)
		release = uts.release;
	if (!release_is_sane(release))
		return fail(release, "is not the release of a kernel", "\"uname -r\" prints one");
	if (!image && (*args->root || strcmp(release, uts.release)))
		return fail(release, "is not what runs here", "name an IMAGE of it");
	if (image && !*args->root && !args->choice.release)
		return of_files(out, args->operands);
	return of_kernel(out, args->root, release, image);
}

int cmd_symvers(int argc, char **argv)
{
	struct arguments args;
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int ret;

	if (!arguments_read(&args, TAKES_RELEASE | TAKES_ROOT | TAKES_XZ | TAKES_OPERANDS, argc,
			    argv, usage, help, &ret))
		return ret;
	if ((args.choice.release || *args.root) && args.operands[0] && args.operands[1]) {
		fprintf(stderr, "Usage: %s\n", usage);
		return STATUS_USAGE;
	}
	/* Nothing is printed until it is known to be all of it. */
	out = open_memstream(&text, &size);
	if (!out)
		return fail_memory(argv[0]);
	ret = write_text(out, &args);
	if (fclose(out) && !ret)
		ret = fail_memory(argv[0]);
	if (!ret && args.xz)
		ret = complete_pack(stdout, text, size);
	else if (!ret)
		fwrite(text, 1, size, stdout);
	free(text);
	return ret ? ret : flush(argv[0]);
}
