/* SPDX-License-Identifier: ISC */
/*
 * The window law (P9) as arithmetic, judged by the receiver: simulated loads with
 * delays, kills, stalls and lost connections, and windows slid over the moments at
 * which the receiver counted.  Time in the simulation is in microseconds, the
 * ring's in milliseconds, as in life.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throttle/ring.h"
#include "throttle/word.h"

static uint64_t words[RING_SLOTS + 5];

static struct ring
make_ring(int64_t unit_ms, int64_t now)
{
	struct ring r = { .head = &words[RING_SLOTS], .slot = words,
		.width_ms = ring_width(unit_ms) };

	for (size_t i = 0; i < RING_SLOTS + 5; i++)
		memcpy(&words[i], "0000000\t", 8);
	ring_reset(&r, now);
	return r;
}

static struct pace_words
pace_of(void)
{
	return (struct pace_words){ &words[RING_SLOTS + 1],
		&words[RING_SLOTS + 2], &words[RING_SLOTS + 3] };
}

static void
test_width_covers_the_window(void **state)
{
	static const int64_t units[] = { 1, 63, 64, 65, 999, 1000, 10000,
		60000, 3600000, 86400000, 30 * INT64_C(86400000) };

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		assert_true(ring_width(units[i]) >= 1);
		assert_true(ring_width(units[i]) * RING_PER_WINDOW >= units[i]);
	}
}

static void
test_counts_exactly_until_its_slot_has_left(void **state)
{
	static const int64_t units[] = { 64, 1000, 10000, 3600000 };

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t u = units[i], now = 5 * u + 7, leave;
		struct ring r = make_ring(u, now);

		assert_int_equal(ring_used(&r, now, u), 0);
		ring_add(&r, now, 3);
		ring_add(&r, now + u, 1);
		assert_int_equal(ring_used(&r, now, u), 4);
		/* P9: a stamp counts while it is later than now - U */
		assert_int_equal(ring_used(&r, now + u - 1, u), 4);
		leave = ring_leave(&r, now, u, 3);
		assert_true(leave >= now + u);
		assert_true(leave <= now + u + r.width_ms);
		assert_int_equal(ring_used(&r, leave - 1, u), 4);
		assert_int_equal(ring_used(&r, leave, u), 1);
		assert_int_equal(ring_leave(&r, now, u, 5), INT64_MAX);
	}
}

static void
test_a_head_that_moves_drops_nothing_of_a_window(void **state)
{
	int64_t u = 1000, sum = 0;
	struct ring r = make_ring(u, 50000);

	(void)state;
	for (int64_t t = 50000; t < 50000 + 20 * u; t++) {
		int64_t want = 0;

		ring_add(&r, t + u, 1);	/* the latest stamp there can be */
		sum++;
		want = sum < 2 * u ? sum : 2 * u;
		assert_true(ring_used(&r, t, u) >= want);
		assert_true(ring_used(&r, t, u) <= want + r.width_ms + 1);
	}
}

static void
test_idle_for_long_is_empty(void **state)
{
	struct ring r = make_ring(1000, 1000);

	(void)state;
	ring_add(&r, 1500, 7);
	ring_add(&r, INT64_C(1500) + 400 * 86400000LL, 1);
	assert_int_equal(
	    ring_used(&r, INT64_C(1500) + 400 * 86400000LL, 1000), 1);
}

static void
test_sub_takes_out_what_still_stands(void **state)
{
	struct ring r = make_ring(1000, 10000);

	(void)state;
	ring_add(&r, 10500, 2);
	assert_int_equal(ring_sub(&r, 10500, 1), 1);
	assert_int_equal(ring_used(&r, 10500, 1000), 1);
	ring_add(&r, 99000, 1);
	assert_int_equal(ring_sub(&r, 10500, 1), 0);
	assert_int_equal(ring_used(&r, 99000, 1000), 1);
	/* never below nothing */
	assert_int_equal(ring_sub(&r, 99000, 5), 1);
	assert_int_equal(ring_used(&r, 99000, 1000), 0);
}

static void
test_a_saturated_slot_is_more_than_any_limit(void **state)
{
	struct ring r = make_ring(1000, 10000);

	(void)state;
	ring_add(&r, 10000, WORD_MAX - 1);
	assert_int_equal(ring_used(&r, 10000, 1000), WORD_MAX - 1);
	ring_add(&r, 10000, 5);
	assert_int_equal(ring_used(&r, 10000, 1000), RING_FULL);
	/* it can't be known any more what is in it */
	ring_sub(&r, 10000, WORD_MAX);
	assert_int_equal(ring_used(&r, 10000, 1000), RING_FULL);
	assert_int_equal(ring_used(&r, 12000, 1000), 0);
}

