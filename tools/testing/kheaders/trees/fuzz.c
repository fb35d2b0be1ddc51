// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes what the kheaders command does with an archive: whatever is in it, only files that
 * are to be below a tree are handed on. What does not begin as xz does is packed first: few
 * changes get through its checksums. hostile.bats gives it the archives of archive.py.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>

#include "../../../kheaders/command.h"
#include "../../../kheaders/members.h"

int fail(const char *file, const char *what, const char *cure)
{
	/* They are to be read, whatever they are made of. */
	if (strlen(file) + strlen(what) + strlen(cure) == SIZE_MAX)
		abort();
	return STATUS_FAILED;
}

int fail_memory(const char *file)
{
	return fail(file, "", "");
}

static int check(const struct member *m, void *arg)
{
	atomic_size_t *bytes = arg;
	const char *c;

	*bytes += m->size;
	if (*bytes > MEMBERS_MAX || !m->path[0] || m->path[0] == '/' || strstr(m->path, "//"))
		abort();
	for (c = m->path; *c; c++) {
		if ((unsigned char)*c < ' ')
			abort();
		if ((c == m->path || c[-1] == '/') && c[0] == '.' &&
		    (!c[1] || c[1] == '/' || (c[1] == '.' && (!c[2] || c[2] == '/'))))
			abort();
	}
	/* All of it is there to be read. */
	for (size_t i = 0; i < m->size; i++)
		*bytes += m->data[i] & 0;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char packed[1 << 20];
	atomic_size_t bytes = 0;
	size_t length = 0;

	if (size && data[0] != 0xfd) {
		if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, data, size, packed, &length,
					    sizeof(packed)) != LZMA_OK)
			return 0;
		data = packed;
		size = length;
	}
	if (members_are_in(data, size))
		members_each("fuzz", data, size, check, &bytes);
	return 0;
}
