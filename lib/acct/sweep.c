/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "acct/sweep.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "spool/journal.h"

enum {
	BATCH_BYTES = 8 * 1024 * 1024,
	RETRY_MS = 10 * 1000,
};

/* One journal, while it is read: where each target stands in it. */
struct reading {
	struct journal_reader *r;
	uint64_t number;
	off_t pos;		/* read up to here */
	off_t synced;		/* and durable up to here */
	off_t *at;		/* of each target; -1: takes no part */
};

void
sweep_init(struct sweep *w, struct spool *s, struct target **targets, size_t n)
{
	*w = (struct sweep){ .spool = s, .targets = targets, .n_targets = n,
		.batch_bytes = BATCH_BYTES, .retry_ms = RETRY_MS };
}

void
sweep_clear(struct sweep *w)
{
	checkpoint_clear(&w->finished);
}

static int64_t
boot_ms(void)
{
	static const struct clock system_clock = CLOCK_SYSTEM;

	return clock_boot_ms(&system_clock);
}

/* Take up the targets that can be. */
static void
open_targets(struct sweep *w, const uint64_t *journals, size_t n)
{
	int64_t now = clock_wall_s(spool_clock(w->spool));

	for (size_t i = 0; i < w->n_targets; i++) {
		struct target *t = w->targets[i];

		t->now = now;
		if (t->state == TARGET_FAILED && !w->last &&
		    boot_ms() - t->failed_ms < w->retry_ms)
			continue;
		if (target_open(t) == TARGET_READY)
			checkpoint_prune(&t->cp, journals, n);
	}
}

/* P11: no row may outlive its outcome. */
static int
sync_journal(struct reading *g, struct err *err)
{
	off_t stop;

	if (g->pos == g->synced)
		return 0;
	if (journal_sync(g->r, err) < 0)
		return -1;
	g->synced = g->pos;
	/* its writer lost the lines from stop on, and said so meanwhile */
	stop = journal_stop(g->r);
	if (stop != 0 && stop < g->pos)
		return err_set(err, ERR_TEMP, "journal %llu was continued in "
		    "another while it was read", (unsigned long long)g->number);
	return 0;
}

static void
note_positions(struct sweep *w, const struct reading *g)
{
	for (size_t i = 0; i < w->n_targets; i++)
		if (g->at[i] >= 0 && w->targets[i]->state == TARGET_READY)
			target_advance(w->targets[i], g->number, g->at[i]);
}

static void
commit_all(struct sweep *w)
{
	for (size_t i = 0; i < w->n_targets; i++) {
		struct target *t = w->targets[i];

		if (t->state != TARGET_READY)
			continue;
		if (w->last || t->crowded || t->lazy_ms == 0 ||
		    boot_ms() - t->committed_ms >= t->lazy_ms)
			(void)target_commit(t);
	}
	w->read_bytes = 0;
}

/* One event to each target that hasn't had it.  Returns 0 or -1. */
static int
give(struct sweep *w, struct reading *g, const struct journal_line *line,
    const struct event *e, struct err *err)
{
	for (size_t i = 0; i < w->n_targets; i++) {
		struct target *t = w->targets[i];

		if (t->state != TARGET_READY || g->at[i] < 0 ||
		    g->at[i] > line->at)
			continue;
		while (t->ops->add(t, e) == 1) {
			if (sync_journal(g, err) < 0)
				return -1;
			target_advance(t, g->number, g->at[i]);
			if (target_commit(t) < 0)
				break;
		}
	}
	return 0;
}

