/* SPDX-License-Identifier: ISC */
/*
 * The job line, from vmta-queue ready to vmta-throttle to vmta-send: one record
 * that could be sent now (vmta-job(5)).  A hint: the spool is the truth (P7).
 */
#ifndef VMTA_RECORD_JOB_H
#define VMTA_RECORD_JOB_H

#include <stddef.h>

#include "base/buf.h"

/* Columns in their order.  New ones only at the end. */
enum job_field {
	JOB_ID,		/* the record's id, as printed when it was added */
	JOB_LOCATOR,	/* SEGMENT.INDEX */
	JOB_VERSION,	/* ver of the state line that ready saw */
	JOB_GRANT,	/* - | expire | vmta;source;... */
	JOB_PRIORITY,	/* 0..100, 50 is ordinary; a filter may change it */
	JOB_DUE,	/* seconds since 1970 */
	JOB_ATTEMPTS,
	JOB_SIZE,	/* bytes of the message */
	JOB_QUEUE,	/* domain/vmta or $group/vmta */
	JOB_DOMAIN,	/* of the recipient */
	JOB_VMTA,	/* virtual MTA or pool asked for; a filter may change it */
	JOB_SENDER,	/* <> for the null sender */
	JOB_RCPT,
	JOB_JOB,
	JOB_SOURCE,	/* local address of the last attempt, or - */
	JOB_FIELDS
};

/* Longest line with its newline; writes of whole lines up to here are atomic. */
enum { JOB_LINE_MAX = 4096 };

/* Column names for -H, in order. */
extern const char *const job_names[JOB_FIELDS];

struct job {
	char *f[JOB_FIELDS];	/* NUL-terminated fields, in the line's own memory */
};

/*
 * Cut a line (without its newline) in place.  Columns that we don't know are
 * ignored.
 * Returns: 0, or -1: too few columns, an empty one, or a control byte.  Pure.
 * Ownership: job points into line.
 */
int job_parse(char *line, struct job *job);

/*
 * Append the line and its newline.  Values are written as they are: they come
 * from the spool, where no control byte gets in.  Returns as buf_add.
 */
int job_add(struct buf *b, const struct job *job);

#endif
