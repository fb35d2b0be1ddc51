// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lays out the files of kheaders_data.tar.xz. Usage, from the object tree:
 *
 *	stage JOBS LIST DIR STRIP CHUNK...
 *
 * LIST is what list.sh prints. Each file goes to DIR/tree/PATH: C without comments
 * and needless white space if STRIP is "blanks", C and Makefiles without comments if
 * it is "comments" or "blanks", and all of the source as it is if it is "none". Then
 * DIR/CHUNK.manifest says for each CHUNK what is in it,
 *
 *	PATH <tab> MODE <tab> SIZE <tab> HASH
 *
 * and is only written when that differs from what it said before.
 *
 * DIR/index remembers the state of each source and of what became of it, so that
 * only files with another time, size or inode are read again; and that of the files
 * and directories which LIST, the chunks and this program were made from ("-" in
 * LIST). A file that was staged before and is not in LIST any more is removed.
 *
 * Up to JOBS processes share the work.
 *
 * Removes DIR/key, see uptodate.c, before it changes anything.
 */

#include <search.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "index.h"
#include "strip.h"

/*
 * A file changed twice within one tick of the clock has the same time twice. So
 * the state of a file that was new when the index was written proves nothing. File
 * systems that keep whole seconds tick slowly, others with the kernel.
 */
#define WHOLE_SECONDS(mtime)	(!((mtime) % NSEC_PER_SEC))
#define TICK_NSEC		(NSEC_PER_SEC / 50)	/* twice that of HZ=100 */
#define SLOW_TICK_NSEC		(2 * NSEC_PER_SEC)

/* Fewer files than this are not worth another process. */
#define FILES_A_JOB		256

/* The last line of a list, and the end of the one before. */
#define LIST_END		"\nend\n"

/* What the arguments say. */
struct job {
	unsigned long jobs;
	const char *list, *dir, *strip;
	char **chunk;		/* up to a NULL */
	bool strips_comments, strips_blanks;
	long long now, began;	/* nanoseconds since 1970; began: the files were listed */
};

/* Writes @name, unless it has that content already. */
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

/* Whether a file in this state may have changed since then, with a clock of that @tick. */
static bool changed_since(const struct state *s, long long then, long long tick)
{
	if (WHOLE_SECONDS(s->mtime))
		tick = SLOW_TICK_NSEC;
	return s->mtime + tick >= then || s->ctime + tick >= then;
}

static char *staged_name(const struct job *job, const struct item *e)
{
	char *tree = xasprintf("%s/%s", job->dir, "tree");
	char *name = xasprintf("%s/%s", tree, e->path);

	free(tree);
	return name;
}

/* Whether it is there as it should be. */
static bool is_staged(struct item *e, const char *staged)
{
	const struct item *old = e->old;
	struct stat from, to;

	if (!old || strcmp(old->source, e->source) || stat(e->source, &from) || stat(staged, &to))
		return false;
	e->from = state_of(&from);
	e->to = state_of(&to);
	e->hash = old->hash;
	e->mode = old->mode;
	return same_state(&e->from, &old->from) && same_state(&e->to, &old->to);
}

/* Whether the build made it: its comments may name files of the machine that built. */
static bool is_generated(const char *path)
{
	return strstr(path, "include/generated/");
}

/* Takes @buf, and returns what goes into the archive. */
static char *strip(const struct job *job, const struct item *e, char *buf, size_t *len)
{
	char *stripped;

	if (!job->strips_comments && !is_generated(e->path))
		return buf;
	if (!is_c(e->path)) {
		if (is_makefile(e->path))
			*len = strip_make_comments(buf, *len);
		return buf;
	}
	stripped = strip_comments(buf, *len, len);
	if (!stripped)
		die_errno("strip", e->source);
	free(buf);
	if (job->strips_blanks)
		*len = squeeze_blanks(stripped, *len);
	return stripped;
}

