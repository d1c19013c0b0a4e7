/* SPDX-License-Identifier: ISC */
/* Histograms: buckets, text, sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "acct/histogram.h"

static void
test_buckets(void **state)
{
	static const struct {
		uint64_t v;
		uint32_t bucket;
	} rows[] = {
		{ 0, 0 }, { 7, 7 }, { 8, 8 }, { 9, 8 }, { 10, 9 }, { 15, 11 },
		{ 16, 12 }, { 19, 12 }, { 20, 13 }, { 31, 15 }, { 1000, 35 },
		{ UINT64_MAX, HISTOGRAM_BUCKETS - 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(histogram_bucket(rows[i].v), rows[i].bucket);
}

/* Each bucket begins where the one before ends, at most a quarter wide. */
static void
test_buckets_meet(void **state)
{
	(void)state;
	for (uint32_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t low = histogram_low(i), next = histogram_low(i + 1);

		assert_true(next > low);
		assert_int_equal(histogram_bucket(low), i);
		assert_int_equal(histogram_bucket(next - 1), i);
		assert_true(next - low <= low / 4 + 1);
	}
}

static void
test_text(void **state)
{
	struct histogram h = { 0 };
	struct buf b = BUF_INIT(0);

	(void)state;
	histogram_format(&h, &b);
	assert_string_equal(b.data, "-");
	histogram_add(&h, 17, 1);
	histogram_add(&h, 3, 10);
	histogram_add(&h, 127, 5);
	histogram_add(&h, 3, 2);
	buf_reset(&b);
	histogram_format(&h, &b);
	assert_string_equal(b.data, "3:12,17:1,127:5");
	/* sums */
	assert_int_equal(histogram_parse(&h, b.data), 0);
	assert_int_equal(histogram_parse(&h, "4:1"), 0);
	assert_int_equal(histogram_parse(&h, "-"), 0);
	buf_reset(&b);
	histogram_format(&h, &b);
	assert_string_equal(b.data, "3:24,4:1,17:2,127:10");
	histogram_clear(&h);
	buf_clear(&b);
}

static void
test_bad_text(void **state)
{
	static const char *const rows[] = {
		"", ":", "1", "1:", ":1", "1:1,", "128:1", "1:1;2:1", "x:1",
		"1:-1", "1:1 ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct histogram h = { 0 };

		assert_int_equal(histogram_parse(&h, rows[i]), -1);
		histogram_clear(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_buckets_meet),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
