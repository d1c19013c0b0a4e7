/* SPDX-License-Identifier: ISC */
/*
 * The window law (P9) through the ledger: several processes on one file, two
 * queues and the virtual MTA that they share, pipes that stall, senders that are
 * killed, time that jumps, limits that change under way.  The judge is the
 * receiver.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "throttle/ledger.h"

enum { PROCESSES = 3, MESSAGES = 30000, STEP_MS = 10, RUN_MS = 300000 };

enum stage { GRANTED, STARTED, DONE };

struct message {
	struct grant g;
	int queue, process;
	int64_t start, seen, reply;	/* ms; seen -1: never */
	int64_t r, renew;
	enum stage stage;
};

struct process {
	struct ledger *l;
	uint32_t stamp;
	uint32_t line[2][2];	/* of each queue: its own budget, the virtual MTA's */
	int64_t stalled;	/* until then */
};

struct limits {
	struct rate queue[2], vmta;
};

static char dir[64];
static struct clock hand = { .fd = -1 };
static struct message *m;
static struct process p[PROCESSES];
static int64_t *seen;

static int64_t
below(int64_t n)
{
	return n > 0 ? random() % n : 0;
}

static void
set_time(int64_t ms)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%010lld.%03lld\n",
	    (long long)(ms / 1000), (long long)(ms % 1000));

	assert_int_equal(pwrite(hand.fd, text, (size_t)n, 0), n);
}

static uint32_t
budget(struct ledger *l, const char *scope, const struct rate *rate,
    uint32_t stamp)
{
	struct err err = { 0 };
	int64_t line = ledger_budget(l, scope, rate, stamp, &err);

	if (line < 0 || line == LEDGER_NONE)
		fail_msg("%s", err.msg);
	return (uint32_t)line;
}

/* A process begins: with the limits of its configuration. */
static void
begin(struct process *x, const struct limits *lim, uint32_t stamp, int paced)
{
	struct err err = { 0 };

	if (ledger_open(dir, &hand, &x->l, &err) < 0)
		fail_msg("%s", err.msg);
	ledger_set_paced(x->l, paced);
	x->stamp = stamp;
	x->stalled = 0;
	ledger_lock(x->l);
	for (int q = 0; q < 2; q++) {
		x->line[q][0] = budget(x->l, q == 0 ? "queue:a" : "queue:b",
		    &lim->queue[q], stamp);
		x->line[q][1] = budget(x->l, "vmta:v", &lim->vmta, stamp);
	}
	ledger_unlock(x->l);
}

static void
plan(struct message *x, int64_t t)
{
	x->start = t + below(random() % 6 == 0 ? 12000 : 60);
	x->seen = x->start + below(random() % 6 == 0 ? 9000 : 200);
	x->reply = x->seen + below(200);
	if (random() % 12 == 0)
		x->seen = -1;	/* lost on the way */
}

/* What its sender does with it now, under the lock. */
static void
advance(struct process *x, struct message *y, int64_t t)
{
	struct ledger *l = x->l;

	if (y->stage == GRANTED && t >= y->start) {
		int64_t late = t - y->start;

		if (ledger_start(l, &y->g, &y->r) < 0 &&
		    (ledger_regrant(l, &y->g, &y->r) < 0 ||
			ledger_start(l, &y->g, &y->r) < 0)) {
			ledger_credit(l, &y->g, &y->r);
			y->seen = -1;
			y->stage = DONE;
			return;
		}
		y->seen += y->seen >= 0 ? late : 0;
		y->reply += late;
		y->renew = t + ledger_renew_ms(l, &y->g);
		y->stage = STARTED;
	}
	if (y->stage == STARTED && t >= y->reply) {
		ledger_reply(l, &y->g, &y->r);
		y->stage = DONE;
	} else if (y->stage == STARTED && t >= y->renew) {
		ledger_renew(l, &y->g, &y->r);
		y->renew = t + ledger_renew_ms(l, &y->g);
	}
}

