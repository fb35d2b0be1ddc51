// SPDX-License-Identifier: GPL-2.0-only
/* See disk.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "directory.h"
#include "disk.h"
#include "image.h"
#include "progress.h"
#include "threads.h"
#include "unpack.h"

#define DEPTH_MAX	16
#define LIST		"modules.symbols"	/* depmod(8)'s, of those that export something */
#define LIST_LINE	"alias symbol:"		/* NAME MODULE */
#define LIST_MAX	((size_t)64 << 20)
#define MODULE_MAX	((size_t)256 << 20)	/* bytes, unpacked; with debugging information */

int module_load(struct module *module, const unsigned char *data, size_t size)
{
	struct buffer out = { .max = MODULE_MAX };
	const struct format *format;
	size_t read;
	int err;

	if (module_is_in(data, size))
		return module_read(module, data, size);
	*module = (struct module) { 0 };
	/* What is packed begins at the first byte. */
	format = packed_at(data, size);
	if (!format)
		return -EINVAL;
	err = unpack(format, data, size, &out, &read);
	if (!err)
		err = module_is_in(out.data, out.size) ?
		      module_read(module, out.data, out.size) : -EINVAL;
	free(out.data);
	return err;
}

char *module_name(const char *path)
{
	static const char *const ends[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t length = strlen(path), end, i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		end = strlen(ends[i]);
		if (length > end && !strcmp(path + length - end, ends[i]))
			return strndup(path, length - end);
	}
	errno = EINVAL;
	return NULL;
}

/* --- Which there are ---------------------------------------------------------------- */

/* Adds @path if it is called like a module. */
static int add(struct disk *disk, const char *path)
{
	struct disk_module *module;
	char *name = module_name(path);
	const char *slash;

	if (!name)
		return errno == EINVAL ? 0 : -ENOMEM;
	/* There is room for one, and for as many again when that is full. */
	if (disk->count && !(disk->count & (disk->count - 1))) {
		module = reallocarray(disk->module, 2 * disk->count, sizeof(*module));
		if (!module) {
			free(name);
			return -ENOMEM;
		}
		disk->module = module;
	}
	module = &disk->module[disk->count++];
	*module = (struct disk_module) { .path = strdup(path), .name = name };
	/* The build's own are installed in "kernel". */
	slash = strchr(name, '/');
	if (slash)
		memmove(name, slash + 1, strlen(slash));
	return module->path ? 0 : -ENOMEM;
}

/* Whether the tree of headers, or a link to it, has that name there. */
static bool is_tree(const char *path)
{
	return !strcmp(path, "build") || !strcmp(path, "source");
}

static int walk(struct disk *disk, int fd, const char *shown, const char *above,
		unsigned int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;
	int err = 0, below;

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && (errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(path, sizeof(path), "%s%s", above, entry->d_name) >=
		    sizeof(path) - 1 || is_tree(path) || !symvers_is_printable(path) ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(st.st_mode)) {
			err = add(disk, path);
		} else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			below = directory_open_at(fd, entry->d_name, path, DIRECTORY_TRY);
			strcat(path, "/");
			if (below >= 0)
				err = walk(disk, below, shown, path, depth + 1);
			else
				fprintf(stderr,
					"kheaders: %s/%s: can't be read, or others can change it; left out\n",
					shown, path);
		}
	}
	if (!err)
		err = -errno;
	closedir(dir);
	return err;
}

static int by_path(const void *a, const void *b)
{
	const struct disk_module *one = a, *other = b;

	return strcmp(one->path, other->path);
}

/* --- Which of them export something ---------------------------------------------------- */

