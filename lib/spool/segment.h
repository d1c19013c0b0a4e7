/* SPDX-License-Identifier: ISC */
/*
 * A segment: one file of records, published by one rename, immutable but for its
 * state lines and the moved-to field (vmta-spool(5)).  Reading.
 */
#ifndef VMTA_SPOOL_SEGMENT_H
#define VMTA_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "record/names.h"
#include "spool/spool.h"
#include "spool/state.h"

enum {
	SEGMENT_RECORDS = 10000,		/* soft limit of records */
	SEGMENT_RECORDS_MAX = 99999,		/* what an index can say */
	SEGMENT_BYTES = 64 * 1024 * 1024,	/* soft limit of the messages */
};

enum message_flags {
	MESSAGE_DOTS = 1 << 0,	/* a line begins with a dot */
	MESSAGE_8BIT = 1 << 1,	/* a byte above 127 */
};

/* A message as it is stored: canonical CRLF, not dot-stuffed, ends in CRLF. */
struct spool_message {
	const char *text;
	size_t len;
	size_t header_len;	/* up to and with the empty line */
	size_t longest;		/* bytes of the longest line, CRLF not counted */
	unsigned flags;
};

/* What is fixed about one recipient of one message.  Strings are never NULL or
 * empty when read ("-" for nothing, "<>" for the null sender); NULL is "-" when
 * written.  No value may hold a control byte. */
struct envelope {
	const char *id;		/* MESSAGEID.N */
	uint64_t at;		/* offset of the message in the segment */
	uint64_t size;		/* bytes of its text */
	int64_t queued;		/* injected, seconds since 1970 */
	const char *sender;
	const char *rcpt;
	const char *orcpt;
	const char *vmta;	/* as asked for */
	const char *job;
	const char *envid;
	const char *notify, *ret;	/* RFC 3461 */
	int64_t expire;		/* seconds since 1970, 0: by bounce-after */
	const char *origin;	/* cli, bsmtp ... */
	const char *origin_mta;
	const char *vars;	/* variables of a template */
	char *line;		/* memory of the strings when read: free(3) it */
};

struct segment;

/*
 * Open a published segment through the spool's cache of descriptors.
 * Returns: 0; 1 when it is gone, moved (P5) or not visible yet (P6); -1:
 * ERR_INPUT damaged (name and reason in err), ERR_IO, ERR_TEMP.
 * Ownership: a reference; give it back with segment_put.
 */
int segment_get(struct spool *s, const char *id, struct segment **out,
    struct err *err);
void segment_put(struct segment *g);

/* Returns: its id.  Ownership: the segment's.  Errors: none, pure. */
const char *segment_id(const struct segment *g);
/* Returns: the number of its records.  Errors: none, pure. */
uint32_t segment_records(const struct segment *g);
/* Returns: the number of its domains.  Errors: none, pure. */
uint32_t segment_domains(const struct segment *g);
/* Domain i, lower case; NULL if there is none.  Ownership: the segment's. */
const char *segment_domain(const struct segment *g, uint32_t i);
/* Earliest and latest injection of its records. */
int64_t segment_first(const struct segment *g);
int64_t segment_last(const struct segment *g);

/* Read state line i: checked, read again while torn.  Returns 0 or -1 damaged. */
int segment_state(const struct segment *g, uint32_t i, struct state *st);

/*
 * Record i's envelope, checked.  out->line is the caller's to free.
 * Returns: 0 or -1 (ERR_INPUT: damaged).
 */
int segment_envelope(struct segment *g, uint32_t i, struct envelope *out,
    struct err *err);

/*
 * The message at an offset that an envelope gave, checked whole (CRC).
 * Ownership: the text is mapped, valid while the segment is held.
 * Returns: 0 or -1 (ERR_INPUT).
 */
int segment_message(struct segment *g, uint64_t at, struct spool_message *out,
    struct err *err);

/* Split SEGMENT.INDEX.  Returns 0 or -1.  Pure. */
int locator_parse(const char *text, char id[NAME_SEGMENT + 1], uint32_t *index);

#endif
