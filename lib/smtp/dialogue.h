/* SPDX-License-Identifier: ISC */
/*
 * One SMTP conversation as a client, with no sockets in it: bytes and events go
 * in, bytes to write and results come out (RFC 5321, 2920, 1870, 6152, 2034).
 * The owner moves bytes between it and a connection, runs one timer, and hands
 * it messages when it asks.  Every conversation can be replayed from text.
 *
 * With PIPELINING the commands of the next message travel in the same write as
 * the text of the one before it (RFC 2920 3.1): the dialogue asks for a message
 * one ahead, so that a message costs one round trip.
 *
 *     owner                                   dialogue
 *     dialogue_new(options)
 *     dialogue_input(bytes) ---------------->  state machine
 *     while dialogue_result(&r): settle it
 *     while dialogue_wants_message(): dialogue_message(m)
 *     while dialogue_output(iov): writev, dialogue_sent(n)
 *     dialogue_phase(): which timeout runs; dialogue_done(): close the socket
 *
 * In this order after each event: results first, as a result that was not taken
 * takes the place of a message; messages before output, so that they share a
 * write.  What was written is reported by dialogue_sent before more input is
 * given: a reply to a command that wasn't written ends the conversation.
 */
#ifndef VMTA_SMTP_DIALOGUE_H
#define VMTA_SMTP_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "reply/reply.h"

struct dialogue;

/* What the dialogue waits for: which timeout runs (RFC 5321 4.5.3.2). */
enum dialogue_phase {
	DIALOGUE_GREETING,
	DIALOGUE_EHLO,		/* the reply to EHLO or HELO */
	DIALOGUE_MAIL,
	DIALOGUE_RCPT,
	DIALOGUE_DATA,		/* the 354 */
	DIALOGUE_TEXT,		/* bytes of the message are being written */
	DIALOGUE_DOT,		/* the reply to the final dot */
	DIALOGUE_RSET,
	DIALOGUE_IDLE,		/* nothing under way, nothing handed in */
	DIALOGUE_QUIT,		/* the reply to QUIT */
	DIALOGUE_CLOSED,
	DIALOGUE_PHASES
};

struct dialogue_options {
	const char *helo;	/* borrowed for the dialogue's life */
	bool pipelining;	/* use it where offered */
	bool eightbit_mime;	/* likewise */
	bool lmtp;		/* LHLO in place of EHLO, and no HELO */
};

/* A message handed in.  The strings and the text stay the owner's and must live
 * until the result of this message has been taken. */
struct dialogue_message {
	void *user;		/* comes back in the result */
	const char *sender;	/* "" or "<>": null sender */
	const char *rcpt;
	const char *text;	/* canonical: CRLF line ends, the last one too,
				 * not dot-stuffed */
	size_t text_len;
	bool has_dots;		/* a line begins with a dot: must be stuffed */
	bool has_8bit;
};

enum dialogue_outcome {
	DIALOGUE_DELIVERED,	/* 2xx to the final dot */
	DIALOGUE_RCPT_FAILED,	/* this recipient or message was refused: see
				 * the reply, or ours where it is local */
	DIALOGUE_QUEUE_FAILED,	/* nothing to do with this recipient (greeting,
				 * EHLO, 421, lost connection, timeout, broken
				 * protocol): the queue's trouble; the message
				 * was not sent or its fate is unknown (doubt).
				 * At most one message of a conversation */
	DIALOGUE_NOT_STARTED,	/* handed in, but no reply was about it: no
				 * attempt, give it back (its grant too, unless
				 * counted) */
};

struct dialogue_result {
	void *user;
	enum dialogue_outcome outcome;
	enum dialogue_phase at;	/* where it was decided */
	struct reply reply;	/* code 0: no reply (lost, timeout, protocol);
				 * status and text are then ours */
	bool local;		/* the text is ours (x-vmta;) */
	bool doubt;		/* the final dot may have been received */
	bool counted;		/* bytes of its commands went out: the receiver
				 * may have counted it, so its grant is used */
	bool eightbit_unoffered; /* 8-bit text went to a server that did not
				 * offer 8BITMIME */
};

/*
 * Why the conversation ended before its time.  A greeting that was refused for
 * good is at == DIALOGUE_GREETING and reply.code >= 500.
 */
