// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lays out the files of kheaders_data.tar.xz. Usage, from the object tree:
 *
 *	stage LIST DIR STRIP CHUNK...
 *	stage --done DIR KEY FILE...
 *	stage --current DIR KEY FILE...
 *
 * LIST is what list.sh prints. Each file goes to DIR/tree/PATH: C without comments
 * and needless white space if STRIP is "blanks", C and Makefiles without comments if
 * it is "comments" or "blanks", and all as it is if it is "none". Then
 * DIR/CHUNK.manifest says for each
 * CHUNK what is in it,
 *
 *	PATH <tab> MODE <tab> SIZE <tab> HASH
 *
 * and is only written when that differs from what it said before.
 *
 * DIR/index remembers the state of each source and of what became of it, so that
 * only files with another time, size or inode are read again; and that of the files
 * and directories which LIST, the chunks and this program were made from ("-" in
 * LIST).
 *
 * With --done, after the FILEs were made of the chunks, it writes DIR/key: the state of
 * each FILE, and KEY, all that they depend on and is in no file.
 *
 * With --current, it returns 0 if to make the FILEs again could change nothing, and
 * 1 if it could, at the cost of a stat() for each file that they were made from.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "strip.h"

#define NSEC_PER_SEC	1000000000LL

/*
 * A file changed twice within one tick of the clock has the same time twice. So
 * the state of a file that was new when the index was written proves nothing. File
 * systems that keep whole seconds tick slowly, others with the kernel.
 */
#define WHOLE_SECONDS(mtime)	(!((mtime) % NSEC_PER_SEC))
#define TICK_NSEC		(NSEC_PER_SEC / 50)	/* twice that of HZ=100 */
#define SLOW_TICK_NSEC		(2 * NSEC_PER_SEC)

/* In place of a time: the state is not known well enough. */
#define UNSURE			(-1LL)

/* The chunk, and the path, of what is watched, but not archived. */
#define WATCHED			"-"

/* The last line of a list, and the end of the one before. */
#define LIST_END		"\nend\n"

struct state {			/* of a file, as stat() tells it */
	long long mtime, ctime;	/* nanoseconds since 1970 */
	long long size;		/* bytes */
	unsigned long long ino;
};

struct item {
	char *chunk, *path, *source;
	struct state from, to;	/* the source and the staged file */
	unsigned long long hash;	/* of the staged file's content, or a directory's names */
	unsigned int mode;	/* 0644 or 0755 */
	bool listed;		/* in the index: also in today's list */
};

static bool strips_comments, strips_blanks;

struct list {
	struct item *item;
	size_t count, room;
	char *text;		/* what the strings point into */
};

#define die(...) \
	(fprintf(stderr, "kheaders: " __VA_ARGS__), fputc('\n', stderr), exit(1))
#define die_errno(doing, name) \
	die("cannot %s %s: %s", doing, name, strerror(errno))

static void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		die("out of memory");
	return p;
}

static char *xasprintf(const char *fmt, const char *a, const char *b)
{
	size_t size = snprintf(NULL, 0, fmt, a, b) + 1;
	char *s = xrealloc(NULL, size);

	snprintf(s, size, fmt, a, b);
	return s;
}

static struct state state_of(const struct stat *st)
{
	return (struct state){
		.mtime = st->st_mtim.tv_sec * NSEC_PER_SEC + st->st_mtim.tv_nsec,
		.ctime = st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec,
		.size = st->st_size,
		.ino = st->st_ino,
	};
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->mtime == b->mtime && a->ctime == b->ctime &&
	       a->size == b->size && a->ino == b->ino;
}

/* Reads a whole file; @name must exist unless @optional, then NULL is returned. */
static char *read_file(const char *name, bool optional, size_t *len, struct stat *st)
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

/* Replaces @name at once and whole, so that a build may be killed at any time. */
static void write_file(char *name, const char *buf, size_t len, unsigned int mode)
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

/* Writes @name unless that is what it holds. */
static void update_file(char *name, const char *buf, size_t len, unsigned int mode)
{
	struct stat st;
	size_t before_len;
	char *before;

	before = read_file(name, true, &before_len, &st);
	if (!before || before_len != len || memcmp(before, buf, len) ||
	    (st.st_mode & 07777) != mode)
		write_file(name, buf, len, mode);
	free(before);
}

#define HASH_START	0xcbf29ce484222325ULL	/* FNV-1a */

/* The hash of what @hash is of, with @buf behind it. */
static unsigned long long hash_more(unsigned long long hash, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)buf[i]) * 0x100000001b3ULL;
	return hash;
}

static unsigned long long hash_of(const char *buf, size_t len)
{
	return hash_more(HASH_START, buf, len);
}

static struct item *add_item(struct list *list)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 8192;
		list->item = xrealloc(list->item, list->room * sizeof(*list->item));
	}
	list->item[list->count] = (struct item){ 0 };
	return &list->item[list->count++];
}

