/* SPDX-License-Identifier: ISC */
/* The sender's judgements, as numbers in and out: how much to hold, when to open
 * another connection, what a refusal is about. */
#ifndef VMTA_DELIVER_POLICY_H
#define VMTA_DELIVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "reply/reply.h"

enum {
	POLICY_HELD_MAX = 20000, /* lines held in all */
	POLICY_LANE_LEAST = 100, /* each lane may hold so many */
};

/*
 * May a lane (mail of one queue and source) hold one more line?  Each gets at most
 * as many as are still free for all: a blocked one takes half of the room, and
 * leaves the rest to the others.  held: in all, lane: by this one.  Pure.
 */
bool policy_may_hold(size_t held, size_t lane);

/* Connections of a site (a domain, or the hosts of smtp-hosts) and its mail. */
struct policy_site {
	size_t waiting; /* messages without a connection */
	size_t opening, open; /* its connections */
	bool proven; /* a server has greeted us */
};

/*
 * How many connections to begin now: one until a server has greeted us, so that a
 * dead host costs one attempt; then one for each few messages that wait.  Limits
 * are the caller's.  Pure.
 */
size_t policy_open(const struct policy_site *s);

/*
 * Is a reply that refuses the whole conversation about us (a listed address,
 * reputation, policy) rather than about a host that takes no mail?  Such mail is
 * never bounced for it.  Pure.
 */
bool policy_blocks_us(const struct reply *r);

#endif
