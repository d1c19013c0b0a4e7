/* SPDX-License-Identifier: ISC */
/* Numbers, spans, sizes and rates: what is read, what is refused. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define BAD INT64_MIN	/* in a table: must be refused */

struct row {
	const char *text;
	int64_t value;
};

static void
check_row(const struct row *r, int rc, int64_t got)
{
	if (r->value == BAD) {
		if (rc == 0)
			fail_msg("\"%s\" was read as %" PRId64, r->text, got);
		assert_int_equal(got, -77); /* left alone */
		return;
	}
	if (rc != 0 || got != r->value)
		fail_msg("\"%s\" gave %d, %" PRId64 ", not %" PRId64, r->text,
		    rc, got, r->value);
}

static void
test_num_parse(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 }, { "7", 7 }, { "007", 7 }, { "-5", -5 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", BAD },
		{ "18446744073709551616", BAD },
		{ "99999999999999999999999", BAD }, { "", BAD }, { "-", BAD },
		{ "--1", BAD }, { "+1", BAD }, { " 1", BAD }, { "1 ", BAD },
		{ "1x", BAD }, { "0x10", BAD }, { "1.0", BAD }, { "1e3", BAD },
		{ "\xd9\xa1", BAD },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		int64_t v = -77;
		int rc = num_parse(rows[i].text, -INT64_MAX, INT64_MAX, &v);

		check_row(&rows[i], rc, v);
	}
}

static void
test_num_parse_range(void **state)
{
	int64_t v = -77;

	(void)state;
	assert_int_equal(num_parse("9", 10, 20, &v), -1);
	assert_int_equal(num_parse("21", 10, 20, &v), -1);
	assert_int_equal(num_parse("-1", 0, 20, &v), -1);
	assert_int_equal(v, -77);
	assert_int_equal(num_parse("10", 10, 20, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(num_parse("20", 10, 20, &v), 0);
	assert_int_equal(v, 20);
}

static void
test_num_parse_n_reads_just_n(void **state)
{
	uint64_t v = 77;

	(void)state;
	assert_int_equal(num_parse_n("1234x", 4, &v), 0);
	assert_int_equal(v, 1234);
	assert_int_equal(num_parse_n("1234x", 5, &v), -1);
	assert_int_equal(num_parse_n("1234", 0, &v), -1);
	assert_int_equal(v, 1234);
	assert_int_equal(num_parse_n("18446744073709551615", 20, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_parse_n("18446744073709551616", 20, &v), -1);
}

static void
test_base36(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0 }, { "z", 0, 35 }, { "10", 0, 36 },
		{ "  z", 0, 35 }, { "000z", 0, 35 },
		{ "3w5e11264sgsf", 0, UINT64_MAX },
		{ "3w5e11264sgsg", -1, 0 }, { "zzzzzzzzzzzzz", -1, 0 },
		{ "", -1, 0 }, { "   ", -1, 0 }, { "1 2", -1, 0 },
		{ "12 ", -1, 0 }, { "Z", -1, 0 }, { "-1", -1, 0 },
	};
	char to[14] = { 0 };

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		uint64_t v = 0;
		int rc = num_parse36_n(rows[i].text, strlen(rows[i].text), &v);

		if (rc != rows[i].rc || v != rows[i].value)
			fail_msg("\"%s\" gave %d, %" PRIu64, rows[i].text, rc,
			    v);
	}
	num_put36(to, 13, UINT64_MAX);
	assert_string_equal(to, "3w5e11264sgsf");
	memset(to, 0, sizeof(to));
	num_put36(to, 5, 35);
	assert_string_equal(to, "0000z");
	num_put10(to, 5, 42);
	assert_string_equal(to, "00042");
}

static void
test_base36_round_trip(void **state)
{
	unsigned short seed[3] = { 4, 5, 6 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t v = (uint64_t)nrand48(seed) << 33 ^
		    (uint64_t)nrand48(seed) << 8 ^ (uint64_t)nrand48(seed);
		uint64_t back = 0;
		char to[13];

		v >>= nrand48(seed) % 64;
		num_put36(to, 13, v);
		assert_int_equal(num_parse36_n(to, 13, &back), 0);
		assert_true(back == v);
	}
}

static void
test_span_parse(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 }, { "0s", 0 }, { "300", 300 }, { "300s", 300 },
		{ "15m", 900 }, { "2h", 7200 }, { "4d12h", 388800 },
		{ "4D12H", 388800 }, { "1w", 604800 }, { "1w1d1h1m1s", 694861 },
		{ "90m30s", 5430 }, { "never", SPAN_NEVER },
		{ "NEVER", SPAN_NEVER }, { "", BAD }, { "m", BAD },
		{ "5x", BAD }, { "5 m", BAD }, { " 5m", BAD }, { "5m ", BAD },
		{ "-5m", BAD }, { "1h30", BAD }, { "0h30", BAD },
		{ "1.5h", BAD }, { "1h,2m", BAD }, { "nevermore", BAD },
		{ "never1s", BAD }, { "9223372036854775806", INT64_MAX - 1 },
		{ "9223372036854775807", BAD },
		{ "9223372036854775807s", BAD },
		{ "9223372036854775808", BAD },
		{ "15250284452472w", BAD }, { "99999999999999999999d", BAD },
		{ "9223372036854775806s1s", BAD },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		int64_t v = -77;
		int rc = span_parse(rows[i].text, &v);

		check_row(&rows[i], rc, v);
	}
}

