/* SPDX-License-Identifier: ISC */
/*
 * Taking a record and giving it back (P2).  Locks on state lines are only ever
 * tried; what this process has is in each segment's own table (claimed), and is
 * looked up there first, since a second lock by the same description succeeds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"
#include "spool/recover.h"

static bool
is_ours(const struct segment *g, uint32_t i)
{
	return g->claimed != NULL && (g->claimed[i / 8] >> (i % 8) & 1);
}

static void
mark(struct segment *g, uint32_t i)
{
	if (g->claimed == NULL)
		g->claimed = xcalloc(g->n_records / 8 + 1, 1);
	g->claimed[i / 8] |= (unsigned char)(1u << (i % 8));
	g->n_claimed++;
}

static void
unmark(struct segment *g, uint32_t i)
{
	g->claimed[i / 8] &= (unsigned char)~(1u << (i % 8));
	g->n_claimed--;
}

static off_t
state_at(const struct segment *g, uint32_t i)
{
	return (off_t)(g->states_at + (size_t)i * STATE_LINE);
}

/* Recovery and a journal, before the first claim (P4, P16). */
static enum claim_result
prepare(struct spool *s, struct err *err)
{
	if (!s->recovered && spool_recover(s, err) < 0)
		return CLAIM_ERROR;
	if (s->journal == NULL && journal_create(s, 0, 0, err) < 0)
		return CLAIM_ERROR;
	if (s->journal->broken) {
		err_set(err, ERR_IO, "the journal can't be written any more");
		return CLAIM_ERROR;
	}
	if (s->journal->off >= JOURNAL_ROLL) {
		if (claim_wait(s, err) < 0)
			return CLAIM_ERROR;
		journal_end(s);
		if (journal_create(s, 0, 0, err) < 0)
			return CLAIM_ERROR;
	}
	/* a full disk stops new work, not the outcome of what is under way */
	if (journal_reserve(s, s->n_claims + 1, err) < 0)
		return CLAIM_ERROR;
	return CLAIM_OK;
}

/*
 * An S whose lock is free: its sender died, or is between its last write and its
 * unlock.  Replays what dead senders left; *st is read again.
 */
static enum claim_result
orphan(struct spool *s, struct segment *g, uint32_t i, struct state *st,
    bool *doubt, struct err *err)
{
	uint64_t journal = st->journal;
	int rc;

	/* replay tries this line's lock: by us it would succeed and drop it */
	lock_drop(g->fd, state_at(g, i), STATE_LINE);
	rc = recover_try(s, err);
	if (rc < 0)
		return CLAIM_ERROR;
	if (rc > 0)
		return CLAIM_LATER;
	if (lock_try(g->fd, state_at(g, i), STATE_LINE) != 1)
		return CLAIM_DROP;
	if (segment_state(g, i, st) < 0) {
		lock_drop(g->fd, state_at(g, i), STATE_LINE);
		return CLAIM_DROP;
	}
	*doubt = st->letter == STATE_SENDING && st->journal == journal;
	return CLAIM_OK;
}

/* With the lock: may it be taken?  CLAIM_OK, or why not (the lock is given back). */
static enum claim_result
look(struct spool *s, struct segment *g, uint32_t i, struct state *st,
    bool *doubt, struct err *err)
{
	struct stat f;
	enum claim_result rc;

	if (fstat(g->fd, &f) < 0 || f.st_nlink == 0 || segment_is_dead(g)) {
		lock_drop(g->fd, state_at(g, i), STATE_LINE);
		return CLAIM_DROP;
	}
	if (segment_state(g, i, st) < 0) {
		lock_drop(g->fd, state_at(g, i), STATE_LINE);
		err_set(err, ERR_INPUT,
		    "segment %s: the state line of record %u is damaged: held",
		    g->id, i);
		return CLAIM_ERROR;
	}
	if (st->letter == STATE_SENDING) {
		rc = orphan(s, g, i, st, doubt, err);
		if (rc != CLAIM_OK)
			return rc;
	}
	return CLAIM_OK;
}

static struct claim *
new_claim(struct spool *s)
{
	struct claim *c = s->free_claims;
	char *line;
	size_t cap;

	if (c == NULL)
		return xcalloc(1, sizeof(*c));
	s->free_claims = c->next_free;
	line = c->line;
	cap = c->cap;
	memset(c, 0, sizeof(*c));
	c->line = line;
	c->cap = cap;
	return c;
}

/* The claim's own end; state line and lock are the caller's. */
void
claim_end(struct claim *c)
{
	struct spool *s = c->seg->spool;

	unmark(c->seg, c->index);
	c->seg->touched = true;
	segment_put(c->seg);
	if (c->have_env)
		free(c->env.line);
	c->next_free = s->free_claims;
	s->free_claims = c;
	s->n_claims--;
}

