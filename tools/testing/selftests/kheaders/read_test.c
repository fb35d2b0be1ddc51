// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads /proc/kheaders.tar.xz in the ways that a shell can't: at exact offsets,
 * through sendfile(), into bad memory, from many threads.
 *
 *	read_test NAME
 *
 * Runs that test of the table at the end. Returns 0 if it passed, 1 if not, 2 if
 * called wrongly and, with a line that says why, 4 if it can't run here.
 */

#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PROC_FILE	"/proc/kheaders.tar.xz"
#define THREADS		8

static char *whole;
static off_t size;

static int open_file(void)
{
	int fd = open(PROC_FILE, O_RDONLY);

	if (fd < 0) {
		perror(PROC_FILE);
		exit(1);
	}
	return fd;
}

static int ends(int fd)
{
	return read(fd, whole + size, 1) == 0;
}

/* pread() of @len bytes at @pos gives exactly what is there, and no byte more. */
static int reads(int fd, off_t pos, size_t len)
{
	size_t want = pos >= size ? 0 : len < (size_t)(size - pos) ? len : (size_t)(size - pos);
	char *buf = malloc(len + 1);
	ssize_t got;
	int ok;

	buf[len] = 0x5a;
	got = pread(fd, buf, len, pos);
	ok = got == (ssize_t)want && !memcmp(buf, whole + (want ? pos : 0), want) &&
	     buf[len] == 0x5a;
	if (!ok)
		printf("pread(%zu bytes at %lld) gave %zd, not %zu\n", len,
		       (long long)pos, got, want);
	free(buf);
	return ok;
}

static int edges(int fd)
{
	static const size_t lens[] = { 0, 1, 2, 511, 4095, 4096, 4097, 65536, 1 << 20 };
	const off_t at[] = { 0, 1, 4095, 4096, size / 2, size - 4097, size - 2, size - 1,
			     size, size + 1, size + 4096, 1LL << 40 };
	size_t i, j;
	int ok = 1;

	for (i = 0; i < sizeof(at) / sizeof(*at); i++)
		for (j = 0; j < sizeof(lens) / sizeof(*lens); j++)
			ok &= reads(fd, at[i], lens[j]);
	return ok & reads(fd, 0, 2 * size) & reads(fd, LLONG_MAX - 4096, 4096);
}

static int seeks(int fd)
{
	char c;

	return lseek(fd, 0, SEEK_END) == size && read(fd, &c, 1) == 0 &&
	       lseek(fd, -1, SEEK_END) == size - 1 && read(fd, &c, 1) == 1 &&
	       c == whole[size - 1] && read(fd, &c, 1) == 0 &&
	       lseek(fd, 3, SEEK_SET) == 3 && read(fd, &c, 1) == 1 && c == whole[3] &&
	       lseek(fd, 2, SEEK_CUR) == 6 &&
	       lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL &&
	       lseek(fd, 0, SEEK_CUR) == 6;
}

static int bad_offsets(int fd)
{
	char c;

	return pread(fd, &c, 1, -1) == -1 && errno == EINVAL;
}

/* Nothing is lost where only the first page of a buffer is there. */
static int bad_memory(int fd)
{
	long page = sysconf(_SC_PAGESIZE);
	char *buf = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t got;
	int ok;

	mprotect(buf + page, page, PROT_NONE);
	ok = pread(fd, buf + page, 16, 0) == -1 && errno == EFAULT;
	got = pread(fd, buf, 2 * page, 0);
	ok &= got >= 0 && got <= page && !memcmp(buf, whole, got);
	munmap(buf, 2 * page);
	return ok;
}

static int vectors(int fd)
{
	char a[10], b[4096], c[1];
	struct iovec iov[] = { { a, 10 }, { b, 4096 }, { c, 1 } };

	return preadv(fd, iov, 3, 100) == 4107 && !memcmp(a, whole + 100, 10) &&
	       !memcmp(b, whole + 110, 4096) && c[0] == whole[4206];
}

static int sendfiles(int fd)
{
	char name[] = "/tmp/kheaders_read.XXXXXX";
	int out = mkstemp(name);
	off_t pos = 0;
	ssize_t got;
	char *copy;
	int ok;

	unlink(name);
	while ((got = sendfile(out, fd, &pos, size)) > 0)
		;
	if (got < 0 && errno == EINVAL) {
		printf("# SKIP no sendfile() from /proc before Linux 5.10\n");
		exit(4);
	}
	copy = malloc(size);
	ok = !got && pos == size && pread(out, copy, size, 0) == size &&
	     !memcmp(copy, whole, size);
	free(copy);
	close(out);
	return ok;
}

static void *read_all(void *arg)
{
	size_t len = 1000 + 7919 * (size_t)arg;
	char *buf = malloc(len);
	int fd = open_file();
	off_t pos = 0;
	ssize_t got;

	while ((got = read(fd, buf, len)) > 0 && !memcmp(buf, whole + pos, got))
		pos += got;
	close(fd);
	free(buf);
	return (void *)(long)(pos == size && !got);
}

static int threads(int unused)
{
	pthread_t thread[THREADS];
	void *ok;
	int all = 1;
	long i;

	(void)unused;
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, read_all, (void *)i);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &ok);
		all &= !!ok;
	}
	return all;
}

static int refuses_writing(int unused)
{
	int fd = open(PROC_FILE, O_RDWR);
	int ok = fd < 0 || (write(fd, "x", 1) == -1 && pwrite(fd, "x", 1, 0) == -1);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return ok;
}

static const struct {
	const char *name;
	int (*passes)(int fd);
} tests[] = {
	{ "ends", ends },
	{ "edges", edges },
	{ "seeks", seeks },
	{ "bad_offsets", bad_offsets },
	{ "bad_memory", bad_memory },
	{ "vectors", vectors },
	{ "sendfiles", sendfiles },
	{ "threads", threads },
	{ "refuses_writing", refuses_writing },
};

int main(int argc, char **argv)
{
	int fd = open_file();
	struct stat st;
	ssize_t got;
	size_t i;

	fstat(fd, &st);
	size = st.st_size;
	whole = malloc(size + 1);
	for (off_t pos = 0; pos < size; pos += got) {
		got = read(fd, whole + pos, size - pos);
		if (got <= 0) {
			printf("read() ends at %lld, st_size is %lld\n", (long long)pos,
			       (long long)size);
			return 1;
		}
	}

	for (i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(argv[1], tests[i].name))
			return !tests[i].passes(fd);
	fprintf(stderr, "usage: read_test NAME\n");
	return 2;
}