/* 50 million an hour: more in one slot than seven digits say. */
static void
test_what_a_slot_cannot_hold_goes_into_later_ones(void **state)
{
	int64_t u = 3600000, now = 10 * u, n = 50000000;
	struct ring r = make_ring(u, now);

	(void)state;
	ring_add(&r, now + 60000, n);
	assert_int_equal(ring_used(&r, now, u), n);
	assert_int_equal(ring_sub(&r, now + 60000, 1000), 1);
	assert_int_equal(ring_used(&r, now, u), n - 1000);
	/* never earlier than its stamp */
	assert_true(ring_leave(&r, now, u, 1) >= now + 60000 + u);
	assert_int_equal(ring_used(&r, now + 60000 + u - 1, u), n - 1000);
	/* more than sixteen slots hold is too much to count */
	r = make_ring(u, now);
	ring_add(&r, now + 60000, 200000000);
	assert_int_equal(ring_used(&r, now, u), RING_FULL);
	ring_add(&r, now, 100000000);
	assert_int_equal(ring_used(&r, now, u), RING_FULL);
}

static void
test_a_damaged_slot_is_more_than_any_limit(void **state)
{
	struct ring r = make_ring(1000, 10000);

	(void)state;
	memcpy(&words[10000 / r.width_ms % RING_SLOTS], "00x0000\t", 8);
	assert_int_equal(ring_used(&r, 10000, 1000), RING_FULL);
	memcpy(r.head, "00X0000\t", 8);
	assert_int_equal(ring_used(&r, 10000, 1000), RING_FULL);
}

static void
test_words_keep_their_end_byte(void **state)
{
	uint64_t w;

	(void)state;
	memcpy(&w, "0000009\n", 8);
	word_add(&w, 1);
	assert_memory_equal(&w, "0000010\n", 8);
	for (int i = 0; i < 1000; i++)
		word_add(&w, 1);
	assert_memory_equal(&w, "0001010\n", 8);
	word_put(&w, WORD_MAX);
	assert_memory_equal(&w, "9999999\n", 8);
	word_put36(&w, WORD36_MAX);
	assert_memory_equal(&w, "zzzzzzz\n", 8);
	assert_int_equal(word_get36(&w), WORD36_MAX);
	assert_int_equal(word_get(&w), -1);
}

/* Pace */

static void
test_pace_is_one_an_interval(void **state)
{
	struct pace_words w = pace_of();
	struct pace p;
	int64_t now = 1000000, wait;

	(void)state;
	make_ring(60000, 0);
	for (int i = 0; i < 50; i++) {	/* 2 a minute */
		pace_load(&w, 2, 60000, now, &p);
		assert_int_equal(pace_wait(&p), 0);
		pace_take(&p, 1);
		pace_save(&w, &p, now);
		pace_load(&w, 2, 60000, now, &p);
		wait = pace_wait(&p);
		assert_true(wait >= 24000 && wait <= 30000);
		now += wait;
	}
}

static void
test_pace_makes_good_at_no_more_than_a_quarter(void **state)
{
	struct pace_words w = pace_of();
	struct pace p;
	int64_t now = 1000000, first = now, n = 0;

	(void)state;
	make_ring(10000, 0);
	/* 10 a second, and the caller always wakes 13 ms late */
	for (; now < first + 100000; n++) {
		pace_load(&w, 100, 10000, now, &p);
		assert_int_equal(pace_wait(&p), 0);
		pace_take(&p, 1);
		pace_save(&w, &p, now);
		pace_load(&w, 100, 10000, now, &p);
		assert_true(pace_wait(&p) >= 80);
		now += pace_wait(&p) + 13;
	}
	assert_true(n >= 990 && n <= 1010);
}

static void
test_pace_of_a_high_rate_comes_in_groups(void **state)
{
	struct pace_words w = pace_of();
	struct pace p;
	int64_t now = 5000, n = 0, wakes = 0;

	(void)state;
	make_ring(60000, 0);
	while (now < 5000 + 60000) {
		pace_load(&w, 600000, 60000, now, &p);
		for (; pace_wait(&p) == 0; n++)
			pace_take(&p, 1);
		pace_save(&w, &p, now);
		wakes++;
		now += pace_wait(&p);
	}
	assert_in_range(n, 599000, 600101);
	assert_true(wakes < 60000);
}

