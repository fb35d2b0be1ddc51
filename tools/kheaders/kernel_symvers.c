// SPDX-License-Identifier: GPL-2.0-only
/* See kernel_symvers.h. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "complete.h"
#include "directory.h"
#include "install.h"
#include "kernel_symvers.h"
#include "lines.h"

bool kernel_has_symvers(const struct kernel *kernel)
{
	return kernel->running ? !access(LINES_PROC, R_OK) : !!kernel->symvers;
}

static int find_lines(struct lines *lines, struct kernel *kernel, bool tell)
{
	char *text = kernel->symvers;

	*lines = (struct lines) { 0 };
	if (kernel_has_symvers(kernel)) {
		kernel->symvers = NULL;
		return text ? lines_of_text(lines, kernel->name, text) : lines_of_running(lines);
	}
	if (tell && kernel->running)
		fprintf(stderr,
			"kheaders: the tree has no Module.symvers: the kernel has no %s (CONFIG_IKHEADERS_SYMVERS)\n",
			LINES_PROC);
	else if (tell)
		fprintf(stderr,
			"kheaders: the tree has no Module.symvers: no symbol versions are in %s, only in an image of the kernel (CONFIG_IKHEADERS_SYMVERS)\n",
			kernel->name);
	return 0;
}

static int write_text(FILE *out, const struct lines *lines, const char *root,
		      const char *release)
{
	char path[PATH_MAX], shown[2 * PATH_MAX];
	int modules, ret;

	snprintf(path, sizeof(path), INSTALL_MODULES "/%s", release);
	snprintf(shown, sizeof(shown), "%s%s", root, path);
	modules = directory_open(root, path, DIRECTORY_TRY);
	if (modules < 0 && !access(shown, F_OK))
		fprintf(stderr,
			"kheaders: %s: can be changed by others than root and you; left out of Module.symvers\n",
			shown);
	ret = complete_symvers(out, lines, modules, shown, release);
	if (modules >= 0)
		close(modules);
	return ret;
}

int kernel_symvers(struct kernel *kernel, const char *root, bool tell, char **text,
		   size_t *size)
{
	struct lines lines;
	int ret = find_lines(&lines, kernel, tell);
	FILE *out;

	*text = NULL;
	if (ret || !lines.count)
		return ret;
	out = open_memstream(text, size);
	ret = out ? write_text(out, &lines, root, kernel->release) : fail_memory("Module.symvers");
	lines_free(&lines);
	if (out && fclose(out) && !ret)
		ret = fail_memory("Module.symvers");
	if (ret) {
		free(*text);
		*text = NULL;
	}
	return ret;
}
