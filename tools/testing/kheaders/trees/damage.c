// SPDX-License-Identifier: GPL-2.0-only
/*
 * Damages an archive: damage ARCHIVE STEP. Flips each STEPth bit, and cuts it short after
 * each STEPth byte; then it must be refused, or its members be as they were. Prints how
 * often that was, and returns 1 if it ever was neither.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../kheaders/command.h"
#include "../../../kheaders/image.h"
#include "../../../kheaders/members.h"

/* Of all members, in whatever order they came. */
struct sum {
	atomic_ullong hash;
	atomic_size_t count;
};

static struct sum whole;
static unsigned long refused, same, wrong;

int fail(const char *file, const char *what, const char *cure)
{
	(void)file, (void)what, (void)cure;
	return STATUS_FAILED;
}

int fail_memory(const char *file)
{
	return fail(file, "", "");
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size--)
		hash = (hash ^ *byte++) * 0x100000001b3;
	return hash;
}

static int add(const struct member *m, void *arg)
{
	struct sum *sum = arg;
	uint64_t hash = mix(0xcbf29ce484222325, m->path, strlen(m->path) + 1);

	hash = mix(hash, m->data, m->size);
	hash = mix(hash, &m->executable, sizeof(m->executable));
	sum->hash += mix(hash, &m->mtime, sizeof(m->mtime));
	sum->count++;
	return 0;
}

static void judge(const unsigned char *data, size_t size)
{
	struct sum sum = { 0 };

	if (!members_are_in(data, size) || members_each("damaged", data, size, add, &sum))
		refused++;
	else if (sum.hash == whole.hash && sum.count == whole.count)
		same++;
	else
		wrong++;
}

int main(int argc, char **argv)
{
	unsigned char *data, *copy;
	size_t size, step, i;

	if (argc != 3 || image_read(argv[1], &data, &size) ||
	    members_each(argv[1], data, size, add, &whole))
		return 2;
	step = strtoul(argv[2], NULL, 10);
	for (i = 0; i < 8 * size; i += step) {
		data[i / 8] ^= 1 << i % 8;
		judge(data, size);
		data[i / 8] ^= 1 << i % 8;
	}
	for (i = 1; i < size; i += step) {
		/* A byte read behind it is seen. */
		copy = malloc(i);
		memcpy(copy, data, i);
		judge(copy, i);
		free(copy);
	}
	free(data);
	printf("%lu damaged: %lu refused, %lu the same, %lu wrong\n", refused + same + wrong,
	       refused, same, wrong);
	return wrong ? 1 : 0;
}
