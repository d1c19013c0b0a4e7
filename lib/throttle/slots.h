/* SPDX-License-Identifier: ISC */
/*
 * Connection limits that all processes on a spool share (PROTOCOL P10): a limit is
 * a file in lock/, a slot one byte of it, held by an OFD lock that dies with its
 * process.
 */
#ifndef VMTA_THROTTLE_SLOTS_H
#define VMTA_THROTTLE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct slots; /* all limits that this process has met */

/* A slot that is held.  limit NULL: none. */
struct slot {
	struct slots_limit *limit;
	uint32_t index;
};

/*
 * Use the limits of a spool.  No file is opened before a limit is asked for.
 * Returns: 0 or -1 (ERR_IO, ERR_PERM: no lock/ folder).
 * Ownership: the caller ends it with slots_close.
 */
int slots_open(const char *spool, struct slots **out, struct err *err);
/* Give back all slots and wishes, close the files.  s may be NULL.  Errors: none. */
void slots_close(struct slots *s);

/*
 * Take one of the n slots of a scope ("queue:gmail.com/v1", "vmta:v1", ...).
 * n INT64_MAX: always succeeds and holds nothing.  Slots that are held above n,
 * by this or another process, count (n has become smaller).
 * Returns: 1 taken, 0 all are in use, -1 err (ERR_IO, ERR_TEMP).
 * Ownership: *out is given back with slots_release.
 */
int slots_take(struct slots *s, const char *scope, int64_t n, struct slot *out,
    struct err *err);
/* Give a slot back; *slot holds nothing afterwards.  Errors: none. */
void slots_release(struct slots *s, struct slot *slot);
/*
 * Say that this process waits for a slot of the scope (or no longer).  Never
 * blocks.  Returns: 0 or -1 (ERR_IO, ERR_TEMP).
 */
int slots_want(struct slots *s, const char *scope, bool want, struct err *err);
/*
 * Does another process wait for a slot of the limit that slot belongs to?
 * Returns: 1, 0 (also for a slot without a limit) or -1 (ERR_IO).
 */
int slots_wanted(struct slots *s, const struct slot *slot, struct err *err);
/* How many slots of a scope this process holds.  Errors: none, pure. */
uint32_t slots_own(const struct slots *s, const char *scope);

#endif
