/* SPDX-License-Identifier: ISC */
/*
 * Settling (P3): journal line, fdatasync, state line, unlock, event line; never
 * in another order.  Outcomes of one turn of the event loop share a write, and
 * those of one sync share the writes of neighbouring state lines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"

void
claim_on_done(struct spool *s, claim_done_fn *fn, void *arg)
{
	s->done = fn;
	s->done_arg = arg;
}

static struct state
state_after(const struct claim *c, const struct settlement *o)
{
	struct state st = c->before;

	st.letter = o->letter;
	if (o->letter == STATE_QUEUED)
		st.due = o->due;
	if (o->attempt && st.attempts < 999)
		st.attempts++;
	if (st.ver < 999999)
		st.ver++;
	if (o->vmta != UINT32_MAX)
		st.vmta = o->vmta;
	if (o->priority != UINT32_MAX)
		st.priority = o->priority;
	if (o->code != 0)
		st.code = o->code;
	st.journal = c->seg->spool->journal->number;
	return st;
}

/* The journal line of an outcome, kept in the claim until it is applied. */
static int
make_line(struct claim *c, const struct settlement *o, struct err *err)
{
	struct buf payload = BUF_INIT(0), line = BUF_INIT(0);
	const char *id = c->have_env ? c->env.id : "-";
	int rc = 0;

	buf_addf(&payload, "%s.%u\t%s\t", c->seg->id, c->index, id);
	buf_add(&payload, c->image, STATE_LINE - 1);
	c->event_at = 0;
	if (o->event != NULL) {
		buf_addc(&payload, '\t');
		c->event_at = payload.len;
		rc = event_append(&payload, o->event, EVENT_LINE_MAX - 1);
		if (rc < 0)
			err_set(err, ERR_BUG, "an event is longer than a line");
	}
	if (rc == 0) {
		journal_frame(&line, payload.data, payload.len);
		if (o->event != NULL)
			c->event_at += line.len - payload.len - 1;
		if (line.len > c->cap) {
			c->line = xreallocarray(c->line, line.len, 1);
			c->cap = line.len;
		}
		memcpy(c->line, line.data, line.len);
		c->len = line.len;
	}
	buf_clear(&payload);
	buf_clear(&line);
	return rc;
}

int
claim_settle(struct claim *c, const struct settlement *o, struct err *err)
{
	struct spool *s = c->seg->spool;
	struct state st = state_after(c, o);

	state_format(&st, c->image);
	if (make_line(c, o, err) < 0)
		return -1;
	buf_add(&s->journal->pending, c->line, c->len);
	c->end = s->journal->off + (off_t)s->journal->pending.len;
	STAILQ_INSERT_TAIL(&s->settled, c, link);
	s->n_settled++;
	return 0;
}

/*
 * A write or sync of the journal failed.  What it did with the unsynced lines
 * can't be known: they go, whole, to a new journal that says where the old one
 * stops (P3, P11).  The failed sync is never tried again.
 */
static int
fail_over(struct spool *s, off_t synced, struct err *err)
{
	struct err why = *err;
	struct claim *c;
	off_t done;

	if (journal_create(s, s->journal->number, synced, err) < 0)
		goto broken;
	STAILQ_FOREACH(c, &s->settled, link) {
		buf_add(&s->journal->pending, c->line, c->len);
		c->end = s->journal->off + (off_t)s->journal->pending.len;
	}
	if (journal_reserve(s, s->n_claims + 1, err) < 0 ||
	    journal_write_pending(s, err) < 0)
		goto broken;
	journal_sync_start(s->journal);
	errno = journal_sync_result(s->journal, true, &done);
	if (errno != 0) {
		err_sys(err, "cannot sync the new journal of %s", s->dir);
		goto broken;
	}
	s->journal->synced = done;
	log_warn("%s: the lines went to a new journal", why.msg);
	return 0;
broken:
	s->journal->broken = true;
	return -1;
}

