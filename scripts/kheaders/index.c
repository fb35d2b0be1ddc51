// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files, their state, and the index of the kheaders generator: see index.h.
 */

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "index.h"

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		die("out of memory");
	return p;
}

char *xasprintf(const char *fmt, const char *a, const char *b)
{
	size_t size = snprintf(NULL, 0, fmt, a, b) + 1;
	char *s = xrealloc(NULL, size);

	snprintf(s, size, fmt, a, b);
	return s;
}

struct state state_of(const struct stat *st)
{
	return (struct state){
		.mtime = st->st_mtim.tv_sec * NSEC_PER_SEC + st->st_mtim.tv_nsec,
		.ctime = st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec,
		.size = st->st_size,
		.ino = st->st_ino,
	};
}

bool same_state(const struct state *a, const struct state *b)
{
	return a->mtime == b->mtime && a->ctime == b->ctime &&
	       a->size == b->size && a->ino == b->ino;
}

char *read_file(const char *name, bool optional, size_t *len, struct stat *st)
{
	char *buf = NULL;
	size_t room = 0;
	ssize_t got;
	int fd;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && optional)
		return NULL;
	if (fd < 0 || fstat(fd, st))
		die_errno("read", name);

	*len = 0;
	do {
		if (*len == room) {
			room = room ? 2 * room : (size_t)st->st_size + 2;
			buf = xrealloc(buf, room);
		}
		got = read(fd, buf + *len, room - *len - 1);
		if (got < 0)
			die_errno("read", name);
		*len += got;
		if (*len == room - 1)
			buf = xrealloc(buf, room *= 2);
	} while (got);
	close(fd);
	buf[*len] = '\0';
	return buf;
}

static void make_parents(char *name)
{
	char *slash;

	for (slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0777) && errno != EEXIST)
			die_errno("make directory", name);
		*slash = '/';
	}
}

void write_file(char *name, const char *buf, size_t len, unsigned int mode)
{
	char *tmp = xasprintf("%s%s", name, ".tmp");
	size_t done = 0;
	ssize_t put;
	int fd;

	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 && errno == ENOENT) {
		make_parents(tmp);
		fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	}
	if (fd < 0)
		die_errno("write", tmp);
	for (; done < len; done += put) {
		put = write(fd, buf + done, len - done);
		if (put < 0) {
			unlink(tmp);
			die_errno("write", name);
		}
	}
	/* The builder's umask is not to be seen in the archive. */
	if (fchmod(fd, mode) || close(fd) || rename(tmp, name)) {
		unlink(tmp);
		die_errno("write", name);
	}
	free(tmp);
}

#define HASH_START	0xcbf29ce484222325ULL	/* FNV-1a */

unsigned long long hash_of(const char *buf, size_t len)
{
	unsigned long long hash = HASH_START;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)buf[i]) * 0x100000001b3ULL;
	return hash;
}

unsigned long long hash_names(const char *name)
{
	unsigned long long hash = 0;
	struct dirent *d;
	DIR *dir;

	dir = opendir(name);
	if (!dir)
		die_errno("read", name);
	/* Temporary files come and go, and one that is made from the archive. */
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && strcmp(d->d_name, "kheaders_id.h"))
			hash += hash_of(d->d_name, strlen(d->d_name));
	closedir(dir);
	return hash;
}

struct item *add_item(struct list *list)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 8192;
		list->item = xrealloc(list->item, list->room * sizeof(*list->item));
	}
	list->item[list->count] = (struct item){ 0 };
	return &list->item[list->count++];
}

bool is_watched(const struct item *e)
{
	return !strcmp(e->path, WATCHED);
}

#define INDEX_HEAD	"kheaders index 4"
#define INDEX_LINE	"%lld %lld %lld %llu %lld %lld %lld %llu %llx %o "

bool read_index(const char *name, const char *strip, struct list *index)
{
	char *head, *line, *end, *path;
	struct item *e;
	struct stat st;
	size_t len;
	int at;

	index->text = read_file(name, true, &len, &st);
	head = xasprintf(strip ? "%s, %s\n" : "%s", INDEX_HEAD, strip);
	if (!index->text || strncmp(index->text, head, strlen(head)))
		return false;
	free(head);

	line = strchr(index->text, '\n');
	for (line = line ? line + 1 : ""; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return false;
		*end = '\0';
		e = add_item(index);
		path = NULL;
		if (sscanf(line, INDEX_LINE "%n",
			   &e->from.mtime, &e->from.ctime, &e->from.size, &e->from.ino,
			   &e->to.mtime, &e->to.ctime, &e->to.size, &e->to.ino,
			   &e->hash, &e->mode, &at) == 10)
			path = strchr(line + at, '\t');
		if (!path) {
			index->count--;
			return false;
		}
		*path++ = '\0';
		e->source = line + at;
		e->path = path;
	}
	return true;
}

void write_index(char *name, const char *strip, const struct list *list)
{
	char *head = xasprintf("%s, %s\n", INDEX_HEAD, strip), *buf;
	size_t size = strlen(head) + 1, len, i;
	const struct item *e;

	for (i = 0; i < list->count; i++)
		size += strlen(list->item[i].path) + strlen(list->item[i].source) + 256;
	buf = xrealloc(NULL, size);
	len = sprintf(buf, "%s", head);
	for (i = 0; i < list->count; i++) {
		e = &list->item[i];
		len += sprintf(buf + len,
			       INDEX_LINE "%s\t%s\n",
			       e->from.mtime, e->from.ctime, e->from.size, e->from.ino,
			       e->to.mtime, e->to.ctime, e->to.size, e->to.ino,
			       e->hash, e->mode, e->source, e->path);
	}
	write_file(name, buf, len, 0644);
	free(buf);
	free(head);
}
