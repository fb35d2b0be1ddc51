// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comment stripper as a program, for tokens.sh:
 *
 *	main [-s] DIR FILE...
 *
 * Writes each file to DIR/FILE, whose directory must be there. With -s, white space goes,
 * too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../../scripts/kheaders/strip.h"

static int squeeze;

static char *slurp(FILE *f, size_t *len)
{
	size_t size = 0, n = 0, got;
	char *buf = NULL, *more;

	do {
		if (n == size) {
			size = size ? 2 * size : 1 << 16;
			more = realloc(buf, size);
			if (!more) {
				free(buf);
				return NULL;
			}
			buf = more;
		}
		got = fread(buf + n, 1, size - n, f);
		n += got;
	} while (got);
	*len = n;
	return buf;
}

static int filter(FILE *in, FILE *out)
{
	size_t len, outlen;
	char *text, *stripped;
	int ret = -1;

	text = slurp(in, &len);
	if (!text)
		return -1;
	if (!ferror(in)) {
		stripped = strip_comments(text, len, &outlen);
		if (stripped && squeeze)
			outlen = squeeze_blanks(stripped, outlen);
		if (stripped && fwrite(stripped, 1, outlen, out) == outlen)
			ret = 0;
		free(stripped);
	}
	free(text);
	return ret;
}

static int filter_file(const char *name, const char *dir)
{
	FILE *in = fopen(name, "rb"), *out = NULL;
	char path[4096];
	int ret = -1;

	if (!in)
		return -1;
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		errno = ENAMETOOLONG;
	else
		out = fopen(path, "wb");
	if (out)
		ret = filter(in, out);
	if (out && fclose(out))
		ret = -1;
	fclose(in);
	return ret;
}

int main(int argc, char **argv)
{
	int i;

	if (argc > 1 && !strcmp(argv[1], "-s")) {
		squeeze = 1;
		argv++;
		argc--;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: main [-s] DIR FILE...\n");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		if (filter_file(argv[i], argv[1])) {
			fprintf(stderr, "main: %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	}
	return 0;
}
