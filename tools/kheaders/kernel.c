// SPDX-License-Identifier: GPL-2.0-only
/* See kernel.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libkmod.h>
#include <openssl/evp.h>

#include "../../kernel/kheaders.h"
#include "members.h"
#include "command.h"
#include "directory.h"
#include "image.h"
#include "kernel.h"
#include "lines.h"

#define PROC		"/proc/kheaders.tar.xz"
#define SYS		"/sys/kernel/kheaders.tar.xz"
#define ARCHIVE_MAX	((off_t)256 << 20)	/* of an archive in a running kernel */

/* More than the largest kernels take. */
#define ROOM_MAX	((size_t)512 << 20)
#define WORK_MAX	((uint64_t)2 << 30)
#define TRIES		64	/* pairs of marks with something else in between */

void sha256(const void *data, size_t size, char digest[DIGEST_MAX])
{
	unsigned char raw[EVP_MAX_MD_SIZE] = { 0 };
	unsigned int length = 0, i;

	digest[0] = '\0';
	if (!EVP_Digest(data, size, raw, &length, EVP_sha256(), NULL))
		return;
	for (i = 0; i < length; i++)
		sprintf(digest + 2 * i, "%02x", raw[i]);
}

bool release_is_sane(const char *release)
{
	const char *c;

	if (!*release || *release == '.' || strlen(release) >= RELEASE_MAX)
		return false;
	for (c = release; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._+~-", *c))
			return false;
	}
	return true;
}

/* Reads the first line of the file @name, or "". */
static void read_line(const char *name, char *line, size_t size)
{
	ssize_t got = directory_read(AT_FDCWD, name, line, size);

	line[got < 0 ? 0 : strcspn(line, "\n")] = '\0';
}

/* --- The running kernel -------------------------------------------------------- */

static void be_quiet(void *data, int priority, const char *file, int line, const char *fn,
		     const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

/* Loads or, with @remove, unloads kheaders.ko. Returns whether that was done. */
static bool module(bool remove)
{
	const char *no_config = NULL;
	struct kmod_ctx *ctx = kmod_new(NULL, remove ? &no_config : NULL);
	struct kmod_module *mod = NULL;
	bool done = false;

	/* What went wrong is said in one line, of what was wanted. */
	if (ctx)
		kmod_set_log_fn(ctx, be_quiet, NULL);
	if (ctx && !kmod_module_new_from_name(ctx, "kheaders", &mod)) {
		done = remove ? !kmod_module_remove_module(mod, 0) :
		       !kmod_module_probe_insert_module(mod,
				KMOD_PROBE_FAIL_ON_LOADED | KMOD_PROBE_APPLY_BLACKLIST,
				NULL, NULL, NULL, NULL);
		kmod_module_unref(mod);
	}
	kmod_unref(ctx);
	return done;
}

/* The file with the archive, and whether kheaders.ko was loaded for it. */
static const char *find(bool *loaded)
{
	*loaded = false;
	if (!access(PROC, R_OK))
		return PROC;
	if (!geteuid() && module(false)) {
		*loaded = true;
		if (!access(PROC, R_OK))
			return PROC;
	}
	return !access(SYS, R_OK) ? SYS : NULL;
}

static int read_archive(struct kernel *kernel)
{
	struct stat st;
	int fd = open(kernel->name, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0 || st.st_size > ARCHIVE_MAX) {
		if (fd >= 0)
			close(fd);
		return fail(kernel->name, "can't be read", "load kheaders.ko, as root");
	}
	kernel->archive = malloc(st.st_size);
	if (!kernel->archive) {
		close(fd);
		return fail_memory(kernel->name);
	}
	kernel->size = 0;
	while (kernel->size < (size_t)st.st_size &&
	       (got = read(fd, kernel->archive + kernel->size,
			   st.st_size - kernel->size)) > 0)
		kernel->size += got;
	close(fd);
	if (kernel->size == (size_t)st.st_size)
		return 0;
	return fail(kernel->name, "can't be read to its end", "was kheaders.ko unloaded?");
}

static void identify(struct kernel *kernel)
{
	struct utsname uts;

	uname(&uts);
	snprintf(kernel->release, sizeof(kernel->release), "%s", uts.release);
	kernel->running = true;
	kernel->name = access(PROC, R_OK) && !access(SYS, R_OK) ? SYS : PROC;
	/* First what is always built in: kheaders.ko may not be loaded, or be of another build. */
	read_line("/sys/module/kheaders_symvers/version", kernel->id, sizeof(kernel->id));
	if (!kernel->id[0])
		read_line("/sys/module/kheaders/version", kernel->id, sizeof(kernel->id));
}

void kernel_ask_module(struct kernel *kernel)
{
	if (!kernel->running || kernel->id[0] || geteuid() || !module(false))
		return;
	read_line("/sys/module/kheaders/version", kernel->id, sizeof(kernel->id));
	module(true);
}

static int load_running(struct kernel *kernel)
{
	char id[ID_MAX];
	bool loaded;
	int ret;

	kernel->name = find(&loaded);
	if (!kernel->name) {
		kernel->name = PROC;
		fail(PROC, "no such file", geteuid() ?
		     "try as root, who can load kheaders.ko, or name an image with --from" :
		     "is there a kheaders.ko? or build with CONFIG_IKHEADERS_PROC=y");
		return geteuid() ? STATUS_FAILED : STATUS_NONE;
	}
	read_line("/sys/module/kheaders/version", id, sizeof(id));
	if (kernel->id[0] && id[0] && strcmp(kernel->id, id)) {
		ret = fail(kernel->name, "is of another build than the running kernel",
			   "unload kheaders.ko, and load that of this build");
	} else {
		if (id[0])
			memcpy(kernel->id, id, sizeof(id));
		ret = read_archive(kernel);
	}
	if (loaded)
		module(true);
	return ret;
}

/* --- A file ---------------------------------------------------------------------- */

/*
 * Copies what is between the marks, if that is an archive, and what symbols there are
 * beside it. Where an image is stored in blocks rather than compressed, the marks can be
 * seen with something in between.
 */
static bool look(const unsigned char *image, size_t size, void *arg)
{
	const size_t mark = sizeof(KHEADERS_START_MARK) - 1;
	const unsigned char *begin = image, *end = NULL, *image_end = image + size;
	struct kernel *kernel = arg;
	int tries = TRIES;

	while (tries-- && (begin = memmem(begin, image_end - begin, KHEADERS_START_MARK, mark))) {
		begin += mark;
		if (!end || end < begin)
			end = memmem(begin, image_end - begin, KHEADERS_END_MARK, mark);
		if (!end)
			break;
		if (!members_are_in(begin, end - begin))
			continue;
		kernel->size = end - begin;
		kernel->archive = malloc(kernel->size);
		if (kernel->archive)
			memcpy(kernel->archive, begin, kernel->size);
		if (lines_find(&kernel->symvers, image, size))
			kernel_close(kernel);
		return true;
	}
	return false;
}

static int read_file(struct kernel *kernel)
{
	struct image_search search = {
		.look = look,
		.arg = kernel,
		.room_max = ROOM_MAX,
		.work_max = WORK_MAX,
	};
	unsigned char *image;
	size_t size;
	int ret = image_read(kernel->name, &image, &size);

	if (ret)
		return ret;
	if (members_are_in(image, size)) {
		kernel->archive = image;
		kernel->size = size;
		return 0;
	}
	ret = image_search(&search, image, size);
	free(image);
	if (ret < 0 || (ret == 1 && !kernel->archive))
		return fail_memory(kernel->name);
	if (ret)
		return 0;
	fail(kernel->name, "no kernel headers in it",
	     "was it built with CONFIG_IKHEADERS_PROC=y? with =m they are in kheaders.ko");
	return STATUS_NONE;
}

/* What the archive says of its kernel. In mainline's there is utsrelease.h alone. */
static int read_about(const struct member *m, void *arg)
{
	struct kernel *kernel = arg;
	const struct {
		const char *path, *before, *after;
		char *to;
		size_t room;
	} about[] = {
		{ "include/config/kernel.release", "", "\n", kernel->release, RELEASE_MAX },
		{ "include/config/kheaders.id", "", "\n", kernel->id, ID_MAX },
		{ "include/generated/utsrelease.h", "#define UTS_RELEASE \"", "\"\n",
		  kernel->release, RELEASE_MAX },
	};
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char text[256];
	size_t i, skip, length;
	bool enough;

	pthread_mutex_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(about); i++) {
		if (strcmp(m->path, about[i].path) || m->size >= sizeof(text))
			continue;
		memcpy(text, m->data, m->size);
		text[m->size] = '\0';
		skip = strlen(about[i].before);
		if (strncmp(text, about[i].before, skip))
			continue;
		length = strcspn(text + skip, about[i].after);
		/* One that is longer is none. */
		snprintf(about[i].to, about[i].room, "%.*s",
			 length < about[i].room ? (int)length : 0, text + skip);
	}
	enough = kernel->release[0] && kernel->id[0];
	pthread_mutex_unlock(&lock);
	return enough ? MEMBERS_ENOUGH : 0;
}

