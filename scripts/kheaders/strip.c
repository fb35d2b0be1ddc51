// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removes comments, and white space that means nothing, from C source for the
 * kheaders generator.
 *
 * One pass over the bytes for each.  A line splice (a backslash, blanks, a
 * newline) may stand between any two of them, so whatever looks further ahead
 * than one byte steps over splices first.  "Line" below is the line after splicing.
 */
#define _GNU_SOURCE	/* memmem() */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "strip.h"

/* The first hyphen is disguised, lest licence scanners take the line for a tag */
static const char spdx_tag[] = "SPDX\x2dLicense-Identifier:";

/* The bytes that may begin something other than themselves. */
static const bool special[256] = {
	['\n'] = true, ['\\'] = true, ['/'] = true, ['"'] = true,
	['\''] = true, ['#'] = true, ['%'] = true,
};

/* The bytes that are not one of many alike, for squeeze_blanks(). */
static const bool alone[256] = {
	['\n'] = true, ['\r'] = true, ['\\'] = true, ['/'] = true, ['"'] = true, ['\''] = true,
	[' '] = true, ['\t'] = true, ['\f'] = true, ['\v'] = true, ['\0'] = true,
};

struct strip {
	const char *p;		/* next byte to read */
	const char *end;	/* end of the input */
	char *o;		/* next byte to write */
	char *line;		/* where the output's line begins, or its last kept comment */
	size_t owed;		/* newlines taken out that the next newline pays back */
	bool garbled;		/* better leave the whole text as it is */
};

/* gcc takes a NUL for a blank everywhere, clang everywhere but in a splice. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\0';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

static bool at_newline(const char *p, const char *end)
{
	return p < end && (*p == '\n' || (*p == '\r' && end - p > 1 && p[1] == '\n'));
}

/* The first byte at or after p that is not part of a splice. */
static const char *skip_splices(const char *p, const char *end)
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
static const char *splice_before(const char *begin, const char *p)
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

static const char *trim_blanks(const char *begin, const char *p)
{
	while (p > begin && is_blank(p[-1]))
		p--;
	return p;
}

static size_t count_newlines(const char *p, const char *end)
{
	size_t n = 0;

	while ((p = memchr(p, '\n', end - p))) {
		n++;
		p++;
	}
	return n;
}

/* Text on which gcc and clang disagree where its lines end. */
static bool is_ambiguous(const char *in, const char *end)
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