int
claim_flush(struct spool *s, struct err *err)
{
	struct journal_writer *w = s->journal;

	if (w == NULL || w->broken)
		return 0;
	if (journal_write_pending(s, err) < 0)
		return fail_over(s, w->synced, err);
	journal_sync_start(w);
	return 0;
}

int
claim_sync_fd(struct spool *s)
{
	return s->sync_fd;
}

static int
by_place(const void *a, const void *b)
{
	const struct claim *x = *(struct claim *const *)a;
	const struct claim *y = *(struct claim *const *)b;

	if (x->seg != y->seg)
		return (uintptr_t)x->seg < (uintptr_t)y->seg ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* n claims on neighbouring lines of one segment: one write, one unlock. */
static void
apply_run(struct claim *const *c, size_t n)
{
	struct segment *g = c[0]->seg;
	off_t at = (off_t)(g->states_at + (size_t)c[0]->index * STATE_LINE);
	char lines[64 * STATE_LINE];

	for (size_t i = 0; i < n; i++)
		memcpy(lines + i * STATE_LINE, c[i]->image, STATE_LINE);
	if (fd_pwrite_all(g->fd, lines, n * STATE_LINE, at) < 0) {
		/* the journal has it: whoever starts next replays it */
		g->spool->journal->dirty = true;
		log_warn("cannot write segment %s: %s", g->id, strerror(errno));
	}
	lock_drop(g->fd, at, (off_t)(n * STATE_LINE));
}

static void
apply_sorted(struct claim **c, size_t n)
{
	for (size_t i = 0, run; i < n; i += run) {
		run = 1;
		while (i + run < n && run < 64 &&
		    c[i + run]->seg == c[i]->seg &&
		    c[i + run]->index == c[i]->index + run)
			run++;
		apply_run(c + i, run);
	}
}

/* Everything that is durable: state lines, unlocks, then the event lines. */
static void
apply(struct spool *s)
{
	struct claim *c, **sorted;
	size_t n = 0, i = 0;

	STAILQ_FOREACH(c, &s->settled, link) {
		if (c->end > s->journal->synced)
			break;
		n++;
	}
	if (n == 0)
		return;
	sorted = xcalloc(n, sizeof(struct claim *));
	STAILQ_FOREACH(c, &s->settled, link) {
		if (i == n)
			break;
		sorted[i++] = c;
	}
	qsort(sorted, n, sizeof(struct claim *), by_place);
	apply_sorted(sorted, n);
	free(sorted);
	for (i = 0; i < n; i++) {
		c = STAILQ_FIRST(&s->settled);
		STAILQ_REMOVE_HEAD(&s->settled, link);
		s->n_settled--;
		if (s->done != NULL && c->event_at != 0)
			s->done(s->done_arg, c->line + c->event_at,
			    c->len - c->event_at);
		else if (s->done != NULL)
			s->done(s->done_arg, NULL, 0);
		claim_end(c);
	}
}

static int
take_result(struct spool *s, bool wait, struct err *err)
{
	struct journal_writer *w = s->journal;
	off_t done;
	int e;

	if (w == NULL)
		return 0;
	e = journal_sync_result(w, wait, &done);
	w->synced = done;
	apply(s);
	if (e == 0 || w->broken)
		return 0;
	errno = e;
	err_sys(err, "cannot sync the journal of %s", s->dir);
	if (fail_over(s, done, err) < 0)
		return -1;
	apply(s);
	return 0;
}

int
claim_synced(struct spool *s, struct err *err)
{
	return take_result(s, false, err);
}

int
claim_wait(struct spool *s, struct err *err)
{
	if (claim_flush(s, err) < 0 || take_result(s, true, err) < 0)
		return -1;
	if (s->journal != NULL && s->journal->broken)
		return err_set(err, ERR_IO, "the journal of %s is lost", s->dir);
	return 0;
}

size_t
claim_unsynced(const struct spool *s)
{
	return s->n_settled;
}
