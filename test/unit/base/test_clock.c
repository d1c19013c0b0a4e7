/* SPDX-License-Identifier: ISC */
/* The clock from a file, and the form of times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"

static char path[] = "/tmp/test_clock.XXXXXX";
static int file = -1;

static int
setup(void **state)
{
	(void)state;
	file = mkstemp(path);
	return file < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(file);
	return unlink(path);
}

static void
set(const char *text)
{
	assert_int_equal(ftruncate(file, 0), 0);
	assert_int_equal(fd_pwrite_all(file, text, strlen(text), 0), 0);
}

static void
test_file_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;	/* 0: not a time */
	} rows[] = {
		{ "1764000000", INT64_C(1764000000000) },
		{ "1764000000\n", INT64_C(1764000000000) },
		{ "1764000000.123\n", INT64_C(1764000000123) },
		{ "1764000000.5", INT64_C(1764000000500) },
		{ "1764000000.05 rest", INT64_C(1764000000050) },
		{ "1764000000.1239", INT64_C(1764000000123) },
		{ "1764000000.\n", INT64_C(1764000000000) },
		{ "", 0 }, { "\n", 0 }, { "now", 0 }, { "-5", 0 },
		{ "12x", 0 }, { "1764000000.x", 0 },
		{ "99999999999999999999", 0 },
		{ "9223372036854775807", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clock c = CLOCK_SYSTEM;
		struct err err = { 0 };
		int rc;

		set(rows[i].text);
		rc = clock_use_file(&c, path, &err);
		if (rows[i].ms == 0) {
			if (rc == 0)
				fail_msg("\"%s\" was taken", rows[i].text);
			assert_int_equal(err.cls, ERR_INPUT);
			assert_int_equal(c.fd, -1);
			continue;
		}
		assert_int_equal(rc, 0);
		if (clock_wall_ms(&c) != rows[i].ms)
			fail_msg("\"%s\" gave %lld", rows[i].text,
			    (long long)clock_wall_ms(&c));
		assert_true(clock_boot_ms(&c) == rows[i].ms);
		assert_true(clock_wall_s(&c) == rows[i].ms / 1000);
		close(c.fd);
	}
}

static void
test_file_is_read_each_time(void **state)
{
	struct clock c = CLOCK_SYSTEM;
	struct err err;

	(void)state;
	set("1000000000\n");
	assert_int_equal(clock_use_file(&c, path, &err), 0);
	assert_int_equal(clock_wall_s(&c), 1000000000);
	set("1000000060\n");
	assert_int_equal(clock_wall_s(&c), 1000000060);
	set("");
	assert_int_equal(clock_wall_s(&c), 0);
	close(c.fd);
}

static void
test_missing_file(void **state)
{
	struct clock c = CLOCK_SYSTEM;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(clock_use_file(&c, "/nonexistent/clock", &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	assert_string_equal(err.msg, "cannot open the clock file "
	    "/nonexistent/clock: No such file or directory");
}

static void
test_system_clock(void **state)
{
	struct clock c = CLOCK_SYSTEM;
	int64_t before = (int64_t)time(NULL), wall = clock_wall_ms(&c),
	        boot = clock_boot_ms(&c), after = (int64_t)time(NULL);

	(void)state;
	assert_true(wall / 1000 >= before && wall / 1000 <= after);
	assert_true(boot > 0 && clock_boot_ms(&c) >= boot);
}

static void
test_format_iso_follows_the_zone(void **state)
{
	static const struct {
		const char *tz;
		int64_t s;
		const char *text;
	} rows[] = {
		{ "UTC", 0, "1970-01-01 00:00:00+0000" },
		{ "UTC", 1795435207, "2026-11-23 12:00:07+0000" },
		{ "NPT-5:45", 1795435207, "2026-11-23 17:45:07+0545" },
		{ "EST5EDT,M3.2.0,M11.1.0", 1782907200,
		    "2026-07-01 08:00:00-0400" },
		{ "EST5EDT,M3.2.0,M11.1.0", 1795435207,
		    "2026-11-23 07:00:07-0500" },
	};
	char to[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("TZ", rows[i].tz, 1);
		tzset();
		clock_format_iso(rows[i].s, to);
		assert_string_equal(to, rows[i].text);
	}
	clock_format_iso(INT64_MAX, to);
	assert_string_equal(to, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_forms),
		cmocka_unit_test(test_file_is_read_each_time),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_system_clock),
		cmocka_unit_test(test_format_iso_follows_the_zone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
