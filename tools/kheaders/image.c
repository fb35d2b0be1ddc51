// SPDX-License-Identifier: GPL-2.0-only
/* See image.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "image.h"
#include "unpack.h"

#define FILE_MAX	((off_t)2 << 30)	/* a vmlinux with debugging information */
#define DEPTH_MAX	3			/* a kernel in an EFI zboot image, and one more */
#define TRY		(256 << 10)		/* bytes of work that each try counts for */

static int open_regular(const char *name, struct stat *st)
{
	static const char cure[] = "name a kernel image";
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		if (errno == ENOENT)
			fail(name, "no such file", cure);
		else if (errno == EACCES)
			fail(name, "cannot be read", "try as root");
		else
			fail(name, strerror(errno), cure);
		return -1;
	}
	if (fstat(fd, st))
		fail(name, strerror(errno), cure);
	else if (S_ISDIR(st->st_mode))
		fail(name, "is a directory", cure);
	else if (!S_ISREG(st->st_mode))
		fail(name, "not a regular file", cure);
	else if (!st->st_size)
		fail(name, "is empty", cure);
	else if (st->st_size > FILE_MAX)
		fail(name, "is larger than 2 GiB", "take the Image or vmlinuz made of it");
	else
		return fd;
	close(fd);
	return -1;
}

int image_read_fd(int fd, size_t size, unsigned char **data, size_t *got)
{
	ssize_t more;
	int err;

	*got = 0;
	*data = malloc(size);
	if (!*data)
		return -ENOMEM;
	do {
		more = read(fd, *data + *got, size - *got);
		if (more > 0)
			*got += more;
	} while (more > 0 || (more < 0 && errno == EINTR));
	if (!more)
		return 0;
	err = errno;
	free(*data);
	return -err;
}

int image_read(const char *name, unsigned char **data, size_t *size)
{
	struct stat st;
	int fd = open_regular(name, &st), err;

	if (fd < 0)
		return STATUS_FAILED;
	err = image_read_fd(fd, st.st_size, data, size);
	close(fd);
	if (err == -ENOMEM)
		return fail_memory(name);
	return err ? fail(name, strerror(-err), "get another copy of it") : 0;
}

/* @room and @work are what is left of the limits. */
static int search_in(struct image_search *search, const unsigned char *image, size_t size,
		     unsigned int depth, size_t room, uint64_t *work)
{
	const struct format *format;
	struct buffer out;
	size_t at, read;
	uint64_t cost;
	int ret = 0;

	if (search->look(image, size, search->arg))
		return 1;
	if (depth == DEPTH_MAX)
		return 0;
	for (at = 0; !ret; at++) {
		at = next_packed(image, size, at, &format);
		if (at == size)
			break;
		if (!*work) {
			search->gave_up = true;
			break;
		}
		out = (struct buffer) { .max = room < *work ? room : *work };
		ret = unpack(format, image + at, size - at, &out, &read);
		search->gave_up |= out.full;
		cost = (uint64_t)TRY + read + out.size;
		*work -= cost < *work ? cost : *work;
		if (!ret && out.size)
			ret = search_in(search, out.data, out.size, depth + 1, room - out.size,
					work);
		free(out.data);
	}
	return ret;
}

int image_search(struct image_search *search, const unsigned char *image, size_t size)
{
	uint64_t work = search->work_max;

	search->gave_up = false;
	return search_in(search, image, size, 0, search->room_max, &work);
}
