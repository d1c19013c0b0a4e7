/* SPDX-License-Identifier: ISC */
/* The heap of timers: order, setting anew, dropping from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/server_timer.h"

enum { MANY = 500 };

static void
check_heap(const struct server_timers *ts)
{
	for (size_t at = 1; at <= ts->n; at++) {
		assert_int_equal(ts->heap[at - 1]->at, at);
		if (at > 1)
			assert_true(ts->heap[at / 2 - 1]->due_ms <=
			    ts->heap[at - 1]->due_ms);
	}
}

static void
test_order(void **state)
{
	static struct server_timer t[MANY];
	struct server_timers ts = { 0 };
	int64_t last = -1;
	uint32_t x = 1;
	size_t left = 0;

	(void)state;
	assert_true(server_timer_next(&ts) == INT64_MAX);
	for (int i = 0; i < MANY; i++) {
		x = x * 1664525 + 1013904223;
		server_timer_set(&ts, &t[i], x >> 22);
		check_heap(&ts);
	}
	for (int i = 0; i < MANY; i++) {
		x = x * 1664525 + 1013904223;
		if (i % 3 == 0)
			server_timer_drop(&ts, &t[i]);
		else if (i % 3 == 1)
			server_timer_set(&ts, &t[i], x >> 22);
		left += i % 3 != 0;
		check_heap(&ts);
	}
	for (struct server_timer *d; left > 0; left--) {
		assert_null(server_timer_due(&ts, server_timer_next(&ts) - 1));
		d = server_timer_due(&ts, server_timer_next(&ts));
		assert_non_null(d);
		assert_int_equal(d->at, 0);
		assert_true(d->due_ms >= last);
		last = d->due_ms;
		check_heap(&ts);
	}
	assert_null(server_timer_due(&ts, INT64_MAX));
	server_timers_clear(&ts);
}

static void
test_drop_twice(void **state)
{
	struct server_timer a = { 0 }, b = { 0 };
	struct server_timers ts = { 0 };

	(void)state;
	server_timer_drop(&ts, &a);
	server_timer_set(&ts, &a, 5);
	server_timer_set(&ts, &b, 6);
	server_timer_drop(&ts, &a);
	server_timer_drop(&ts, &a);
	assert_ptr_equal(server_timer_due(&ts, 6), &b);
	server_timers_clear(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_drop_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
