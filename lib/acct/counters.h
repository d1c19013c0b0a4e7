/* SPDX-License-Identifier: ISC */
/*
 * The toolkit's own counters as a target: stats/DAY.tsv, to which deltas are
 * appended that readers add up (vmta-acct(5), STATISTICS).  A day is that of
 * the event, in the configured zone: late lines of yesterday go to yesterday's
 * file.
 *
 * A file is named in the checkpoint, with the length it has, before the first
 * delta goes to it; so what a crash leaves beyond can be cut.
 */
#ifndef VMTA_ACCT_COUNTERS_H
#define VMTA_ACCT_COUNTERS_H

#include "acct/target.h"

#define COUNTERS_KEY "stats"

/* Columns of a line, in order.  New ones only at the end. */
enum counters_column {
	COUNTERS_MINUTE,	/* its start, seconds since 1970 */
	COUNTERS_SOURCE,
	COUNTERS_VMTA,
	COUNTERS_GROUP,
	COUNTERS_DOMAIN,
	COUNTERS_MTA,		/* name of the server */
	COUNTERS_JOB,
	COUNTERS_TYPE,		/* d b t tq ... */
	COUNTERS_CATEGORY,
	COUNTERS_CLASS,
	COUNTERS_CODE,
	COUNTERS_STATUS,	/* enhanced status code */
	COUNTERS_COUNT,		/* records */
	COUNTERS_BYTES,		/* sum of their sizes */
	COUNTERS_WAIT,		/* histogram: s from injection to the record */
	COUNTERS_LATENCY,	/* histogram: ms from MAIL to the reply */
	COUNTERS_COLUMNS
};

/* The first line of a file. */
extern const char *const counters_names[COUNTERS_COLUMNS];

/* Make the target.  Ownership: ended by target_free.  Errors: none. */
struct target *counters_new(struct spool *s);

#endif