/* Read on until the end so far.  Returns 0 or -1. */
static int
read_lines(struct sweep *w, struct reading *g, struct err *err)
{
	struct journal_line line;
	int rc;

	while ((rc = journal_next(g->r, &g->pos, &line, err)) == 1) {
		struct event e;

		if (line.event != NULL && event_parse(line.event, &e) < 0)
			w->bad++;
		else if (line.event != NULL && give(w, g, &line, &e, err) < 0)
			return -1;
		for (size_t i = 0; i < w->n_targets; i++)
			if (g->at[i] >= 0 && g->at[i] < g->pos)
				g->at[i] = g->pos;
		w->read_bytes += (size_t)(line.next - line.at);
		if (w->read_bytes < w->batch_bytes)
			continue;
		if (sync_journal(g, err) < 0)
			return -1;
		note_positions(w, g);
		commit_all(w);
	}
	if (rc < 0 || sync_journal(g, err) < 0)
		return -1;
	/* the end of a dead journal may lie behind its last line */
	for (size_t i = 0; i < w->n_targets; i++)
		if (g->at[i] >= 0 && g->at[i] < g->pos)
			g->at[i] = g->pos;
	note_positions(w, g);
	return 0;
}

/* Has every target that is ready passed the end of this dead journal? */
static bool
is_finished(const struct sweep *w, uint64_t number)
{
	off_t end = checkpoint_get(&w->finished, number);

	if (end < 0)
		return false;
	for (size_t i = 0; i < w->n_targets; i++)
		if (w->targets[i]->state == TARGET_READY &&
		    target_position(w->targets[i], number) < end)
			return false;
	return true;
}

static int
read_journal(struct sweep *w, struct reading *g, struct err *err)
{
	off_t first = -1;
	bool dead;

	for (size_t i = 0; i < w->n_targets; i++) {
		g->at[i] = -1;
		if (w->targets[i]->state != TARGET_READY)
			continue;
		g->at[i] = target_position(w->targets[i], g->number);
		if (g->at[i] < 0)
			g->at[i] = journal_start(g->r);
		if (first < 0 || g->at[i] < first)
			first = g->at[i];
	}
	if (first < 0)
		return 0;
	/* before it is read: what a dead one has is all there will be */
	dead = journal_is_live(g->r) == 0;
	g->pos = g->synced = first;
	if (read_lines(w, g, err) < 0)
		return -1;
	if (dead)
		checkpoint_set(&w->finished, g->number, g->pos);
	return 0;
}

static int
read_all(struct sweep *w, const uint64_t *journals, size_t n, struct err *err)
{
	struct reading g = { .at = xcalloc(w->n_targets + 1, sizeof(g.at[0])) };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		g.number = journals[i];
		if (is_finished(w, g.number))
			continue;
		rc = journal_open(w->spool, g.number, &g.r, err);
		if (rc == 1) {
			rc = 0;		/* removed meanwhile */
			continue;
		}
		if (rc < 0 && err->cls == ERR_INPUT) {
			/* this one is lost, the others aren't */
			w->skipped = *err;
			rc = 0;
			continue;
		}
		if (rc < 0)
			break;
		rc = read_journal(w, &g, err);
		journal_close(g.r);
	}
	free(g.at);
	return rc;
}

int
sweep_run(struct sweep *w, bool last, struct err *err)
{
	uint64_t *journals;
	size_t n;

	if (journal_list(w->spool, &journals, &n, err) < 0)
		return -1;
	w->last = last;
	w->skipped = (struct err){ 0 };
	checkpoint_prune(&w->finished, journals, n);
	open_targets(w, journals, n);
	if (read_all(w, journals, n, err) < 0) {
		struct err why = *err;

		/* all of them may hold rows of the journal that failed */
		for (size_t i = 0; i < w->n_targets; i++)
			if (w->targets[i]->state == TARGET_READY)
				target_fail(w->targets[i], &why);
		free(journals);
		return -1;
	}
	commit_all(w);
	free(journals);
	return 0;
}

int
sweep_reap(struct sweep *w, struct err *err)
{
	const char **keys = xcalloc(w->n_targets + 1, sizeof(keys[0]));
	int rc;

	for (size_t i = 0; i < w->n_targets; i++)
		keys[i] = w->targets[i]->key;
	rc = journal_reap(w->spool, keys, w->n_targets, err);
	free(keys);
	return rc;
}
