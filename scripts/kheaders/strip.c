// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removes comments from C source for the kheaders generator, in one pass.
 */
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "strip.h"

/* The first hyphen is disguised, lest licence scanners take the line for a tag */
static const char spdx_tag[] = "SPDX\x2dLicense-Identifier:";

/* The bytes that may begin something other than themselves. */
static const bool special[256] = {
	['\n'] = true, ['\\'] = true, ['/'] = true, ['"'] = true,
	['\''] = true, ['#'] = true, ['%'] = true,
};

struct strip {
	const char *p;		/* next byte to read */
	const char *end;	/* end of the input */
	char *o;		/* next byte to write */
	char *line;		/* where the output's line begins, or its last kept comment */
	size_t owed;		/* newlines taken out that the next newline pays back */
	bool garbled;		/* leave the whole text as it is */
};

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

/* Removes the comment from s->p to end, and puts what is needed in its place. */
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
