/* SPDX-License-Identifier: ISC */
/*
 * One outcome of one attempt for one record: the event line that vmta-send
 * prints, the fields of the journal line, the source of every accounting column
 * (vmta-event(5)).
 */
#ifndef VMTA_RECORD_EVENT_H
#define VMTA_RECORD_EVENT_H

#include <stddef.h>

#include "base/buf.h"

/* Columns in their order.  New ones only at the end. */
enum event_field {
	EV_TIME,	/* seconds since 1970 with milliseconds: 1764000000.123 */
	EV_TYPE,	/* d b t tq ...: PowerMTA's record types */
	EV_ID,		/* the record's id */
	EV_QUEUE,	/* domain/vmta or $group/vmta */
	EV_DOMAIN,	/* of the recipient */
	EV_VMTA,	/* virtual MTA that was used */
	EV_POOL,	/* pool asked for, or - */
	EV_GROUP,	/* domain group, or - */
	EV_SOURCE,	/* local address used, or - */
	EV_SENDER,	/* envelope sender, <> for null */
	EV_RCPT,
	EV_ORCPT,	/* RFC 3461, or - */
	EV_JOB,
	EV_ENVID,
	EV_QUEUED,	/* when it was injected, seconds */
	EV_FIRST,	/* when it was first attempted, seconds, or - */
	EV_ATTEMPTS,	/* this one included */
	EV_ACTION,	/* relayed | failed | delayed (RFC 3464 2.3.3) */
	EV_STATUS,	/* enhanced status code, 2.0.0 */
	EV_CODE,	/* SMTP reply code, 3 digits, 000 for none */
	EV_DIAG,	/* smtp;550 5.1.1 ..., or x-vmta;text of our own */
	EV_MTA,		/* name of the server, or - */
	EV_DEST,	/* its address, or - */
	EV_CATEGORY,	/* bounce category, or - */
	EV_CLASS,	/* recipient | infrastructure | content | - */
	EV_ESMTP,	/* extensions offered, comma-separated, or - */
	EV_TLS,		/* protocol, or - */
	EV_CIPHER,	/* or - */
	EV_SIZE,	/* bytes sent as the message */
	EV_LATENCY,	/* milliseconds from MAIL to the reply, or - */
	EV_ORIGIN,	/* how it was injected: cli, bsmtp, smtp, ... */
	EV_ORIGIN_MTA,	/* who injected it: name or address, or - */
	EV_NEXT,	/* when it is tried again, seconds, or - */
	EV_NOTE,	/* comma-separated words: doubt (the attempt before may have
			 * been delivered), or - */
	EVENT_FIELDS
};

/* PIPE_BUF: a line this long with its newline is written whole or not at all. */
enum { EVENT_LINE_MAX = 4096, EVENT_DIAG_MAX = 1024 };

extern const char *const event_names[EVENT_FIELDS];

/* Values are plain text (NULL is "-"); event_append escapes them. */
struct event {
	const char *f[EVENT_FIELDS];
};

/*
 * Append the fields joined by tabs, escaped, with no newline.  The diagnostic is
 * cut to what keeps the whole below max bytes and within the buffer.
 * Returns: 0, or -1 when even an empty diagnostic doesn't make it fit; nothing
 * is added then, and over is set.
 */
int event_append(struct buf *b, const struct event *e, size_t max);

/*
 * Cut a line in place and undo the escapes.  Missing columns at the end are "-",
 * columns we don't know are ignored.
 * Returns: 0, or -1 for a line that isn't one.  Ownership: e points into line.
 */
int event_parse(char *line, struct event *e);

/* Returns: the column of that name, or -1.  Pure. */
int event_field(const char *name);

#endif
