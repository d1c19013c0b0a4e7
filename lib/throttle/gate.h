/* SPDX-License-Identifier: ISC */
/*
 * Gates: a budget with no room, and those who wait for it.  Each gate has the time
 * at which it is worth asking again; who waits is served by priority, then in
 * turn.
 */
#ifndef VMTA_THROTTLE_GATE_H
#define VMTA_THROTTLE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "throttle/heap.h"

struct gate;

struct gate_waiter {
	struct heap_node node;
	struct gate *gate;		/* NULL: waits at none */
	uint32_t line;			/* of the gate where it waited last */
	int64_t place;			/* since it was served last; 0: anew */
};

struct gates;

/* Ownership: the caller ends it with gates_free; waiters stay the caller's. */
struct gates *gates_new(void);
void gates_free(struct gates *gs);

/* Wait at the gate of a ledger line, which opens at wake.  Errors: exits 75. */
void gates_wait(struct gates *gs, uint32_t line, struct gate_waiter *w,
    uint32_t priority, int64_t wake);
/* One that gates_open gave was served: its next place is behind the others. */
void gates_served(struct gate_waiter *w);
/* It waits again where it did, for its next line.  Errors: exits 75. */
void gates_again(struct gates *gs, struct gate_waiter *w, uint32_t priority,
    int64_t now);
/* No longer wait.  Errors: none. */
void gates_leave(struct gates *gs, struct gate_waiter *w);
/* The priority of one that waits grew.  Errors: none. */
void gates_raise(struct gates *gs, struct gate_waiter *w, uint32_t priority);
/* When the first gate opens; INT64_MAX: nobody waits.  Pure. */
int64_t gates_due(const struct gates *gs);
/* How many wait.  Pure. */
size_t gates_waiting(const struct gates *gs);
/*
 * Take up to max waiters off the gates that are open at now, in their order: of
 * each gate one, and as long as none of them had to wait again, twice as many
 * each time.  Returns: how many.  Errors: none.
 */
unsigned gates_open(struct gates *gs, int64_t now, struct gate_waiter **out,
    unsigned max);

#endif
