/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "deliver/policy.h"

static void
test_hold(void **state)
{
	static const struct {
		size_t held, lane;
		bool yes;
	} cases[] = {
		{ 0, 0, true },
		{ POLICY_HELD_MAX - 1, 0, true },
		{ POLICY_HELD_MAX, 0, false },
		/* alone: half of all */
		{ POLICY_HELD_MAX / 2 - 1, POLICY_HELD_MAX / 2 - 1, true },
		{ POLICY_HELD_MAX / 2, POLICY_HELD_MAX / 2, false },
		/* beside a full one there is room for others */
		{ POLICY_HELD_MAX / 2, 1000, true },
		{ POLICY_HELD_MAX - 50, POLICY_LANE_LEAST - 1, true },
		{ POLICY_HELD_MAX - 50, POLICY_LANE_LEAST, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(policy_may_hold(cases[i].held,
		    cases[i].lane), cases[i].yes);
}

static void
test_open(void **state)
{
	static const struct {
		struct policy_site site;
		size_t open;
	} cases[] = {
		{ { 0, 0, 0, true }, 0 },
		{ { 1, 0, 0, false }, 1 },
		{ { 1000, 0, 0, false }, 1 },
		{ { 1000, 1, 0, false }, 0 },
		{ { 1, 0, 3, true }, 1 },
		{ { 1, 1, 3, true }, 0 },
		{ { 40, 0, 1, true }, 10 },
		{ { 40, 9, 1, true }, 1 },
		{ { 41, 10, 1, true }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(policy_open(&cases[i].site), cases[i].open);
}

static void
test_blocks_us(void **state)
{
	static const struct {
		int code;
		const char *status, *text;
		bool us;
	} cases[] = {
		{ 554, "5.7.1", "5.7.1 Service unavailable", true },
		{ 554, "", "Your IP is on a Block List", true },
		{ 550, "", "poor reputation of 192.0.2.1", true },
		{ 554, "", "no SMTP service here", false },
		{ 521, "", "mx.example.com does not accept mail, rejected",
		    false },
		{ 556, "5.1.10", "5.1.10 null MX", false },
		{ 554, "5.3.2", "5.3.2 gone", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply r = { .code = cases[i].code };

		snprintf(r.status, sizeof(r.status), "%s", cases[i].status);
		snprintf(r.text, sizeof(r.text), "%s", cases[i].text);
		assert_int_equal(policy_blocks_us(&r), cases[i].us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_blocks_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
