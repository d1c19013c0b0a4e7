/* SPDX-License-Identifier: ISC */
#include "throttle/ring.h"
#include "throttle/word.h"

/* Slots of 2 s and more are those of U above 2 minutes, where the latest stamp is
 * a minute ahead, at most 30 of the 64 slots. */
enum { SPILL_WIDTH_MS = 2000, SPILL_SLOTS = 16 };

/* Rounds down for negative times too. */
static int64_t
slot_of(int64_t at, int64_t width)
{
	return at >= 0 ? at / width : -((-at + width - 1) / width);
}

int64_t
ring_width(int64_t unit_ms)
{
	int64_t w = (unit_ms + RING_PER_WINDOW - 1) / RING_PER_WINDOW;

	return w > 0 ? w : 1;
}

void
ring_reset(struct ring *r, int64_t now)
{
	for (int i = 0; i < RING_SLOTS; i++)
		word_put(&r->slot[i], 0);
	word_put36(r->head, slot_of(now, r->width_ms));
}

/* Move the head: what it passes is zeroed before, so that a kill in between
 * leaves old slots empty, never new ones full of the past. */
static void
reach(struct ring *r, int64_t head, int64_t s)
{
	int64_t from = s - head >= RING_SLOTS ? s - RING_SLOTS : head;

	while (from < s)
		word_put(&r->slot[++from % RING_SLOTS], 0);
	word_put36(r->head, s);
}

/* What of n fits into a slot without making it too full to be counted. */
static int64_t
fits(const uint64_t *slot, int64_t n)
{
	int64_t has = word_get(slot);

	if (has < 0 || has >= WORD_MAX - 1)
		return 0;
	return n < WORD_MAX - 1 - has ? n : WORD_MAX - 1 - has;
}

void
ring_add(struct ring *r, int64_t at, int64_t n)
{
	int64_t s = slot_of(at, r->width_ms), head = word_get36(r->head);
	/* in a long ring, where stamps are far from its end, the next slots take
	 * what a slot can't hold: a later stamp is never wrong */
	int64_t last = s + (r->width_ms >= SPILL_WIDTH_MS ? SPILL_SLOTS : 0);

	if (head < 0)
		return;
	if (s <= head - RING_SLOTS)
		s = head - RING_SLOTS + 1;
	for (; s >= 0 && n > 0; s++) {
		uint64_t *slot = &r->slot[s % RING_SLOTS];
		int64_t k;

		if (s > head) {
			reach(r, head, s);
			head = s;
		}
		k = s < last ? fits(slot, n) : n;
		if (k > 0)
			word_add(slot, k);
		n -= k;
	}
}

int
ring_sub(struct ring *r, int64_t at, int64_t n)
{
	int64_t s = slot_of(at, r->width_ms), head = word_get36(r->head);

	if (head < 0 || s < 0 || s > head || s <= head - RING_SLOTS)
		return 0;
	word_sub(&r->slot[s % RING_SLOTS], n);
	return 1;
}

void
ring_move(struct ring *r, int64_t from, int64_t to)
{
	if (slot_of(from, r->width_ms) == slot_of(to, r->width_ms))
		return;
	ring_add(r, to, 1);
	ring_sub(r, from, 1);
}

/* The oldest slot of which a part is later than now - window: slot s is, while
 * its last millisecond (s + 1) * width - 1 is. */
static int64_t
oldest(const struct ring *r, int64_t head, int64_t now, int64_t window_ms)
{
	int64_t s = slot_of(now - window_ms + 1, r->width_ms);

	if (s <= head - RING_SLOTS)
		s = head - RING_SLOTS + 1;
	return s > 0 ? s : 0;
}

int64_t
ring_used(const struct ring *r, int64_t now, int64_t window_ms)
{
	int64_t head = word_get36(r->head), sum = 0;
	int64_t s = oldest(r, head, now, window_ms);
	int i = (int)(s % RING_SLOTS);

	if (head < 0)
		return RING_FULL;
	for (; s <= head; s++) {
		int64_t v = word_get(&r->slot[i]);

		if (v < 0 || v == WORD_MAX)
			return RING_FULL;
		sum += v;
		if (++i == RING_SLOTS)
			i = 0;
	}
	return sum;
}

int
ring_counts(const struct ring *r, int64_t now, int64_t window_ms, int64_t at)
{
	int64_t head = word_get36(r->head), s = slot_of(at, r->width_ms);

	return head >= 0 && s <= head &&
	    s >= oldest(r, head, now, window_ms);
}

int64_t
ring_leave(const struct ring *r, int64_t now, int64_t window_ms, int64_t n)
{
	int64_t head = word_get36(r->head), sum = 0;

	if (head < 0)
		return INT64_MAX;
	for (int64_t s = oldest(r, head, now, window_ms); s <= head; s++) {
		int64_t v = word_get(&r->slot[s % RING_SLOTS]);

		sum += v < 0 ? WORD_MAX : v;
		if (sum >= n)
			return (s + 1) * r->width_ms - 1 + window_ms;
	}
	return INT64_MAX;
}

int64_t
ring_grant_ms(int64_t unit_ms)
{
	return unit_ms / 2 < 60000 ? unit_ms / 2 : 60000;
}

int64_t
ring_hold_ms(int64_t unit_ms)
{
	return unit_ms < 60000 ? unit_ms : 60000;
}

/* Pace */

enum { GROUP_US = 10000 };	/* intervals below this come together */

void
pace_load(const struct pace_words *w, int64_t n, int64_t unit_ms, int64_t now,
    struct pace *out)
{
	int64_t ms = word_get36(w->ms), us = word_get(w->us);
	int64_t d = ms - now % (WORD36_MAX + 1);

	out->every = n > 0 && unit_ms < INT64_MAX / 1000 ? unit_ms * 1000 / n :
							   INT64_MAX / 4;
	out->late_cap = unit_ms < WORD36_MAX / 50 ? unit_ms * 50 : WORD36_MAX;
	out->late = word_get36(w->late);
	if (out->late < 0 || out->late > out->late_cap)
		out->late = 0;
	if (d > WORD36_MAX / 2)
		d -= WORD36_MAX + 1;
	else if (d < -WORD36_MAX / 2)
		d += WORD36_MAX + 1;
	d = d * 1000 + us;
	if (ms < 0 || us < 0 || us > 999 || d > out->every + GROUP_US)
		d = 0;
	out->after = d;
}

int64_t
pace_wait(const struct pace *p)
{
	if (p->after <= (p->every < GROUP_US ? GROUP_US : 0))
		return 0;
	return (p->after + 999) / 1000;
}

void
pace_take(struct pace *p, int even)
{
	int64_t make_good;

	if (p->after < 0) {
		/* later than the cap it was idle, not late */
		p->late = -p->after <= p->late_cap ? p->late - p->after : 0;
		p->late = p->late < p->late_cap ? p->late : p->late_cap;
		p->after = 0;
	}
	if (!even)
		p->after = p->late = 0;
	make_good = p->late < p->every / 5 ? p->late : p->every / 5;
	p->late -= make_good;
	p->after += p->every - make_good;
}

void
pace_save(const struct pace_words *w, const struct pace *p, int64_t now)
{
	int64_t ms = p->after / 1000, us = p->after % 1000;

	if (us < 0) {
		ms--;
		us += 1000;
	}
	word_put36(w->late, p->late);
	word_put36(w->ms, (now + ms + WORD36_MAX + 1) % (WORD36_MAX + 1));
	word_put(w->us, us);
}
