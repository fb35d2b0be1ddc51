// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removes comments from Makefiles for the kheaders generator.
 */
#define _GNU_SOURCE	/* memmem() */
#include <stdbool.h>
#include <string.h>

#include "strip.h"

/* The first thing on a line of a Makefile, at p, that is not a space or tab. */
static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* What follows the word at p and its blanks, or NULL if that is another word. */
static const char *skip_keyword(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - p) < len || memcmp(p, word, len) ||
	    (p + len < end && p[len] != ' ' && p[len] != '\t'))
		return NULL;
	return skip_blanks(p + len, end);
}

/* By how much the line from p to end goes deeper into "define ... endef". */
static int define_depth(const char *p, const char *end)
{
	static const char * const modifiers[] = { "export", "override", "private", "unexport" };
	const char *q;
	size_t i;

	p = skip_blanks(p, end);
	for (i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++) {
		q = skip_keyword(p, end, modifiers[i]);
		if (q)
			return define_depth(q, end);
	}
	if (skip_keyword(p, end, "define"))
		return 1;
	return skip_keyword(p, end, "endef") ? -1 : 0;
}

/* Is the line from p to end nothing but a comment that make itself skips? */
static bool is_make_comment(const char *p, const char *end)
{
	static const char spdx[] = "SPDX-License-Identifier";

	/* A tab may begin a line of a recipe, which is the shell's. */
	if (*p == '\t')
		return false;
	p = skip_blanks(p, end);
	return p < end && *p == '#' && !memmem(p, end - p, spdx, sizeof(spdx) - 1);
}

size_t strip_make_comments(char *buf, size_t len)
{
	bool comment = false, continued = false;	/* the line before */
	const char *p, *q, *next, *end = buf + len;
	char *o = buf;
	int depth = 0;

	for (p = buf; p < end; p = next) {
		q = memchr(p, '\n', end - p);
		next = q ? q + 1 : end;
		q = q ? q : end;

		if (!continued) {
			comment = !depth && is_make_comment(p, q);
			if (!depth || *p != '\t')
				depth += define_depth(p, q);
		}
		if (q > p && q[-1] == '\r')
			q--;
		/* An even number of backslashes stands for half as many. */
		for (continued = false; q > p && q[-1] == '\\'; q--)
			continued = !continued;

		if (!comment) {
			memmove(o, p, next - p);
			o += next - p;
		}
	}
	return o - buf;
}
