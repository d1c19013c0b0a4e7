/* SPDX-License-Identifier: ISC */
/*
 * The window law as arithmetic (PROTOCOL P9): a ring of counters by time, and the
 * pace at which a budget is spent.  No clock, no file, no lock: the words may
 * stand anywhere, and now is an argument.
 *
 * A ring counts stamps r in slots of U/64.  132 slots are kept: 64 of the past
 * window, the present one, 64 ahead (a stamp is never later than now + U) and
 * their edges.  head is the number of the newest slot; a slot is zeroed before
 * the head moves over it, when the head is 132 further and it is out of every
 * window.  A slot that is partly in the window counts whole, and one that has
 * come to WORD_MAX or is damaged counts as more than any limit; in a ring of a
 * long U, what one slot can't hold goes into later ones.
 */
#ifndef VMTA_THROTTLE_RING_H
#define VMTA_THROTTLE_RING_H

#include <stdint.h>

enum { RING_SLOTS = 132, RING_PER_WINDOW = 64 };

/* What a ring that can't be counted holds: more than any limit. */
#define RING_FULL (INT64_MAX / 2)

/* A ring in place.  Units: milliseconds. */
struct ring {
	uint64_t *head;		/* word, base 36: number of the newest slot */
	uint64_t *slot;		/* RING_SLOTS words; slot s stands at s mod RING_SLOTS */
	int64_t width_ms;	/* of a slot: ring_width(U) */
};

/* Width of a slot of a window.  Returns: at least 1.  Pure. */
int64_t ring_width(int64_t unit_ms);

/* Make it empty, with its head at now.  Errors: none. */
void ring_reset(struct ring *r, int64_t now);

/*
 * Count n under a stamp.  at must not be later than now + U.  A stamp older than
 * the ring holds goes into its oldest slot.  Errors: none.
 */
void ring_add(struct ring *r, int64_t at, int64_t n);
/*
 * Take n out again from under the stamp where they stand.
 * Returns: 1; 0 where the slot has left the ring and nothing was to be done.
 */
int ring_sub(struct ring *r, int64_t at, int64_t n);
/* The same to one: added under to first, then taken out under from. */
void ring_move(struct ring *r, int64_t from, int64_t to);

/*
 * How many stamps are later than now - window_ms, future ones too.
 * Returns: RING_FULL where a slot is saturated or damaged.  Pure.
 */
int64_t ring_used(const struct ring *r, int64_t now, int64_t window_ms);
/* Is a stamp counted by ring_used now?  1 or 0, pure. */
int ring_counts(const struct ring *r, int64_t now, int64_t window_ms,
    int64_t at);
/*
 * The first time at which at least n of those that ring_used counts have left
 * the window by themselves.  Returns: INT64_MAX if there are not so many.  Pure.
 */
int64_t ring_leave(const struct ring *r, int64_t now, int64_t window_ms,
    int64_t n);

/* Lifetime of a grant that stands in a ring of U: min(U/2, 60 s).  Pure. */
int64_t ring_grant_ms(int64_t unit_ms);
/* How far ahead a message under way is stamped: min(U, 60 s).  Pure. */
int64_t ring_hold_ms(int64_t unit_ms);

/*
 * The pace: manners, where the ring is the law.  One message an interval of U/N;
 * one that came late (the caller woke late, the ring was full) is made good at up
 * to 1.25 N/U, up to the twentieth part of U or a second.  Intervals below
 * 10 ms come in small groups of that length, so that a high rate costs no more
 * wake-ups than a low one.  Units: microseconds, but for unit_ms and now.
 */
struct pace {
	int64_t every;		/* the interval */
	int64_t late_cap;
	int64_t after;		/* the next free moment, counted from now */
	int64_t late;		/* what is to be made good */
};

/* Where a pace is kept: words. */
struct pace_words {
	uint64_t *ms;		/* next free moment, base 36, modulo 36^7 ms */
	uint64_t *us;		/* and its microseconds */
	uint64_t *late;		/* base 36 */
};

/* The pace of a budget as it stands now; a moment that can't be (from long ago,
 * another limit, damaged) is now.  Errors: none. */
void pace_load(const struct pace_words *w, int64_t n, int64_t unit_ms,
    int64_t now, struct pace *out);
/* Returns: 0 now, else the milliseconds to wait.  Pure. */
int64_t pace_wait(const struct pace *p);
/* One was granted now.  even: at its turn; else, one of many at once, the next
 * free moment is an interval from now.  Errors: none. */
void pace_take(struct pace *p, int even);
/* Keep it.  Errors: none. */
void pace_save(const struct pace_words *w, const struct pace *p, int64_t now);

#endif
