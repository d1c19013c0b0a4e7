/* SPDX-License-Identifier: ISC */
/* Moments as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/when.h"

/* Monday 2026-11-23 10:30:00 UTC */
#define NOW INT64_C(1795429800)

static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void
test_good_ones(void **state)
{
	static const struct {
		const char *tz, *in;
		int64_t out;
	} rows[] = {
		{ "UTC", "now", NOW },
		{ "UTC", "@0", 0 },
		{ "UTC", "@1764000000", 1764000000 },
		{ "UTC", "2h", NOW - 7200 },
		{ "UTC", "1d12h", NOW - 129600 },
		{ "UTC", "+2h", NOW + 7200 },
		{ "UTC", "+30s", NOW + 30 },
		{ "UTC", "today", NOW - 37800 },
		{ "UTC", "yesterday", NOW - 37800 - 86400 },
		{ "UTC", "tomorrow", NOW - 37800 + 86400 },
		{ "UTC", "this-month", NOW - 37800 - 22 * 86400 },
		{ "UTC", "last-month", NOW - 37800 - 53 * 86400 },
		{ "UTC", "2026-11-23", NOW - 37800 },
		{ "UTC", "2026-11-23T10:30", NOW },
		{ "UTC", "2026-11-23 10:30:00", NOW },
		{ "UTC", "2026-11-23t10:30:00.999", NOW },
		{ "UTC", "2026-11-23T10:29:60", NOW },
		{ "UTC", "2026-11-23T10:30Z", NOW },
		{ "UTC", "2026-11-23T11:30+01:00", NOW },
		{ "UTC", "2026-11-23T05:00-0530", NOW },
		{ "UTC", "2026-11-23 12:30:00+02", NOW },
		{ "UTC", "2028-02-29", 1835395200 },
		/* local time, with and without summer time */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-23T11:30", NOW },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-23T10:30Z", NOW },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01", 1782856800 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "today", NOW - 41400 },
		/* midnight is 25 hours before midnight on that day */
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-26", 1792969200 },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25", 1792879200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t out = -1;

		zone(rows[i].tz);
		if (when_parse(rows[i].in, NOW, &out) != 0)
			print_message("%s\n", rows[i].in);
		assert_int_equal(when_parse(rows[i].in, NOW, &out), 0);
		if (out != rows[i].out)
			print_message("%s\n", rows[i].in);
		assert_int_equal(out, rows[i].out);
	}
}

static void
test_bad_ones(void **state)
{
	static const char *const rows[] = { "", "+", "@", "@-1", "@1x", "-2h",
		"2", "300", "+300", "2026", "never", "+never", "2x", "soon",
		"Today", "2026-11", "2026-13-01", "2026-11-00", "2026-11-31",
		"2026-02-29", "2026-11-23T", "2026-11-23T10",
		"2026-11-23T24:00", "2026-11-23T10:60", "2026-11-23T10:30:",
		"2026-11-23T10:30:61", "2026-11-23T10:30:00.",
		"2026-11-23T10:30X", "2026-11-23T10:30+1", "2026-11-23T10:30+1:0",
		"2026-11-23T10:30+25:00", "2026-11-23T10:30Zx", "2026-11-23Z",
		"1969-12-31", "10000-01-01", "60y", "99999999999999d",
		"+99999999999999d", "3000w2d1h", "@999999999999" };

	(void)state;
	zone("UTC");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t out = 42;

		if (when_parse(rows[i], NOW, &out) == 0)
			print_message("%s was taken\n", rows[i]);
		assert_int_equal(when_parse(rows[i], NOW, &out), -1);
		assert_int_equal(out, 42);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_ones),
		cmocka_unit_test(test_bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
