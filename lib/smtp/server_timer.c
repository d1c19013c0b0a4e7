/* SPDX-License-Identifier: ISC */
/* A binary heap; the children of place i are 2i and 2i + 1, counted from 1. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "smtp/server_timer.h"

static void
put(struct server_timers *ts, size_t at, struct server_timer *t)
{
	ts->heap[at - 1] = t;
	t->at = at;
}

/* Find t's place, from place at on, up and then down. */
static void
settle(struct server_timers *ts, size_t at, struct server_timer *t)
{
	while (at > 1 && ts->heap[at / 2 - 1]->due_ms > t->due_ms) {
		put(ts, at, ts->heap[at / 2 - 1]);
		at /= 2;
	}
	for (;;) {
		size_t child = 2 * at;

		if (child < ts->n &&
		    ts->heap[child]->due_ms < ts->heap[child - 1]->due_ms)
			child++;
		if (child > ts->n || ts->heap[child - 1]->due_ms >= t->due_ms)
			break;
		put(ts, at, ts->heap[child - 1]);
		at = child;
	}
	put(ts, at, t);
}

void
server_timer_set(
    struct server_timers *ts, struct server_timer *t, int64_t due_ms)
{
	t->due_ms = due_ms;
	if (t->at == 0) {
		if (ts->n == ts->cap) {
			ts->cap = ts->cap == 0 ? 64 : 2 * ts->cap;
			ts->heap = xreallocarray(
			    ts->heap, ts->cap, sizeof(struct server_timer *));
		}
		t->at = ++ts->n;
	}
	settle(ts, t->at, t);
}

void
server_timer_drop(struct server_timers *ts, struct server_timer *t)
{
	size_t at = t->at;
	struct server_timer *last;

	if (at == 0)
		return;
	t->at = 0;
	last = ts->heap[--ts->n];
	if (last != t)
		settle(ts, at, last);
}

struct server_timer *
server_timer_due(struct server_timers *ts, int64_t now_ms)
{
	struct server_timer *t;

	if (ts->n == 0 || ts->heap[0]->due_ms > now_ms)
		return NULL;
	t = ts->heap[0];
	server_timer_drop(ts, t);
	return t;
}

int64_t
server_timer_next(const struct server_timers *ts)
{
	return ts->n == 0 ? INT64_MAX : ts->heap[0]->due_ms;
}

void
server_timers_clear(struct server_timers *ts)
{
	free(ts->heap);
	*ts = (struct server_timers){ 0 };
}
