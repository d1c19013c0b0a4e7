/* SPDX-License-Identifier: ISC */
/*
 * From what happened to what is recorded: the state of the record afterwards, and
 * its accounting fields (vmta-event(5)).  Facts in, decisions out: no clock, no
 * disk, no sockets.
 */
#ifndef VMTA_DELIVER_SETTLE_H
#define VMTA_DELIVER_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "record/event.h"
#include "reply/reply.h"
#include "spool/claim.h"

enum settle_cause {
	SETTLE_DELIVERED, /* 2xx to the message */
	SETTLE_RECIPIENT, /* the reply is about this recipient or message */
	SETTLE_QUEUE, /* the reply is the queue's trouble: never final */
	SETTLE_ROUTE, /* DNS says that there is no way: 5 is final */
	SETTLE_EXPIRED, /* too old, and not tried again */
};

/* What is known of an attempt.  Strings are never NULL but where said. */
struct settle_facts {
	enum settle_cause cause;
	const struct reply *reply; /* code 0: ours */
	bool local; /* the text is ours, not the server's */
	bool doubt; /* it may have been delivered, now or before */
	const char *category; /* bounce category, NULL: made from the reply */
	int64_t now_ms; /* wall time */
	int64_t began_s; /* when this attempt began, wall time */
	int64_t latency_ms; /* from MAIL to the reply; -1: n/a */
	int64_t
	    queue_due; /* with SETTLE_QUEUE: when the queue is tried again */
	bool may_expire; /* not paused, and the clock is sane (P12) */

	const struct conf_queue *queue;
	const char *domain; /* of the recipient */
	const char *asked; /* virtual MTA or pool of the record, "-" */
	const char *source;
	const char *mta; /* name of the server, "-" */
	const char *dest; /* its address, "-" */
	const char *esmtp;
	uint64_t size; /* of the message */
	const struct envelope *envelope;
	const struct state *before;
};

/* Room for the values that are made here. */
struct settle_out {
	struct settlement
	    settlement; /* vmta: UINT32_MAX, the caller's to set */
	struct event event;
	char time[24], queued[24], first[24], attempts[12], code[8], size[24],
	    latency[24], next[24], status[REPLY_STATUS_SIZE],
	    diag[EVENT_DIAG_MAX + 1];
};

/*
 * Decide.  Ownership: out->settlement.event and out->event point into out and
 * into what f borrows.  Errors: none, pure.  Source: PROTOCOL P3, P12.
 */
void settle_make(const struct settle_facts *f, struct settle_out *out);

/*
 * The bounce category of a reply, by its enhanced status code (RFC 3463) where it
 * says enough: "bad-mailbox", "quota-issues"; "other" where it doesn't.  Pure.
 */
const char *settle_category(const struct reply *r);

/*
 * Is a record past its time?  expire: of its envelope, 0 for by bounce-after.
 * Errors: none, pure.
 */
bool settle_too_old(
    const struct conf_queue *q, const struct envelope *e, int64_t now_s);

#endif