static void read_list(const char *name, struct list *list)
{
	char *line, *end, *path, *source;
	struct item *e;
	struct stat st;
	size_t len;

	list->text = read_file(name, false, &len, &st);
	if (len < strlen(LIST_END) || strcmp(list->text + len - strlen(LIST_END), LIST_END))
		die("%s is not finished: remove it and make again", name);
	list->text[len - strlen(LIST_END) + 1] = '\0';
	for (line = list->text; *line; line = end + 1) {
		end = strchr(line, '\n');
		path = strchr(line, '\t');
		source = path ? strchr(path + 1, '\t') : NULL;
		if (!end || !source || source > end)
			die("%s: a line is not CHUNK, PATH and SOURCE", name);
		*end = *path++ = *source++ = '\0';

		e = add_item(list);
		e->chunk = line;
		e->path = path;
		e->source = source;
	}
}

/*
 * The index is only a memory: one that is missing, damaged, or of another version
 * of this program costs the time to stage all files again.
 */
#define INDEX_HEAD	"kheaders index 4"
static const char *index_head = INDEX_HEAD;
#define INDEX_LINE	"%lld %lld %lld %llu %lld %lld %lld %llu %llx %o "

static bool read_index(const char *name, struct list *index)
{
	char *line, *end, *path;
	struct item *e;
	struct stat st;
	size_t len;
	int at;

	index->text = read_file(name, true, &len, &st);
	if (!index->text || strncmp(index->text, index_head, strlen(index_head)))
		return false;

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

static void write_index(char *name, const struct list *list)
{
	size_t size = strlen(index_head) + 1, len, i;
	const struct item *e;
	char *buf;

	for (i = 0; i < list->count; i++)
		size += strlen(list->item[i].path) + strlen(list->item[i].source) + 256;
	buf = xrealloc(NULL, size);
	len = sprintf(buf, "%s", index_head);
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
}

static bool is_watched(const struct item *e)
{
	return !strcmp(e->path, WATCHED);
}

static bool is_makefile(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return !strncmp(name, "Makefile", 8) || !strncmp(name, "Kbuild", 6);
}

static bool is_c(const char *path)
{
	size_t len = strlen(path);

	return len > 2 && (!strcmp(path + len - 2, ".h") || !strcmp(path + len - 2, ".c"));
}

/* Whether a file in this state may have changed since then, give or take @tick. */
static bool changed_since(const struct state *s, long long then, long long tick)
{
	if (WHOLE_SECONDS(s->mtime))
		tick = SLOW_TICK_NSEC;
	return s->mtime + tick >= then || s->ctime + tick >= then;
}

/* Brings DIR/tree/PATH up to date; @old is what the index knows, or NULL. */
static void stage(struct item *e, const struct item *old, char *staged, long long now)
{
	struct stat from, to;
	char *buf, *stripped;
	size_t len;

	if (old && !strcmp(old->source, e->source) &&
	    !stat(e->source, &from) && !stat(staged, &to)) {
		e->from = state_of(&from);
		e->to = state_of(&to);
		if (same_state(&e->from, &old->from) &&
		    same_state(&e->to, &old->to)) {
			e->hash = old->hash;
			e->mode = old->mode;
			return;
		}
	}

	buf = read_file(e->source, false, &len, &from);
	if (strips_comments && is_c(e->path)) {
		stripped = strip_comments(buf, len, &len);
		if (!stripped)
			die_errno("strip", e->source);
		free(buf);
		buf = stripped;
		if (strips_blanks)
			len = squeeze_blanks(buf, len);
	} else if (strips_comments && is_makefile(e->path)) {
		len = strip_make_comments(buf, len);
	}
	e->mode = from.st_mode & 0100 ? 0755 : 0644;

	update_file(staged, buf, len, e->mode);
	if (stat(staged, &to))
		die_errno("read", staged);

	e->hash = hash_of(buf, len);
	e->from = state_of(&from);
	e->to = state_of(&to);
	if (changed_since(&e->from, now, TICK_NSEC))
		e->from.mtime = UNSURE;
	free(buf);
}

/* A number for the names in a directory, in whatever order they come. */
static unsigned long long hash_names(const char *name)
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

/* Notes the state of what is not staged, but was read since @began. */
static void watch(struct item *e, long long began)
{
	struct stat st;

	if (stat(e->source, &st))
		die_errno("read", e->source);
	e->from = state_of(&st);
	if (S_ISDIR(st.st_mode))
		e->hash = hash_names(e->source);
	/* The time of the file "began" came from the same clock. */
	if (changed_since(&e->from, began, 0))
		e->from.mtime = UNSURE;
}

static bool is_current(const struct item *e)
{
	struct state now;
	struct stat st;

	if (e->from.mtime == UNSURE || stat(e->source, &st))
		return false;
	now = state_of(&st);
	if (same_state(&e->from, &now))
		return true;
	return S_ISDIR(st.st_mode) && hash_names(e->source) == e->hash;
}

static long long mtime_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? UNSURE : state_of(&st).mtime;
}

/* A line of a manifest, at @buf; returns its length. */
static size_t manifest_line(char *buf, const struct item *e)
{
	return sprintf(buf, "%s\t%o\t%lld\t%llx\n", e->path, e->mode, e->to.size, e->hash);
}

