// SPDX-License-Identifier: GPL-2.0-only
/* See links.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "links.h"

/* Writes to @to, which has room for both and two more, where @target leads from @directory. */
static bool resolve(char *to, const char *directory, size_t length, const char *target)
{
	size_t size;

	memcpy(to, directory, length);
	for (; *target; target += size, target += *target == '/') {
		size = strcspn(target, "/");
		if (!size || (size == 1 && target[0] == '.'))
			continue;
		if (size == 2 && target[0] == '.' && target[1] == '.') {
			if (!length)
				return false;
			while (length && to[--length] != '/')
				;
			continue;
		}
		if (length)
			to[length++] = '/';
		memcpy(to + length, target, size);
		length += size;
	}
	to[length] = '\0';
	return length;
}

int links_add(struct links *links, const char *path, const char *target, bool symbolic)
{
	const char *slash = symbolic ? strrchr(path, '/') : NULL;
	struct link new = { .path = strdup(path) };
	int ret = 0;

	new.to = malloc(strlen(path) + strlen(target) + 2);
	pthread_mutex_lock(&links->lock);
	if (!new.path || !new.to)
		ret = -ENOMEM;
	else if (*target == '/' || !resolve(new.to, path, slash ? slash - path : 0, target))
		ret = -EXDEV;
	else if (links->count == LINKS_COUNT_MAX)
		ret = -E2BIG;
	else
		links->link[links->count++] = new;
	pthread_mutex_unlock(&links->lock);
	if (ret) {
		free(new.path);
		free(new.to);
	}
	return ret;
}

void links_free(struct links *links)
{
	while (links->count--) {
		free(links->link[links->count].path);
		free(links->link[links->count].to);
	}
	pthread_mutex_destroy(&links->lock);
}
