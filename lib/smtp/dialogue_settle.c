/* SPDX-License-Identifier: ISC */
/*
 * Results: each message handed in gets exactly one (I4), copied out of the
 * reply that decided it before anything else can overwrite it.
 */
#include <assert.h>

#include "smtp/dialogue_state.h"

void
dialogue_decide(struct dialogue *d, struct slot *slot,
    enum dialogue_outcome outcome, const struct reply *reply, bool local)
{
	struct dialogue_result *r = &slot->result;
	struct await *a;

	assert(slot->state == SLOT_WAITING || slot->state == SLOT_BEGUN);
	r->counted = slot->state == SLOT_BEGUN && d->out.sent > slot->begin;
	r->user = slot->message.user;
	r->outcome = outcome;
	r->at = dialogue_phase_of(d->now.state);
	r->local = local;
	r->doubt = false;
	reply_copy(&r->reply, reply);
	slot->state = SLOT_DECIDED;
	d->decided[d->n_decided++] = slot;
	if (d->now.slot == slot)
		d->now.slot = NULL;
	for (unsigned i = 0; i < d->count; i++) {
		a = &d->queue[(d->first + i) % AWAIT_MAX];
		if (a->slot == slot)
			a->slot = NULL;
	}
}

void
dialogue_close(struct dialogue *d)
{
	d->closed = d->closing = true;
	d->count = 0;
	out_drop(&d->out);
}

void
dialogue_fail(struct dialogue *d, struct slot *victim,
    const struct reply *reply, bool local)
{
	struct slot *s;

	if (victim != NULL) {
		dialogue_decide(d, victim, DIALOGUE_QUEUE_FAILED, reply, local);
		/* I6.  A 421 after the dot is an answer, and it is no. */
		victim->result.doubt = d->now.state == ST_DOT && local;
	}
	for (unsigned i = 0; i < d->count; i++) {
		s = d->queue[(d->first + i) % AWAIT_MAX].slot;
		if (s != NULL)
			dialogue_decide(d, s, DIALOGUE_NOT_STARTED, reply,
			    local);
	}
	if (d->waiting != NULL && d->waiting != victim)
		dialogue_decide(d, d->waiting, DIALOGUE_NOT_STARTED, reply,
		    local);
	d->waiting = NULL;
	d->closing = true;
}