/* What one caller wants of the state line. */
struct wanted {
	const char *letters;	/* any of these; an orphaned S counts as Q */
	int64_t ver;		/* -1: any */
};

static bool
suits(const struct state *st, bool doubt, const struct wanted *w)
{
	char letter = doubt ? STATE_QUEUED : (char)st->letter;

	return strchr(w->letters, letter) != NULL &&
	    (w->ver < 0 || st->ver == (uint32_t)w->ver);
}

static enum claim_result
take_locked(struct spool *s, struct segment *g, uint32_t i,
    const struct wanted *w, struct claim **out, struct err *err)
{
	struct state st, sending;
	char line[STATE_LINE];
	bool doubt = false;
	struct claim *c;
	enum claim_result rc = look(s, g, i, &st, &doubt, err);

	if (rc != CLAIM_OK)
		return rc;
	if (!suits(&st, doubt, w)) {
		lock_drop(g->fd, state_at(g, i), STATE_LINE);
		return CLAIM_DROP;
	}
	sending = st;
	sending.letter = STATE_SENDING;
	sending.journal = s->journal->number;
	state_format(&sending, line);
	if (fd_pwrite_all(g->fd, line, STATE_LINE, state_at(g, i)) < 0) {
		err_sys(err, "cannot write segment %s", g->id);
		lock_drop(g->fd, state_at(g, i), STATE_LINE);
		return CLAIM_ERROR;
	}
	c = new_claim(s);
	c->seg = g;
	c->index = i;
	c->before = st;
	c->doubt = doubt;
	mark(g, i);
	s->n_claims++;
	*out = c;
	return CLAIM_OK;
}

static enum claim_result
take(struct spool *s, const char *locator, const struct wanted *w,
    struct claim **out, struct err *err)
{
	char id[NAME_SEGMENT + 1];
	struct segment *g;
	enum claim_result rc;
	uint32_t i;
	int got;

	if (locator_parse(locator, id, &i) < 0) {
		err_set(err, ERR_INPUT, "\"%s\" is no locator", locator);
		return CLAIM_ERROR;
	}
	rc = prepare(s, err);
	if (rc != CLAIM_OK)
		return rc;
	got = segment_get(s, id, &g, err);
	if (got != 0)
		return got < 0 ? CLAIM_ERROR : CLAIM_DROP;
	if (i >= g->n_records || is_ours(g, i)) {
		segment_put(g);
		return CLAIM_DROP;
	}
	got = lock_try(g->fd, state_at(g, i), STATE_LINE);
	if (got == 1) {
		rc = take_locked(s, g, i, w, out, err);
	} else {
		rc = got == 0 ? CLAIM_DROP : CLAIM_ERROR;
		if (got < 0)
			err_sys(err, "cannot lock a record of segment %s", id);
	}
	if (rc != CLAIM_OK)
		segment_put(g);
	return rc;
}

enum claim_result
claim_take(struct spool *s, const char *locator, uint32_t ver,
    struct claim **out, struct err *err)
{
	struct wanted w = { "Q", ver };

	return take(s, locator, &w, out, err);
}

enum claim_result
claim_take_any(struct spool *s, const char *locator, const char *which,
    struct claim **out, struct err *err)
{
	struct wanted w = { which, -1 };

	return take(s, locator, &w, out, err);
}

struct segment *
claim_segment(const struct claim *c)
{
	return c->seg;
}

uint32_t
claim_index(const struct claim *c)
{
	return c->index;
}

const struct state *
claim_state(const struct claim *c)
{
	return &c->before;
}

bool
claim_in_doubt(const struct claim *c)
{
	return c->doubt;
}

const struct envelope *
claim_envelope(struct claim *c, struct err *err)
{
	if (!c->have_env) {
		if (segment_envelope(c->seg, c->index, &c->env, err) < 0)
			return NULL;
		c->have_env = true;
	}
	return &c->env;
}

void **
claim_user(struct claim *c)
{
	return &c->user;
}

int
claim_release(struct claim *c, struct err *err)
{
	struct segment *g = c->seg;
	char line[STATE_LINE];
	int rc = 0;

	/* an orphan stays one: who takes it next is in doubt as we were */
	state_format(&c->before, line);
	if (fd_pwrite_all(g->fd, line, STATE_LINE, state_at(g, c->index)) < 0)
		rc = err_sys(err, "cannot write segment %s", g->id);
	lock_drop(g->fd, state_at(g, c->index), STATE_LINE);
	claim_end(c);
	return rc;
}
