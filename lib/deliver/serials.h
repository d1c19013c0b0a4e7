/* SPDX-License-Identifier: ISC */
/*
 * Which grants this process has seen: a line may come twice (P7), a grant may be
 * given back once (P9).  Remembers the last SERIALS_KEPT serial numbers; an older
 * one counts as seen, which at worst under-uses a budget.
 */
#ifndef VMTA_DELIVER_SERIALS_H
#define VMTA_DELIVER_SERIALS_H

#include <stdbool.h>
#include <stdint.h>

enum { SERIALS_KEPT = 1 << 20 };

struct serials {
	uint64_t high; /* highest seen; 0: none */
	uint64_t *bits; /* of serials high - SERIALS_KEPT + 1 .. high */
};

/* Forget all and free.  A zeroed struct is ready for use.  Errors: none. */
void serials_clear(struct serials *s);
/* Returns: true when it is the first time.  Errors: exits 75 without memory. */
bool serials_add(struct serials *s, uint64_t serial);

#endif
