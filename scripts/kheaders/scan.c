// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the stripper of the kheaders generator reads C: see scan.h.
 */
#include <string.h>

#include "scan.h"

const char *splice_before(const char *begin, const char *p)
{
	const char *q = p;

	if (q == begin || q[-1] != '\n')
		return p;
	q--;
	if (q > begin && q[-1] == '\r')
		q--;
	while (q > begin && is_blank(q[-1]))
		q--;
	return q > begin && q[-1] == '\\' ? q - 1 : p;
}

bool is_ambiguous(const char *in, const char *end)
{
	const char *p, *q;

	for (p = in; (p = memchr(p, '\r', end - p)); p++)
		if (!at_newline(p, end))
			return true;
	for (p = in; (p = memchr(p, '\0', end - p)); p++) {
		for (q = p; q > in && q[-1] && is_blank(q[-1]); q--)
			;
		if (q > in && q[-1] == '\\')
			return true;
	}
	return false;
}

const char *find_hash_end(const char *p, const char *end)
{
	if (*p++ == '#')
		return p;
	p = skip_splices(p, end);
	return p < end && *p == ':' ? p + 1 : NULL;
}

const char *find_unquote(const char *p, const char *end)
{
	const char quote = *p++;
	const char *q;

	while (p < end && *p != '\n') {
		if (*p == quote)
			return p + 1;
		if (*p == '\\') {
			q = skip_splices(p, end);
			if (q != p) {
				p = q;
				continue;
			}
			p = skip_splices(p + 1, end);
			if (p == end || *p == '\n')
				break;
		}
		p++;
	}
	return p;
}

const char *find_comment_close(const char *p, const char **end)
{
	const char *q, *s, *t;

	for (q = p; (q = memchr(q, '/', *end - q)); q++) {
		for (s = q; (t = splice_before(p, s)) != s; s = t)
			;
		if (s > p && s[-1] == '*') {
			*end = q + 1;
			return s - 1;
		}
	}
	return NULL;
}

const char *find_line_end(const char *p, const char *end)
{
	const char *q;

	while ((q = memchr(p, '\n', end - p))) {
		if (splice_before(p, q + 1) == q + 1)
			return q > p && q[-1] == '\r' ? q - 1 : q;
		p = q + 1;
	}
	return end;
}
