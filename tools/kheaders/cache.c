// SPDX-License-Identifier: GPL-2.0-only
/* See cache.h. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "directory.h"
#include "whole.h"

/* What is special to make or shells in the path of a tree. */
#define ODD	" \t\n'\"`&;|<>:\\$()"

int cache_own(char path[PATH_MAX])
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const struct passwd *user;
	int length;

	if (!geteuid()) {
		snprintf(path, PATH_MAX, "%s", CACHE_SYSTEM);
		return 0;
	}
	if (!home || *home != '/') {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : "";
	}
	if (base && *base == '/')
		length = snprintf(path, PATH_MAX, "%s/kheaders", base);
	else
		length = snprintf(path, PATH_MAX, "%s/.cache/kheaders", home);
	if (*path != '/' || length >= PATH_MAX - NAME_MAX || !strcmp(home, "/"))
		return fail("HOME", "is not set to a directory of yours, and trees go there",
			    "set it, or XDG_CACHE_HOME");
	if (strpbrk(path, ODD))
		return fail(path,
			    "contains a character that is special to make or shells",
			    "set XDG_CACHE_HOME to another directory");
	return 0;
}

struct search {
	const struct kernel *kernel;
	char *path;
	bool found;
};

static bool compare(const struct place *cache, const char *name, const struct tree_note *note,
		    void *arg)
{
	struct search *search = arg;

	if (strcmp(name, note->archive) || !note_fits(note, search->kernel) ||
	    !whole_is(cache->directory, name) ||
	    snprintf(search->path, PATH_MAX, "%s/%s", cache->path, name) >= PATH_MAX)
		return true;
	search->found = true;
	return false;
}

static bool find(const struct kernel *kernel, const char *cache, char path[PATH_MAX])
{
	struct search search = { .kernel = kernel, .path = path };

	trees_each("", cache, DIRECTORY_TRY, compare, &search);
	return search.found;
}

static int make(struct kernel *kernel, const char *own, char path[PATH_MAX])
{
	const struct tree_options options = { .root = "", .prepare = true };
	struct place cache;
	int ret = place_open(&cache, "", own, DIRECTORY_MAKE);

	if (!ret)
		ret = place_lock(&cache);
	if (!ret) {
		/* Another one may have made it meanwhile. */
		if (!find(kernel, own, path)) {
			ret = tree_make(&cache, kernel->digest, kernel, &options);
			snprintf(path, PATH_MAX, "%.*s/%s", PATH_MAX - DIGEST_MAX - 1, own,
				 kernel->digest);
		}
		place_unlock(&cache);
	}
	place_close(&cache);
	return ret;
}

int cache_get(struct kernel *kernel, char path[PATH_MAX])
{
	char own[PATH_MAX];
	int ret;

	if (find(kernel, CACHE_SYSTEM, path))
		return 0;
	ret = cache_own(own);
	if (ret)
		return ret;
	if (find(kernel, own, path))
		return 0;
	ret = kernel_load(kernel);
	return ret ? ret : make(kernel, own, path);
}
