/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stripper of the kheaders generator: C source in, the same C source without
 * its comments, or without its white space, out; and Makefiles without comments.
 */
#ifndef KHEADERS_STRIP_H
#define KHEADERS_STRIP_H

#include <stddef.h>

/**
 * strip_comments() - remove the comments from a piece of C source
 * @in:		the text; any bytes, needs no NUL at its end
 * @len:	its length in bytes
 * @outlen:	where the length of the result goes, in bytes
 *
 * A compiler reads the same preprocessing tokens, in the same directives and on
 * lines of the same number, from the result as from @in.  Only what follows on
 * the last line of a comment that began behind a token moves up to that token.
 *
 * A comment with an SPDX-License-Identifier stays, cut down to that line.  An
 * unterminated comment, string or character constant stays as it is, and so
 * does the whole of a text with an unterminated <header name>, or one that gcc
 * and clang do not read alike: with a carriage return that ends no line, or a
 * NUL between a backslash and the end of its line.
 *
 * The language is gnu11: no trigraphs, no raw strings, no digit separators.
 *
 * Return: a buffer for the caller to free(), without a NUL at its end; or NULL
 * with errno set to ENOMEM.
 */
char *strip_comments(const char *in, size_t len, size_t *outlen);

/**
 * squeeze_blanks() - remove white space that means nothing from C source
 * @buf:	the text, as strip_comments() returns it; changed in place
 * @len:	its length in bytes
 *
 * Empty lines go, and blanks at both ends of lines. Blanks between tokens become
 * one, with a splice if there was one. Directives other than #define
 * stay as they are, but for what is in front of them.
 *
 * A compiler reads the same preprocessing tokens, in the same directives, and with
 * white space between the same tokens of a line; but on lines of other numbers.
 *
 * Return: the new length, at most @len.
 */
size_t squeeze_blanks(char *buf, size_t len);

/**
 * strip_make_comments() - remove the lines of a Makefile that are comments
 * @buf:	the text; changed in place
 * @len:	its length in bytes
 *
 * GNU make reads the same from the result, on lines of other numbers. A comment behind
 * something else stays, one in a recipe or between define and endef, which make
 * hands on, and the line with SPDX-License-Identifier.
 *
 * Return: the new length, at most @len.
 */
size_t strip_make_comments(char *buf, size_t len);

#endif
