/* SPDX-License-Identifier: ISC */
/*
 * The filter: from job lines to job lines with grants (vmta-throttle(1)).  No
 * descriptors: whole lines go in, what may be printed comes out in a buffer, and
 * what is in the ledger is in it before the caller sees it.
 */
#ifndef VMTA_THROTTLE_FILTER_H
#define VMTA_THROTTLE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"
#include "throttle/ledger.h"
#include "throttle/line.h"

struct filter;

/* Is the record of a line that has waited still as the line says?  Called without
 * the ledger's lock.  queue: its settings. */
typedef bool filter_check_fn(void *arg, const struct job_line *line,
    const struct conf_queue *queue);

struct filter_options {
	struct conf *conf;
	struct ledger *ledger;
	bool wait;		/* keep lines that have no room; else drop them */
	bool rehearse;		/* grants are made out as expired */
	filter_check_fn *check;	/* NULL: nothing is checked again */
	void *arg;
	size_t keep_lines;	/* in all; 0: the default */
	size_t keep_bytes;
};

struct filter_counts {
	uint64_t lines;
	uint64_t granted;
	uint64_t passed;	/* expire, or granted before */
	uint64_t no_room;	/* dropped: the next run lists them again */
	uint64_t stale;		/* dropped: changed while they waited */
	uint64_t bad;		/* malformed, or an unknown virtual MTA */
	uint64_t waiting;	/* kept now */
};

/* Ownership: what o points to is borrowed; the caller ends it with filter_free. */
struct filter *filter_new(const struct filter_options *o);
void filter_free(struct filter *f);

/*
 * Take whole lines: n bytes at text, which ends in a newline.  What may be printed
 * is added to out.  left_ms: for how long lines may still be kept.  Bad lines are
 * reported by log_warn and counted.
 * Returns: 0 or -1 (as ledger_budget; ERR_IO the lock).
 */
int filter_lines(struct filter *f, const char *text, size_t n, int64_t left_ms,
    struct buf *out, struct err *err);

/* Try the lines that wait and whose time has come.  Returns as filter_lines. */
int filter_service(struct filter *f, struct buf *out, struct err *err);
/* The ledger time at which filter_service has something to do; INT64_MAX: never. */
int64_t filter_due(const struct filter *f);

/* The end: what waits is dropped and counted as no_room.  Errors: none. */
void filter_drop(struct filter *f);

/* Output that was not written: its grants are given back.  text may begin within
 * a line that was written in part: nobody acts upon that one either, so give it
 * whole.  Returns 0 or -1. */
int filter_unwritten(struct filter *f, const char *text, size_t n,
    struct err *err);

/* Something that filter_lines can't be given (a line too long, one cut off at the
 * end of the input) is reported and counted as a line.  Errors: none. */
void filter_bad(struct filter *f, const char *why);

/* Counts so far.  Ownership: the filter's.  Pure. */
const struct filter_counts *filter_counts(const struct filter *f);

#endif
