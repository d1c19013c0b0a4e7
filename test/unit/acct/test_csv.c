/* SPDX-License-Identifier: ISC */
/* CSV fields: RFC 4180, and no byte that could break a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "acct/csv.h"

static const struct {
	const char *in, *out;
} rows[] = {
	{ "", "" },
	{ "plain text", "plain text" },
	{ "a,b", "\"a,b\"" },
	{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
	{ "\"", "\"\"\"\"" },
	{ "two\nlines", "two lines" },
	{ "cr\r\nlf", "cr  lf" },
	{ "tab\tand\x01\x1f\x7f", "tab and   " },
	{ "a,\n\"", "\"a, \"\"\"" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "\xe2\x82\xac,\xf0\x9f\x98\x80", "\"\xe2\x82\xac,\xf0\x9f\x98\x80\"" },
	/* not UTF-8: alone, cut, overlong, surrogate, too large, Latin-1 */
	{ "\x80", "?" },
	{ "x\xc3", "x?" },
	{ "\xe2\x82", "??" },
	{ "\xc0\xaf", "??" },
	{ "\xe0\x80\xaf", "???" },
	{ "\xed\xa0\x80", "???" },
	{ "\xf4\x90\x80\x80", "????" },
	{ "\xf5z", "?z" },
	{ "na\xefve", "na?ve" },
	{ "=1+1", "=1+1" },
	{ "a;b'c", "a;b'c" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT(0);

		assert_int_equal(csv_add(&b, rows[i].in, strlen(rows[i].in)),
		    0);
		assert_string_equal(b.data, rows[i].out);
		assert_int_equal(b.len, strlen(rows[i].out));
		buf_clear(&b);
	}
}

/* Whatever comes in: one line of valid fields, quotes balanced. */
static void
test_every_pair_of_bytes(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	for (int i = 0; i < 65536; i++) {
		char in[2] = { (char)(i >> 8), (char)(i & 255) };
		size_t quotes = 0;

		buf_reset(&b);
		csv_add(&b, in, 2);
		for (size_t at = 0; at < b.len; at++) {
			unsigned char c = (unsigned char)b.data[at];

			assert_true(c >= ' ' && c != 0x7f);
			quotes += c == '"';
		}
		assert_true(quotes % 2 == 0);
		if (memchr(b.data, ',', b.len) != NULL)
			assert_true(quotes >= 2);
	}
	buf_clear(&b);
}

static void
test_a_full_buffer(void **state)
{
	struct buf b = BUF_INIT(10);

	(void)state;
	assert_int_equal(csv_add(&b, "abc", 3), 0);
	assert_int_equal(csv_add(&b, "abcdefgh", 8), -1);
	assert_true(b.over);
	assert_string_equal(b.data, "abc");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_every_pair_of_bytes),
		cmocka_unit_test(test_a_full_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
