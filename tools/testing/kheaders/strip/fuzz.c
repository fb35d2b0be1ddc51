// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the generator's comment stripper against a second, slow reading of C by
 * the translation phases: splices out first, then comments to blanks, into a plain
 * form in which two texts that a compiler reads alike are equal byte for byte.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
 *		-o fuzz fuzz.c ../../../../scripts/kheaders/{scan,strip,squeeze,strip_make}.c
 *	./fuzz -max_total_time=300 -max_len=200 CORPUS_DIR
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../../scripts/kheaders/strip.h"

/* The first hyphen is disguised, lest licence scanners take the line for a tag */
#define TAG "SPDX\x2dLicense-Identifier:"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A text after phase 2, and its plain form. */
struct reading {
	char *c;		/* its characters, without splices; CRLF is a newline */
	size_t *at;		/* where each stood in the text; at[n], its end */
	size_t *line;		/* and on which line */
	bool *joined;		/* was there a splice before it? */
	size_t n;

	char *plain;		/* tokens, one blank where there were some, no empty lines */
	size_t len;
	char *tags;		/* the tags of the comments */
	size_t taglen;
	size_t *first;		/* of each line in plain: the line of its first token, */
	size_t *start;		/* the line where it begins, */
	bool *moves;		/* and whether a splice or tag may let the token move up */
	size_t lines;
	bool whole;		/* the last character is a newline between tokens */
	bool stray;		/* there is a comment that should have gone */
	bool garbled;		/* or a header's name without an end */
};

static void *zalloc(size_t n)
{
	void *p = calloc(n ? n : 1, 1);

	if (!p)
		abort();
	return p;
}

static bool blank(char c, bool nul)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || (nul && !c);
}

static bool wordchar(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 128;
}

/* nul: does a NUL count as a blank in a splice, as gcc has it? */
static void phase2(struct reading *r, const char *text, size_t len, bool nul)
{
	size_t i = 0, j, line = 1;
	bool joined = false;

	while (i < len) {
		if (text[i] == '\\') {
			for (j = i + 1; j < len && blank(text[j], nul); j++)
				;
			if (j + 1 < len && text[j] == '\r' && text[j + 1] == '\n')
				j++;
			if (j < len && text[j] == '\n') {
				line++;
				i = j + 1;
				joined = true;
				continue;
			}
		}
		if (i + 1 < len && text[i] == '\r' && text[i + 1] == '\n')
			i++;
		r->c[r->n] = text[i];
		r->at[r->n] = i;
		r->line[r->n] = line;
		r->joined[r->n] = joined;
		r->n++;
		joined = false;
		if (text[i++] == '\n')
			line++;
	}
	r->at[r->n] = len;
	r->line[r->n] = line;
}

static void note_comment(struct reading *r, const char *text, size_t from, size_t to, char before)
{
	const char *p = text + r->at[from], *end = text + (to < r->n ? r->at[to] : r->at[r->n]);
	const char *tag = memmem(p, end - p, TAG, strlen(TAG)), *q;

	if (!tag) {
		/* Only what keeps a backslash from the newline, or a splice from the end */
		if (before != '\\' && to < r->n)
			r->stray = true;
		if (!(to - from == 2 && r->c[from + 1] == '/') &&
		    !(to - from == 4 && r->c[from + 1] == '*'))
			r->stray = true;
		return;
	}
	if (r->c[from + 1] == '*')
		end = text + r->at[to - 2];
	for (q = tag; q < end && *q != '\n'; q++)
		;
	while (q > tag && (blank(q[-1], true) || q[-1] == '\r' || q[-1] == '*'))
		q--;
	memcpy(r->tags + r->taglen, tag, q - tag);
	r->taglen += q - tag;
	r->tags[r->taglen++] = '\n';
}

static bool has_tag(const char *text, const struct reading *r, size_t from, size_t to)
{
	return memmem(text + r->at[from], r->at[to] - r->at[from], TAG, strlen(TAG));
}

/* Takes word from the end of s[0..*n), and a blank behind it. */
static bool cut_tail(const char *s, size_t *n, const char *word)
{
	size_t k = strlen(word), m = *n;

	if (m && s[m - 1] == ' ')
		m--;
	if (m < k || memcmp(s + m - k, word, k))
		return false;
	m -= k;
	if (wordchar(word[0]) && m && wordchar(s[m - 1]))
		return false;
	*n = m;
	return true;
}

