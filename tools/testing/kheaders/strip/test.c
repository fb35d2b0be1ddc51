// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the generator's comment stripper: what goes in, what comes out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../../../scripts/kheaders/strip.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The first hyphen is disguised, lest licence scanners take the line for a tag */
#define TAG "SPDX\x2dLicense-Identifier:"

struct sample {
	const char *name;
	const char *in;
	size_t inlen;
	const char *want;	/* NULL: no change */
	size_t wantlen;
};

#define EDIT(name, in, want) { name, in, sizeof(in) - 1, want, sizeof(want) - 1 }
#define KEEP(name, in) { name, in, sizeof(in) - 1, NULL, 0 }

static int check_one(const struct sample *t)
{
	const char *want = t->want ? t->want : t->in;
	size_t wantlen = t->want ? t->wantlen : t->inlen;
	/* A copy that fits, for ASan to see a read past its end */
	char *in = malloc(t->inlen ? t->inlen : 1), *got, *again;
	size_t len, againlen;
	int bad;

	assert_non_null(in);
	memcpy(in, t->in, t->inlen);
	got = strip_comments(in, t->inlen, &len);
	assert_non_null(got);
	bad = len != wantlen || memcmp(got, want, len);
	if (bad) {
		print_error("%s: in  [%.*s]\n", t->name, (int)t->inlen, t->in);
		print_error("%s: got [%.*s]\n", t->name, (int)len, got);
		print_error("%s: not [%.*s]\n", t->name, (int)wantlen, want);
	}

	again = strip_comments(got, len, &againlen);
	assert_non_null(again);
	if (againlen != len || memcmp(got, again, len)) {
		print_error("%s: a second pass changes [%.*s] to [%.*s]\n", t->name,
			    (int)len, got, (int)againlen, again);
		bad = 1;
	}
	free(again);
	free(got);
	free(in);
	return bad;
}

static void check(const struct sample *t, size_t n)
{
	int bad = 0;

	while (n--)
		bad += check_one(t++);
	assert_int_equal(bad, 0);
}