/* Behind a # or its other spelling, %: */
static const char *find_hash_end(const char *p, const char *end)
{
	if (*p++ == '#')
		return p;
	p = skip_splices(p, end);
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* Behind the closing quote of what p opens; if there is none, the end of the line. */
static const char *find_unquote(const char *p, const char *end)
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

/* The "*" of the comment's end, and *end behind it; NULL if it has no end. */
static const char *find_comment_close(const char *p, const char **end)
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

/* The newline, or the end of the text, that ends a // comment. */
static const char *find_line_end(const char *p, const char *end)
{
	const char *q;

	while ((q = memchr(p, '\n', end - p))) {
		if (splice_before(p, q + 1) == q + 1)
			return q > p && q[-1] == '\r' ? q - 1 : q;
		p = q + 1;
	}
	return end;
}

static const char *find_spdx(const char *p, const char *end)
{
	/* An X is rare in prose */
	const size_t x = 3, len = sizeof(spdx_tag) - 1;

	if ((size_t)(end - p) < len)
		return NULL;
	end -= len - x - 1;
	for (p += x; (p = memchr(p, spdx_tag[x], end - p)); p++)
		if (!memcmp(p - x, spdx_tag, len))
			return p - x;
	return NULL;
}

static void put(struct strip *s, const char *from, size_t len)
{
	memcpy(s->o, from, len);
	s->o += len;
}

static void copy_to(struct strip *s, const char *to)
{
	put(s, s->p, to - s->p);
	s->p = to;
}

static void pay(struct strip *s)
{
	memset(s->o, '\n', s->owed);
	s->o += s->owed;
	s->owed = 0;
	s->line = s->o;
}

/* Nothing but blanks, splices and kept comments on this line so far. */
static bool at_line_start(const struct strip *s)
{
	const char *p, *q = s->o;

	do {
		p = trim_blanks(s->line, q);
		q = splice_before(s->line, p);
	} while (q != p);
	return p == s->line;
}

/* A comment from s->p to end has an SPDX tag; close is where a block's text ends. */
static void keep_spdx(struct strip *s, const char *tag, const char *close, const char *end)
{
	const bool start = at_line_start(s);
	size_t lines = count_newlines(s->p, end);
	const char *nl;

	if (!close || !lines) {
		copy_to(s, end);
	} else {
		nl = memchr(tag, '\n', close - tag);
		if (nl)
			close = nl;
		while (is_blank(close[-1]) || close[-1] == '\r' || close[-1] == '*')
			close--;
		put(s, "/* ", 3);
		put(s, tag, close - tag);
		put(s, " */", 3);
		s->owed += lines;
		s->p = end;
	}
	if (start)
		s->line = s->o;
}

/* The comment from s->p to end goes.  What does its absence need in its place? */
static void drop_comment(struct strip *s, const char *end, bool block)
{
	char *const tail = s->line + (trim_blanks(s->line, s->o) - s->line);
	const bool start = tail == s->line;

	s->owed += count_newlines(s->p, end);
	s->p = end;
	/* One blank before it is enough, and the next comment looks at it again */
	if (s->o > tail)
		s->o = tail + 1;
	if (start && s->owed) {
		s->o = tail;
		pay(s);
	}
	while (s->p < s->end && is_blank(*s->p))
		s->p++;

	if (s->p == s->end || at_newline(s->p, s->end)) {
		/* A backslash must not become a splice, nor a splice the end of the file */
		if (!start && (tail[-1] == '\\' || (tail[-1] == '\n' && s->p == s->end)))
			put(s, block ? "/**/" : "//", block ? 4 : 2);
		else
			s->o = start ? s->line : tail;
	} else if (!start && !is_blank(s->o[-1])) {
		*s->o++ = ' ';
	}
}

/* Takes the comment at s->p, a slash, if it is one. */
static bool take_comment(struct strip *s)
{
	const char *text = skip_splices(s->p + 1, s->end);
	const char *close = NULL, *end = s->end, *tag;
	bool block;

	if (text == end || (*text != '*' && *text != '/'))
		return false;
	block = *text++ == '*';
	if (block) {
		close = find_comment_close(text, &end);
		if (!close) {
			copy_to(s, end);
			return true;
		}
	} else {
		end = find_line_end(text, end);
	}

	tag = find_spdx(text, close ? close : end);
	if (tag)
		keep_spdx(s, tag, close, end);
	else
		drop_comment(s, end, block);
	return true;
}

static void take_blanks(struct strip *s)
{
	const char *q;

	while (s->p < s->end) {
		if (is_blank(*s->p)) {
			copy_to(s, s->p + 1);
		} else if (*s->p == '/') {
			if (!take_comment(s))
				break;
		} else {
			q = skip_splices(s->p, s->end);
			if (q == s->p)
				break;
			copy_to(s, q);
		}
	}
}

/* Copies an identifier or number, and its first bytes, spliced, to word[size]. */
static void take_word(struct strip *s, char *word, size_t size)
{
	size_t n = 0;
	const char *q;

	while (s->p < s->end) {
		q = skip_splices(s->p, s->end);
		if (q == s->p) {
			if (!is_word(*q))
				break;
			if (n < size - 1)
				word[n++] = *q;
			q++;
		}
		copy_to(s, q);
	}
	word[n] = '\0';
}

/*
 * Copies <a header's name>.  Without its ">" on the line it is no name, but might
 * become one when a comment goes that has newlines.
 */
static void take_header_name(struct strip *s)
{
	const char *p = s->p, *q;

	if (p == s->end || *p != '<')
		return;
	while (p < s->end && *p != '\n') {
		if (*p == '>') {
			copy_to(s, p + 1);
			return;
		}
		q = skip_splices(p, s->end);
		p = q == p ? p + 1 : q;
	}
	s->garbled = true;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list))
		list++;
	return *list;
}

static void take_special(struct strip *s);

/* The rest of an #if: a header's name may follow __has_include. */
static void take_condition(struct strip *s)
{
	static const char *const queries[] = {
		"__has_include", "__has_include_next", "__has_embed", NULL
	};
	char word[32];

	while (s->p < s->end && *s->p != '\n' && !s->garbled) {
		if (!is_word(*s->p)) {
			take_special(s);
			continue;
		}
		take_word(s, word, sizeof(word));
		if (!is_one_of(word, queries))
			continue;
		take_blanks(s);
		if (s->p == s->end || *s->p != '(')
			continue;
		copy_to(s, s->p + 1);
		take_blanks(s);
		take_header_name(s);
	}
}