static void
test_pace_forgets_what_cannot_be(void **state)
{
	struct pace_words w = pace_of();
	struct pace p;

	(void)state;
	make_ring(60000, 0);
	/* set under one message a day, now a thousand an hour */
	pace_load(&w, 1, 86400000, 1000, &p);
	pace_take(&p, 1);
	pace_save(&w, &p, 1000);
	pace_load(&w, 1000, 3600000, 2000, &p);
	assert_int_equal(pace_wait(&p), 0);
	memcpy(w.ms, "garbage!", 8);
	pace_load(&w, 1, 86400000, 1000, &p);
	assert_int_equal(pace_wait(&p), 0);
}

/* The simulation */

enum stage { GRANTED, STARTED, DONE };

struct message {
	int64_t start, seen, reply;	/* us; seen -1: the receiver never does */
	int64_t dies;			/* its sender is killed; -1: it is not */
	int64_t r, renew;		/* ms; us */
	enum stage stage;
	int counted;
};

struct load {
	int64_t unit_ms, n;
	int64_t wire_ms;	/* longest time from the start to the receiver */
	int trouble;		/* kills, stalls, expired grants */
	int paced;
	int idle;		/* demand comes and goes */
};

enum { MESSAGES = 60000 };

static struct message *m;
static int64_t *seen;

static int64_t
below(int64_t n)
{
	return n > 0 ? (int64_t)((((uint64_t)random() << 31) ^
			   (uint64_t)random()) % (uint64_t)n) : 0;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
plan(struct message *x, const struct load *l, int64_t t)
{
	int64_t u = l->unit_ms * 1000, hold = ring_hold_ms(l->unit_ms) * 1000;
	int64_t pipe = below(u / 200 + 1), wire = below(l->wire_ms * 1000 + 1);

	x->dies = -1;
	if (l->trouble && random() % 8 == 0)	/* a stalled pipe */
		pipe = below(u + u / 10);
	x->start = t + pipe;
	x->seen = x->start + wire;
	x->reply = x->seen + below(l->wire_ms * 1000 + 1);
	if (!l->trouble)
		return;
	if (random() % 10 == 0) {	/* the connection is lost */
		x->reply = x->start + below(x->reply - x->start + 1);
		if (random() % 2 == 0 || x->seen > x->reply)
			x->seen = -1;
	} else if (random() % 10 == 0) {
		/* killed: the kernel goes on for up to TCP_USER_TIMEOUT < H */
		x->dies = t + below(x->reply - t + 1);
		if (x->dies < x->start)
			x->seen = -1;
		else if (x->seen > x->start + hold - 1000)
			x->seen = x->start + below(hold - 1000);
	}
}

static void
advance(struct ring *ring, struct message *x, const struct load *l, int64_t t)
{
	int64_t now = t / 1000, hold = ring_hold_ms(l->unit_ms);

	if (x->stage == DONE)
		return;
	if (x->dies >= 0 && t >= x->dies) {
		/* it may have gone out before; nobody moves it any more */
		x->counted = x->stage == STARTED && x->seen >= 0;
		x->stage = DONE;
		return;
	}
	if (x->stage == GRANTED && t >= x->start) {
		int64_t late = t - x->start;

		if (now >= x->r) {	/* expired: given back */
			ring_sub(ring, x->r, 1);
			x->stage = DONE;
			return;
		}
		ring_move(ring, x->r, now + hold);
		x->r = now + hold;
		x->renew = t + hold * 500;
		x->stage = STARTED;
		x->seen += x->seen >= 0 ? late : 0;
		x->reply += late;
	}
	if (x->stage == STARTED && t >= x->renew && t < x->reply) {
		ring_move(ring, x->r, now + hold);
		x->r = now + hold;
		x->renew = t + hold * 500;
	}
	if (x->stage == STARTED && t >= x->reply) {
		ring_move(ring, x->r, now + 1);
		x->r = now + 1;
		x->counted = x->seen >= 0;
		x->stage = DONE;
	}
}

/* Returns: messages that the receiver counted, all windows within the limit. */
static size_t
simulate(const struct load *l, int windows, unsigned seed)
{
	int64_t u = l->unit_ms * 1000, step = u / 400;
	struct ring ring = make_ring(l->unit_ms, 5000);
	struct pace_words w = pace_of();
	struct pace p;
	size_t n = 0, lo = 0, k = 0;

	step = step < 5000000 ? step : 5000000;
	step = step < u / l->n / 10 ? step : u / l->n / 10;
	srandom(seed);
	for (int64_t t = 5000000; t < 5000000 + u * windows; t += step) {
		int64_t now = t / 1000;
		int demand = !l->idle || t / (3 * u) % 2 == 0;

		for (size_t i = lo; i < n; i++)
			advance(&ring, &m[i], l, t);
		while (lo < n && m[lo].stage == DONE)
			lo++;
		pace_load(&w, l->n, l->unit_ms, now, &p);
		while (demand && n < MESSAGES &&
		    ring_used(&ring, now, l->unit_ms) < l->n &&
		    (!l->paced || pace_wait(&p) == 0)) {
			struct message *x = &m[n++];

			*x = (struct message){ .stage = GRANTED };
			plan(x, l, t);
			x->r = now + ring_grant_ms(l->unit_ms);
			ring_add(&ring, x->r, 1);
			pace_take(&p, 1);
		}
		pace_save(&w, &p, now);
	}
	assert_true(n < MESSAGES);
	for (size_t i = 0; i < n; i++)
		if (m[i].counted)
			seen[k++] = m[i].seen;
	qsort(seen, k, sizeof(*seen), by_value);
	for (size_t i = (size_t)l->n; i < k; i++)
		assert_true(seen[i] - seen[i - (size_t)l->n] >= u);
	return k;
}

static void
test_no_window_has_more_than_n(void **state)
{
	static const int64_t units[] = { 1000, 10000, 60000, 3600000,
		86400000 };
	static const int64_t limits[] = { 1, 2, 7, 60, 150 };
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 5; j++)
			for (int way = 0; way < 4; way++) {
				struct load l = { .unit_ms = units[i],
					.n = limits[j], .trouble = 1,
					.paced = way & 1, .idle = way & 2,
					.wire_ms = way == 3 ? units[i] / 3 :
							      units[i] / 50 };

				int windows = units[i] > 100000 ? 8 : 40;

				size_t k = simulate(&l, windows, seed++);

				assert_true(k > 0 || limits[j] < 7);
			}
}