static int open_file(struct kernel *kernel, const struct kernel_choice *choice)
{
	kernel->name = choice->from;
	return kernel_load(kernel);
}

int kernel_open(struct kernel *kernel, const struct kernel_choice *choice)
{
	int ret = 0;

	*kernel = (struct kernel) { 0 };
	if (choice->release && !release_is_sane(choice->release))
		return fail(choice->release, "is not the release of a kernel",
			    "\"uname -r\" prints one");
	if (choice->from)
		ret = open_file(kernel, choice);
	else
		identify(kernel);
	if (ret)
		return ret;
	if (choice->release && kernel->release[0] && strcmp(choice->release, kernel->release))
		return fail(kernel->name, "is of another release than --release says",
			    "leave that option out");
	if (choice->release)
		snprintf(kernel->release, sizeof(kernel->release), "%s", choice->release);
	if (!kernel->release[0])
		return fail(kernel->name, "does not say of which release its headers are",
			    "say so with --release");
	if (!release_is_sane(kernel->release))
		return fail(kernel->name, "has an odd release for a kernel",
			    "get another copy of it");
	return 0;
}

int kernel_load(struct kernel *kernel)
{
	int ret;

	if (kernel->archive)
		return 0;
	ret = kernel->running ? load_running(kernel) : read_file(kernel);
	if (!ret && !kernel->running)
		ret = members_each(kernel->name, kernel->archive, kernel->size, read_about,
				   kernel);
	if (ret)
		return ret;
	sha256(kernel->archive, kernel->size, kernel->digest);
	if (!kernel->digest[0])
		return fail(kernel->name, "its SHA-256 can't be computed",
			    "does libcrypto have it?");
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	free(kernel->archive);
	kernel->archive = NULL;
	free(kernel->symvers);
	kernel->symvers = NULL;
}
