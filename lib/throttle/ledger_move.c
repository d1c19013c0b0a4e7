/* SPDX-License-Identifier: ISC */
/*
 * What happens to a grant after it was given (P9): its stamp is moved in every
 * ring where it stands.  Rings are addressed by the grant's own lines: a change
 * of limits in between doesn't move what stands in an older ring of the scope.
 */
#include <stdbool.h>

#include "throttle/ledger_impl.h"

static bool
ring_at(const struct ledger *l, uint32_t line, struct ring *out)
{
	int64_t unit = line_unit(l, line);

	if (unit < 0)
		return false;
	*out = line_ring(l, line, unit);
	return true;
}

static void
move_all(struct ledger *l, const struct grant *g, int64_t *r, int64_t to)
{
	struct ring ring;

	ledger_end_turn(l);	/* what it knew is no longer so */
	for (unsigned i = 0; i < g->n; i++)
		if (ring_at(l, g->line[i], &ring))
			ring_move(&ring, *r, to);
	*r = to;
}

/* H of a grant, INT64_MAX where nothing limits. */
static int64_t
hold_ms(const struct ledger *l, const struct grant *g)
{
	int64_t least = INT64_MAX;

	for (unsigned i = 0; i < g->n; i++) {
		int64_t unit = line_unit(l, g->line[i]);

		if (unit >= 0 && ring_hold_ms(unit) < least)
			least = ring_hold_ms(unit);
	}
	return least;
}

int64_t
ledger_renew_ms(const struct ledger *l, const struct grant *g)
{
	int64_t h = hold_ms(l, g);

	/* a quarter: at a write r is then ahead by more than half of H */
	return h == INT64_MAX ? h : h / 4;
}

int
ledger_start(struct ledger *l, const struct grant *g, int64_t *r)
{
	if (l->now >= *r)
		return -1;
	ledger_renew(l, g, r);
	return 0;
}

void
ledger_renew(struct ledger *l, const struct grant *g, int64_t *r)
{
	int64_t h = hold_ms(l, g);

	if (h == INT64_MAX)
		*r = INT64_MAX;
	else if (l->now + h > *r)
		move_all(l, g, r, l->now + h);
}

void
ledger_reply(struct ledger *l, const struct grant *g, int64_t *r)
{
	/* now is rounded down: the receiver's moment may be later in it */
	if (g->n > 0)
		move_all(l, g, r, l->now + 1);
}

void
ledger_credit(struct ledger *l, const struct grant *g, int64_t *r)
{
	struct ring ring;

	ledger_end_turn(l);
	for (unsigned i = 0; i < g->n; i++)
		if (ring_at(l, g->line[i], &ring))
			ring_sub(&ring, *r, 1);
	*r = 0;
}

int
ledger_regrant(struct ledger *l, struct grant *g, int64_t *r)
{
	struct ring ring;
	struct grant fresh = *g;
	unsigned taken = 0;	/* bit i: from ring i */
	bool stands = true;	/* in every window, as one of its N */
	enum pace_mode pace;
	uint32_t which;

	ledger_end_turn(l);
	for (unsigned i = 0; i < g->n; i++) {
		if (!ring_at(l, g->line[i], &ring))
			continue;
		stands = stands && ring_counts(&ring, l->now,
		    line_unit(l, g->line[i]), *r);
		if (ring_sub(&ring, *r, 1))
			taken |= 1U << i;
	}
	/* one that stands takes its own place and nobody's turn */
	pace = stands ? PACE_NONE : l->paced ? PACE_EVEN : PACE_BURST;
	if (ledger_ask(l, g->line, g->n, pace, &which) == 0) {
		ledger_give(l, g->line, g->n, pace, &fresh);
		*g = fresh;
		*r = g->expiry_ms;
		return 0;
	}
	ledger_end_turn(l);
	for (unsigned i = 0; i < g->n; i++)
		if ((taken >> i & 1) && ring_at(l, g->line[i], &ring))
			ring_add(&ring, *r, 1);
	return -1;
}