/* P9: at least 95 % where the window is 20 times the time from grant to reply,
 * and more; here that time is at most U / 40 + U / 200. */
static void
test_demand_uses_95_percent(void **state)
{
	static const int64_t units[] = { 10000, 60000, 3600000 };
	static const int64_t limits[] = { 20, 60, 200 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			for (int paced = 0; paced < 2; paced++) {
				struct load l = { .unit_ms = units[i],
					.n = limits[j], .paced = paced,
					.wire_ms = units[i] / 80 };
				size_t k = simulate(&l, 40, 99);

				assert_true((double)k >=
				    0.95 * 40 * (double)limits[j]);
			}
}

/* Steady demand leaves no tenth of a window without mail, and puts no more than
 * twice its share into one. */
static void
test_paced_mail_is_even(void **state)
{
	struct load l = { .unit_ms = 10000, .n = 200, .paced = 1,
		.wire_ms = 20 };
	size_t k = simulate(&l, 50, 3);
	int64_t tenth = l.unit_ms * 100, first = seen[0];
	size_t in[500] = { 0 };

	(void)state;
	for (size_t i = 0; i < k; i++)
		if ((seen[i] - first) / tenth < 500)
			in[(seen[i] - first) / tenth]++;
	for (size_t i = 0; i < 480; i++) {
		assert_true(in[i] >= 10);
		assert_true(in[i] <= 30);
	}
}

static int
set_up(void **state)
{
	(void)state;
	m = calloc(MESSAGES, sizeof(*m));
	seen = calloc(MESSAGES, sizeof(*seen));
	return m == NULL || seen == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	free(m);
	free(seen);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width_covers_the_window),
		cmocka_unit_test(test_counts_exactly_until_its_slot_has_left),
		cmocka_unit_test(
		    test_a_head_that_moves_drops_nothing_of_a_window),
		cmocka_unit_test(test_idle_for_long_is_empty),
		cmocka_unit_test(test_sub_takes_out_what_still_stands),
		cmocka_unit_test(test_a_saturated_slot_is_more_than_any_limit),
		cmocka_unit_test(
		    test_what_a_slot_cannot_hold_goes_into_later_ones),
		cmocka_unit_test(test_a_damaged_slot_is_more_than_any_limit),
		cmocka_unit_test(test_words_keep_their_end_byte),
		cmocka_unit_test(test_pace_is_one_an_interval),
		cmocka_unit_test(
		    test_pace_makes_good_at_no_more_than_a_quarter),
		cmocka_unit_test(test_pace_of_a_high_rate_comes_in_groups),
		cmocka_unit_test(test_pace_forgets_what_cannot_be),
		cmocka_unit_test(test_no_window_has_more_than_n),
		cmocka_unit_test(test_demand_uses_95_percent),
		cmocka_unit_test(test_paced_mail_is_even),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
