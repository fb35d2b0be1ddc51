// SPDX-License-Identifier: GPL-2.0-only
/* kheaders status: what there is for the running kernel, and what is missing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "cache.h"
#include "command.h"
#include "directory.h"
#include "install.h"
#include "symvers_xz.h"
#include "whole.h"

static const char usage[] = "kheaders status [--json] [--from FILE [--release R]] [--root DIR]";

static const char help[] =
	"\n"
	"Say which tree there is for the running kernel where consumers look for it,\n"
	"whether it fits, what is missing, and which trees \"kheaders path\" made.\n"
	"\n"
	"Options:\n"
	"      --json       print that in JSON\n"
	"      --from FILE  of the kernel whose headers are in FILE: a kernel image,\n"
	"                   kheaders.ko or kheaders.tar.xz\n"
	HELP_RELEASE
	"      --root DIR   in the root file system at DIR\n"
	"  -h, --help       print this\n"
	"\n"
	"Exit status: 0 if a tree that fits the kernel is there, complete and linked, or\n"
	"1 if not, or 2 if the command was called in a wrong way.\n";

struct status {
	const struct install *i;
	const struct kernel *kernel;
	bool json;
	const char *separator;		/* of lists in JSON */
};

/* What a tree that can build modules has. */
static const struct {
	const char *file, *what;
} parts[] = {
	{ "Makefile", "what modules need (these are headers for eBPF alone)" },
	{ ".config", ".config" },
	{ "Module.symvers", "Module.symvers" },
};

static const char *const tree_names[] = {
	[TREE_NONE] = "none",
	[TREE_OURS] = "kheaders",
	[TREE_FOREIGN] = "other",
};

static const char *const link_names[] = {
	[LINK_NONE] = "none",
	[LINK_DANGLES] = "dangling",
	[LINK_OURS] = "linked",
	[LINK_FOREIGN] = "other",
};

static void json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static bool is_there(const struct install *i)
{
	return i->link == LINK_FOREIGN || i->tree != TREE_NONE;
}

static const char *where(const struct install *i)
{
	return i->link == LINK_FOREIGN ? i->link_path : i->tree_path;
}

static void missing(struct status *status, const char *what)
{
	if (status->json) {
		fputs(status->separator, stdout);
		json_string(what);
	} else {
		printf("%s%s", *status->separator ? ", " : "Missing:  ", what);
	}
	status->separator = ", ";
}

/* Returns whether anything is. */
static bool show_missing(struct status *status)
{
	const struct install *i = status->i;
	char path[PATH_MAX + 32];
	size_t part;
	int tree = -1;

	status->separator = "";
	if (!is_there(i))
		missing(status, "the tree");
	else
		tree = directory_open(i->root, where(i), DIRECTORY_TRY);
	for (part = 0; tree >= 0 && part < ARRAY_SIZE(parts); part++) {
		/* A package's tree can be split, with a Makefile that leads to the rest. */
		if (faccessat(tree, parts[part].file, F_OK, 0))
			missing(status, parts[part].what);
	}
	if (tree >= 0)
		close(tree);
	if (i->damaged)
		missing(status, "files of the kernel (\"kheaders install\" makes the tree anew)");
	if (i->tree == TREE_OURS && i->link != LINK_FOREIGN && !i->note.prepared)
		missing(status, "host programs (\"make prepare\" in the tree)");
	if (i->link == LINK_NONE || i->link == LINK_DANGLES) {
		snprintf(path, sizeof(path), "the link %s", i->link_path);
		missing(status, path);
	}
	if (install_lacks_symvers(i, status->kernel)) {
		snprintf(path, sizeof(path), INSTALL_MODULES "/%s/" SYMVERS_XZ,
			 status->kernel->release);
		missing(status, path);
	}
	if (!status->json && *status->separator)
		putchar('\n');
	return *status->separator;
}

