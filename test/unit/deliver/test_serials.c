/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deliver/serials.h"

static void
test_each_once(void **state)
{
	static const struct {
		uint64_t serial;
		bool first;
	} cases[] = {
		{ 1000, true },
		{ 1000, false },
		{ 999, true },
		{ 1, true },
		{ 1001, true },
		{ 999, false },
		{ 1, false },
		/* the window moves up: 1 falls out of it, 1001 stays */
		{ SERIALS_KEPT + 1, true },
		{ 1001, false },
		{ 1, false },
		{ 2, true },
		/* far up: all before it is too old */
		{ 10ULL * SERIALS_KEPT, true },
		{ SERIALS_KEPT + 1, false },
		{ 9ULL * SERIALS_KEPT, false },
		{ 9ULL * SERIALS_KEPT + 1, true },
		{ UINT64_MAX, true },
		{ UINT64_MAX, false },
	};
	struct serials s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(serials_add(&s, cases[i].serial),
		    cases[i].first);
	serials_clear(&s);
	assert_true(serials_add(&s, 1000));
	serials_clear(&s);
}

/* Against a plain table, near the window's edges. */
static void
test_against_a_table(void **state)
{
	enum { RANGE = SERIALS_KEPT / 2 };
	unsigned char *seen = calloc(RANGE, 1);
	struct serials s = { 0 };

	(void)state;
	srandom(7);
	for (int i = 0; i < 200000; i++) {
		uint64_t serial = (uint64_t)random() % RANGE;

		assert_int_equal(serials_add(&s, serial), !seen[serial]);
		seen[serial] = 1;
	}
	serials_clear(&s);
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_against_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