static void write_manifest(const struct list *list, const char *dir, const char *chunk)
{
	char *name = xasprintf("%s/%s.manifest", dir, chunk);
	size_t size = 1, len = 0, i;
	const struct item *e;
	char *buf;

	for (i = 0; i < list->count; i++)
		size += strlen(list->item[i].path) + 64;
	buf = xrealloc(NULL, size);
	for (i = 0; i < list->count; i++) {
		e = &list->item[i];
		if (!strcmp(e->chunk, chunk))
			len += manifest_line(buf + len, e);
	}
	update_file(name, buf, len, 0644);
	free(buf);
	free(name);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

static struct item *look_up(const struct item *e, void *const *by_path)
{
	struct item **found = tfind(e, by_path, compare_paths);

	return found ? *found : NULL;
}

/* What DIR/key holds if the FILEs are as they are now; NULL if one is not there. */
static char *key_text(int count, char **file, const char *key)
{
	size_t room = count * 100 + strlen(key) + 1, len = 0;
	char *text = xrealloc(NULL, room);
	struct state state;
	struct stat st;
	int i;

	for (i = 0; i < count; i++) {
		if (stat(file[i], &st))
			return NULL;
		state = state_of(&st);
		len += snprintf(text + len, room - len, "%lld %lld %lld %llu\n",
				state.mtime, state.ctime, state.size, state.ino);
	}
	snprintf(text + len, room - len, "%s", key);
	return text;
}

/* stage --done DIR KEY FILE... */
static int done(int argc, char **argv)
{
	char *text = key_text(argc - 4, argv + 4, argv[3]);

	if (!text)
		die_errno("read", argv[argc - 1]);
	write_file(xasprintf("%s/%s", argv[2], "key"), text, strlen(text), 0644);
	return 0;
}

/* stage --current DIR KEY FILE... */
static int current(int argc, char **argv)
{
	char *now = key_text(argc - 4, argv + 4, argv[3]), *then;
	struct list index = { 0 };
	size_t i, len;
	struct stat st;

	then = read_file(xasprintf("%s/%s", argv[2], "key"), true, &len, &st);
	if (!now || !then || strcmp(now, then))
		return 1;
	if (!read_index(xasprintf("%s/%s", argv[2], "index"), &index))
		return 1;
	for (i = 0; i < index.count; i++)
		if (!is_current(&index.item[i]))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct list list = { 0 }, index = { 0 };
	char *dir, *tree, *staged, *index_name, *began_name, *key_name;
	void *by_path = NULL;
	struct item *old;
	struct timespec ts;
	long long now, began;
	size_t i;
	int c;

	if (argc >= 5 && !strcmp(argv[1], "--current"))
		return current(argc, argv);
	if (argc >= 5 && !strcmp(argv[1], "--done"))
		return done(argc, argv);
	if (argc < 5)
		die("usage: stage LIST DIR STRIP CHUNK... or --done or --current DIR KEY FILE...");
	dir = argv[2];
	strips_blanks = !strcmp(argv[3], "blanks");
	strips_comments = strips_blanks || !strcmp(argv[3], "comments");
	if (!strips_comments && strcmp(argv[3], "none"))
		die("'%s' is none of blanks, comments, none", argv[3]);
	/* A file that was staged otherwise is not up to date. */
	index_head = xasprintf("%s, %s\n", INDEX_HEAD, argv[3]);
	tree = xasprintf("%s/%s", dir, "tree");
	index_name = xasprintf("%s/%s", dir, "index");
	clock_gettime(CLOCK_REALTIME, &ts);
	now = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	began_name = xasprintf("%s/%s", dir, "began");
	began = mtime_of(began_name);

	read_list(argv[1], &list);
	/* From here on, what was made of the chunks is not what it should be. */
	key_name = xasprintf("%s/%s", dir, "key");
	if (unlink(key_name) && errno != ENOENT)
		die_errno("remove", key_name);
	read_index(index_name, &index);
	for (i = 0; i < index.count; i++)
		if (!is_watched(&index.item[i]) &&
		    !tsearch(&index.item[i], &by_path, compare_paths))
			die("out of memory");

	for (i = 0; i < list.count; i++) {
		if (is_watched(&list.item[i])) {
			watch(&list.item[i], began);
			continue;
		}
		for (c = 4; c < argc && strcmp(argv[c], list.item[i].chunk); c++)
			;
		if (c == argc)
			die("%s: no chunk is called %s", argv[1], list.item[i].chunk);
		old = look_up(&list.item[i], &by_path);
		if (old)
			old->listed = true;
		staged = xasprintf("%s/%s", tree, list.item[i].path);
		stage(&list.item[i], old, staged, now);
		free(staged);
	}

	for (i = 0; i < index.count; i++) {
		if (index.item[i].listed || is_watched(&index.item[i]))
			continue;
		staged = xasprintf("%s/%s", tree, index.item[i].path);
		if (unlink(staged) && errno != ENOENT)
			die_errno("remove", staged);
		free(staged);
	}

	/* The index first: a manifest is out of date at worst, never too new. */
	write_index(index_name, &list);
	for (c = 4; c < argc; c++)
		write_manifest(&list, dir, argv[c]);
	return 0;
}
