/* SPDX-License-Identifier: ISC */
/* The lines of one queue that wait for room: highest priority first, then as they
 * came. */
#ifndef VMTA_THROTTLE_KEEP_H
#define VMTA_THROTTLE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept {
	struct kept *next;
	uint32_t len;		/* without the newline */
	uint32_t priority;
	char text[];
};

struct keep_level;

struct keep {
	struct keep_level *levels;	/* by priority, highest first; none empty */
	size_t n;
};

#define KEEP_INIT { 0 }

/* Add a copy of a line.  Errors: exits 75. */
void keep_add(struct keep *k, uint32_t priority, const char *text, size_t len);
/* The first line, which stays; NULL: none.  Ownership: the keep's. */
const struct kept *keep_first(const struct keep *k);
/* Take the first line out.  Ownership: the caller frees it.  NULL: none. */
struct kept *keep_pop(struct keep *k);
/* Take out the last one that came of the lowest priority, if that is below
 * priority.  Returns: its length, or 0: none is.  Errors: none. */
size_t keep_evict(struct keep *k, uint32_t priority);
/* Free all.  Errors: none. */
void keep_clear(struct keep *k);

#endif
