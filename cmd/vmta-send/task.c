/* SPDX-License-Identifier: ISC */
/* A line's life: claimed, sent, settled or handed back. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "send.h"

struct task *
task_new(struct send *s)
{
	struct task *t = TAILQ_FIRST(&s->free_tasks);

	if (t == NULL)
		return xcalloc(1, sizeof(*t));
	TAILQ_REMOVE(&s->free_tasks, t, link);
	memset(t, 0, sizeof(*t));
	return t;
}

void
task_free(struct send *s, struct task *t)
{
	TAILQ_INSERT_HEAD(&s->free_tasks, t, link);
}

static void
release(struct send *s, struct task *t)
{
	struct err err = { 0 };

	if (t->claim != NULL && claim_release(t->claim, &err) < 0)
		send_fail(s, &err);
	t->claim = NULL;
	t->env = NULL;
}

/* The grant: counted by the receiver, or given back. */
static void
end_lease(struct send *s, struct task *t)
{
	if (!lease_is_limited(&t->lease))
		task_free(s, t);
	else if (t->used)
		TAILQ_INSERT_TAIL(&s->replies, t, link);
	else
		TAILQ_INSERT_TAIL(&s->credits, t, link);
}

void
task_back(struct send *s, struct task *t)
{
	s->counts.back++;
	release(s, t);
	end_lease(s, t);
}

void
task_stale(struct send *s, struct task *t)
{
	s->counts.stale++;
	release(s, t);
	end_lease(s, t);
}

void
task_unclaim(struct send *s, struct task *t)
{
	release(s, t);
	t->conn = NULL;
	if (s->stopping)
		task_back(s, t);
	else
		lane_add(s, t->lane, t, true);
}

void
task_again(struct send *s, struct task *t, bool counted)
{
	t->conn = NULL;
	t->used = t->used || counted;
	if (s->stopping || ++t->tries >= TASK_TRIES)
		task_back(s, t);
	else
		lane_add(s, t->lane, t, true);
}

static const char *
domain_of(const struct task *t)
{
	return segment_domain(
	    claim_segment(t->claim), claim_state(t->claim)->domain);
}

static bool
is_paused(struct send *s, struct task *t, const struct conf_queue *q)
{
	return s->n_pauses != 0 &&
	    pause_match(s->spool, domain_of(t), q->group, q->vmta->name,
		clock_wall_s(spool_clock(s->spool))) != NULL;
}

static void
damaged(struct send *s, struct task *t, const struct err *err)
{
	s->counts.damaged++;
	log_warn("%s", err->msg);
	release(s, t);
	end_lease(s, t);
}

/* The record itself.  The claim is had; what is read of it may be damaged. */
static enum task_claim
read_record(struct send *s, struct task *t, const struct conf_queue *q)
{
	struct err err = { 0 };

	if (is_paused(s, t, q)) {
		task_back(s, t);
		return TASK_GONE;
	}
	t->env = claim_envelope(t->claim, &err);
	if (t->env == NULL ||
	    segment_message(
		claim_segment(t->claim), t->env->at, &t->message, &err) < 0) {
		damaged(s, t, &err);
		return TASK_GONE;
	}
	return TASK_READY;
}

static enum task_claim
claim(struct send *s, struct task *t, const struct conf_queue *q)
{
	struct err err = { 0 };

	control_look(s);
	switch (claim_take(s->spool, t->locator, t->ver, &t->claim, &err)) {
	case CLAIM_OK:
		return read_record(s, t, q);
	case CLAIM_DROP:
		t->claim = NULL;
		task_stale(s, t);
		return TASK_GONE;
	case CLAIM_LATER:
		t->claim = NULL;
		return TASK_LATER;
	case CLAIM_ERROR:
		break;
	}
	t->claim = NULL;
	if (err.cls == ERR_INPUT) {
		damaged(s, t, &err);
		return TASK_GONE;
	}
	task_back(s, t);
	send_fail(s, &err);
	return TASK_STOP;
}

