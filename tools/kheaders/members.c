// SPDX-License-Identifier: GPL-2.0-only
/* See members.h. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>

#include "command.h"
#include "links.h"
#include "members.h"
#include "threads.h"

#define INDEX_MEMORY	((uint64_t)64 << 20)
#define XZ_MEMORY	((uint64_t)512 << 20)
#define PATH_LONGEST	1024
#define TAR_END		1024		/* two blocks of zeros */
#define BLOCK		65536

/* Streams in a row that hold whole members. */
struct part {
	const unsigned char *packed;
	size_t packed_size;
	size_t size;
	bool ends;			/* with the end of the tar archive */
};

struct job {
	const char *name;
	struct part *parts;
	size_t count;
	atomic_size_t next;
	atomic_size_t members;		/* so far */
	atomic_int status;
	struct links links;
	bool linking;			/* this time, they are handed on */
	atomic_size_t bytes;		/* handed on so far */
	member_fn fn;
	void *arg;
};

static const char again[] = "get another copy of it";
static const char large[] = "unpacks to more than 512 MiB";
static const char no[] = "it is not one that a kernel build makes; get another copy of it";

/* Reads what the streams' own indexes say. Returns NULL if that can't be. */
static lzma_index *read_index(const unsigned char *data, size_t size)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_index *index = NULL;
	lzma_ret ret = lzma_file_info_decoder(&xz, &index, INDEX_MEMORY, size);

	xz.next_in = data;
	xz.avail_in = size;
	while (ret == LZMA_OK) {
		ret = lzma_code(&xz, LZMA_RUN);
		if (ret == LZMA_SEEK_NEEDED) {
			xz.next_in = data + xz.seek_pos;
			xz.avail_in = size - xz.seek_pos;
			ret = LZMA_OK;
		}
	}
	lzma_end(&xz);
	return ret == LZMA_STREAM_END ? index : NULL;
}

bool members_are_in(const unsigned char *data, size_t size)
{
	lzma_index *index = read_index(data, size);
	lzma_stream xz = LZMA_STREAM_INIT;
	unsigned char header[512];
	bool tar;

	if (!index)
		return false;
	lzma_index_end(index, NULL);
	xz.next_in = data;
	xz.avail_in = size;
	xz.next_out = header;
	xz.avail_out = sizeof(header);
	tar = lzma_stream_decoder(&xz, XZ_MEMORY, 0) == LZMA_OK &&
	      lzma_code(&xz, LZMA_RUN) == LZMA_OK && !xz.avail_out &&
	      !memcmp(header + 257, "ustar", 5);
	lzma_end(&xz);
	return tar;
}

/* --- A part, unpacked block by block ------------------------------------------------ */

struct unpacking {
	struct job *job;
	const struct part *part;
	lzma_stream xz;
	lzma_ret ret;
	size_t size;			/* so far */
	size_t zeros;			/* that it ends with */
	unsigned char block[BLOCK];
};

static void begin(struct unpacking *u, const struct part *part)
{
	u->part = part;
	u->ret = lzma_stream_decoder(&u->xz, XZ_MEMORY, LZMA_CONCATENATED);
	u->xz.next_in = part->packed;
	u->xz.avail_in = part->packed_size;
	u->size = 0;
	u->zeros = 0;
}

/* Fills ->block. Returns how much that is, 0 at the end, or -1. */
static ssize_t next_block(struct unpacking *u)
{
	size_t got, i;

	u->xz.next_out = u->block;
	u->xz.avail_out = BLOCK;
	while (u->ret == LZMA_OK && u->xz.avail_out)
		u->ret = lzma_code(&u->xz, LZMA_FINISH);
	got = BLOCK - u->xz.avail_out;
	u->size += got;
	if ((u->ret != LZMA_OK && u->ret != LZMA_STREAM_END) || u->size > u->part->size)
		return -1;
	for (i = got; i && !u->block[i - 1]; i--)
		;
	u->zeros = (i ? 0 : u->zeros) + got - i;
	return got;
}

static la_ssize_t read_block(struct archive *a, void *arg, const void **block)
{
	struct unpacking *u = arg;
	/* Another thread may have had enough. */
	ssize_t got = u->job->status ? -1 : next_block(u);

	*block = u->block;
	if (got < 0)
		archive_set_error(a, EIO, "no data");
	return got;
}

