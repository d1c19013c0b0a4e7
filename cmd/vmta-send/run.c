/* SPDX-License-Identifier: ISC */
/* The loop, its end, and what a signal does to it. */
#include <signal.h>
#include <sysexits.h>
#include <time.h>

#include "base/log.h"
#include "send.h"

enum { ROUNDS = 16 };

int64_t
loop_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
send_stop(struct send *s)
{
	struct conn *c, *next;
	struct lane *l;

	if (s->stopping)
		return;
	s->stopping = true;
	for (l = TAILQ_FIRST(&s->all_lanes); l != NULL; l = TAILQ_NEXT(l, link))
		lane_flush(s, l);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_TALK || !c->ready)
			conn_cancel(s, c);
		else
			conn_dirty(s, c);
	}
}

void
send_fail(struct send *s, const struct err *err)
{
	int status = log_err(err);

	if (s->status == EX_OK || s->status == EX_DATAERR)
		s->status = status;
	send_stop(s);
}

static bool
finished(const struct send *s)
{
	return (s->eof || s->stopping) && !input_pending(s) && s->held == 0 &&
	    s->under_way == 0 && s->n_conns == 0 && TAILQ_EMPTY(&s->replies) &&
	    TAILQ_EMPTY(&s->credits) && claim_unsynced(s->spool) == 0;
}

static bool
has_work(const struct send *s)
{
	return !TAILQ_EMPTY(&s->dirty_lanes) || !TAILQ_EMPTY(&s->dirty_conns) ||
	    !TAILQ_EMPTY(&s->flush_conns) || ledger_has_work(s);
}

static int64_t
wait_ms(const struct send *s)
{
	int64_t until = s->wake_at < s->tick_at ? s->wake_at : s->tick_at;

	if (has_work(s) || s->slot_freed)
		return 0;
	return until > s->now ? until - s->now : 0;
}

static void
tick(struct send *s)
{
	int64_t ms = s->renew_ms / 4;

	conns_tick(s);
	lanes_tick(s);
	renew_under_way(s);
	s->tick_at = s->now + (ms < 10 ? 10 : ms < TICK_MS ? ms : TICK_MS);
}

static void
turn(struct send *s)
{
	struct err err = { 0 };
	struct conn *c;

	for (int i = 0; i < ROUNDS; i++) {
		lanes_step(s);
		conns_step(s);
		ledger_step(s);
		conns_act(s);
		if (!has_work(s))
			break;
	}
	while ((c = TAILQ_FIRST(&s->dead_conns)) != NULL) {
		TAILQ_REMOVE(&s->dead_conns, c, link);
		conn_free(c);
	}
	if (claim_flush(s->spool, &err) < 0) {
		send_fail(s, &err);
		s->aborting = true;
	}
	out_flush(s->out);
}

static void
on_signal(void *arg)
{
	struct send *s = arg;

	if (s->signalled) {
		log_warn("stopped at once: messages under way are in doubt");
		s->status = EX_TEMPFAIL;
		s->aborting = true;
	}
	s->signalled = true;
	send_stop(s);
}

void
send_resolved(void *arg)
{
	struct send *s = arg;

	resolver_run(s->resolver);
}

static void
on_synced(void *arg)
{
	struct send *s = arg;
	struct err err = { 0 };

	if (claim_synced(s->spool, &err) < 0) {
		send_fail(s, &err);
		s->aborting = true;
	}
}

int
send_run(struct send *s)
{
	struct err err = { 0 };

	io_signal(s->io, SIGTERM, on_signal, s);
	io_signal(s->io, SIGINT, on_signal, s);
	s->now = loop_ms();
	s->sync_watch = io_watch_new(
	    s->io, claim_sync_fd(s->spool), false, on_synced, s);
	io_watch_set(s->sync_watch, true);
	while (!finished(s) && !s->aborting) {
		if (io_turn(s->io, wait_ms(s), &err) < 0) {
			send_fail(s, &err);
			break;
		}
		s->now = loop_ms();
		if (s->now >= s->wake_at) {
			s->wake_at = INT64_MAX;
			s->slot_freed = true; /* look at blocked lanes */
		}
		if (s->now >= s->tick_at)
			tick(s);
		input_step(s);
		turn(s);
	}
	if (claim_wait(s->spool, &err) < 0 && s->status == EX_OK)
		s->status = log_err(&err);
	out_end(s->out);
	return s->status;
}
