/* SPDX-License-Identifier: ISC */
/*
 * What a failure rests: a queue, or one domain of a collective queue whose mail
 * goes by MX; kept in control/queues (P14), so that a dead host costs one attempt
 * a retry interval, whoever tries.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "send.h"
#include "spool/retry.h"

void
site_read(struct send *s, struct site *site)
{
	const struct queue_state *st = queue_state_get(s->spool, site->name);

	site->has_state = st != NULL;
	site->not_before = st != NULL ? st->not_before : 0;
}

struct site *
site_of(struct send *s, const char *name)
{
	void **slot = map_at(&s->sites, name);
	struct site *site;

	if (*slot != NULL)
		return *slot;
	site = xcalloc(1, sizeof(*site));
	site->name = xstrdup(name);
	site->success_at = -1;
	TAILQ_INIT(&site->lanes);
	*slot = site;
	site_read(s, site);
	return site;
}

void
site_free(void *p)
{
	struct site *site = p;

	free(site->name);
	free(site);
}

bool
site_rests(const struct send *s, const struct site *site)
{
	return site->not_before != 0 &&
	    site->not_before > clock_wall_s(spool_clock(s->spool));
}

/* A delivery clears not-before; a mode that somebody set stays. */
void
site_delivered(struct send *s, struct site *site)
{
	const struct queue_state *st;
	struct queue_state left;
	struct err err = { 0 };
	int rc = 0;

	site->success_at = s->now;
	if (!site->has_state)
		return;
	site->has_state = false;
	site->not_before = 0;
	st = queue_state_get(s->spool, site->name);
	if (st == NULL)
		return;
	if (st->mode == QUEUE_NORMAL) {
		rc = queue_state_set(s->spool, site->name, NULL, &err);
	} else if (st->not_before != 0 || st->failures != 0) {
		left = *st;
		left.not_before = 0;
		left.failures = 0;
		rc = queue_state_set(s->spool, site->name, &left, &err);
	}
	if (rc < 0)
		log_warn("%s", err.msg);
}

/* Lanes of a site that now rests hand their lines back. */
static void
wake_lanes(struct send *s, struct site *site)
{
	struct lane *l;

	for (l = TAILQ_FIRST(&site->lanes); l != NULL;
	     l = TAILQ_NEXT(l, site_link))
		lane_dirty(s, l);
}

int64_t
site_failed(struct send *s, struct lane *l, const struct reply *r, bool dns)
{
	int64_t now = clock_wall_s(spool_clock(s->spool)), wait;
	const struct conf_queue *q = l->queue;
	struct site *site = l->site;
	const struct queue_state *before;
	struct queue_state st = { .since = now };
	struct err err = { 0 };

	/* connections that fail together are one failure */
	if (site->not_before > now)
		return site->not_before;
	before = queue_state_get(s->spool, site->name);
	if (before != NULL)
		st = *before;
	st.failures++;
	wait = dns ?
	    q->retry_after_dns_error_s :
	    retry_wait(q->retry_after_s, q->n_retry_after, st.failures);
	st.not_before = now + (wait > 0 ? wait : 1);
	reply_format(r, st.last, sizeof(st.last));
	if (queue_state_set(s->spool, site->name, &st, &err) < 0)
		log_warn("%s", err.msg);
	site->has_state = true;
	site->not_before = st.not_before;
	site->proven = false;
	wake_lanes(s, site);
	return st.not_before;
}