/* Whether the streams unpack to exactly what their indexes said, to the end. */
static bool is_exact(struct unpacking *u)
{
	ssize_t got;

	/* libarchive stops where the tar archive ends. */
	do {
		got = next_block(u);
	} while (got > 0);
	return !got && u->size == u->part->size && (!u->part->ends || u->zeros >= TAR_END);
}

static bool is_end_alone(const struct part *part)
{
	static const unsigned char zeros[TAR_END];
	unsigned char data[TAR_END];
	uint64_t memory = XZ_MEMORY;
	size_t in = 0, done = 0;

	return part->size == TAR_END &&
	       lzma_stream_buffer_decode(&memory, 0, NULL, part->packed, &in, part->packed_size,
					 data, &done, TAR_END) == LZMA_OK &&
	       done == TAR_END && !memcmp(data, zeros, TAR_END);
}

/*
 * The kernel's build packs some members into each stream, those that take longest first,
 * and the end of the tar archive into the last one. Of any other archive nothing is known:
 * it is a single part.
 */
static void cut(struct job *job, const lzma_index *index, const unsigned char *data, size_t size)
{
	lzma_index_iter iter;
	struct part *part = job->parts;

	lzma_index_iter_init(&iter, index);
	while (!lzma_index_iter_next(&iter, LZMA_INDEX_ITER_STREAM)) {
		part->packed = data + iter.stream.compressed_offset;
		part->packed_size = iter.stream.compressed_size;
		part->size = iter.stream.uncompressed_size;
		part++;
	}
	job->count = part - job->parts;
	if (job->count > 1 && is_end_alone(part - 1)) {
		job->count--;
		return;
	}
	job->count = 1;
	job->parts[0] = (struct part) {
		.packed = data,
		.packed_size = size,
		.size = lzma_index_uncompressed_size(index),
		.ends = true,
	};
}

/* Returns the path without "./" at its beginning, or NULL if it is not one to unpack. */
static const char *safe_path(const char *path)
{
	const char *component, *c;
	size_t length;

	if (!path)
		return NULL;
	while (!strncmp(path, "./", 2))
		path += 2;
	if (!*path || strlen(path) > PATH_LONGEST)
		return NULL;
	for (c = path; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return NULL;
	}
	for (component = path; ; component += length + 1) {
		length = strcspn(component, "/");
		if (!length || (length == 1 && component[0] == '.') ||
		    (length == 2 && component[0] == '.' && component[1] == '.'))
			return NULL;
		if (!component[length])
			return path;
	}
}

/* Gathers the data of @entry. Returns it, in @own if it had to be copied, or NULL. */
static const unsigned char *contents(struct archive *a, size_t size, unsigned char **own)
{
	const void *block;
	size_t length, done = 0;
	la_int64_t offset;
	int ret;

	*own = NULL;
	if (!size)
		return (const unsigned char *)"";
	while ((ret = archive_read_data_block(a, &block, &length, &offset)) == ARCHIVE_OK) {
		if (!offset && length == size)
			return block;
		if (!*own)
			*own = malloc(size);
		if (!*own || offset != (la_int64_t)done || length > size - done)
			break;
		memcpy(*own + done, block, length);
		done += length;
	}
	if (*own && ret == ARCHIVE_EOF && done == size)
		return *own;
	free(*own);
	*own = NULL;
	return NULL;
}

static int add_link(struct job *job, const char *path, struct archive_entry *entry)
{
	const char *hard = archive_entry_hardlink(entry);
	const char *target = hard ? hard : archive_entry_symlink(entry);

	if (job->linking)
		return 0;
	switch (target ? links_add(&job->links, path, target, !hard) : -EXDEV) {
	case 0:
		return 0;
	case -EXDEV:
		return fail(path, "is a link out of the archive", no);
	case -E2BIG:
		return fail(job->name, "has more links than any kernel", again);
	default:
		return fail_memory(job->name);
	}
}

/* All of the archive is no more than that, but links can lead to the same file. */
static int hand_on(struct job *job, const struct member *m)
{
	if (atomic_fetch_add(&job->bytes, m->size) + m->size > MEMBERS_MAX)
		return fail(job->name, large, again);
	return job->fn(m, job->arg);
}