static void test_nothing_to_do(void **state)
{
	static const struct sample t[] = {
		KEEP("empty", ""),
		KEEP("newline", "\n"),
		KEEP("code", "int x;\n"),
		KEEP("no newline at the end", "int x;"),
		KEEP("lone slash", "a / b\n"),
		KEEP("slash at the end", "a /"),
		KEEP("slash and splice at the end", "a /\\\n"),
		KEEP("white space of the code's own", "int x; \t\n\v\t\n\tint y;  "),
		KEEP("star slash outside a comment", "a */ b\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_separates_tokens(void **state)
{
	static const struct sample t[] = {
		EDIT("words", "a/**/b\n", "a b\n"),
		EDIT("operators", "a+/**/+b\n", "a+ +b\n"),
		EDIT("blank before", "a /* c */b\n", "a b\n"),
		EDIT("blank after", "a/* c */ b\n", "a b\n"),
		EDIT("blanks around", "a /* c */ b\n", "a b\n"),
		EDIT("tab before", "a\t/* c */ b\n", "a\tb\n"),
		EDIT("many blanks before", "a \t  /* c */  b\n", "a b\n"),
		EDIT("several", "a/**//**/ /**/b\n", "a b\n"),
		EDIT("slash, slash", "a / /**// b\n", "a / / b\n"),
		EDIT("slash, star", "a / /**/* b\n", "a / * b\n"),
		EDIT("star, slash", "a */**// b\n", "a * / b\n"),
		EDIT("slash slash slash", "a / /* c *// b // d\n", "a / / b\n"),
		EDIT("function-like, then object-like", "#define f/**/(x)\n", "#define f (x)\n"),
		EDIT("inside a directive's head", "#/**/define/**/X/**/1\n", "# define X 1\n"),
		EDIT("digraph", "%/**/: %:/**/define X\n", "% : %: define X\n"),
		EDIT("string prefix", "L/**/\"a\" u8/**/'c'\n", "L \"a\" u8 'c'\n"),
		EDIT("not an opener", "a /*/ b */ c\n", "a c\n"),
		EDIT("stars", "a /***/ b /****/ c /* **/ d\n", "a b c d\n"),
		EDIT("opener in a comment", "a /* /* // */ b\n", "a b\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_ends_of_line(void **state)
{
	static const struct sample t[] = {
		EDIT("at the end", "int x; /* c */\n", "int x;\n"),
		EDIT("blank behind", "int x;\t/* c */ \t\n", "int x;\n"),
		EDIT("at the start", "/* c */ int x;\n", "int x;\n"),
		EDIT("indented", "\t/* c */ int x;\n", "\tint x;\n"),
		EDIT("alone", "a\n\t/* c */\t\nb\n", "a\n\nb\n"),
		EDIT("before a directive", "/* c */ #define X\n", "#define X\n"),
		EDIT("slashes", "int x; // c\n", "int x;\n"),
		EDIT("slashes alone", "// c\n\t// c\nint x;\n", "\n\nint x;\n"),
		EDIT("slashes at the end of the text", "int x; // c", "int x;"),
		EDIT("block at the end of the text", "int x; /* c */", "int x;"),
		EDIT("nothing but a comment", "/* c */", ""),
		EDIT("block opener behind slashes", "a // /* c\nb // */\n", "a\nb\n"),
		EDIT("slashes in a block", "a /* // */ b\n", "a b\n"),
		EDIT("null directive", "# /* c */\n", "#\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_line_numbers(void **state)
{
	static const struct sample t[] = {
		EDIT("block alone", "/*\n * c\n */\nint x;\n", "\n\n\nint x;\n"),
		EDIT("code before", "int x; /* c\n d */\nint y;\n", "int x;\n\nint y;\n"),
		EDIT("code behind", "  /* c\n d */ int x;\nint y;\n", "\nint x;\nint y;\n"),
		EDIT("code around", "a /* c\n d */ b\ne\n", "a b\n\ne\n"),
		EDIT("two on a line", "a /*\n*/ b /*\n\n*/ c\nd\n", "a b c\n\n\n\nd\n"),
		EDIT("start, then middle", "/*\n*/ a /*\n*/ b\nc\n", "\na b\n\nc\n"),
		EDIT("in a directive", "#define X /* c\n d */ 1\ny\n", "#define X 1\n\ny\n"),
		EDIT("in a spliced directive",
		     "#define X /*\n*/ 1 \\\n 2 /*\n*/ \\\n 3\ny\n",
		     "#define X 1 \\\n 2 \\\n 3\n\n\ny\n"),
		EDIT("no directive may appear", "a /*\n*/ #define X\nb\n", "a #define X\n\nb\n"),
		EDIT("end of the text", "a /*\n\n*/", "a"),
		EDIT("end of the text, alone", "a\n/*\n\n*/", "a\n\n\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_strings(void **state)
{
	static const struct sample t[] = {
		EDIT("string", "\"/* c */ // d\" /* e */\n", "\"/* c */ // d\"\n"),
		EDIT("escaped quote", "\"\\\"/* c */\"/**/x\n", "\"\\\"/* c */\" x\n"),
		EDIT("escaped backslash", "\"\\\\\"/* c */\n", "\"\\\\\"\n"),
		EDIT("character", "'/*' '\"' '\\'' '//'/**/;\n", "'/*' '\"' '\\'' '//' ;\n"),
		EDIT("empty", "\"\" '' /**/ x\n", "\"\" '' x\n"),
		EDIT("quote in a comment", "/* don't */ x /* \" */\n", "x\n"),
		EDIT("spliced string", "\"a\\\n/* b */\\\n\" /* c */\n", "\"a\\\n/* b */\\\n\"\n"),
		EDIT("spliced escape", "\"\\\\\n\"/* b */\" /**/ x\n", "\"\\\\\n\"/* b */\" x\n"),
		EDIT("escape, splice, newline", "\"\\\\\n\n/**/x\n", "\"\\\\\n\nx\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_unterminated(void **state)
{
	static const struct sample t[] = {
		EDIT("apostrophe", "#error don't /* c */ // d\nx /* e */\n",
		     "#error don't /* c */ // d\nx\n"),
		EDIT("quote", "a \"b /* c */\t\nx /* e */\n", "a \"b /* c */\t\nx\n"),
		EDIT("spliced", "a 'b /* c \\\n /* d */\nx/**/y\n",
		     "a 'b /* c \\\n /* d */\nx y\n"),
		EDIT("at the end of the text", "a /*\n*/ 'b /* c */", "a 'b /* c */"),
		KEEP("backslash at the end of the text", "\"a\\"),
		EDIT("block", "a /* c */ b /* d\n e\n", "a b /* d\n e\n"),
		KEEP("block with half an end", "a /*/"),
		KEEP("block with another opener", "/* a\n /* b\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_splices(void **state)
{
	static const struct sample t[] = {
		EDIT("in a block's opener", "a /\\\n* c */ b\nd\n", "a b\n\nd\n"),
		EDIT("in a block's closer", "a /* c *\\\n/ b\nd\n", "a b\n\nd\n"),
		EDIT("twice in a closer", "a /* c *\\\n\\\n/ b\nd\n", "a b\n\n\nd\n"),
		EDIT("no closer of the opener's star", "a /*\\\n/ c */ b\nd\n", "a b\n\nd\n"),
		EDIT("in an opener of slashes", "a /\\\n/ c\nb\n", "a\n\nb\n"),
		EDIT("slashes go on", "a // c \\\n d\nb\n", "a\n\nb\n"),
		EDIT("slashes go on behind blanks", "a // c \\ \t\n d\nb\n", "a\n\nb\n"),
		EDIT("slashes go on with CRLF", "a // c \\\r\n d\r\nb\r\n", "a\r\n\nb\r\n"),
		EDIT("blanks behind the backslash", "a /\\\t\n* c */ b\nd\n", "a b\n\nd\n"),
		EDIT("comment before", "a/* c */\\\nb\n", "a \\\nb\n"),
		EDIT("comment before, blank", "a /* c */ \\\n b\n", "a \\\n b\n"),
		EDIT("comment behind", "a\\\n/* c */b\n", "a\\\n b\n"),
		EDIT("comment behind, last", "a \\\n /* c */\nb\n", "a \\\n\nb\n"),
		EDIT("comment behind, end of the text", "a \\\n/* c */", "a \\\n/**/"),
		EDIT("slash, then the same", "a /\\\n /* c */", "a /\\\n /**/"),
		EDIT("start of a directive", "/* c */\\\n#define X\n", "\\\n#define X\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_no_new_splice(void **state)
{
	static const struct sample t[] = {
		EDIT("block", "#define X \\ /* c */\nint y;\n", "#define X \\ /**/\nint y;\n"),
		EDIT("slashes", "#define X \\ // c\nint y;\n", "#define X \\ //\nint y;\n"),
		EDIT("several", "#define X \\/*\n*/ /* c */\t\ny\n", "#define X \\ /**/\n\ny\n"),
		EDIT("end of the text", "\\ /* c */", "\\ /**/"),
		EDIT("token behind", "\\/* c */x\n", "\\ x\n"),
		EDIT("a true splice behind", "\\/* c */\\\nx\n", "\\ \\\nx\n"),
		EDIT("before CRLF", "\\/* c */\r\nx\r\n", "\\/**/\r\nx\r\n"),
		EDIT("before a NUL", "\\/* c */\0\nx\n", "\\/**/\nx\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_header_names(void **state)
{
	static const struct sample t[] = {
		EDIT("slashes", "#include <a//b.h> // c\n", "#include <a//b.h>\n"),
		EDIT("slash, star", "#include <sys/*.h> /* c */\nx\n", "#include <sys/*.h>\nx\n"),
		EDIT("quote", "#include <don't.h> /* c */\n", "#include <don't.h>\n"),
		EDIT("include_next", "# include_next\t<a//b>/**/\n", "# include_next\t<a//b>\n"),
		EDIT("import", "#import <a//b>/**/\n", "#import <a//b>\n"),
		EDIT("digraph", "%: include <a//b>/**/\n", "%: include <a//b>\n"),
		EDIT("comments between", "/**/ # /**/ include/**/<a//b>\n", "# include <a//b>\n"),
		KEEP("splices between", "#inc\\\nlude \\\n<a/\\\n/b>\n"),
		KEEP("splice before", "\\\n#include <a//b>\n"),
		EDIT("in quotes", "#include \"a//b\" // c\n", "#include \"a//b\"\n"),
		KEEP("no end", "/* c */\n#include <a /*\n*/ b>\n"),
		KEEP("has_include, no end", "#if __has_include(<a /*\n*/ b>)\n"),
		EDIT("other directives", "#define X <a//b>\n", "#define X <a\n"),
		EDIT("other words", "#included <a//b>\n", "#included <a\n"),
		EDIT("no directive", "a # include <a//b>\n", "a # include <a\n"),
		EDIT("second name", "#include <a//b> <c//d>\n", "#include <a//b> <c\n"),
		EDIT("has_include", "#if X && __has_include(<a/*b>) // c\n#endif\n",
		     "#if X && __has_include(<a/*b>)\n#endif\n"),
		EDIT("has_include, spaced", "#elif __has_include_next /**/ ( <a//b> )\n",
		     "#elif __has_include_next ( <a//b> )\n"),
		KEEP("two has_include", "#if __has_include(<a//b>) || __has_include(<c//d>)\n"),
		EDIT("has_include elsewhere", "#define X __has_include(<a//b>)\n",
		     "#define X __has_include(<a\n"),
		EDIT("part of a word", "#if x__has_include(<a//b>)\n", "#if x__has_include(<a\n"),
		KEEP("behind a tag", "/* " TAG " MIT */ #include <a//b>\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_spdx(void **state)
{
	static const struct sample t[] = {
		EDIT("block of one line", "/* " TAG " GPL-2.0 */\n/* c */\n",
		     "/* " TAG " GPL-2.0 */\n\n"),
		EDIT("slashes", "// " TAG " GPL-2.0\t\n// c\n", "// " TAG " GPL-2.0\t\n\n"),
		EDIT("block", "/*\n * " TAG " GPL-2.0 WITH Linux-syscall-note\n * c\n */\nint x;\n",
		     "/* " TAG " GPL-2.0 WITH Linux-syscall-note */\n\n\n\nint x;\n"),
		EDIT("block, first line", "/* " TAG " GPL-2.0\n * c */\nint x;\n",
		     "/* " TAG " GPL-2.0 */\n\nint x;\n"),
		EDIT("block, last line", "/* c\n * " TAG " (GPL-2.0 OR MIT) */\nint x;\n",
		     "/* " TAG " (GPL-2.0 OR MIT) */\n\nint x;\n"),
		EDIT("short block", "/*\n" TAG "X\n*/\n", "/* " TAG "X */\n\n\n"),
		EDIT("box", "/********\n * " TAG " MIT   *\n ********/\n",
		     "/* " TAG " MIT */\n\n\n"),
		EDIT("CRLF", "/*\r\n * " TAG " MIT\r\n */\r\n", "/* " TAG " MIT */\r\n\n\n"),
		EDIT("stands between tokens", "a/*\n" TAG " MIT\n*/b\nc\n",
		     "a/* " TAG " MIT */b\n\n\nc\n"),
		EDIT("then a directive", "/*\n" TAG " MIT\n*/#define X\n",
		     "/* " TAG " MIT */#define X\n\n\n"),
		EDIT("then a comment", "/* " TAG " MIT */ /* c */\nx\n",
		     "/* " TAG " MIT */\nx\n"),
		EDIT("no tag", "/* SPDX-License-Identifier */ x\n", "x\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

static void test_odd_bytes(void **state)
{
	static const struct sample t[] = {
		EDIT("high bytes", "\xff\xfe /* \xe4 */ \"\xe4\"\n", "\xff\xfe \"\xe4\"\n"),
		EDIT("byte order mark", "\xef\xbb\xbf/* c */#define X\n",
		     "\xef\xbb\xbf #define X\n"),
		EDIT("NUL", "a\0b \"\0\" /* \0 */ c\n", "a\0b \"\0\" c\n"),
		EDIT("CRLF", "a /* c */\r\n/*\r\n*/\r\nb\r\n", "a\r\n\n\r\nb\r\n"),
		KEEP("lone CR", "a /* c */ // \r b\n"),
		KEEP("NUL in what may be a splice", "a /* c */ \\ \0\t\n b\n"),
		EDIT("form feed", "a\f/* c */b\n", "a\fb\n"),
		EDIT("trigraphs are none", "a ?\?/\n/* c */ b // ?\?/\nc\n", "a ?\?/\nb\nc\n"),
	};

	(void)state;
	check(t, ARRAY_SIZE(t));
}

/* Work that grows with the square of the text would not end here. */
static void test_linear(void **state)
{
	static const char *const pieces[] = {
		"/**/", "/* ", "\\\n", "/\\\n", "*\\\n", "\\ ", "\"\\\n", "'", "<",
		"__has_include(<", "#include <", "/*\n*/a", " ", "/*/", "// ", TAG, "/*\n" TAG "*/",
		"*\\\n\\\n", "\\ \\", "\r\n", "%\\\n",
	};
	const size_t size = 2 << 20;
	char *in = malloc(size);
	size_t i, n, len, start;

	(void)state;
	assert_non_null(in);
	for (i = 0; i < 4 * ARRAY_SIZE(pieces); i++) {
		static const char *const heads[] = { "", "#if ", "/*", "a" };
		const char *piece = pieces[i / 4], *head = heads[i % 4];
		char *out;

		/* The last head goes before a mass of blanks */
		start = i % 4 < 3 ? strlen(head) : size / 4;
		memset(in, ' ', start);
		memcpy(in, head, strlen(head));
		for (n = start; n < size; n++)
			in[n] = piece[(n - start) % strlen(piece)];
		out = strip_comments(in, size, &len);
		assert_non_null(out);
		assert_true(len <= size + size / 8);
		free(out);
	}
	free(in);
}

static void check_in_place(const struct sample *t, size_t (*strip)(char *buf, size_t len))
{
	const char *want = t->want ? t->want : t->in;
	size_t wantlen = t->want ? t->wantlen : t->inlen, len;
	char *buf = malloc(t->inlen ? t->inlen : 1);

	assert_non_null(buf);
	memcpy(buf, t->in, t->inlen);
	len = strip(buf, t->inlen);
	if (len != wantlen || memcmp(buf, want, len))
		fail_msg("%s: got [%.*s], not [%.*s]", t->name, (int)len, buf,
			 (int)wantlen, want);
	free(buf);
}

static void test_squeezes_blanks(void **state)
{
	static const struct sample t[] = {
		KEEP("empty", ""),
		KEEP("code", "int x;\n#define a(b) b\n"),
		KEEP("no newline at the end", "int x;"),
		EDIT("between tokens", "int\t x  =\v1;\n", "int x = 1;\n"),
		EDIT("begin and end of a line", "\tint x;\t \n", "int x;\n"),
		EDIT("end of the text", "int x; ", "int x;"),
		EDIT("empty lines", "\n\na\n\n \t\n\nb\n\n", "a\nb\n"),
		EDIT("lines that end as on DOS", "a  b \r\n\r\nc\r\n", "a b\r\nc\r\n"),
		KEEP("strings", "\"a  b\" '  ' \"\\\"  \"\n"),
		EDIT("a splice between tokens", "#define a \t\\\n\t\t1\n", "#define a \\\n1\n"),
		EDIT("several splices", "a \\\n \\\n b\n", "a \\\nb\n"),
		KEEP("a splice in a token", "a\\\nb\n"),
		EDIT("an empty line ends a macro", "#define a 1 \\\n\n\nb\n", "#define a 1\nb\n"),
		EDIT("a backslash must not become a splice", "a\\ \\\n\n \n", "a\\ \\\n\n"),
		EDIT("a directive's begin", "  #\tdefine  X   1\n", "# define X 1\n"),
		EDIT("a header's name", "\t#include <a  b>\n\n", "#include <a  b>\n"),
		KEEP("a header's name behind a comment", "/* c */ #include <a  b>\n"),
		KEEP("a header's name in a condition", "#if __has_include(<a  b>)\n"),
		KEEP("a header's name that is no comment",
		     "#if __has_include(<a//b>) /*  c\n  d\n\n"),
		KEEP("a header's name with a quote", "#include <a'b> /*  c\n  d\n\n"),
		KEEP("a directive spelled with a digraph", "%:include <a  b>\n"),
		EDIT("a comment that was kept", " /* a  b */\n\n\tc // d  e\n",
		     "/* a  b */\nc // d  e\n"),
		KEEP("a comment without an end", "a /* b  c\n\n"),
		KEEP("a carriage return that ends no line", "a  b\r c\n\n"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		check_in_place(&t[i], squeeze_blanks);
}

static void test_makefiles(void **state)
{
	static const struct sample t[] = {
		EDIT("a comment", "# c\na = 1\n  # c\nb = 2\n", "a = 1\nb = 2\n"),
		EDIT("nothing else", "# c", ""),
		KEEP("a licence", "# " TAG " GPL-2.0\na = 1\n"),
		KEEP("a comment behind something", "a = 1 # c\n"),
		KEEP("in a recipe", "a:\n\t# c\n\ttrue\n"),
		EDIT("a comment of two lines", "# c \\\n  d\na = 1\n", "a = 1\n"),
		EDIT("as on DOS", "# c \\\r\n  d\r\na = 1\r\n", "a = 1\r\n"),
		EDIT("no second line", "# c \\\\\na = 1\n", "a = 1\n"),
		KEEP("a line that goes on", "a = 1 \\\n# c\n"),
		KEEP("an empty line that ends another", "a = 1 \\\n\nb = 2\n"),
		KEEP("a definition", "define a\n# c\nendef\n"),
		EDIT("behind a definition", "override define a\n# c\n  endef\n# d\n",
		     "override define a\n# c\n  endef\n"),
		KEEP("definitions in each other", "define a\ndefine b\nendef\n# c\nendef\n"),
		KEEP("endef in a recipe is the shell's", "define a\n\tendef\n# c\nendef\n"),
		EDIT("another word", "defined = 1\n# c\n", "defined = 1\n"),
		EDIT("a definition without an end", "# c\ndefine a\n# d", "define a\n# d"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		check_in_place(&t[i], strip_make_comments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_separates_tokens),
		cmocka_unit_test(test_ends_of_line),
		cmocka_unit_test(test_line_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_unterminated),
		cmocka_unit_test(test_splices),
		cmocka_unit_test(test_no_new_splice),
		cmocka_unit_test(test_header_names),
		cmocka_unit_test(test_spdx),
		cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_squeezes_blanks),
		cmocka_unit_test(test_makefiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
