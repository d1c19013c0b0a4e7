/* SPDX-License-Identifier: ISC */
/*
 * Ways into the spool (P6): single messages by append to a shared intake file,
 * batches as segments that become visible by one commit file.
 */
#ifndef VMTA_SPOOL_INJECT_H
#define VMTA_SPOOL_INJECT_H

#include <stddef.h>
#include <stdint.h>

#include "spool/segment.h"

/* One recipient to be added. */
struct inject_rcpt {
	const char *rcpt;	/* checked address, domain in lower case */
	const char *domain;	/* its domain, lower case */
	const char *orcpt, *notify;	/* or NULL */
	const char *vmta;	/* virtual MTA or pool */
	uint32_t priority;	/* 0..100 */
	int64_t due;		/* 0: at once */
};

/* What is common to the recipients of one message. */
struct inject_envelope {
	const char *sender;	/* "<>" for null */
	const char *job, *envid, *ret;	/* or NULL */
	const char *origin, *origin_mta;	/* "cli", NULL */
	int64_t expire;		/* 0: by bounce-after */
};

/*
 * Add one message durably: when this returns 0 it survives power loss.
 * Records' ids are ID.0 to ID.(n-1).  n above 1,000 goes the way of a batch.
 * Returns: 0, or -1: ERR_TEMP (no space, minimum free space), ERR_IO; then
 * nothing was accepted.
 */
int inject_single(struct spool *s, const struct spool_message *m,
    const struct inject_envelope *e, const struct inject_rcpt *rcpts, size_t n,
    char id[NAME_SEGMENT + 1], struct err *err);

struct batch;

/*
 * Begin a batch.  id: [A-Za-z0-9._-], at most NAME_BATCH bytes, or NULL.
 * Returns: 0; 1 when a batch of this id was committed before (nothing to do,
 * *out untouched); -1: ERR_USAGE bad id, ERR_TEMP (another process is adding it,
 * no space), ERR_IO.  Ownership: ended by batch_commit or batch_abort.
 */
int batch_begin(struct spool *s, const char *id, struct batch **out,
    struct err *err);
/* Store a message; the recipients that follow are its.  id gets the message's
 * id; its records are ID.0, ID.1 ... in the order of batch_rcpt.  The text must
 * stay valid until the next batch_message, batch_commit or batch_abort.
 * Returns 0 or -1 (the batch can then only be aborted). */
int batch_message(struct batch *b, const struct spool_message *m,
    const struct inject_envelope *e, char id[NAME_SEGMENT + 1],
    struct err *err);
int batch_rcpt(struct batch *b, const struct inject_rcpt *r, struct err *err);
/* Make all of it visible at once and durable.  Frees b in any case.  Returns: 0,
 * or -1: nothing became visible. */
int batch_commit(struct batch *b, struct err *err);
/* Remove what was written.  Frees b.  Errors: none. */
void batch_abort(struct batch *b);
/* Records so far. */
uint64_t batch_records(const struct batch *b);

/*
 * The packer: turn intake files into segments.  Damaged entries are set aside in
 * intake/ID.bad and reported by log_warn; torn ones at an end were never accepted.
 * Also removes rubbish of dead injectors and segments that are done.
 * Returns: 0, or -1 (ERR_IO, ERR_TEMP: some may be packed; run it again).
 */
int spool_pack(struct spool *s, struct err *err);

#endif