/* Brings DIR/tree/PATH up to date. */
static void stage(const struct job *job, struct item *e)
{
	char *staged = staged_name(job, e), *buf;
	struct stat from, to;
	size_t len;

	if (is_staged(e, staged)) {
		free(staged);
		return;
	}

	buf = read_file(e->source, false, &len, &from);
	buf = strip(job, e, buf, &len);
	e->mode = from.st_mode & 0100 ? 0755 : 0644;

	update_file(staged, buf, len, e->mode);
	if (stat(staged, &to))
		die_errno("read", staged);

	e->hash = hash_of(buf, len);
	e->from = state_of(&from);
	e->to = state_of(&to);
	if (changed_since(&e->from, job->now, TICK_NSEC))
		e->from.mtime = UNSURE;
	free(buf);
	free(staged);
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

static struct job job_of(char **argv)
{
	struct job job = {
		.list = argv[2], .dir = argv[3], .strip = argv[4], .chunk = argv + 5,
	};
	char *began = xasprintf("%s/%s", job.dir, "began"), *end;
	struct timespec ts;

	job.jobs = strtoul(argv[1], &end, 10);
	if (!job.jobs || *end)
		die("JOBS is '%s', not a number of processes", argv[1]);

	job.strips_blanks = !strcmp(job.strip, "blanks");
	job.strips_comments = job.strips_blanks || !strcmp(job.strip, "comments");
	if (!job.strips_comments && strcmp(job.strip, "none"))
		die("STRIP is '%s', not blanks, comments or none", job.strip);
	clock_gettime(CLOCK_REALTIME, &ts);
	job.now = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	job.began = mtime_of(began);
	free(began);
	return job;
}

/* From here on, the archive is out of date until it is made again. */
static void remove_key(const struct job *job)
{
	char *key = xasprintf("%s/%s", job->dir, "key");

	if (unlink(key) && errno != ENOENT)
		die_errno("remove", key);
	free(key);
}

static void need_chunk(const struct job *job, const struct item *e)
{
	char **chunk;

	for (chunk = job->chunk; *chunk; chunk++)
		if (!strcmp(*chunk, e->chunk))
			return;
	die("%s: the table chunks has no turn for %s", job->list, e->chunk);
}

/* Finds for each file what the index knows of it. */
static void match(const struct job *job, struct list *list, struct list *index)
{
	void *by_path = NULL;
	struct item *e;
	size_t i;

	for (i = 0; i < index->count; i++)
		if (!is_watched(&index->item[i]) &&
		    !tsearch(&index->item[i], &by_path, compare_paths))
			die("out of memory");
	for (i = 0; i < list->count; i++) {
		e = &list->item[i];
		if (is_watched(e))
			continue;
		need_chunk(job, e);
		e->old = look_up(e, &by_path);
		if (e->old)
			e->old->listed = true;
	}
}

/* Processes have the items in common. */
static void share(struct list *list)
{
	size_t size = list->count * sizeof(*list->item);
	struct item *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		die("cannot get %zu bytes: %s", size, strerror(errno));
	memcpy(shared, list->item, size);
	free(list->item);
	list->item = shared;
}

/*
 * Every item whose number is @first modulo @jobs. One of several processes ends when the one
 * that started it does, @parent: make kills that alone, and what is still written here would
 * be in the way of its next run, or of "make clean".
 */
static void stage_some(const struct job *job, struct list *list, size_t first, size_t jobs,
		       pid_t parent)
{
	size_t i;

	for (i = first; i < list->count; i += jobs) {
		if (parent && getppid() != parent)
			exit(1);
		if (is_watched(&list->item[i]))
			watch(&list->item[i], job->began);
		else
			stage(job, &list->item[i]);
	}
}

static void stage_all(const struct job *job, struct list *list)
{
	size_t jobs = list->count / FILES_A_JOB + 1, i;
	pid_t self = getpid(), pid;
	bool failed = false;
	int status;

	if (jobs > job->jobs)
		jobs = job->jobs;
	share(list);
	/* Where it is ignored, wait() does not tell what failed. */
	signal(SIGCHLD, SIG_DFL);
	for (i = 0; i < jobs; i++) {
		/* Where no other can be started, this one does it. */
		pid = jobs > 1 ? fork() : -1;
		if (pid > 0)
			continue;
		stage_some(job, list, i, jobs, pid ? 0 : self);
		if (!pid)
			exit(0);
	}
	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		die("%s: not all files could be staged, see above", job->list);
}

static void remove_unlisted(const struct job *job, const struct list *index)
{
	char *staged;
	size_t i;

	for (i = 0; i < index->count; i++) {
		if (index->item[i].listed || is_watched(&index->item[i]))
			continue;
		staged = staged_name(job, &index->item[i]);
		if (unlink(staged) && errno != ENOENT)
			die_errno("remove", staged);
		free(staged);
	}
}

int main(int argc, char **argv)
{
	struct list list = { 0 }, index = { 0 };
	char *index_name, **chunk;
	struct job job;

	if (argc < 6)
		die("usage: stage JOBS LIST DIR STRIP CHUNK...");
	job = job_of(argv);
	index_name = xasprintf("%s/%s", job.dir, "index");
	read_list(job.list, &list);
	remove_key(&job);
	read_index(index_name, job.strip, &index);
	match(&job, &list, &index);
	stage_all(&job, &list);
	remove_unlisted(&job, &index);
	/* The index first: a manifest is out of date at worst, never too new. */
	write_index(index_name, job.strip, &list);
	for (chunk = job.chunk; *chunk; chunk++)
		write_manifest(&list, job.dir, *chunk);
	return 0;
}
