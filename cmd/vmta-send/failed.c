/* SPDX-License-Identifier: ISC */
/* What results and failures mean for records and for their site. */
#include <string.h>

#include "base/log.h"
#include "deliver/policy.h"
#include "send.h"
#include "spool/retry.h"

/* What every record of a connection says of the way it went. */
static struct settle_facts
facts(const struct send *s, const struct conn *c, enum settle_cause cause,
    const struct reply *r)
{
	return (struct settle_facts){ .cause = cause,
		.reply = r,
		.latency_ms = -1,
		.queue = c->lane->queue,
		.source = c->local[0] != '\0' ? c->local : c->lane->source,
		.mta = c->targets != 0 ? c->target.host : "-",
		.dest = c->targets != 0 ? c->dest : "-",
		.esmtp = c->d != NULL ? dialogue_esmtp(c->d) : "-",
		.queue_due = clock_wall_s(spool_clock(s->spool)) +
		    c->lane->queue->retry_recipients_after_s };
}

static void
settle_trigger(struct send *s, struct conn *c, struct settle_facts *f)
{
	struct task *t = c->trigger;

	c->trigger = NULL;
	s->under_way--;
	task_settle(s, t, f);
}

/* No target: DNS gave none. */
static void
no_route(struct send *s, struct conn *c)
{
	const struct route_failure *why = route_failure(c->route);
	struct settle_facts f = facts(
	    s, c, why->final ? SETTLE_ROUTE : SETTLE_QUEUE, &why->reply);

	f.local = true;
	f.category = why->category;
	if (!why->final)
		f.queue_due = site_failed(s, c->lane, &why->reply, why->dns);
	settle_trigger(s, c, &f);
}

/* All targets failed. */
static void
no_server(struct send *s, struct conn *c)
{
	struct site *site = c->lane->site;
	struct settle_facts f = facts(s, c, SETTLE_QUEUE, &c->failure);

	f.local = c->failure_local;
	if (f.local)
		f.category = "no-answer-from-host";
	if (c->all_5xx && c->lane->queue->bounce_upon_5xx_greeting &&
	    !policy_blocks_us(&c->failure)) {
		f.cause = SETTLE_RECIPIENT;
	} else if (site->open > 0) {
		/* others work: the server wants no more than those */
		site->refused_until = s->now + REFUSED_MS;
		return;
	} else {
		f.queue_due = site_failed(s, c->lane, &c->failure, false);
	}
	settle_trigger(s, c, &f);
}

void
conn_failed(struct send *s, struct conn *c)
{
	if (c->trigger != NULL && !s->stopping) {
		if (c->targets == 0)
			no_route(s, c);
		else
			no_server(s, c);
	}
	conn_cancel(s, c); /* where the trigger is still there it goes back */
}

/* The mail of a source that can't be used waits for it: no other address is ever
 * taken instead. */
void
conn_no_source(struct send *s, struct conn *c, const struct err *err)
{
	struct lane *l = c->lane;
	const struct conf_queue *q = l->queue;
	struct settle_facts f = facts(s, c, SETTLE_QUEUE, &c->failure);
	int64_t wait = retry_wait(q->retry_after_s, q->n_retry_after, 1);

	if (l->bad_until <= s->now)
		log_warn("queue %s: %s", q->name, err->msg);
	reply_local(&c->failure, "4.3.5", "%s", err->msg);
	f.local = true;
	f.mta = f.dest = "-";
	f.category = "bad-configuration";
	f.queue_due += wait - q->retry_recipients_after_s;
	/* with other sources the queue goes on; this one rests here */
	if (q->vmta->n_sources == 1)
		f.queue_due = site_failed(s, l, &c->failure, false);
	l->bad_until = s->now + wait * 1000;
	settle_trigger(s, c, &f);
	conn_end(s, c);
	lane_dirty(s, l);
}

/*
 * A conversation failed while this message was under way.  Where mail of the site
 * was delivered since the connection began it is this connection's trouble, not
 * the site's.
 */
static void
message_lost(struct send *s, struct conn *c, struct task *t,
    const struct dialogue_result *r)
{
	struct settle_facts f = facts(s, c, SETTLE_QUEUE, &r->reply);

	if (c->aborted) {
		task_again(s, t, true);
		return;
	}
	f.local = r->local;
	f.doubt = r->doubt;
	f.latency_ms = s->now - t->began_ms;
	if (c->lane->site->success_at < c->opened_at)
		f.queue_due = site_failed(s, c->lane, &r->reply, false);
	task_settle(s, t, &f);
}

void
task_result(struct send *s, struct conn *c, struct task *t,
    const struct dialogue_result *r)
{
	struct settle_facts f;

	switch (r->outcome) {
	case DIALOGUE_DELIVERED:
	case DIALOGUE_RCPT_FAILED:
		f = facts(s, c,
		    r->outcome == DIALOGUE_DELIVERED ? SETTLE_DELIVERED :
						       SETTLE_RECIPIENT,
		    &r->reply);
		f.local = r->local;
		f.latency_ms = s->now - t->began_ms;
		if (r->outcome == DIALOGUE_DELIVERED) {
			c->delivered++;
			site_delivered(s, c->lane->site);
		}
		t->used = r->counted;
		task_settle(s, t, &f);
		break;
	case DIALOGUE_QUEUE_FAILED:
		t->used = r->counted;
		message_lost(s, c, t, r);
		break;
	case DIALOGUE_NOT_STARTED:
		task_again(s, t, r->counted);
		break;
	}
}
