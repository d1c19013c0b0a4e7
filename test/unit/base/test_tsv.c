/* SPDX-License-Identifier: ISC */
/* Fields and their escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/tsv.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_split(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		const char *f[3];
	} rows[] = {
		{ "", 0, { NULL } },
		{ "a", 1, { "a" } },
		{ "a\tb", 2, { "a", "b" } },
		{ "a\tb\tc", 3, { "a", "b", "c" } },
		{ "\t", 2, { "", "" } },
		{ "a\t", 2, { "a", "" } },
		{ "\ta\t", 3, { "", "a", "" } },
		{ "a\tb\tc\td\te", 5, { "a", "b", "c" } },
		{ "a b", 1, { "a b" } },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char line[64], *f[3];
		size_t n;

		strcpy(line, rows[i].line);
		n = tsv_split(line, f, 3);
		assert_int_equal(n, rows[i].n);
		for (size_t j = 0; j < n && j < 3; j++)
			assert_string_equal(f[j], rows[i].f[j]);
	}
}

static void
test_escapes(void **state)
{
	static const struct {
		const char *value;
		size_t n;
		const char *text;
	} rows[] = {
		{ "plain text", 10, "plain text" }, { "", 0, "-" },
		{ "-", 1, "-" }, { "a\tb", 3, "a\\tb" },
		{ "a\nb\r", 4, "a\\nb\\r" }, { "a\\b", 3, "a\\\\b" },
		{ "\x1b[31m", 5, "\\x1b[31m" }, { "\x7f", 1, "\\x7f" },
		{ "\0x", 2, "\\x00x" }, { "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\x80\xff", 2, "\x80\xff" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct buf b = BUF_INIT(0);

		assert_int_equal(tsv_add_n(&b, rows[i].value, rows[i].n), 0);
		assert_string_equal(b.data, rows[i].text);
		buf_reset(&b);
		if (strlen(rows[i].value) == rows[i].n) {
			assert_int_equal(tsv_add(&b, rows[i].value), 0);
			assert_string_equal(b.data, rows[i].text);
		}
		buf_clear(&b);
	}
}

static void
test_unescape(void **state)
{
	static const struct {
		const char *text;
		long n;		/* -1: broken */
		const char *value;
	} rows[] = {
		{ "plain", 5, "plain" }, { "", 0, "" },
		{ "a\\tb\\nc\\rd\\\\e", 9, "a\tb\nc\rd\\e" },
		{ "\\x1b", 1, "\x1b" }, { "\\xff", 1, "\xff" },
		{ "\\\\t", 2, "\\t" }, { "\\", -1, NULL },
		{ "a\\", -1, NULL }, { "\\q", -1, NULL }, { "\\x", -1, NULL },
		{ "\\x1", -1, NULL }, { "\\xg0", -1, NULL },
		{ "\\x0g", -1, NULL }, { "\\x1B", -1, NULL },
		{ "\\x00", -1, NULL }, { "\\0", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		/* exact allocation, so that reading past the end shows */
		char *text = strdup(rows[i].text);
		long n = tsv_unescape(text);

		if (n != rows[i].n)
			fail_msg("\"%s\" gave %ld", rows[i].text, n);
		if (n >= 0)
			assert_string_equal(text, rows[i].value);
		free(text);
	}
}

static void
test_any_bytes_survive_the_round_trip(void **state)
{
	unsigned short seed[3] = { 3, 1, 4 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf b = BUF_INIT(0);
		size_t n = (size_t)nrand48(seed) % 20;
		char value[21], *f[1];

		for (size_t j = 0; j < n; j++)
			value[j] = (char)(nrand48(seed) % 255 + 1);
		value[n] = '\0';
		assert_int_equal(tsv_add(&b, value), 0);
		/* it is one field, in one line, with no control byte */
		assert_false(tsv_has_control(b.data));
		assert_int_equal(tsv_split(b.data, f, 1), 1);
		if (n == 0) {
			assert_string_equal(f[0], "-");
		} else {
			assert_int_equal(tsv_unescape(f[0]), (long)n);
			assert_memory_equal(f[0], value, n + 1);
		}
		buf_clear(&b);
	}
}

static void
test_add_says_when_it_did_not_fit(void **state)
{
	struct buf b = BUF_INIT(4);

	(void)state;
	assert_int_equal(tsv_add(&b, "abcd"), 0);
	buf_reset(&b);
	assert_int_equal(tsv_add(&b, "abc\t"), -1);
	buf_reset(&b);
	assert_int_equal(tsv_add(&b, "\tabc"), -1);
	assert_true(b.over);
	buf_clear(&b);
}

static void
test_has_control(void **state)
{
	(void)state;
	assert_false(tsv_has_control(""));
	assert_false(tsv_has_control("a b~\xc3\xa9\x80"));
	assert_true(tsv_has_control("a\tb"));
	assert_true(tsv_has_control("\x1f"));
	assert_true(tsv_has_control("x\x7f"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_any_bytes_survive_the_round_trip),
		cmocka_unit_test(test_add_says_when_it_did_not_fit),
		cmocka_unit_test(test_has_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
