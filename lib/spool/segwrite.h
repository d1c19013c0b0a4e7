/* SPDX-License-Identifier: ISC */
/*
 * Writing a segment: for batches, the packer and whoever makes segments anew
 * (vmta-spool(5), SEGMENT).
 */
#ifndef VMTA_SPOOL_SEGWRITE_H
#define VMTA_SPOOL_SEGWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "spool/segment.h"

struct segwriter;

/*
 * Begin one in tmp/.  id NULL: a new one; batch, replaces NULL: none.
 * Ownership: ended by segwriter_free.  Returns: 0 or -1 (ERR_IO, ERR_TEMP).
 */
int segwriter_begin(struct spool *s, const char *id, const char *batch,
    const char *replaces, struct segwriter **out, struct err *err);
/* Store a message; *at is where.  Returns: 0 or -1 (ERR_IO, ERR_TEMP). */
int segwriter_message(struct segwriter *w, const struct spool_message *m,
    uint64_t *at, struct err *err);
/* Add a record.  domain: lower case, of e->rcpt; st->domain is filled here.
 * Returns: 0, or -1 (ERR_BUG: more than an index can say). */
int segwriter_record(struct segwriter *w, const struct envelope *e,
    const char *domain, struct state *st, struct err *err);
/* Returns: the records so far.  Errors: none, pure. */
uint32_t segwriter_records(const struct segwriter *w);
/* Returns: is a soft limit reached?  Errors: none, pure. */
bool segwriter_full(const struct segwriter *w);
/* Returns: its id.  Ownership: the writer's.  Errors: none, pure. */
const char *segwriter_id(const struct segwriter *w);
/* Complete the file in tmp/ and make it durable.  Returns: 0 or -1 (ERR_IO,
 * ERR_TEMP). */
int segwriter_finish(struct segwriter *w, struct err *err);
/* Give it its name in queue/ without replacing; no sync of the folder.
 * Returns 0, 1 when the name exists, -1. */
int segwriter_publish(struct segwriter *w, struct err *err);
/* Remove what is unpublished, free.  Errors: none. */
void segwriter_free(struct segwriter *w);

#endif
