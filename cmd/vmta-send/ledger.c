/* SPDX-License-Identifier: ISC */
/*
 * A turn's calls of the ledger, together under one lock and with no input or
 * output in between (P4, P9).  What is written, connected or closed because of
 * them is done afterwards, by conns_act.
 */
#include "send.h"

bool
ledger_has_work(const struct send *s)
{
	const struct conn *c;

	if (!TAILQ_EMPTY(&s->replies) || !TAILQ_EMPTY(&s->credits) ||
	    !TAILQ_EMPTY(&s->to_start) || !TAILQ_EMPTY(&s->to_stall))
		return true;
	for (c = TAILQ_FIRST(&s->to_rate); c != NULL;
	     c = TAILQ_NEXT(c, work_link))
		if (c->rate_at <= s->now)
			return true;
	return false;
}

static void
settle_grants(struct send *s)
{
	struct task *t;

	while ((t = TAILQ_FIRST(&s->replies)) != NULL) {
		TAILQ_REMOVE(&s->replies, t, link);
		lease_reply(s->leases, &t->lease);
		task_free(s, t);
	}
	while ((t = TAILQ_FIRST(&s->credits)) != NULL) {
		TAILQ_REMOVE(&s->credits, t, link);
		lease_credit(s->leases, &t->lease);
		task_free(s, t);
	}
}

/* May a connection be made now?  The first of a route gives its slots back while
 * it waits; a later one keeps its place. */
static void
ask_rate(struct send *s, struct conn *c, struct task *spare)
{
	struct connect_limits limits = { { &c->lane->limits[0]->connects,
					     &c->lane->limits[1]->connects },
		conf_serial(s->conf) };
	struct err err = { 0 };
	int64_t when, at;

	switch (lease_connect(s->leases, &limits, &spare->lease, &when, &err)) {
	case 0:
		c->rate = spare;
		conn_work(c, &s->may_connect);
		return;
	case 1:
		at = s->now + when - leases_now(s->leases);
		c->rate_at = at > s->now ? at : s->now + 1;
		if (c->rate_at < s->wake_at)
			s->wake_at = c->rate_at;
		break;
	default:
		c->rate_at = INT64_MAX;
		c->rate_failed = err;
	}
	task_free(s, spare);
}

static void
ask_rates(struct send *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->to_rate); c != NULL; c = next) {
		next = TAILQ_NEXT(c, work_link);
		if (c->rate_at <= s->now)
			ask_rate(s, c, task_new(s));
	}
}

/* A message that has begun to be written when its stamp was over: it counts, and
 * the rest of it needs a grant of its own. */
static void
take_again(struct send *s, struct conn *c)
{
	bool ok = true;

	for (int i = 0; i < 2; i++) {
		struct task *t = c->tasks[i];

		if (t != NULL && ok && !lease_is_live(s->leases, &t->lease))
			ok = lease_again(s->leases, &t->lease) == 0;
	}
	if (!ok)
		conn_work(c, &s->must_abort);
	else if (c->starting != NULL)
		conn_work(c, &s->to_start);
	else
		conn_work(c, NULL);
	conn_dirty(s, c);
}

static void
start(struct send *s, struct conn *c)
{
	struct task *t = c->starting;
	int rc = t->used ? lease_again(s->leases, &t->lease) :
			   lease_start(s->leases, &t->lease, !s->eof);

	c->refused = rc < 0;
	conn_work(c, &s->may_start);
}

/* Connections that wait for their rate with their first target: others may need
 * the slots. */
static void
let_go(struct send *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->to_rate); c != NULL; c = next) {
		struct lane *l = c->lane;
		int64_t at = c->rate_at;

		next = TAILQ_NEXT(c, work_link);
		if (at == INT64_MAX) {
			send_fail(s, &c->rate_failed);
			return;
		}
		if (c->targets > 1 || at == 0)
			continue;
		lane_block(s, l, at);
		conn_cancel(s, c);
	}
}

void
ledger_step(struct send *s)
{
	struct err err = { 0 };
	struct conn *c;

	if (!ledger_has_work(s))
		return;
	if (leases_begin(s->leases, &err) < 0) {
		send_fail(s, &err);
		s->aborting = true;
		return;
	}
	settle_grants(s);
	while ((c = TAILQ_FIRST(&s->to_stall)) != NULL)
		take_again(s, c);
	while ((c = TAILQ_FIRST(&s->to_start)) != NULL)
		start(s, c);
	ask_rates(s);
	leases_end(s->leases);
	let_go(s);
}

/* Stamps of what is under way are kept ahead of now (P9).  One that is over with
 * something still to be written is the writer's to see. */
static void
renew(struct send *s, struct task *t, int64_t now)
{
	if (t == NULL || !lease_is_limited(&t->lease))
		return;
	if (t->lease.renew_ms < s->renew_ms)
		s->renew_ms = t->lease.renew_ms;
	if (t->lease.renew_at <= now)
		lease_renew(s->leases, &t->lease);
}

void
renew_under_way(struct send *s)
{
	struct err err = { 0 };
	struct iovec iov[2];
	struct conn *c;
	int64_t now;

	if (s->renew_ms == INT64_MAX)
		return;
	if (leases_begin(s->leases, &err) < 0) {
		send_fail(s, &err);
		return;
	}
	s->renew_ms = INT64_MAX;
	now = leases_now(s->leases);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = TAILQ_NEXT(c, link)) {
		bool writing = c->d != NULL &&
		    dialogue_output(c->d, iov, 2) > 0;

		for (int i = 0; i < 2; i++)
			if (c->tasks[i] != NULL &&
			    (!writing ||
				lease_is_live(s->leases, &c->tasks[i]->lease)))
				renew(s, c->tasks[i], now);
		renew(s, c->rate, now);
	}
	leases_end(s->leases);
}
