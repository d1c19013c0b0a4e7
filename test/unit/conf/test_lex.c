/* SPDX-License-Identifier: ISC */
/* Lines, comments, places, and what is no text at all. */
#include "util.h"

#include "conf/lex.h"

/* The lines of a text, each ended by '|'. */
static void
lines_of(const char *text, size_t n, bool patterns, char *to, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct lex_line line = LEX_LINE_INIT;
	struct lex lx;
	size_t at = 0;

	*to = '\0';
	lex_init(&lx, &arena, &ds);
	lex_push_text(&lx, "t", text, n);
	while (lex_next(&lx, &line, patterns))
		at += (size_t)snprintf(to + at, size - at, "%u %s|",
		    line.pieces[0].line, line.text.data);
	lex_clear(&lx);
	lex_line_clear(&line);
	diags_clear(&ds);
	arena_clear(&arena);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text, *plain, *patterns;
	} rows[] = {
		{ "", "", "" },
		{ "\n\n", "", "" },
		{ "a b", "1 a b|", "1 a b|" },
		{ "a\r\nb\r\n", "1 a|2 b|", "1 a|2 b|" },
		{ "\xef\xbb\xbf" "a\n", "1 a|", "1 a|" },
		{ "# all\n  a # tail\n", "2 a|", "2 a|" },
		{ "a#b", "1 a|", "1 a|" },
		{ "\t a \t\n", "1 a|", "1 a|" },
		/* a quote protects, but not among patterns */
		{ "p \"x#y\" # z", "1 p \"x#y\"|", "1 p \"x|" },
		{ "p \"x\\\"#y\"#z", "1 p \"x\\\"#y\"|", "1 p \"x\\\"|" },
		{ "reply /say \"hi/ x # z", "1 reply /say \"hi/ x # z|",
		    "1 reply /say \"hi/ x|" },
		{ "p \"x\\", "1 p \"x\\|", "1 p \"x\\|" },
		{ "a\n\n#\n \nb", "1 a|5 b|", "1 a|5 b|" },
	};
	char got[512];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		size_t n = strlen(rows[i].text);

		lines_of(rows[i].text, n, false, got, sizeof(got));
		assert_string_equal(got, rows[i].plain);
		lines_of(rows[i].text, n, true, got, sizeof(got));
		assert_string_equal(got, rows[i].patterns);
	}
}

/* The place of each byte of a line that goes on over three. */
static void
test_places(void **state)
{
	static const char text[] = "x\n  ab c,\n# no\n\td,\n e # no\n";
	static const struct {
		char byte;
		unsigned line, column;
	} rows[] = { { 'a', 2, 3 }, { 'b', 2, 4 }, { 'c', 2, 6 },
		{ 'd', 4, 2 }, { 'e', 5, 2 } };
	struct arena arena = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct lex_line line = LEX_LINE_INIT;
	struct lex lx;
	const char *peek;

	(void)state;
	lex_init(&lx, &arena, &ds);
	lex_push_text(&lx, "t", text, sizeof(text) - 1);
	assert_int_equal(lex_next(&lx, &line, false), 1);
	assert_int_equal(lex_next(&lx, &line, false), 1);
	assert_int_equal(lex_peek(&lx, &peek), 2);
	assert_memory_equal(peek, "d,", 2);
	lex_more(&lx, &line);
	lex_more(&lx, &line);
	assert_string_equal(line.text.data, "ab c, d, e");
	assert_int_equal(lex_peek(&lx, &peek), 0);
	for (size_t i = 0; i < N(rows); i++) {
		struct diag at = { 0 };
		const char *s = strchr(line.text.data, rows[i].byte);

		lex_place(&line, (size_t)(s - line.text.data), &at);
		assert_int_equal(at.line, rows[i].line);
		assert_int_equal(at.column, rows[i].column);
	}
	assert_int_equal(lex_next(&lx, &line, false), 0);
	lex_clear(&lx);
	lex_line_clear(&line);
	arena_clear(&arena);
}

static void
test_no_text(void **state)
{
	static const char text[] = "good\nba\0d\nnever\n";
	char got[64];

	(void)state;
	lines_of(text, sizeof(text) - 1, false, got, sizeof(got));
	assert_string_equal(got, "1 good|");
}

static void
test_long_line(void **state)
{
	size_t n = (size_t)LEX_LINE_MAX + 2;
	char *text = malloc(n + 3);
	char got[64];

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n);
	memcpy(text + n, "\ny", 3);
	lines_of(text, n + 2, false, got, sizeof(got));
	assert_string_equal(got, "2 y|");
	free(text);
}

static void
test_flattened_markers(void **state)
{
	static const char text[] =
	    "#line 7 /etc/a b.conf\nx\ny\n#line 3 other\nz\n# line 9 no\nw\n";
	struct arena arena = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct lex_line line = LEX_LINE_INIT;
	struct lex lx;
	char got[256];
	size_t at = 0;

	(void)state;
	lex_init(&lx, &arena, &ds);
	lx.flattened = true;
	lex_push_text(&lx, "t", text, sizeof(text) - 1);
	while (lex_next(&lx, &line, false))
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s:%u %s|",
		    line.file, line.pieces[0].line, line.text.data);
	assert_string_equal(got,
	    "/etc/a b.conf:7 x|/etc/a b.conf:8 y|other:3 z|other:5 w|");
	lex_clear(&lx);
	lex_line_clear(&line);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_flattened_markers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
