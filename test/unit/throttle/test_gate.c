/* SPDX-License-Identifier: ISC */
/* Who waits for a budget, and in which order they go; the heap below; the lines
 * that a queue keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throttle/gate.h"
#include "throttle/keep.h"

static void
test_heap_gives_the_least(void **state)
{
	struct heap_node nodes[500] = { 0 };
	struct heap h = HEAP_INIT;
	int64_t last = INT64_MIN;
	int n = 0;

	(void)state;
	srandom(5);
	assert_null(heap_top(&h));
	for (int i = 0; i < 500; i++)
		heap_push(&h, &nodes[i], random() % 100);
	for (int i = 0; i < 500; i += 3)
		heap_move(&h, &nodes[i], random() % 100);
	for (int i = 0; i < 500; i += 5) {
		heap_remove(&h, &nodes[i]);
		heap_remove(&h, &nodes[i]);	/* once is enough */
	}
	while (heap_top(&h) != NULL) {
		struct heap_node *top = heap_top(&h);

		assert_true(top->key >= last);
		last = top->key;
		heap_remove(&h, top);
		n++;
	}
	assert_int_equal(n, 400);
	heap_clear(&h);
}

static void
test_opens_at_its_time(void **state)
{
	struct gates *gs = gates_new();
	struct gate_waiter w[3] = { 0 }, *out[8];

	(void)state;
	assert_int_equal(gates_due(gs), INT64_MAX);
	gates_wait(gs, 7, &w[0], 50, 1000);
	gates_wait(gs, 100000, &w[1], 50, 500);
	gates_wait(gs, 7, &w[2], 50, 1200);	/* it knows better */
	assert_int_equal(gates_due(gs), 500);
	assert_int_equal(gates_waiting(gs), 3);
	assert_int_equal(gates_open(gs, 499, out, 8), 0);
	assert_int_equal(gates_open(gs, 1199, out, 8), 1);
	assert_ptr_equal(out[0], &w[1]);
	assert_int_equal(gates_due(gs), 1200);
	gates_leave(gs, &w[0]);
	gates_leave(gs, &w[2]);
	gates_leave(gs, &w[2]);
	assert_int_equal(gates_due(gs), INT64_MAX);
	assert_int_equal(gates_waiting(gs), 0);
	gates_free(gs);
}

/* One that was tried in vain keeps its place; one that was served goes behind. */
static void
test_in_turn(void **state)
{
	struct gates *gs = gates_new();
	struct gate_waiter w[3] = { 0 }, *out[8];
	int served[3] = { 0 };
	int64_t now = 10;

	(void)state;
	for (int i = 0; i < 3; i++)
		gates_wait(gs, 1, &w[i], 50, now);
	for (int round = 0; round < 30; round++, now += 10) {
		assert_int_equal(gates_open(gs, now, out, 1), 1);
		if (round % 2 == 0) {	/* in vain */
			gates_wait(gs, 1, out[0], 50, now + 10);
			continue;
		}
		served[out[0] - w]++;
		gates_served(out[0]);
		gates_again(gs, out[0], 50, now);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(served[i], 5);
	gates_free(gs);
}

static void
test_by_priority(void **state)
{
	struct gates *gs = gates_new();
	struct gate_waiter w[3] = { 0 }, *out[8];

	(void)state;
	gates_wait(gs, 1, &w[0], 10, 5);
	gates_wait(gs, 1, &w[1], 90, 5);
	gates_wait(gs, 1, &w[2], 50, 5);
	gates_raise(gs, &w[0], 100);
	assert_int_equal(gates_open(gs, 5, out, 1), 1);
	assert_ptr_equal(out[0], &w[0]);
	assert_int_equal(gates_open(gs, 6, out, 2), 2);
	assert_ptr_equal(out[0], &w[1]);
	assert_ptr_equal(out[1], &w[2]);
	gates_free(gs);
}

/* A gate that gave all is tried with more each time, one that did not with one. */
static void
test_batches(void **state)
{
	struct gates *gs = gates_new();
	struct gate_waiter w[40] = { 0 }, *out[64];

	(void)state;
	for (int i = 0; i < 40; i++)
		gates_wait(gs, 1, &w[i], 50, 5);
	assert_int_equal(gates_open(gs, 5, out, 64), 1);
	assert_int_equal(gates_open(gs, 6, out, 64), 2);
	assert_int_equal(gates_open(gs, 7, out, 64), 4);
	gates_wait(gs, 1, out[0], 50, 20);
	assert_int_equal(gates_open(gs, 8, out, 64), 0);
	assert_int_equal(gates_open(gs, 20, out, 64), 1);
	gates_free(gs);
}

static void
test_keep_is_by_priority_then_in_order(void **state)
{
	static const struct {
		uint32_t priority;
		const char *text;
	} rows[] = { { 50, "a" }, { 50, "b" }, { 90, "c" }, { 10, "d" },
		{ 50, "e" }, { 90, "f" }, { 100, "g" } };
	struct keep k = KEEP_INIT;
	char got[16] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		keep_add(&k, rows[i].priority, rows[i].text, 1);
	assert_int_equal(k.n, 7);
	assert_string_equal(keep_first(&k)->text, "g");
	while (k.n > 0) {
		struct kept *line = keep_pop(&k);

		strncat(got, line->text, 1);
		free(line);
	}
	assert_string_equal(got, "gcfabed");
	assert_null(keep_pop(&k));
	assert_null(keep_first(&k));
}

static void
test_keep_evicts_the_last_of_the_lowest(void **state)
{
	struct keep k = KEEP_INIT;

	(void)state;
	assert_int_equal(keep_evict(&k, 100), 0);
	keep_add(&k, 50, "a", 1);
	keep_add(&k, 20, "bb", 2);
	keep_add(&k, 20, "ccc", 3);
	assert_int_equal(keep_evict(&k, 20), 0);
	assert_int_equal(keep_evict(&k, 21), 3);
	keep_add(&k, 20, "dddd", 4);
	assert_int_equal(keep_evict(&k, 90), 4);
	assert_int_equal(keep_evict(&k, 90), 2);
	assert_int_equal(keep_evict(&k, 90), 1);
	assert_int_equal(keep_evict(&k, 90), 0);
	assert_int_equal(k.n, 0);
	keep_add(&k, 5, "x", 1);
	keep_clear(&k);
	assert_null(keep_first(&k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap_gives_the_least),
		cmocka_unit_test(test_opens_at_its_time),
		cmocka_unit_test(test_in_turn),
		cmocka_unit_test(test_by_priority),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_keep_is_by_priority_then_in_order),
		cmocka_unit_test(test_keep_evicts_the_last_of_the_lowest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
