// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removes white space that means nothing from C source for the kheaders generator.
 */
#include <string.h>

#include "scan.h"
#include "strip.h"

/* The bytes at which squeeze_blanks() must stop and look; it copies the others. */
static const bool alone[256] = {
	['\n'] = true, ['\r'] = true, ['\\'] = true, ['/'] = true, ['"'] = true, ['\''] = true,
	[' '] = true, ['\t'] = true, ['\f'] = true, ['\v'] = true, ['\0'] = true,
};

/* Behind what begins at p: a string, a comment or a single byte. */
static const char *find_thing_end(const char *p, const char *end)
{
	const char *text, *close = end;

	if (*p == '"' || *p == '\'')
		return find_unquote(p, end);
	if (*p != '/')
		return p + 1;
	text = skip_splices(p + 1, end);
	if (text == end || (*text != '*' && *text != '/'))
		return p + 1;
	if (*text == '/')
		return find_line_end(text + 1, end);
	find_comment_close(text + 1, &close);
	return close;
}

/* Behind the blanks and splices at p; was there any of them? */
static const char *find_run_end(const char *p, const char *end, bool *blank, bool *splice)
{
	const char *q;

	*blank = false;
	*splice = false;
	for (;; p = q) {
		if (p < end && is_blank(*p)) {
			q = p + 1;
			*blank = true;
			continue;
		}
		q = skip_splices(p, end);
		if (q == p)
			return p;
		*splice = true;
	}
}

/*
 * Is there a directive at p in which white space may mean something? Any but #define is
 * taken for one: most others have little white space.
 */
static bool is_delicate(const char *p, const char *end)
{
	static const char define[] = "define";
	bool blank, splice;
	size_t i;

	if (*p != '#' && *p != '%')
		return false;
	p = find_hash_end(p, end);
	if (!p)
		return false;
	p = find_run_end(p, end, &blank, &splice);
	for (i = 0; define[i]; i++, p++)
		if (p == end || *p != define[i])
			return true;
	return p < end && (is_word(*p) || *p == '\\');
}

/* Where squeeze_blanks() is in the text, which it writes over what it has read. */
struct squeeze {
	const char *p, *end;	/* what is still to be read */
	char *begin, *o;	/* what is written */
	bool fresh;		/* nothing is on this line yet, */
	bool leading;		/* nothing but comments */
};

static void keep_to(struct squeeze *s, const char *q)
{
	memmove(s->o, s->p, q - s->p);
	s->o += q - s->p;
	s->p = q;
}

/* Blanks and splices: one of each stays between two things, none at the ends of a line. */
static void squeeze_run(struct squeeze *s)
{
	bool blank, splice;
	const char *q = find_run_end(s->p, s->end, &blank, &splice);

	if (q == s->p)
		return;
	/* What follows a backslash decides whether it is a splice */
	if (s->o > s->begin && s->o[-1] == '\\') {
		keep_to(s, q);
		return;
	}
	if (!s->fresh && q < s->end && !at_newline(q, s->end)) {
		if (blank)
			*s->o++ = ' ';
		if (splice) {
			*s->o++ = '\\';
			*s->o++ = '\n';
		}
	}
	s->p = q;
}

/* The end of a line stays, unless nothing is on it. */
static void squeeze_newline(struct squeeze *s)
{
	const char *q = s->p + (*s->p == '\r' ? 2 : 1);

	if (s->fresh)
		s->p = q;
	else
		keep_to(s, q);
	s->fresh = true;
	s->leading = true;
}

/* Behind the directive at p, the line's end excluded. */
static const char *find_directive_end(const char *p, const char *end)
{
	bool named = false;	/* a header's name has begun */
	const char *thing;

	while (p < end && !at_newline(p, end)) {
		p = skip_splices(p, end);
		if (p == end || at_newline(p, end))
			break;
		named = named || *p == '<';
		thing = p;
		p = find_thing_end(p, end);
		/* It, or a part of a header's name: all that follows stays */
		if (named && p > thing + 1)
			p = end;
	}
	return p;
}

/* A thing, and what follows it up to the next byte that needs a look. */
static void keep_thing(struct squeeze *s)
{
	const char *q = find_thing_end(s->p, s->end);

	s->fresh = false;
	s->leading = s->leading && q > s->p + 1 && *s->p == '/';
	if (q == s->p + 1)
		while (q < s->end && !alone[(unsigned char)*q])
			q++;
	keep_to(s, q);
}

size_t squeeze_blanks(char *buf, size_t len)
{
	struct squeeze s = {
		.p = buf, .end = buf + len, .begin = buf, .o = buf,
		.fresh = true, .leading = true,
	};

	if (is_ambiguous(s.p, s.end))
		return len;

	while (s.p < s.end) {
		squeeze_run(&s);
		if (s.p == s.end)
			break;
		if (at_newline(s.p, s.end)) {
			squeeze_newline(&s);
		} else if (s.leading && is_delicate(s.p, s.end)) {
			keep_to(&s, find_directive_end(s.p, s.end));
			s.fresh = false;
			s.leading = false;
		} else {
			keep_thing(&s);
		}
	}
	return s.o - buf;
}
