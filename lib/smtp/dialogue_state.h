/* SPDX-License-Identifier: ISC */
/* The inside of a dialogue, for lib/smtp/dialogue*.c only. */
#ifndef VMTA_SMTP_DIALOGUE_STATE_H
#define VMTA_SMTP_DIALOGUE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reply/parse.h"
#include "smtp/dialogue.h"
#include "smtp/dialogue_out.h"
#include "smtp/ehlo.h"

/* What the next reply answers; the rows of the table. */
enum state {
	ST_GREETING, ST_EHLO, ST_HELO, ST_RSET, ST_MAIL, ST_RCPT, ST_DATA,
	ST_TEXT,	/* the text is not wholly written */
	ST_DOT, ST_IDLE, ST_QUIT, ST_CLOSED,
	ST_COUNT
};

/* The columns.  The first four are enum reply_class. */
enum event {
	EV_SUCCESS, EV_GO_ON, EV_TRANSIENT, EV_PERMANENT,
	EV_BYE,		/* 421 */
	EV_BAD,		/* not a reply, or one that nothing asked for */
	EV_LOST,
	EV_TIMEOUT,
	EV_COUNT
};

struct slot {
	enum { SLOT_FREE, SLOT_WAITING, SLOT_BEGUN, SLOT_DECIDED } state;
	uint64_t begin;		/* position where its commands begin */
	struct dialogue_message message;
	struct dialogue_result result;
};

/* A reply that is to come. */
struct await {
	enum state state;
	struct slot *slot;	/* whom it decides; NULL: nobody any more */
	uint64_t end;		/* position after the command it answers */
};

enum { SLOTS = 2, AWAIT_MAX = 8 };

struct dialogue {
	struct dialogue_options options;
	size_t helo_len;
	struct ehlo ehlo;
	bool ready;		/* EHLO or HELO was accepted */
	bool pipelining;	/* offered and wanted */
	bool open;		/* a transaction may be open: RSET first */
	bool served;		/* a MAIL was answered */
	bool quitting;		/* the owner has no more */
	bool closing;		/* no message is begun any more */
	bool closed;
	bool failed;		/* failure is set */
	unsigned epoch;
	const char *why;	/* of EV_LOST */

	struct await queue[AWAIT_MAX];	/* replies to come, a ring */
	unsigned first, count;
	struct await now;	/* what the event at hand is about */

	struct slot slots[SLOTS];
	struct slot *waiting;	/* handed in, not begun */
	struct slot *decided[SLOTS]; /* results in the order of decisions */
	unsigned n_decided;

	struct out out;
	struct reply_parser parser;
	struct dialogue_failure failure;
	char esmtp[EHLO_LIST_SIZE];
};

/* dialogue_step.c: act on an event.  Errors: none. */
void dialogue_step(struct dialogue *d, enum event e);
/* Put out what can be put out now: the next message, QUIT.  Errors: none. */
void dialogue_advance(struct dialogue *d);
/* Returns: the row of the table that holds now.  Pure. */
enum state dialogue_state(const struct dialogue *d);
/* Returns: what the owner sees of a state.  Pure. */
enum dialogue_phase dialogue_phase_of(enum state s);

/* dialogue_begin.c: expect a reply to what was just put out.  Errors: none. */
void dialogue_await(struct dialogue *d, enum state s, struct slot *slot);
/* Put out a command without arguments and expect its reply.  Errors: none. */
void dialogue_command(struct dialogue *d, const char *line, enum state s,
    struct slot *slot);
/* EHLO, HELO or LHLO with our name.  Errors: none. */
void dialogue_hello(struct dialogue *d, const char *verb, enum state s);
/* The waiting message's commands, as many as may go at once.  Errors: none. */
void dialogue_begin(struct dialogue *d);
void dialogue_mail(struct dialogue *d, struct slot *slot);
void dialogue_rcpt(struct dialogue *d, struct slot *slot);

/*
 * dialogue_settle.c: decide a message's fate; the replies that are still to
 * come for it decide nothing any more.  Errors: none.
 */
void dialogue_decide(struct dialogue *d, struct slot *slot,
    enum dialogue_outcome outcome, const struct reply *reply, bool local);
/* The conversation failed: victim (or NULL) is QUEUE_FAILED, all others were
 * not started.  Errors: none. */
void dialogue_fail(struct dialogue *d, struct slot *victim,
    const struct reply *reply, bool local);
/* Nothing more is written or read.  Errors: none. */
void dialogue_close(struct dialogue *d);

#endif