static bool show_cached(const struct place *cache, const char *name,
			const struct tree_note *note, void *arg)
{
	struct status *status = arg;
	bool of_kernel = note_fits(note, status->kernel);
	bool fits = of_kernel && whole_is(cache->directory, name);

	if (status->json) {
		printf("%s\n    { \"path\": ", status->separator);
		json_string(cache->path);
		fputs(", \"name\": ", stdout);
		json_string(name);
		fputs(", \"release\": ", stdout);
		json_string(note->release);
		printf(", \"fits\": %s }", fits ? "true" : "false");
		status->separator = ",";
	} else {
		printf("Cached:   %s/%s, of %s, %s\n", cache->path, name, note->release,
		       fits ? "fits" : of_kernel ? "damaged" : "of another kernel");
	}
	return true;
}

static void show_caches(struct status *status)
{
	char own[PATH_MAX];

	status->separator = "";
	trees_each(status->i->root, CACHE_SYSTEM, DIRECTORY_TRY, show_cached, status);
	if (geteuid() && !*status->i->root && !cache_own(own))
		trees_each("", own, DIRECTORY_TRY, show_cached, status);
}

static const char *archive(const struct kernel *kernel)
{
	return kernel->digest[0] || !access(kernel->name, R_OK) ? kernel->name : "";
}

/* Without an id of the kernel, trees of its release can be of another build. */
static const char *fits(const struct status *status)
{
	const struct kernel *kernel = status->kernel;

	if (status->i->fits)
		return "fits";
	if (status->i->damaged)
		return "of this kernel, damaged";
	if (kernel->id[0] || kernel->digest[0] ||
	    strcmp(status->i->note.release, kernel->release))
		return "of another kernel";
	return "of this release (root can tell of which build)";
}

static bool show_text(struct status *status)
{
	const struct install *i = status->i;
	const char *from = archive(status->kernel);
	bool lacks;

	printf("Kernel:   %s%s%s\n", status->kernel->release,
	       status->kernel->id[0] ? ", build " : "", status->kernel->id);
	printf("Headers:  %s\n", *from ? from : "none can be read (no /proc/kheaders.tar.xz)");
	if (is_there(i))
		printf("Tree:     %s%s, %s, %s\n", i->root, where(i),
		       i->link == LINK_FOREIGN || i->tree == TREE_FOREIGN ?
		       "not made by kheaders" : "made by kheaders",
		       fits(status));
	else
		printf("Tree:     none\n");
	lacks = show_missing(status);
	if (!lacks)
		printf("Missing:  nothing\n");
	show_caches(status);
	return lacks;
}

static bool show_json(struct status *status)
{
	const struct install *i = status->i;
	bool lacks;

	fputs("{\n  \"release\": ", stdout);
	json_string(status->kernel->release);
	fputs(",\n  \"id\": ", stdout);
	json_string(status->kernel->id);
	fputs(",\n  \"archive\": ", stdout);
	json_string(archive(status->kernel));
	fputs(",\n  \"tree\": { \"path\": ", stdout);
	json_string(i->tree_path);
	printf(", \"made_by\": \"%s\" },\n  \"link\": { \"path\": ", tree_names[i->tree]);
	json_string(i->link_path);
	printf(", \"state\": \"%s\" },\n  \"fits\": %s,\n  \"missing\": [", link_names[i->link],
	       i->fits ? "true" : "false");
	lacks = show_missing(status);
	fputs("],\n  \"cache\": [", stdout);
	show_caches(status);
	puts("]\n}");
	return lacks;
}

int cmd_status(int argc, char **argv)
{
	struct arguments args;
	struct kernel kernel;
	struct install i;
	struct status status = { .i = &i, .kernel = &kernel };
	bool lacks;
	int ret;

	if (!arguments_read(&args, TAKES_JSON | TAKES_FROM | TAKES_ROOT, argc, argv, usage, help,
			    &ret))
		return ret;
	ret = kernel_open(&kernel, &args.choice);
	/* Without an id, only the archive tells. */
	if (!ret)
		kernel_ask_module(&kernel);
	if (!ret && !kernel.id[0] && !access(kernel.name, R_OK))
		ret = kernel_load(&kernel);
	if (!ret)
		ret = install_open(&i, args.root, &kernel, DIRECTORY_ASK);
	if (!ret) {
		status.json = args.json;
		lacks = args.json ? show_json(&status) : show_text(&status);
		install_close(&i);
		ret = flush(argv[0]);
		if (!ret)
			ret = lacks || !i.fits ? STATUS_FAILED : 0;
	}
	kernel_close(&kernel);
	return ret;
}
