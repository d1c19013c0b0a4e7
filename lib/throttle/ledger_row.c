/* SPDX-License-Identifier: ISC */
/* Rows for people: what each budget has left, read without the lock. */
#include <string.h>

#include "base/crc.h"
#include "throttle/ledger_impl.h"

/* Count all rings of a scope; with at not NULL, when one more may fit. */
static int64_t
used(const struct ledger *l, uint32_t root, int64_t unit_ms, int64_t now)
{
	int64_t sum = 0;

	for (int64_t i = root; i >= 0 && sum < RING_FULL;
	    i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));

		sum += ring_used(&r, now, unit_ms);
	}
	return sum;
}

static int64_t
leaves(const struct ledger *l, uint32_t root, int64_t unit_ms, int64_t now,
    int64_t excess)
{
	int64_t at = INT64_MAX;
	bool one = line_next(l, root) < 0;

	for (int64_t i = root; i >= 0; i = line_next(l, (uint32_t)i)) {
		struct ring r = line_ring(l, (uint32_t)i,
		    line_unit(l, (uint32_t)i));
		int64_t t = ring_leave(&r, now, unit_ms, one ? excess : 1);

		at = t < at ? t : at;
	}
	return at == INT64_MAX ? now + unit_ms : at;
}

int
ledger_row(struct ledger *l, uint32_t i, struct ledger_row *out)
{
	int64_t now = ledger_now(l), cur;
	struct pace_words w;
	struct pace p;
	size_t n;

	if (i >= ledger_lines(l))
		return 0;
	cur = line_link(l, i, W_CURRENT);
	if (line_link(l, i, W_ROOT) != i || cur < 0 ||
	    line_unit(l, (uint32_t)cur) < 0)
		return 2;
	memcpy(out->scope, line_word(l, i, W_SCOPE), SCOPE_BYTES);
	for (n = SCOPE_BYTES; n > 0 && out->scope[n - 1] == ' '; n--)
		continue;
	out->scope[n] = '\0';
	out->n = wide_get(line_word(l, (uint32_t)cur, W_N));
	if (out->n == N_UNLIMITED)
		return 2;
	out->unit_ms = line_unit(l, (uint32_t)cur);
	out->stamp = (uint32_t)word_get(line_word(l, i, W_STAMP));
	out->used = used(l, i, out->unit_ms, now);
	out->left = out->used < out->n ? out->n - out->used : 0;
	w = line_pace(l, (uint32_t)cur);
	pace_load(&w, out->n, out->unit_ms, now, &p);
	out->next_ms = pace_wait(&p) > 0 ? now + pace_wait(&p) : 0;
	if (out->left == 0)
		out->next_ms = leaves(l, i, out->unit_ms, now,
		    out->used + 1 - out->n);
	return 1;
}

/* Rotation: one word a queue, by a hash of its name.  Two queues that share one
 * move each other's start on, which does no harm. */
static uint64_t *
runs_word(const struct ledger *l, const char *queue)
{
	uint32_t hash = crc32c(0, queue, strlen(queue));

	return header_word(l, H_RUNS + hash % RUNS);
}

uint32_t
ledger_runs(const struct ledger *l, const char *queue)
{
	int64_t v = word_get(runs_word(l, queue));

	return v > 0 ? (uint32_t)v : 0;
}

void
ledger_runs_add(struct ledger *l, const char *queue, uint32_t n)
{
	uint64_t *w = runs_word(l, queue);
	int64_t v = word_get(w);

	/* modulo: the start after the last one is the first */
	word_put(w, v < 0 ? 0 : (v + n) % (WORD_MAX + 1));
}
