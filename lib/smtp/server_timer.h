/* SPDX-License-Identifier: ISC */
/* Many timers in one heap: which is due first, and when. */
#ifndef VMTA_SMTP_SERVER_TIMER_H
#define VMTA_SMTP_SERVER_TIMER_H

#include <stddef.h>
#include <stdint.h>

/* Stands in what it belongs to. */
struct server_timer {
	int64_t due_ms;
	size_t at; /* its place in the heap, from 1; 0: not set */
};

struct server_timers {
	struct server_timer **heap;
	size_t n, cap;
};

/*
 * Set a timer, or set it anew.  Units: milliseconds of any one clock.
 * Ownership: t is borrowed until it is dropped or due.  Errors: exits 75.
 */
void server_timer_set(
    struct server_timers *ts, struct server_timer *t, int64_t due_ms);
/* Unset it, if it is set.  Errors: none. */
void server_timer_drop(struct server_timers *ts, struct server_timer *t);
/* Returns: the first timer that is due at now_ms, unset; or NULL.  Errors: none. */
struct server_timer *server_timer_due(struct server_timers *ts, int64_t now_ms);
/* Returns: when the first is due, or INT64_MAX.  Errors: none, pure. */
int64_t server_timer_next(const struct server_timers *ts);
/* Free the heap, not the timers.  Errors: none. */
void server_timers_clear(struct server_timers *ts);

#endif