/* Is a "<" behind this start of a line, in plain form, that of a header's name? */
static bool name_follows(const char *s, size_t n)
{
	static const char *const queries[] = {
		"__has_include", "__has_include_next", "__has_embed"
	};
	static const char *const includes[] = { "include", "include_next", "import", "embed" };
	size_t m, k, i;

	if (!n || (s[0] != '#' && (n < 2 || s[0] != '%' || s[1] != ':')))
		return false;
	k = s[0] == '#' ? 1 : 2;
	for (i = 0; i < ARRAY_SIZE(includes); i++) {
		m = n;
		if (cut_tail(s, &m, includes[i]) && cut_tail(s, &m, s[0] == '#' ? "#" : "%:") && !m)
			return true;
	}
	if (k < n && s[k] == ' ')
		k++;
	for (m = k; m < n && wordchar(s[m]); m++)
		;
	if (!(m - k == 2 && !memcmp(s + k, "if", 2)) && !(m - k == 4 && !memcmp(s + k, "elif", 4)))
		return false;
	k = m;
	if (!cut_tail(s, &n, "("))
		return false;
	for (i = 0; i < ARRAY_SIZE(queries); i++) {
		m = n;
		if (cut_tail(s, &m, queries[i]) && m >= k)
			return true;
	}
	return false;
}

/* Behind the closing character, if there is one on the line. */
static size_t find_close(const struct reading *r, size_t i, char close, bool escapes)
{
	for (i++; i < r->n && r->c[i] != '\n'; i++) {
		if (r->c[i] == close)
			return i + 1;
		if (escapes && r->c[i] == '\\' && i + 1 < r->n && r->c[i + 1] != '\n')
			i++;
	}
	return 0;
}

static size_t find_newline(const struct reading *r, size_t i)
{
	while (i < r->n && r->c[i] != '\n')
		i++;
	return i;
}

static void phase3(struct reading *r, const char *text)
{
	size_t i = 0, j, k, linestart = 0, start = 1;
	bool space = false, moves = false;
	char before;

	while (i < r->n) {
		const char c = r->c[i], d = i + 1 < r->n ? r->c[i + 1] : 0;

		if (r->joined[i])
			moves = true;
		r->whole = c == '\n';
		if (c == '\n') {
			if (r->len > linestart)
				r->plain[r->len++] = '\n';
			linestart = r->len;
			space = false;
			moves = false;
			start = r->line[i++] + 1;
			continue;
		}
		if (blank(c, true)) {
			space = true;
			i++;
			continue;
		}
		if (c == '/' && (d == '/' || d == '*')) {
			if (d == '/') {
				j = find_newline(r, i);
			} else {
				for (j = i + 3; j < r->n; j++)
					if (r->c[j] == '/' && r->c[j - 1] == '*' && j > i + 2)
						break;
				j++;
			}
			if (j <= r->n) {
				for (k = i; k < j; k++)
					if (r->joined[k])
						moves = true;
				if (has_tag(text, r, i, j))
					moves = true;
				before = r->len > linestart ? r->plain[r->len - 1] : 0;
				note_comment(r, text, i, j, before);
				space = true;
				i = j;
				continue;
			}
			j = r->n;
		} else if (c == '"' || c == '\'') {
			j = find_close(r, i, c, true);
			if (!j)
				j = find_newline(r, i);
		} else if (c == '<' && name_follows(r->plain + linestart, r->len - linestart)) {
			j = find_close(r, i, '>', false);
			if (!j) {
				r->garbled = true;
				j = i + 1;
			}
		} else {
			j = i + 1;
		}

		if (r->len == linestart) {
			r->first[r->lines] = r->line[i];
			r->start[r->lines] = start;
			r->moves[r->lines++] = moves;
		} else if (space) {
			r->plain[r->len++] = ' ';
		}
		space = false;
		while (i < j)
			r->plain[r->len++] = r->c[i++];
	}
}

static void reading_free(struct reading *r)
{
	free(r->c);
	free(r->at);
	free(r->line);
	free(r->joined);
	free(r->plain);
	free(r->tags);
	free(r->first);
	free(r->start);
	free(r->moves);
}

static struct reading read_text(const char *text, size_t len, bool nul)
{
	struct reading r = {
		.c = zalloc(len),
		.at = zalloc((len + 1) * sizeof(size_t)),
		.line = zalloc((len + 1) * sizeof(size_t)),
		.joined = zalloc(len),
		.plain = zalloc(2 * len + 2),
		.tags = zalloc(2 * len + 2),
		.first = zalloc((len + 1) * sizeof(size_t)),
		.start = zalloc((len + 1) * sizeof(size_t)),
		.moves = zalloc(len + 1),
	};

	phase2(&r, text, len, nul);
	phase3(&r, text);
	return r;
}

static void fail(const char *why, const char *in, size_t len, const char *out, size_t outlen)
{
	fprintf(stderr, "fuzz: %s\n--- in\n", why);
	fwrite(in, 1, len, stderr);
	fprintf(stderr, "\n--- out\n");
	fwrite(out, 1, outlen, stderr);
	fprintf(stderr, "\n---\n");
	abort();
}

