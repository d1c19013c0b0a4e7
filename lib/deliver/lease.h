/* SPDX-License-Identifier: ISC */
/*
 * Grants in use, from the sender's side of the window law (P9): each has a stamp r
 * that is kept ahead of any moment at which the receiver can count the message.
 * All calls of one turn of the event loop stand between leases_begin and
 * leases_end, with no input or output in between.  A grant that no ledger line
 * limits costs nothing here.
 */
#ifndef VMTA_DELIVER_LEASE_H
#define VMTA_DELIVER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "record/grant.h"
#include "throttle/ledger.h"

struct leases; /* the ledger, its lock, the thread that syncs it */

struct lease {
	struct grant grant;
	int64_t r; /* where it stands, ledger milliseconds */
	int64_t renew_ms; /* H/4; INT64_MAX: never */
	int64_t renew_at; /* while it is under way */
};

/*
 * Open the ledger of a spool.  Returns: 0 or -1 (as ledger_open).
 * Ownership: the caller ends it with leases_close.
 */
int leases_open(const char *spool, const struct clock *clock,
    struct leases **out, struct err *err);
/* Waits for a sync that is under way.  l may be NULL.  Errors: none. */
void leases_close(struct leases *l);

/* Returns: ledger time now.  Errors: none. */
int64_t leases_now(const struct leases *l);
/* Begin: take the lock if it is not held yet.  Returns: 0, or -1 (ERR_IO). */
int leases_begin(struct leases *l, struct err *err);
/* End: give the lock back; goes on to disk once a second, in a thread.  Errors:
 * none. */
void leases_end(struct leases *l);

/* A grant as it came.  Errors: none, pure. */
void lease_init(struct lease *e, const struct grant *g);
/* Does any ledger line stand behind it?  Pure. */
bool lease_is_limited(const struct lease *e);
/* May a byte that the receiver would count still be written?  Pure. */
bool lease_is_live(const struct leases *l, const struct lease *e);

/* How long it may still be started; unlimited: for one that nothing limits.
 * Units: milliseconds.  Pure. */
int64_t
lease_left_ms(const struct leases *l, const struct lease *e, int64_t unlimited);

/*
 * About to be sent.  An expired one is taken anew where there is room, if renew.
 * Returns: 0, or -1: it may not be sent.  Between begin and end.
 */
int lease_start(struct leases *l, struct lease *e, bool renew);
/*
 * It counts as used, and its message must be sent once more: take another grant of
 * the same ledger lines.  Returns and place as lease_start.
 */
int lease_again(struct leases *l, struct lease *e);
/* Still under way.  Between begin and end. */
void lease_renew(struct leases *l, struct lease *e);
/* Answered, or the connection is gone: it is used.  Between begin and end. */
void lease_reply(struct leases *l, struct lease *e);
/* Never used: given back.  Once.  Between begin and end. */
void lease_credit(struct leases *l, struct lease *e);

/* A ring for connections (P16): max-connect-rate of one scope. */
struct connect_limit {
	char *scope; /* "connect:queue:..." */
	struct rate rate;
	int64_t line; /* -1: not asked yet */
	uint32_t epoch; /* of the ledger when line was asked */
};

/* What one connection debits. */
struct connect_limits {
	struct connect_limit *limit[2]; /* of the queue, of the virtual MTA */
	uint32_t stamp; /* serial of the configuration they are from */
};

/*
 * One more connection under both limits.  Between begin and end.
 * Returns: 0 with the started lease in *out; 1: not before *when (ledger time);
 * -1: err.
 */
int lease_connect(struct leases *l, const struct connect_limits *limits,
    struct lease *out, int64_t *when, struct err *err);

#endif
