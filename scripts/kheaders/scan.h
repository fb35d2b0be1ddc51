/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the stripper of the kheaders generator reads C.  A line splice (a backslash,
 * blanks, a newline) may stand between any two bytes, so whatever looks further ahead
 * than one byte steps over splices first.  "Line" is the line after splicing.
 *
 * Texts are from p, or begin, up to end, and need no NUL behind them.
 */
#ifndef KHEADERS_SCAN_H
#define KHEADERS_SCAN_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

/* gcc takes a NUL for a blank everywhere, clang everywhere but in a splice. */
static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\0';
}

static inline bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

static inline bool at_newline(const char *p, const char *end)
{
	return p < end && (*p == '\n' || (*p == '\r' && end - p > 1 && p[1] == '\n'));
}

/* The first byte at or after p that is not part of a splice. */
static inline const char *skip_splices(const char *p, const char *end)
{
	const char *q;

	while (p < end && *p == '\\') {
		for (q = p + 1; q < end && is_blank(*q); q++)
			;
		if (!at_newline(q, end))
			break;
		p = q + (*q == '\r' ? 2 : 1);
	}
	return p;
}

/* The same backwards: if a splice ends at p, where it begins, else p. */
const char *splice_before(const char *begin, const char *p);

/* Text on which gcc and clang disagree where its lines end. */
bool is_ambiguous(const char *in, const char *end);

/* Behind the # at p or its other spelling, %:; NULL if it is a % that is none. */
const char *find_hash_end(const char *p, const char *end);

/* Behind the closing quote of what p opens; if there is none, the end of the line. */
const char *find_unquote(const char *p, const char *end);

/* The "*" of the end of a comment, and *end behind it; NULL if it has no end. */
const char *find_comment_close(const char *p, const char **end);

/* The newline, or the end of the text, that ends a // comment. */
const char *find_line_end(const char *p, const char *end);

#endif
