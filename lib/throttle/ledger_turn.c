/* SPDX-License-Identifier: ISC */
/*
 * One turn, that is one hold of the lock: is there room, and grants.  A turn
 * happens at one moment, so each budget is counted once in it, and what is
 * granted is put into the rings at its end.
 */
#include <string.h>

#include "base/xalloc.h"
#include "throttle/ledger_impl.h"

enum { FREE_MS = 60000 };	/* life of a grant that nothing limits */

static void
count(const struct ledger *l, uint32_t line, struct turn_budget *b)
{
	int64_t root = line_link(l, line, W_ROOT), cur = -1;

	if (root >= 0)
		cur = line_link(l, (uint32_t)root, W_CURRENT);
	*b = (struct turn_budget){ .turn = l->turn, .current = line,
		.unit_ms = 60000, .used = RING_FULL, .given = b->given,
		.syncs = b->syncs };
	if (cur < 0 || line_unit(l, (uint32_t)cur) < 0)
		return;		/* damaged: no room */
	b->current = (uint32_t)cur;
	if (b->current != line)
		return;
	b->n = wide_get(line_word(l, line, W_N));
	b->unit_ms = line_unit(l, line);
	b->used = 0;
	for (int64_t i = root; i >= 0 && b->used < RING_FULL;
	    i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));

		b->used += ring_used(&r, l->now, b->unit_ms);
	}
}

static void
see_all(struct ledger *l)
{
	size_t n = (size_t)ledger_lines(l) + 64;

	l->seen = xreallocarray(l->seen, n, sizeof(*l->seen));
	memset(l->seen + l->n_seen, 0, (n - l->n_seen) * sizeof(*l->seen));
	l->n_seen = n;
}

/* What this turn knows of the budget of a line; NULL: there is no such line. */
static struct turn_budget *
look(struct ledger *l, uint32_t line)
{
	for (int i = 0; i < 2; i++) {
		if (line >= l->n_seen || l->seen[line].turn != l->turn) {
			if (line >= ledger_lines(l))
				return NULL;
			if (line >= l->n_seen)
				see_all(l);
			count(l, line, &l->seen[line]);
		}
		if (l->seen[line].current == line)
			break;
		line = l->seen[line].current;	/* another ring holds now */
	}
	return &l->seen[line];
}

static void
load_pace(struct ledger *l, struct turn_budget *b)
{
	struct pace_words w = line_pace(l, b->current);

	if (b->pace.every == 0)
		pace_load(&w, b->n, b->unit_ms, l->now, &b->pace);
}

/* When the law may have room for one more: as soon as what is too much has left
 * the only ring, or the first has left any of several. */
static int64_t
law_retry(struct ledger *l, struct turn_budget *b)
{
	int64_t root = line_link(l, b->current, W_ROOT), excess, at = INT64_MAX;

	if (b->retry != 0)
		return b->retry;
	excess = root < 0 || line_next(l, (uint32_t)root) >= 0 ?
	    1 :
	    b->used - b->pending + 1 - b->n;
	for (int64_t i = root; i >= 0; i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));
		int64_t t = ring_leave(&r, l->now, b->unit_ms, excess);

		at = t < at ? t : at;
	}
	if (at == INT64_MAX || at <= l->now)	/* all of it was given just now */
		at = l->now + b->unit_ms;
	return b->retry = at;
}

int64_t
ledger_ask(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace, uint32_t *which)
{
	int64_t at = 0, t;

	for (unsigned i = 0; i < n; i++) {
		struct turn_budget *b = look(l, lines[i]);

		if (b == NULL || b->n == N_UNLIMITED)
			continue;
		if (b->used >= b->n) {
			t = law_retry(l, b);
		} else if (pace == PACE_EVEN) {
			load_pace(l, b);
			t = pace_wait(&b->pace);
			if (t == 0)
				continue;
			t += l->now;
		} else {
			continue;
		}
		if (t > at) {
			at = t;
			*which = b->current;
		}
	}
	return at;
}

/* A number never given before.  The header gets it when the lock is given back,
 * which is before anyone sees the grant. */
static uint64_t
next_serial(struct ledger *l)
{
	if (!l->dirty) {
		l->serial = (uint64_t)word_get36(
				header_word(l, H_SERIAL_HIGH)) *
			(WORD36_MAX + 1) +
		    (uint64_t)word_get36(header_word(l, H_SERIAL));
		l->dirty = true;
	}
	return ++l->serial;
}

static void
write_pending(struct ledger *l, struct turn_budget *b)
{
	struct ring r = line_ring(l, b->current, b->unit_ms);

	if (b->pending > 0)
		ring_add(&r, b->pending_at, b->pending);
	b->pending = 0;
}

static void
touch(struct ledger *l, struct turn_budget *b)
{
	if (l->n_touched == l->cap_touched) {
		l->cap_touched = l->cap_touched * 2 + 64;
		l->touched = xreallocarray(l->touched, l->cap_touched,
		    sizeof(*l->touched));
	}
	l->touched[l->n_touched++] = b->current;
	b->touched = true;
}

void
ledger_end_turn(struct ledger *l)
{
	for (size_t i = 0; i < l->n_touched; i++) {
		struct turn_budget *b = &l->seen[l->touched[i]];
		struct pace_words w = line_pace(l, b->current);

		write_pending(l, b);
		if (b->pace.every != 0)
			pace_save(&w, &b->pace, l->now);
		b->touched = false;
	}
	l->n_touched = 0;
	l->turn++;
}

/* Given without a pace: is it more than a reboot would charge? */
static void
note_burst(struct ledger *l, struct turn_budget *b)
{
	if (b->syncs != l->syncs) {
		b->syncs = l->syncs;
		b->given = 0;
	}
	if (++b->given * b->unit_ms > b->n * UNSYNCED_MS)
		l->must_sync = true;
}

static void
debit(struct ledger *l, struct turn_budget *b, enum pace_mode pace, int64_t r)
{
	if (!b->touched)
		touch(l, b);
	if (b->pending_at != r)
		write_pending(l, b);
	b->pending_at = r;
	b->pending++;
	b->used++;
	b->retry = 0;
	if (pace == PACE_NONE)
		return;
	load_pace(l, b);
	pace_take(&b->pace, pace == PACE_EVEN);
	if (pace == PACE_BURST)
		note_burst(l, b);
}

void
ledger_give(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace, struct grant *g)
{
	int64_t life = FREE_MS, ms;
	unsigned k = 0;

	for (unsigned i = 0; i < n && k < GRANT_LINES; i++) {
		const struct turn_budget *b = look(l, lines[i]);

		if (b == NULL || b->n == N_UNLIMITED)
			continue;
		g->line[k++] = b->current;
		ms = ring_grant_ms(b->unit_ms);
		life = ms < life ? ms : life;
	}
	g->n = k;
	g->expiry_ms = l->now + life;
	for (unsigned i = 0; i < k; i++)
		debit(l, &l->seen[g->line[i]], pace, g->expiry_ms);
	g->serial = next_serial(l);
}

int64_t
ledger_room(struct ledger *l, const uint32_t *lines, unsigned n)
{
	uint32_t which;

	return ledger_room_which(l, lines, n, &which);
}

int64_t
ledger_room_which(struct ledger *l, const uint32_t *lines, unsigned n,
    uint32_t *which)
{
	return ledger_ask(l, lines, n, l->paced ? PACE_EVEN : PACE_BURST,
	    which);
}

void
ledger_grant(struct ledger *l, const uint32_t *lines, unsigned n,
    struct grant *g)
{
	ledger_give(l, lines, n, l->paced ? PACE_EVEN : PACE_BURST, g);
}
