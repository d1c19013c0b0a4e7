/* SPDX-License-Identifier: ISC */
/* When a record or a queue is tried again, and when a record is too old (P12). */
#ifndef VMTA_SPOOL_RETRY_H
#define VMTA_SPOOL_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The wait after the failures-th failure in a row (from 1): the list's entry in
 * turn, its last one repeats (vmta.conf(5), retry-after; never empty there).
 * Returns: seconds, at least 1.  Pure.
 */
int64_t retry_wait(const int64_t *list, size_t n, uint32_t failures);

/*
 * When a record queued at queued with bounce-after seconds is too old; expire
 * (0: none) replaces it.  SPAN_NEVER stays never.  Returns: seconds since 1970,
 * INT64_MAX for never.  Pure.
 */
int64_t retry_deadline(int64_t queued, int64_t bounce_after_s, int64_t expire);

/*
 * A due time later than now plus the longest wait there can be is from a clock
 * that stepped back: it counts as now.  scheduled: wanted so.  Pure.
 */
int64_t retry_due(int64_t due, int64_t now, int64_t longest_s, bool scheduled);

#endif