/* kill -9: what was started may still arrive while its stamp lasts. */
static void
killed(int process, size_t lo, size_t n, int64_t t, int64_t base)
{
	for (size_t i = lo; i < n; i++) {
		struct message *y = &m[i];

		if (y->process != process || y->stage == DONE)
			continue;
		if (y->stage == GRANTED ||
		    (y->seen >= t && y->seen + base >= y->r))
			y->seen = -1;
		y->stage = DONE;
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Windows slid over what the receiver counted from..to; queue -1: all. */
static size_t
judge(size_t n, int queue, const struct rate *rate, int64_t from, int64_t to)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (m[i].seen >= from && m[i].seen < to &&
		    (queue < 0 || m[i].queue == queue))
			seen[k++] = m[i].seen;
	qsort(seen, k, sizeof(*seen), by_value);
	for (size_t i = (size_t)rate->n; i < k; i++)
		if (seen[i] - seen[i - (size_t)rate->n] < rate->unit_ms)
			fail_msg("queue %d: %lld in %lld ms at %lld", queue,
			    (long long)rate->n + 1,
			    (long long)(seen[i] - seen[i - (size_t)rate->n]),
			    (long long)seen[i]);
	return k;
}

struct scenario {
	struct limits before, after;
	int paced, kills, stalls;
	int64_t change;		/* ms after the start; 0: never */
};

static void
simulate(const struct scenario *s, unsigned seed)
{
	/* each run later than those before it on the same ledger, with newer
	 * configurations */
	const int64_t start = 1000000000 + seed * INT64_C(10000000);
	const uint32_t old = seed * 2;
	size_t n = 0, lo = 0;
	int64_t base;

	srandom(seed);
	set_time(start);
	for (int i = 0; i < PROCESSES; i++)
		begin(&p[i], &s->before, old, s->paced);
	base = ledger_now(p[0].l) - start;	/* of ledger time */
	for (int64_t t = start; t < start + RUN_MS; t += STEP_MS) {
		int changed = s->change > 0 && t - start >= s->change;

		set_time(t);
		for (int i = 0; i < PROCESSES; i++) {
			struct process *x = &p[i];

			/* a new run begins with the new configuration; the last
			 * process goes on with the old one */
			if ((s->kills && random() % 2000 == 0) ||
			    (changed && x->stamp == old && i == 0)) {
				killed(i, lo, n, t, base);
				ledger_close(x->l);
				begin(x, changed ? &s->after : &s->before,
				    changed ? old + 1 : old, s->paced);
			}
			if (s->stalls && random() % 3000 == 0)
				x->stalled = t + below(15000);
			if (t < x->stalled)
				continue;
			ledger_lock(x->l);
			for (size_t k = lo; k < n; k++)
				if (m[k].process == i && m[k].stage != DONE)
					advance(x, &m[k], t);
			for (int tries = 0; tries < 3; tries++) {
				int q = (int)(random() % 2);

				if (n == MESSAGES ||
				    ledger_room(x->l, x->line[q], 2) != 0)
					continue;
				m[n] = (struct message){ .queue = q,
					.process = i };
				plan(&m[n], t);
				ledger_grant(x->l, x->line[q], 2, &m[n].g);
				m[n].r = m[n].g.expiry_ms;
				n++;
			}
			ledger_unlock(x->l);
		}
		while (lo < n && m[lo].stage == DONE)
			lo++;
	}
	/* those still under way count nowhere; nobody is sure of them */
	for (size_t i = lo; i < n; i++)
		if (m[i].stage != DONE)
			m[i].seen = -1;
	for (int i = 0; i < PROCESSES; i++)
		ledger_close(p[i].l);
	assert_true(n < MESSAGES);
	for (int q = -1; q < 2; q++) {
		int64_t change = start + (s->change > 0 ? s->change : RUN_MS);

		assert_true(judge(n, q,
		    q < 0 ? &s->before.vmta : &s->before.queue[q], start,
		    change) > 0);
		if (s->change > 0)
			assert_true(judge(n, q,
			    q < 0 ? &s->after.vmta : &s->after.queue[q],
			    change, start + RUN_MS) > 0);
	}
}

static const struct limits usual = {
	.queue = { { 40, 10000 }, { 10, 3000 } }, .vmta = { 60, 20000 }
};

static void
test_processes_share_a_limit(void **state)
{
	struct scenario s = { .before = usual };

	(void)state;
	simulate(&s, 1);
	s.paced = 1;
	simulate(&s, 2);
}

static void
test_kills_and_stalls(void **state)
{
	struct scenario s = { .before = usual, .kills = 1, .stalls = 1 };

	(void)state;
	simulate(&s, 3);
	s.paced = 1;
	simulate(&s, 4);
}

static void
test_limits_change_under_way(void **state)
{
	static const struct limits after[] = {
		{ { { 10, 10000 }, { 3, 3000 } }, { 12, 20000 } },
		{ { { 4, 2000 }, { 30, 30000 } }, { 30, 6000 } },
		{ { { 70, 40000 }, { 2, 1000 } }, { 60, 60000 } },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scenario s = { .before = usual, .after = after[i],
			.kills = i == 1, .stalls = i == 2,
			.change = RUN_MS / 3 };

		simulate(&s, 10 + (unsigned)i);
	}
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_window.XXXXXX");
	hand.fd = memfd_create("clock", MFD_CLOEXEC);
	m = calloc(MESSAGES, sizeof(*m));
	seen = calloc(MESSAGES, sizeof(*seen));
	return hand.fd < 0 || m == NULL || seen == NULL || mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	char name[96];

	(void)state;
	close(hand.fd);
	free(m);
	free(seen);
	snprintf(name, sizeof(name), "%s/throttle/ledger", dir);
	unlink(name);
	snprintf(name, sizeof(name), "%s/throttle", dir);
	rmdir(name);
	return rmdir(dir);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_processes_share_a_limit),
		T(test_kills_and_stalls),
		T(test_limits_change_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