/* The name of a directive, and what of it is not made of ordinary tokens. */
static void take_directive(struct strip *s)
{
	static const char *const includes[] = {
		"include", "include_next", "import", "embed", NULL
	};
	static const char *const conditions[] = { "if", "elif", NULL };
	char word[32];

	take_blanks(s);
	take_word(s, word, sizeof(word));
	if (is_one_of(word, includes)) {
		take_blanks(s);
		take_header_name(s);
	} else if (is_one_of(word, conditions)) {
		take_condition(s);
	}
}

/* Takes at least one byte, and all of what it begins if it is a special one. */
static void take_special(struct strip *s)
{
	const char *p = s->p, *q = p + 1;

	switch (*p) {
	case '\n':
		copy_to(s, q);
		pay(s);
		return;
	case '/':
		if (take_comment(s))
			return;
		break;
	case '"':
	case '\'':
		q = find_unquote(p, s->end);
		break;
	case '\\':
		q = skip_splices(p, s->end);
		if (q == p)
			q++;
		break;
	case '#':
	case '%':
		q = find_hash_end(p, s->end);
		if (!q || !at_line_start(s)) {
			q = p + 1;
			break;
		}
		copy_to(s, q);
		take_directive(s);
		return;
	}
	copy_to(s, q);
}

char *strip_comments(const char *in, size_t len, size_t *outlen)
{
	/* Cutting down an SPDX comment, of 29 bytes or more, may add two */
	char *out = malloc(len + len / 8 + 1);
	struct strip s = { .p = in, .end = in + len, .o = out, .line = out };

	if (!out)
		return NULL;
	s.garbled = is_ambiguous(in, s.end);

	while (s.p < s.end && !s.garbled) {
		const char *p = s.p;
		char *o = s.o;

		while (p < s.end && !special[(unsigned char)*p])
			*o++ = *p++;
		s.p = p;
		s.o = o;
		if (p < s.end)
			take_special(&s);
	}
	if (s.garbled) {
		s.p = in;
		s.o = out;
		copy_to(&s, s.end);
	}
	*outlen = s.o - out;
	return out;
}

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
 * Is it a directive, at p, in which white space may mean something, for all that
 * is looked at here? In a #define it does not, and most others have little.
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

size_t squeeze_blanks(char *buf, size_t len)
{
	const char *p = buf, *q, *text, *end = buf + len;
	bool fresh = true, leading = true;	/* nothing, only comments on this line */
	bool blank, splice, named;
	char *o = buf;

	if (is_ambiguous(p, end))
		return len;

	while (p < end) {
		q = find_run_end(p, end, &blank, &splice);
		if (q != p && o > buf && o[-1] == '\\') {
			/* What is behind a backslash makes it a splice or not */
			memmove(o, p, q - p);
			o += q - p;
		} else if (q != p && !fresh && q < end && !at_newline(q, end)) {
			if (blank)
				*o++ = ' ';
			if (splice) {
				*o++ = '\\';
				*o++ = '\n';
			}
		}
		p = q;
		if (p == end)
			break;

		if (at_newline(p, end)) {
			q = p + (*p == '\r' ? 2 : 1);
			if (fresh) {
				p = q;
				continue;
			}
			fresh = true;
			leading = true;
		} else if (leading && is_delicate(p, end)) {
			named = false;
			for (q = p; q < end && !at_newline(q, end);) {
				q = skip_splices(q, end);
				if (q == end || at_newline(q, end))
					break;
				named = named || *q == '<';
				text = q;
				q = find_thing_end(q, end);
				/* It, or a part of a header's name: all that follows stays */
				if (named && q > text + 1)
					q = end;
			}
			fresh = false;
			leading = false;
		} else {
			q = find_thing_end(p, end);
			fresh = false;
			leading = leading && q > p + 1 && *p == '/';
			if (q == p + 1)
				while (q < end && !alone[(unsigned char)*q])
					q++;
		}
		memmove(o, p, q - p);
		o += q - p;
		p = q;
	}
	return o - buf;
}

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
