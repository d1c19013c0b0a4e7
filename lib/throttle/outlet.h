/* SPDX-License-Identifier: ISC */
/*
 * Outlets: through what a line may leave.  One for each queue that lines name,
 * with the budgets that apply and the rotation over its source addresses; for a
 * pool, the outlets of its members.
 *
 * Sources are used in runs of max-msg-per-connection messages (20 where that is
 * unlimited), interleaved over as many lanes as there may be connections, so that
 * the sender fills a connection with what it has; a record keeps the source of its
 * last attempt, for the sake of greylisting (P16).
 */
#ifndef VMTA_THROTTLE_OUTLET_H
#define VMTA_THROTTLE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "throttle/gate.h"
#include "throttle/keep.h"
#include "throttle/ledger.h"
#include "throttle/line.h"

enum { OUTLET_BUDGETS = 6 };	/* queue, virtual MTA and source, two each */

/* A source of an outlet and all budgets that a message through it debits. */
struct outlet_source {
	const char *address;		/* "-": the system chooses */
	uint32_t line[OUTLET_BUDGETS];
	unsigned n;
};

struct outlet_lane {
	uint32_t source;
	int64_t left;		/* messages of the run */
};

struct outlet {
	const struct conf_queue *queue;
	const struct conf_vmta *vmta;
	uint32_t epoch;			/* of the budgets below */
	bool limited;
	struct outlet_source *sources;
	uint32_t n_sources;
	struct outlet_lane *lanes;
	uint32_t n_lanes, lane;
	uint32_t next_source;
	int64_t run;
	struct outlet **members;	/* of a pool */
	size_t n_members, next_member;
	double rate;			/* messages a ms that its limits let through */
	/* for the filter */
	struct keep keep;
	struct gate_waiter waiter;
	uint64_t rank_turn;
	uint32_t rank;
};

struct outlets;

/* Ownership: conf and ledger are borrowed; the caller ends it with outlets_free. */
struct outlets *outlets_new(struct conf *conf, struct ledger *ledger);
void outlets_free(struct outlets *os);

/*
 * The outlet of a line, by its domain and virtual MTA.  Under the ledger's lock.
 * Returns: 1; 0 nobody configured the virtual MTA; -1 err (as ledger_budget).
 * Ownership: the table's.
 */
int outlets_find(struct outlets *os, const struct job_line *line,
    struct outlet **out, struct err *err);

/* Where a line goes. */
struct outlet_choice {
	const struct outlet *outlet;	/* of the member, where it was a pool */
	const struct outlet_source *source;
	uint32_t wait_line;		/* else: the budget that has no room */
	bool sticky;			/* only its last source would do */
};

/*
 * Choose a source with room for one line.  Under the ledger's lock.
 * last: source of the record's last attempt, last_len bytes.
 * Returns: 0, and the choice is taken as used; else the time at which it is worth
 * asking again, with wait_line and sticky.
 */
int64_t outlet_choose(struct outlets *os, struct outlet *o, const char *last,
    size_t last_len, struct outlet_choice *out);

#endif