/* Hands on what leads to @m. */
static int linked(struct job *job, struct member m)
{
	const char *path = m.path;
	struct link *link;
	int ret = 0;

	for (link = job->links.link; !ret && link < job->links.link + job->links.count; link++) {
		if (strcmp(link->to, path))
			continue;
		link->found = true;
		m.path = link->path;
		ret = hand_on(job, &m);
	}
	return ret;
}

static int file(struct job *job, struct archive *a, struct archive_entry *entry, const char *path)
{
	la_int64_t size = archive_entry_size(entry);
	struct member m = {
		.path = path,
		.size = size,
		.executable = archive_entry_mode(entry) & 0100,
		.mtime = archive_entry_mtime(entry),
	};
	unsigned char *own;
	int ret;

	if (size < 0 || (uint64_t)size > MEMBERS_MAX)
		return fail(path, "is too large in the archive", no);
	m.data = contents(a, size, &own);
	if (!m.data)
		return job->status ? job->status : fail(job->name, "the archive is damaged", again);
	ret = job->linking ? linked(job, m) : hand_on(job, &m);
	free(own);
	return ret;
}

static int member(struct job *job, struct archive *a, struct archive_entry *entry)
{
	const char *path = safe_path(archive_entry_pathname(entry));

	if (++job->members > MEMBERS_COUNT_MAX)
		return fail(job->name, "has more files than any kernel", again);
	/* Directories are made for what is in them. */
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (!path)
		return fail(job->name, "a path in the archive leads out of it, or is odd", no);
	if (archive_entry_filetype(entry) == AE_IFLNK || archive_entry_hardlink(entry))
		return add_link(job, path, entry);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return fail(path, "is a device in the archive", no);
	if (archive_entry_mode(entry) & (S_ISUID | S_ISGID | S_ISVTX))
		return fail(path, "is setuid, setgid or sticky in the archive", no);
	return file(job, a, entry, path);
}

static int members(struct unpacking *u)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	struct job *job = u->job;
	int ret = ARCHIVE_FATAL, status = 0;

	if (a && archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_open(a, u, NULL, read_block, NULL) == ARCHIVE_OK) {
		while (!status && !job->status &&
		       (ret = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
			status = member(job, a, entry);
	}
	archive_read_free(a);
	if (status || job->status || (ret == ARCHIVE_EOF && is_exact(u)))
		return status;
	return a ? fail(job->name, "the archive is damaged", again) : fail_memory(job->name);
}

static void *work(void *arg)
{
	struct job *job = arg;
	struct unpacking *u = malloc(sizeof(*u));
	size_t i;
	int status;

	if (!u) {
		job->status = fail_memory(job->name);
		return NULL;
	}
	u->job = job;
	u->xz = (lzma_stream)LZMA_STREAM_INIT;
	while (!job->status && (i = job->next++) < job->count) {
		begin(u, &job->parts[i]);
		status = members(u);
		if (status)
			job->status = status;
	}
	lzma_end(&u->xz);
	free(u);
	return NULL;
}

/* The files that links lead to can be anywhere in the archive, which is read once more. */
static void follow_links(struct job *job)
{
	struct link *link = job->links.link;

	if (job->status || !job->links.count)
		return;
	job->linking = true;
	job->members = 0;
	job->next = 0;
	threads_run(work, job, job->count);
	for (; !job->status && link < job->links.link + job->links.count; link++) {
		if (!link->found)
			job->status = fail(link->path, "is a link to no file in the archive", no);
	}
}

int members_each(const char *name, const unsigned char *data, size_t size, member_fn fn,
		 void *arg)
{
	struct job job = {
		.name = name,
		.links = { .lock = PTHREAD_MUTEX_INITIALIZER },
		.fn = fn,
		.arg = arg,
	};
	lzma_index *index = read_index(data, size);

	if (!index)
		return fail(name, "is not an xz archive, or is cut short", again);
	if (lzma_index_uncompressed_size(index) > MEMBERS_MAX) {
		lzma_index_end(index, NULL);
		return fail(name, large, again);
	}
	job.parts = calloc(lzma_index_stream_count(index), sizeof(*job.parts));
	if (!job.parts) {
		lzma_index_end(index, NULL);
		return fail_memory(name);
	}
	cut(&job, index, data, size);
	lzma_index_end(index, NULL);
	threads_run(work, &job, job.count);
	follow_links(&job);
	links_free(&job.links);
	free(job.parts);
	return job.status == MEMBERS_ENOUGH ? 0 : job.status;
}