static size_t newlines(const char *p, size_t n)
{
	size_t count = 0;

	while (n--)
		count += *p++ == '\n';
	return count;
}

/* The tokens, and what is between them, must be those of the text before. */
static void check_squeezed(const char *in, size_t len)
{
	struct reading a = read_text(in, len, true), b;
	char *out = zalloc(len);
	size_t outlen, againlen;

	memcpy(out, in, len);
	outlen = squeeze_blanks(out, len);
	b = read_text(out, outlen, true);
	if (a.len != b.len || memcmp(a.plain, b.plain, a.len))
		fail("squeezed, the tokens differ", in, len, out, outlen);
	if (a.taglen != b.taglen || memcmp(a.tags, b.tags, a.taglen))
		fail("squeezed, the tags differ", in, len, out, outlen);
	againlen = squeeze_blanks(out, outlen);
	if (againlen != outlen)
		fail("squeezed again, the text changes", in, len, out, outlen);
	reading_free(&a);
	reading_free(&b);
	free(out);
}

static void compare(const char *in, size_t len, const char *out, size_t outlen, bool nul)
{
	struct reading a = read_text(in, len, nul), b = read_text(out, outlen, nul);
	const char *why = NULL;
	size_t i;

	if (a.len != b.len || memcmp(a.plain, b.plain, a.len))
		why = "the tokens differ";
	else if (a.taglen != b.taglen || memcmp(a.tags, b.tags, a.taglen))
		why = "the tags differ";
	else if (a.lines != b.lines)
		why = "the lines differ";
	else if (b.stray)
		why = "a comment is left";
	else if (newlines(out, outlen) > newlines(in, len))
		why = "there are more newlines";
	else if (a.whole && newlines(out, outlen) != newlines(in, len))
		why = "there are fewer newlines";
	for (i = 0; i < a.lines && !why; i++) {
		if (a.moves[i] ? b.first[i] > a.first[i] || b.first[i] < a.start[i] :
				 b.first[i] != a.first[i])
			why = "a line has another number";
	}
	if (why)
		fail(why, in, len, out, outlen);
	reading_free(&a);
	reading_free(&b);
}

/* Where gcc and clang disagree, or a name has no end, the text must not change at all. */
static bool ambiguous(const char *in, size_t len)
{
	struct reading gcc, clang;
	bool ret;
	size_t i;

	for (i = 0; i < len; i++)
		if (in[i] == '\r' && (i + 1 == len || in[i + 1] != '\n'))
			return true;
	gcc = read_text(in, len, true);
	clang = read_text(in, len, false);
	ret = gcc.n != clang.n || gcc.garbled;
	reading_free(&gcc);
	reading_free(&clang);
	return ret;
}

static void check(const char *in, size_t len)
{
	size_t outlen, againlen;
	char *out = strip_comments(in, len, &outlen), *again;

	if (!out)
		abort();
	if (ambiguous(in, len)) {
		if (outlen != len || memcmp(in, out, len))
			fail("an ambiguous text changed", in, len, out, outlen);
	} else if (outlen != len || memcmp(in, out, len) || !memchr(in, '\0', len)) {
		compare(in, len, out, outlen, false);
		compare(in, len, out, outlen, true);
	}
	again = strip_comments(out, outlen, &againlen);
	if (!again)
		abort();
	if (againlen != outlen || memcmp(out, again, outlen))
		fail("a second pass changes the text again", out, outlen, again, againlen);
	check_squeezed(out, outlen);
	free(again);
	free(out);
}

/* Random bytes hardly ever make a comment; so a byte of the input stands for a piece. */
static const char *const pieces[] = {
	"/", "/", "/", "*", "*", "*", "\\", "\\", "\n", "\n", "\n", " ", " ", "\t", "\\\n",
	"\\\t\n", "\\\r\n", "\r\n", "\"", "'", "#", "%", ":", "<", ">", "(", ")", "a", "1", "/*",
	"*/", "//", "/**/", "/*\n*/", "include", "include_next", "import", "if", "elif", "define",
	"__has_include", "__has_include_next", "error", TAG, TAG " MIT", "\xe4", "\f", "+", "_",
	"/* c */", "#include <", "#if __has_include(<", "\r", "embed", "__has_embed",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0, i, k;
	char *text;

	if (!size)
		return 0;
	text = zalloc(size * 32);
	for (i = 1; i < size; i++) {
		if (data[0] & 1 && data[i] < ARRAY_SIZE(pieces)) {
			k = strlen(pieces[data[i]]);
			memcpy(text + len, pieces[data[i]], k);
			len += k;
		} else {
			text[len++] = data[i] == 255 && data[0] & 1 ? 0 : data[i];
		}
	}
	/* To the byte, for ASan to see a read past the end */
	text = realloc(text, len ? len : 1);
	check(text, len);
	free(text);
	return 0;
}
