/* SPDX-License-Identifier: ISC */
/*
 * From a grant and a record to what is sent: queue, virtual MTA, source address,
 * HELO name, and where to.  Nothing of it comes from the job line but the grant
 * (P7): the recipient's domain is the segment's.
 */
#ifndef VMTA_DELIVER_PLAN_H
#define VMTA_DELIVER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "record/grant.h"
#include "spool/control.h"

enum plan_verdict {
	PLAN_SEND,
	PLAN_EXPIRE, /* too old: bounced without a connection, if it is true */
	PLAN_BACK, /* our configuration doesn't know it: give the grant back */
	PLAN_REFUSED, /* there is no grant where one is needed */
};

struct plan {
	struct conf_queue *queue;
	const struct conf_vmta *vmta; /* the one that sends, never a pool */
	const char *source; /* address, "-": the system chooses */
	const char *helo;
	const char *route; /* domain whose MX is asked, NULL: smtp-hosts */
	const char *why; /* after PLAN_BACK and PLAN_REFUSED */
};

struct plan_options {
	struct conf *conf;
	bool no_limits; /* lines without a grant are sent all the same */
	uint64_t turn; /* chooses where there is a choice: counts up */
};

/*
 * domain: of the recipient, lower case.  row: the record's virtual MTA or pool and
 * its last source, NULL if nobody gave its number.
 * Returns: the verdict; *out is whole after PLAN_SEND and PLAN_EXPIRE.
 * Ownership: *out points into the configuration, row and domain.  Errors: none,
 * pure but for settings that the configuration makes at the first question.
 */
enum plan_verdict plan_make(const struct plan_options *o, const char *domain,
    const struct grant *g, const struct vmta_row *row, struct plan *out);

/*
 * Does any rate limit mail of a queue from a source?
 * Ownership: borrows all.  Errors: none, pure.
 */
bool
plan_is_limited(struct conf *c, const struct conf_queue *q, const char *source);

#endif
