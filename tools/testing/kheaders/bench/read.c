// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long it takes to read whole files, with buffers from 4 KiB to 1 MiB. Usage:
 *
 *	read FILE...
 *
 * Prints "FILE,BUFFER_BYTES,ROUND,MILLISECONDS" for each of five rounds, in which the
 * files take turns.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS		5
#define SMALLEST	((size_t)4 << 10)
#define BIGGEST		((size_t)1 << 20)
#define ENOUGH_MS	400.0		/* a guest's clock can tick every 4 ms only */

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

/* From open() to the end of the file. False, with a message: an error. */
static bool read_all(const char *name, char *buf, size_t size)
{
	ssize_t got;
	int fd;

	fd = open(name, O_RDONLY);
	if (fd < 0) {
		fprintf(stderr, "cannot open %s: %s\n", name, strerror(errno));
		return false;
	}
	do {
		got = read(fd, buf, size);
	} while (got > 0);
	close(fd);
	if (got < 0)
		fprintf(stderr, "cannot read %s: %s\n", name, strerror(errno));
	return !got;
}

/* Milliseconds that it takes to read all; -1 with a message on an error. */
static double measure(const char *name, char *buf, size_t size)
{
	double began = now_ms(), took;
	int times = 0;

	do {
		if (!read_all(name, buf, size))
			return -1;
		times++;
		took = now_ms() - began;
	} while (took < ENOUGH_MS);
	return took / times;
}

int main(int argc, char **argv)
{
	char *buf = malloc(BIGGEST);
	size_t size;
	double ms;
	int i, n;

	if (!buf || argc < 2) {
		fprintf(stderr, "usage: read FILE...\n");
		return 2;
	}
	memset(buf, 0, BIGGEST);
	for (size = SMALLEST; size <= BIGGEST; size *= 4) {
		for (n = 1; n <= ROUNDS; n++) {
			for (i = 1; i < argc; i++) {
				ms = measure(argv[i], buf, size);
				if (ms < 0)
					return 1;
				printf("%s,%zu,%d,%.3f\n", argv[i], size, n, ms);
			}
		}
	}
	return 0;
}
