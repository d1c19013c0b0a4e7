/* SPDX-License-Identifier: ISC */
/* The dot scanner against the plainest possible one, for every short text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/server_text.h"

/*
 * What RFC 5321 4.5.2 says, on the whole text at once.
 * Returns: the bytes used with the end, or 0 when there is no end.
 */
static size_t
plain(const char *p, size_t n, struct buf *text)
{
	bool line_start = true;

	for (size_t i = 0; i < n; i++) {
		if (line_start && p[i] == '.') {
			if (n - i >= 3 && p[i + 1] == '\r' && p[i + 2] == '\n')
				return i + 3;
			if (++i == n)
				break;
		}
		buf_addc(text, p[i]);
		line_start = i > 0 && p[i] == '\n' && p[i - 1] == '\r';
	}
	return 0;
}

/* In pieces: the first of first bytes, then of step bytes. */
static size_t
scan(const char *p, size_t n, size_t first, size_t step, struct buf *text)
{
	struct server_text t = SERVER_TEXT_INIT;
	struct server_run run = { 0 };
	size_t at = 0;

	for (size_t piece = first; at < n; piece = step) {
		size_t end = piece > n - at ? n : at + piece;

		while (at < end) {
			at += server_text_next(&t, p + at, end - at, &run);
			buf_add(text, run.data, run.len);
			if (run.end)
				return at;
		}
	}
	return 0;
}

static void
compare(const char *p, size_t n, size_t first, size_t step)
{
	struct buf want = BUF_INIT(0), got = BUF_INIT(0);
	size_t want_end = plain(p, n, &want),
	       end = scan(p, n, first, step, &got);

	if (want_end != end)
		fail_msg("ends at %zu, not %zu (cut %zu, %zu)", end, want_end,
		    first, step);
	/* without an end the last dot or CR may still be in question */
	if (want_end > 0) {
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, got.len);
	}
	buf_clear(&want);
	buf_clear(&got);
}

/* All texts of 7 bytes from these four, then an end; all cuts. */
static void
test_every_short_text(void **state)
{
	static const char letters[] = { '\r', '\n', '.', 'x' };
	static const char end[] = "\r\n.\r\n";
	enum { LEN = 7, ALL = LEN + sizeof(end) - 1 };
	char text[ALL];

	(void)state;
	memcpy(text + LEN, end, sizeof(end) - 1);
	for (unsigned i = 0; i < 1u << 2 * LEN; i++) {
		for (unsigned j = 0; j < LEN; j++)
			text[j] = letters[i >> 2 * j & 3];
		compare(text, ALL, ALL, ALL);
		compare(text, ALL, 1, 1);
		for (size_t cut = 1 + i % 3; cut < ALL; cut += 3)
			compare(text, ALL, cut, ALL);
	}
}

/* Dots far apart and close together in a large text. */
static void
test_long_text(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_adds(&b,
		    i % 7 == 0	   ? "..\r\n" :
			i % 5 == 0 ? "a.b.\r\n.\n" :
				     "aaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	buf_adds(&b, "\r\n.\r\nMAIL");
	compare(b.data, b.len, b.len, b.len);
	compare(b.data, b.len, 1, 1);
	compare(b.data, b.len, 13, 4096);
	buf_clear(&b);
}

static void
test_nothing_behind_the_end_is_used(void **state)
{
	static const char in[] = "a\r\n.\r\n.\r\n";
	struct buf text = BUF_INIT(0);

	(void)state;
	assert_int_equal(scan(in, sizeof(in) - 1, 100, 100, &text), 6);
	assert_string_equal(text.data, "a\r\n");
	buf_reset(&text);
	assert_int_equal(scan(".\r\nQUIT", 7, 100, 100, &text), 3);
	assert_int_equal(text.len, 0);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_short_text),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_nothing_behind_the_end_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