/* What depmod found when it last ran. To unpack the others would take most of the time. */
struct list {
	char *text;
	char **name;			/* of the modules, in order; as the kernel knows them */
	size_t count;
	struct timespec time;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Without a list in that format, or memory for it, nothing is known. */
static void read_list(struct list *list, int directory)
{
	char *next, *line, *name;
	struct stat st;
	size_t lines = 0;

	list->text = fstatat(directory, LIST, &st, AT_SYMLINK_NOFOLLOW) ? NULL : malloc(LIST_MAX);
	if (!list->text || directory_read(directory, LIST, list->text, LIST_MAX) <= 0)
		return;
	list->time = st.st_mtim;
	for (next = list->text; *next; next++)
		lines += *next == '\n';
	list->name = calloc(lines + 1, sizeof(*list->name));
	next = list->text;
	while (list->name && (line = strsep(&next, "\n")) && next) {
		if (*line == '#')
			continue;
		name = strrchr(line, ' ');
		if (strncmp(line, LIST_LINE, strlen(LIST_LINE)) || !name) {
			list->count = 0;
			return;
		}
		list->name[list->count++] = name + 1;
	}
	if (list->count)
		qsort(list->name, list->count, sizeof(*list->name), compare_names);
}

/* Whether the module is known to export nothing: it is older than the list, and not in it. */
static bool is_not_listed(const struct list *list, const struct stat *st, const char *path)
{
	const char *base = strrchr(path, '/');
	char name[NAME_MAX + 1], *key = name, *c;

	if (!list->count || list->time.tv_sec < st->st_ctim.tv_sec ||
	    (list->time.tv_sec == st->st_ctim.tv_sec &&
	     list->time.tv_nsec <= st->st_ctim.tv_nsec))
		return false;
	snprintf(name, sizeof(name), "%s", base ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
	for (c = name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return !bsearch(&key, list->name, list->count, sizeof(*list->name), compare_names);
}

/* --- What they hold ----------------------------------------------------------------- */

struct job {
	int directory;
	struct disk *disk;
	struct list list;
	atomic_size_t next;
	atomic_size_t done;	/* bytes */
	struct progress progress;
};

static int load_file(struct job *job, struct disk_module *module)
{
	int fd = openat(job->directory, module->path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	unsigned char *data = NULL;
	struct stat st;
	size_t size;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode) || !st.st_size || st.st_size > (off_t)MODULE_MAX)
		err = -EINVAL;
	/* Nobody else may have put it there. */
	else if ((st.st_uid && st.st_uid != geteuid()) || st.st_mode & 0022)
		err = -EPERM;
	else if (is_not_listed(&job->list, &st, module->path))
		err = 0;
	else
		err = image_read_fd(fd, st.st_size, &data, &size);
	close(fd);
	if (err || !data)
		return err;
	err = module_load(&module->module, data, size);
	free(data);
	progress_show(&job->progress, atomic_fetch_add(&job->done, size) + size);
	return err;
}

static void *work(void *arg)
{
	struct job *job = arg;
	size_t i;

	while ((i = atomic_fetch_add(&job->next, 1)) < job->disk->count)
		job->disk->module[i].err = load_file(job, &job->disk->module[i]);
	return NULL;
}

static void free_module(struct disk_module *module)
{
	module_free(&module->module);
	free(module->path);
	free(module->name);
}

/* Drops those without exports. */
static int keep(struct disk *disk, const char *shown)
{
	size_t i, kept = 0;
	int ret = 0;

	for (i = 0; i < disk->count; i++) {
		if (disk->module[i].err == -ENOMEM)
			ret = fail_memory(shown);
		if (disk->module[i].err || disk->module[i].module.export_count)
			disk->module[kept++] = disk->module[i];
		else
			free_module(&disk->module[i]);
	}
	disk->count = kept;
	return ret;
}

int disk_read(struct disk *disk, int modules, const char *shown, const char *release)
{
	struct job job = { .directory = modules, .disk = disk };
	int fd, err;

	*disk = (struct disk) { .module = malloc(sizeof(*disk->module)) };
	if (!disk->module)
		return fail_memory(shown);
	fd = openat(modules, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 ? -errno : walk(disk, fd, shown, "", 0);
	if (err) {
		disk_free(disk);
		return err == -ENOMEM ? fail_memory(shown) :
		       fail(shown, strerror(-err), "try as root");
	}
	qsort(disk->module, disk->count, sizeof(*disk->module), by_path);
	read_list(&job.list, modules);
	progress_begin(&job.progress, "reading the modules of", release);
	threads_run(work, &job, disk->count);
	progress_end(&job.progress);
	free(job.list.name);
	free(job.list.text);
	err = keep(disk, shown);
	if (err)
		disk_free(disk);
	return err;
}

void disk_free(struct disk *disk)
{
	while (disk->count)
		free_module(&disk->module[--disk->count]);
	free(disk->module);
	disk->module = NULL;
}