static void
test_span_format(void **state)
{
	static const struct row rows[] = {
		{ "0s", 0 }, { "1s", 1 }, { "1m", 60 }, { "1m1s", 61 },
		{ "4d12h", 388800 }, { "7d", 604800 }, { "1d1s", 86401 },
		{ "never", SPAN_NEVER },
		{ "106751991167300d15h30m6s", INT64_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		char to[32];
		int64_t back = -77;

		span_format(rows[i].value, to);
		assert_string_equal(to, rows[i].text);
		assert_int_equal(span_parse(to, &back), 0);
		assert_true(back == rows[i].value);
	}
}

static void
test_size_parse(void **state)
{
	static const struct row rows[] = {
		{ "0", 0 }, { "512", 512 }, { "512b", 512 }, { "4k", 4096 },
		{ "4K", 4096 }, { "10m", 10485760 }, { "1g", 1073741824 },
		{ "2T", INT64_C(2199023255552) }, { "unlimited", INT64_MAX },
		{ "Unlimited", INT64_MAX }, { "", BAD }, { "k", BAD },
		{ "4kb", BAD }, { "4 k", BAD }, { "-1", BAD }, { "1.5m", BAD },
		{ "4p", BAD }, { "8388608t", BAD },
		{ "8388607t", INT64_C(8388607) << 40 },
		{ "9223372036854775808", BAD },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		int64_t v = -77;
		int rc = size_parse(rows[i].text, &v);

		check_row(&rows[i], rc, v);
	}
}

static void
test_rate_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t n, unit_ms;	/* n 0: must be refused */
	} rows[] = {
		{ "1/s", 1, 1000 }, { "200/h", 200, 3600000 },
		{ "200/hr", 200, 3600000 }, { "200/HOUR", 200, 3600000 },
		{ "2/m", 2, 60000 }, { "2/min", 2, 60000 },
		{ "2/minute", 2, 60000 }, { "5/sec", 5, 1000 },
		{ "5/second", 5, 1000 }, { "200/day", 200, 86400000 },
		{ "200/d", 200, 86400000 }, { "60/10s", 60, 10000 },
		{ "1/15m", 1, 900000 }, { "unlimited", RATE_UNLIMITED, 0 },
		{ "UNLIMITED", RATE_UNLIMITED, 0 }, { "0", RATE_UNLIMITED, 0 },
		{ "", 0, 0 }, { "5", 0, 0 }, { "5/", 0, 0 }, { "/s", 0, 0 },
		{ "0/s", 0, 0 }, { "5/0s", 0, 0 }, { "5/10", 0, 0 },
		{ "5/x", 0, 0 }, { "5/w", 0, 0 }, { "5 /s", 0, 0 },
		{ "5/ s", 0, 0 }, { "5/s ", 0, 0 }, { "-5/s", 0, 0 },
		{ "5/-1s", 0, 0 }, { "5/s/s", 0, 0 }, { "5//s", 0, 0 },
		{ "5/ss", 0, 0 }, { "1.5/s", 0, 0 }, { "00", 0, 0 },
		{ "9223372036854775808/s", 0, 0 },
		{ "5/9223372036854775807d", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rate r = { -77, -77 };
		int rc = rate_parse(rows[i].text, &r);

		if (rows[i].n == 0) {
			if (rc == 0)
				fail_msg("\"%s\" was read", rows[i].text);
			assert_true(r.n == -77 && r.unit_ms == -77);
		} else if (rc != 0 || r.n != rows[i].n ||
		    r.unit_ms != rows[i].unit_ms)
			fail_msg("\"%s\" gave %d, %" PRId64 "/%" PRId64 "ms",
			    rows[i].text, rc, r.n, r.unit_ms);
	}
}

static void
test_rate_format(void **state)
{
	static const struct {
		const char *text;
		struct rate r;
	} rows[] = {
		{ "unlimited", { RATE_UNLIMITED, 0 } }, { "1/s", { 1, 1000 } },
		{ "60/10s", { 60, 10000 } }, { "2/m", { 2, 60000 } },
		{ "3/90s", { 3, 90000 } }, { "200/h", { 200, 3600000 } },
		{ "200/d", { 200, 86400000 } }, { "9/2d", { 9, 172800000 } },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct rate back = { 0, 0 };
		char to[48];

		rate_format(&rows[i].r, to);
		assert_string_equal(to, rows[i].text);
		assert_int_equal(rate_parse(to, &back), 0);
		assert_true(back.n == rows[i].r.n);
		assert_true(back.unit_ms == rows[i].r.unit_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_num_parse),
		cmocka_unit_test(test_num_parse_range),
		cmocka_unit_test(test_num_parse_n_reads_just_n),
		cmocka_unit_test(test_base36),
		cmocka_unit_test(test_base36_round_trip),
		cmocka_unit_test(test_span_parse),
		cmocka_unit_test(test_span_format),
		cmocka_unit_test(test_size_parse),
		cmocka_unit_test(test_rate_parse),
		cmocka_unit_test(test_rate_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