struct dialogue_failure {
	enum dialogue_phase at;
	bool local;
	struct reply reply;
};

/*
 * Begin a conversation.  Returns: never NULL.
 * Ownership: the caller's, ended with dialogue_free; o is copied, o->helo stays
 * the caller's.  Errors: exits 75.
 */
struct dialogue *dialogue_new(const struct dialogue_options *o);
/* End it and free it; NULL is allowed.  Errors: none. */
void dialogue_free(struct dialogue *d);

/*
 * Bytes from the server.  All are consumed.  A reply that is too long,
 * malformed or not asked for ends the dialogue (results say so).
 * Errors: none.
 */
void dialogue_input(struct dialogue *d, const void *data, size_t n);
/*
 * The connection ended or failed; why is for the diagnostic ("lost
 * connection", "Connection refused"), which adds what was waited for.  Bytes
 * that were read before go in first.  Errors: none.
 */
void dialogue_lost(struct dialogue *d, const char *why);
/* The timer of the present phase ran out: ends the conversation, but for
 * DIALOGUE_IDLE, where it is the same as dialogue_quit.  Errors: none. */
void dialogue_timeout(struct dialogue *d);

/*
 * May a message be handed in now?  One before the greeting; later one where
 * none is under way; with PIPELINING one more beside the one whose commands
 * went out, until its reply to the final dot has come.  Best handed in
 * before the output of the 354's text is taken: then both share a write.
 * Errors: none, pure.
 */
bool dialogue_wants_message(const struct dialogue *d);
/*
 * Hand one in, only after dialogue_wants_message() said yes.  m is copied
 * but for what it points to.  Errors: none; a message that can't be sent
 * here (larger than the server's SIZE: 5.3.4; an address with control bytes
 * or over length: 5.1.3 and 5.1.7) gets a local result, RCPT_FAILED, when
 * its turn comes.
 */
void dialogue_message(struct dialogue *d, const struct dialogue_message *m);
/* No more messages: QUIT as soon as those handed in are done.  Errors: none. */
void dialogue_quit(struct dialogue *d);

/*
 * What is to be written, in order.
 * Returns: the number of pieces (at most max and never more than 2), 0 for
 * nothing; there may be more after dialogue_sent.
 * Ownership: the dialogue's, or the message's text; until the next call.
 * Errors: none.
 */
size_t dialogue_output(struct dialogue *d, struct iovec *iov, size_t max);
/* n bytes of what dialogue_output gave went out.  Errors: none. */
void dialogue_sent(struct dialogue *d, size_t n);

/* Take the next result.  Returns: false when there is none.
 * Ownership: reply text is in the result itself. */
bool dialogue_result(struct dialogue *d, struct dialogue_result *out);

/* Returns: what the conversation waits for.  Errors: none, pure. */
enum dialogue_phase dialogue_phase(const struct dialogue *d);
/* Returns: a word for a phase, for logs: "greeting", "MAIL".  Pure. */
const char *dialogue_phase_name(enum dialogue_phase phase);
/*
 * Changes whenever the timer must be started anew: with each whole reply, and
 * each 4 KiB of text written.  So a reply that comes in drips has one deadline.
 * Errors: none, pure.
 */
unsigned dialogue_epoch(const struct dialogue *d);
/* Nothing more will be written or read: close the socket.  Results may still be
 * there to be taken.  Errors: none, pure. */
bool dialogue_done(const struct dialogue *d);
/*
 * Why it ended, told once for the queue whether or not a message carried it
 * as QUEUE_FAILED.  Returns: NULL while it goes on, after QUIT, and where
 * the end says nothing about the queue: closed between messages, or lost
 * before the reply to MAIL on a connection that had served a transaction
 * (reconnect), or lost after a refused recipient.  Ownership: the
 * dialogue's.  Errors: none, pure.
 */
const struct dialogue_failure *dialogue_failure(const struct dialogue *d);
/* Messages handed in whose result has not been taken (0, 1 or 2).  Pure. */
unsigned dialogue_under_way(const struct dialogue *d);
/* The server's extensions as a comma-separated list, "-" for none.  Pure. */
const char *dialogue_esmtp(const struct dialogue *d);
/* The largest message by SIZE, 0 for not said.  Pure. */
uint64_t dialogue_size_limit(const struct dialogue *d);

#endif
