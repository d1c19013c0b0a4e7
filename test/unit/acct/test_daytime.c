/* SPDX-License-Identifier: ISC */
/* Local time, also where the clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "acct/daytime.h"

/* Berlin by rule, so that no table of zones is needed. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static const struct {
	const char *zone;
	int64_t s;
	const char *iso;
} rows[] = {
	{ "UTC", 0, "1970-01-01 00:00:00+0000" },
	{ "UTC", 1795435200, "2026-11-23 12:00:00+0000" },
	{ "UTC", 1795435267, "2026-11-23 12:01:07+0000" },
	{ BERLIN, 1795435267, "2026-11-23 13:01:07+0100" },
	/* 2026-03-29 and 2026-10-25, 01:00 UTC */
	{ BERLIN, 1774745999, "2026-03-29 01:59:59+0100" },
	{ BERLIN, 1774746000, "2026-03-29 03:00:00+0200" },
	{ BERLIN, 1792889999, "2026-10-25 02:59:59+0200" },
	{ BERLIN, 1792890000, "2026-10-25 02:00:00+0100" },
	{ "IST-5:30", 1795435267, "2026-11-23 17:31:07+0530" },
	{ "UTC", -5, "1970-01-01 00:00:00+0000" },
	{ "UTC", INT64_MAX, "9999-12-31 00:00:00+0000" },
};

static void
test_iso(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct daytime d = { 0 };
		char text[DAYTIME_ISO + 1], day[DAYTIME_DAY + 1];

		setenv("TZ", rows[i].zone, 1);
		tzset();
		/* the second time from the cache, beside a neighbour */
		for (int n = 0; n < 2; n++) {
			daytime_iso(&d, rows[i].s, text);
			assert_string_equal(text, rows[i].iso);
			daytime_day(&d, rows[i].s, day);
			assert_memory_equal(day, text, DAYTIME_DAY);
			daytime_iso(&d, rows[i].s / 2 + 60, text);
		}
	}
}

static void
test_offset(void **state)
{
	struct daytime d = { 0 };

	(void)state;
	setenv("TZ", BERLIN, 1);
	tzset();
	assert_int_equal(daytime_offset(&d, 1774745999), 3600);
	assert_int_equal(daytime_offset(&d, 1774746000), 7200);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} times[] = {
		{ "0", 0 }, { "1764000000", 1764000000000 },
		{ "1764000000.1", 1764000000100 },
		{ "1764000000.123", 1764000000123 },
		{ "1764000000.123456", 1764000000123 },
		{ "-", -1 }, { "", -1 }, { "x", -1 }, { "1.", -1 },
		{ "1.x", -1 }, { "1 ", -1 }, { "-1", -1 }, { ".5", -1 },
		{ "99999999999999999999", -1 }, { "253402214401", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_int_equal(daytime_parse_ms(times[i].text), times[i].ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iso),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
