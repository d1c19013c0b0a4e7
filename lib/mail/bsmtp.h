/* SPDX-License-Identifier: ISC */
/*
 * Batch SMTP: a stream of SMTP commands and messages with nobody who answers
 * (vmta-queue(1), BATCH SMTP).  No sockets, no spool: bytes in, messages out.
 *
 * HELO, EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT; any number of messages; lines
 * end in CRLF or LF.  How the line of the command DATA ends is how the line of
 * the dot must end that ends the data, so that no dot inside a message does.
 */
#ifndef VMTA_MAIL_BSMTP_H
#define VMTA_MAIL_BSMTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "mail/message.h"

enum {
	BSMTP_LINE_MAX = 2048,		/* bytes of a command, its end included */
	BSMTP_RCPT_MAX = 100000,	/* recipients of one message */
	BSMTP_BUFFER = 256 * 1024,	/* bytes read at once */
};

/* Give up to n bytes.  Returns: how many, 0 at the end, -1 with errno. */
typedef ssize_t bsmtp_read_fn(void *arg, char *to, size_t n);

struct bsmtp_rcpt {
	const char *rcpt;		/* checked (mail/address.h) */
	const char *domain;		/* within rcpt */
	const char *orcpt, *notify;	/* or NULL (mail/esmtp.h) */
};

struct bsmtp_message {
	uint64_t number;		/* in the stream, from 1 */
	uint64_t line;			/* of its first command, from 1 */
	const char *sender;		/* "<>" for null */
	const char *envid, *ret;	/* or NULL */
	const struct bsmtp_rcpt *rcpts;	/* the good ones, at least one */
	size_t n_rcpts;
	struct message message;
};

enum bsmtp_result {
	BSMTP_MESSAGE,	/* *out is one */
	BSMTP_BAD,	/* a message is passed over; err names line, message, why */
	BSMTP_BAD_RCPT,	/* a recipient is passed over, likewise */
	BSMTP_END,	/* the stream ended between two messages */
	BSMTP_CUT,	/* it ended in the middle of one (err): trust none of it */
	BSMTP_ERROR,	/* reading failed (err) */
};

struct bsmtp;

/* max: bytes of a message at most.  buffer: bytes read at once (BSMTP_BUFFER).
 * Ownership: the caller ends it with bsmtp_free.  Errors: exits 75. */
struct bsmtp *bsmtp_new(bsmtp_read_fn *fn, void *arg, uint64_t max,
    size_t buffer);
void bsmtp_free(struct bsmtp *b);

/*
 * The next thing in the stream.  A message that is wrong is named once, at the
 * first thing that is wrong with it.
 * Ownership: *out is b's until the next call; the text alone stays until the call
 * after the one that returns the next message.
 * Errors: as enum bsmtp_result says.
 */
enum bsmtp_result bsmtp_next(struct bsmtp *b, struct bsmtp_message *out,
    struct err *err);

/*
 * Say that the message just returned is bad after all: the text of the one
 * before it then goes on to stay.  Fills err as BSMTP_BAD does.  Errors: none.
 */
void bsmtp_refuse(struct bsmtp *b, const struct bsmtp_message *m,
    const char *why, struct err *err);

/* Bytes read so far. */
uint64_t bsmtp_bytes(const struct bsmtp *b);

#endif