enum task_claim
task_claim(struct send *s, struct task *t)
{
	struct lane *l = t->lane;
	enum task_claim rc;

	if (t->claim != NULL)
		return TASK_READY; /* it lost a connection before */
	rc = claim(s, t, l->queue);
	if (rc != TASK_LATER)
		return rc;
	l->later_until = s->now + LATER_MS;
	if (++t->tries < UINT16_MAX && s->now - t->held_at < SLOT_WAIT_MS)
		lane_add(s, l, t, false);
	else
		task_back(s, t);
	return TASK_LATER;
}

/* The row of control/vmtas with the source that was used now (P1): a retry stays
 * with it. */
static uint32_t
row_of(struct send *s, struct task *t)
{
	struct lane *l = t->lane;
	uint32_t asked = claim_state(t->claim)->vmta;
	const struct vmta_row *row = vmtas_row(s->spool, asked);
	struct err err = { 0 };

	if (row == NULL || l == NULL || strcmp(l->source, "-") == 0 ||
	    strcmp(row->source, l->source) == 0)
		return UINT32_MAX;
	if (l->asked != asked) {
		if (vmtas_number(
			s->spool, row->vmta, l->source, &l->row, &err) < 0) {
			log_warn("%s", err.msg);
			return UINT32_MAX;
		}
		l->asked = asked;
	}
	return l->row;
}

static void
count(struct send *s, const struct settle_out *o)
{
	s->counts.sent += o->settlement.attempt;
	s->counts.delivered += o->settlement.letter == STATE_DELIVERED;
	s->counts.bounced += o->settlement.letter == STATE_BOUNCED;
	s->counts.deferred += o->settlement.letter == STATE_QUEUED;
}

void
task_settle(struct send *s, struct task *t, struct settle_facts *f)
{
	const struct clock *clock = spool_clock(s->spool);
	const struct vmta_row *row = vmtas_row(
	    s->spool, claim_state(t->claim)->vmta);
	struct settle_out out;
	struct err err = { 0 };

	f->now_ms = clock_wall_ms(clock);
	f->began_s = t->began_s != 0 ? t->began_s : f->now_ms / 1000;
	f->domain = domain_of(t);
	f->asked = row != NULL ? row->vmta : "-";
	f->size = t->message.len;
	f->envelope = t->env;
	f->before = claim_state(t->claim);
	f->doubt = f->doubt || claim_in_doubt(t->claim);
	f->may_expire = f->cause == SETTLE_EXPIRED ||
	    (f->cause != SETTLE_DELIVERED &&
		settle_too_old(f->queue, t->env, f->now_ms / 1000) &&
		!is_paused(s, t, f->queue) && clock_is_sane(s->spool));
	settle_make(f, &out);
	if (out.settlement.letter == STATE_QUEUED)
		out.settlement.vmta = row_of(s, t);
	count(s, &out);
	if (claim_settle(t->claim, &out.settlement, &err) < 0) {
		send_fail(s, &err);
		s->aborting = true;
	}
	t->claim = NULL;
	end_lease(s, t);
}

void
task_expire(struct send *s, struct task *t, struct conf_queue *q)
{
	static const struct reply none;
	struct settle_facts f = { .cause = SETTLE_EXPIRED,
		.reply = &none,
		.local = true,
		.latency_ms = -1,
		.queue = q,
		.source = "-",
		.mta = "-",
		.dest = "-",
		.esmtp = "-" };
	enum task_claim rc = claim(s, t, q);

	if (rc == TASK_LATER)
		task_back(s, t);
	if (rc != TASK_READY)
		return;
	/* P12: the sender sees for itself that it is true */
	if (!settle_too_old(q, t->env, clock_wall_s(spool_clock(s->spool))) ||
	    !clock_is_sane(s->spool))
		task_stale(s, t);
	else
		task_settle(s, t, &f);
}
