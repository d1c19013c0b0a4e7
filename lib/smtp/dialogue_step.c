/* SPDX-License-Identifier: ISC */
/*
 * The state machine: a table of (what is waited for) x (what happened).
 *
 *   GREETING --2xx--> EHLO --2xx--> IDLE <-------------------------------+
 *      |               |5xx           | message                          |
 *      |4xx 5xx        v              v                                  |
 *      |              HELO       [RSET ->] MAIL --> RCPT --> DATA        |
 *      v               |4xx 5xx   refused: |         |        |3xx       |
 *    QUIT <------------+          decided  +----+----+        v          |
 *      |                                        |           TEXT         |
 *      v                                        |             | written  |
 *    CLOSED <-- 421, lost, timeout, nonsense    |             v          |
 *               in any state                    |            DOT --------+
 *                                               +--> IDLE
 *
 * There is no variable of that name: the state is what the oldest reply
 * answers that is still to come (struct await), IDLE when none is, TEXT
 * while the dot of its command is not wholly written.  Without PIPELINING a
 * command is put out when the reply to the one before has come, so the
 * queue holds one; with it MAIL, RCPT and DATA are put out together, and
 * the next group behind the final dot:
 *
 *     queue:  DOT(1) MAIL(2) RCPT(2) DATA(2)
 *
 * A refused MAIL or RCPT decides its message at once; the replies to the
 * rest of its group still come and decide nobody.  Where DATA is accepted
 * nevertheless, a lone dot ends the empty text (RFC 2920 3.1).  What the
 * server keeps of a failed transaction is not the same everywhere: unless
 * MAIL was refused or a dot was answered, RSET comes before the next MAIL
 * (in the same write with PIPELINING).
 *
 * Invariants; asserts and tests cite them.
 * I1  A byte of a text is written only after a 3xx to its own DATA.
 * I2  After DATA nothing is written until its reply has come.
 * I3  A reply belongs to the oldest command without one, and that command was
 *     wholly written; anything else but a 421 ends the conversation.
 * I4  Each message handed in gets exactly one result.
 * I5  DELIVERED means: 2xx, in answer to a dot of this message's text that was
 *     wholly written, after 2xx to its MAIL and RCPT.
 * I6  doubt means: that dot was wholly written and no reply to it was
 *     understood.  At most one message of a conversation.
 * I7  No byte of an address or name ends a line or a path.
 * I8  MAIL is written only when no transaction is open at the server.
 * I9  Once closed nothing is written, and nothing that happens changes
 *     anything.
 * I10 Memory doesn't grow with what the server sends, nor with the message.
 */
#include <stddef.h>

#include "smtp/dialogue_state.h"

static const struct {
	enum dialogue_phase phase;
	const char *waiting;	/* ends "lost connection (...)" */
} states[ST_COUNT] = {
	[ST_GREETING] = { DIALOGUE_GREETING, "waiting for the greeting" },
	[ST_EHLO] = { DIALOGUE_EHLO, "waiting for the reply to EHLO" },
	[ST_HELO] = { DIALOGUE_EHLO, "waiting for the reply to HELO" },
	[ST_RSET] = { DIALOGUE_RSET, "waiting for the reply to RSET" },
	[ST_MAIL] = { DIALOGUE_MAIL, "waiting for the reply to MAIL" },
	[ST_RCPT] = { DIALOGUE_RCPT, "waiting for the reply to RCPT" },
	[ST_DATA] = { DIALOGUE_DATA, "waiting for the reply to DATA" },
	[ST_TEXT] = { DIALOGUE_TEXT, "sending the message" },
	[ST_DOT] = { DIALOGUE_DOT, "waiting for the reply to the message" },
	[ST_IDLE] = { DIALOGUE_IDLE, "between messages" },
	[ST_QUIT] = { DIALOGUE_QUIT, "waiting for the reply to QUIT" },
	[ST_CLOSED] = { DIALOGUE_CLOSED, "closed" },
};

enum dialogue_phase
dialogue_phase_of(enum state s)
{
	return states[s].phase;
}

enum state
dialogue_state(const struct dialogue *d)
{
	const struct await *a = &d->queue[d->first];

	if (d->closed)
		return ST_CLOSED;
	if (d->count == 0)
		return ST_IDLE;
	if (a->state == ST_DOT && d->out.sent < a->end)
		return ST_TEXT;
	return a->state;
}

/* Whom a failure of the whole conversation is charged to: the message that the
 * reply is about; before the first one that which made us connect. */
static struct slot *
victim(const struct dialogue *d)
{
	switch (d->now.state) {
	case ST_GREETING:
	case ST_EHLO:
	case ST_HELO:
		return d->waiting;
	case ST_RSET:
	case ST_MAIL:
	case ST_RCPT:
	case ST_DATA:
	case ST_TEXT:
	case ST_DOT:
	case ST_IDLE:
	case ST_QUIT:
	case ST_CLOSED:
	case ST_COUNT:
		break;
	}
	return d->now.slot;
}

/* Record what ended the conversation.  Keep the failure first: the parser's
 * reply may be the one given. */
static void
fail(struct dialogue *d, bool local)
{
	d->failure.at = states[d->now.state].phase;
	d->failure.local = local;
	if (!local)
		reply_copy(&d->failure.reply, &d->parser.reply);
	d->failed = true;
	dialogue_fail(d, victim(d), &d->failure.reply, local);
}

/* --- the end ------------------------------------------------------------- */

static void
ignore(struct dialogue *d)
{
	(void)d;
}

static void
shut(struct dialogue *d)
{
	dialogue_close(d);
}

/* QUIT, after which only its reply is waited for. */
static void
leave(struct dialogue *d)
{
	d->closing = true;
	dialogue_command(d, "QUIT\r\n", ST_QUIT, NULL);
}

static void
idle_too_long(struct dialogue *d)
{
	d->quitting = true;
}

/* The server says that it is going away (RFC 5321 3.8). */
static void
bye(struct dialogue *d)
{
	fail(d, false);
	dialogue_close(d);
}

static void
nonsense(struct dialogue *d)
{
	reply_local(&d->failure.reply, "4.5.0", "protocol error: %s (%s)",
	    d->parser.why, states[d->now.state].waiting);
	fail(d, true);
	dialogue_close(d);
}

static void
unexpected(struct dialogue *d)
{
	const struct reply *r = &d->parser.reply;

	reply_local(&d->failure.reply, "4.5.0",
	    "protocol error: unexpected reply %d %.200s (%s)", r->code, r->text,
	    states[d->now.state].waiting);
	fail(d, true);
	dialogue_close(d);
}

static void
late(struct dialogue *d)
{
	reply_local(&d->failure.reply, "4.4.2", "timed out (%s)",
	    states[d->now.state].waiting);
	fail(d, true);
	dialogue_close(d);
}

/*
 * Servers close a connection without a word when they had enough of it: too
 * many messages, too long idle, a recipient refused.  That isn't the
 * queue's trouble unless a message had begun to be taken: the one at hand
 * is given back.
 */
static void
lost(struct dialogue *d)
{
	enum state s = d->now.state;

	reply_local(&d->failure.reply, "4.4.2", "%s (%s)", d->why,
	    states[s].waiting);
	if (((s == ST_RSET || s == ST_MAIL) && d->served) ||
	    (d->now.slot == NULL && s >= ST_RCPT && s <= ST_DOT)) {
		if (d->now.slot != NULL)
			dialogue_decide(d, d->now.slot, DIALOGUE_NOT_STARTED,
			    &d->failure.reply, true);
		dialogue_fail(d, NULL, &d->failure.reply, true);
	} else {
		fail(d, true);
	}
	dialogue_close(d);
}

/* --- beginning ----------------------------------------------------------- */

static void
no_session(struct dialogue *d)
{
	fail(d, false);
	leave(d);
}

static void
greeted(struct dialogue *d)
{
	if (d->parser.reply.code != 220) {
		unexpected(d);
		return;
	}
	if (d->quitting && d->waiting == NULL)
		leave(d);
	else if (d->options.lmtp)
		dialogue_hello(d, "LHLO ", ST_EHLO);
	else
		dialogue_hello(d, "EHLO ", ST_EHLO);
}

static void
ehlo_accepted(struct dialogue *d)
{
	d->ready = true;
	d->pipelining = d->options.pipelining &&
	    (d->ehlo.offered & EHLO_PIPELINING) != 0;
	ehlo_list(&d->ehlo, d->esmtp);
}

static void
ehlo_refused(struct dialogue *d)
{
	if (d->options.lmtp)
		no_session(d);
	else
		dialogue_hello(d, "HELO ", ST_HELO);
}

static void
helo_accepted(struct dialogue *d)
{
	d->ready = true;
}

/* --- a message ----------------------------------------------------------- */

static void
refused(struct dialogue *d)
{
	if (d->now.slot != NULL)
		dialogue_decide(d, d->now.slot, DIALOGUE_RCPT_FAILED,
		    &d->parser.reply, false);
}

static void
reset(struct dialogue *d)
{
	d->open = false;
	if (!d->pipelining)
		dialogue_mail(d, d->now.slot);
}

/* What the server would make of the next MAIL nobody knows. */
static void
reset_refused(struct dialogue *d)
{
	fail(d, false);
	dialogue_close(d);
}

static void
mail_accepted(struct dialogue *d)
{
	d->served = d->open = true;
	if (!d->pipelining)
		dialogue_rcpt(d, d->now.slot);
}

static void
mail_refused(struct dialogue *d)
{
	d->served = true;
	refused(d);
}

static void
rcpt_accepted(struct dialogue *d)
{
	d->open = true;
	if (!d->pipelining)
		dialogue_command(d, "DATA\r\n", ST_DATA, d->now.slot);
}

static void
data_accepted(struct dialogue *d)
{
	const struct slot *s = d->now.slot;

	if (s != NULL)
		out_text(&d->out, s->message.text, s->message.text_len,
		    s->message.has_dots);
	else
		out_text(&d->out, "", 0, false);
	d->open = false;	/* will be: the dot ends it, however answered */
	dialogue_await(d, ST_DOT, d->now.slot);
}

/* The server doesn't want to see the rest, and whatever we write is text. */
static void
refused_early(struct dialogue *d)
{
	refused(d);
	dialogue_fail(d, NULL, &d->parser.reply, false);
	dialogue_close(d);
}

static void
delivered(struct dialogue *d)
{
	if (d->now.slot != NULL)
		dialogue_decide(d, d->now.slot, DIALOGUE_DELIVERED,
		    &d->parser.reply, false);
}

/* --- the table ----------------------------------------------------------- */

/* Every state while a conversation goes on ends alike. */
#define ENDS bye, nonsense, lost, late

/* clang-format off */
static void (*const table[ST_COUNT][EV_COUNT])(struct dialogue *) = {
/*		    2xx            3xx            4xx            5xx */
[ST_GREETING] = { greeted,       unexpected,    no_session,    no_session,
		  ENDS },
[ST_EHLO] =     { ehlo_accepted, unexpected,    no_session,    ehlo_refused,
		  ENDS },
[ST_HELO] =     { helo_accepted, unexpected,    no_session,    no_session,
		  ENDS },
[ST_RSET] =     { reset,         unexpected,    reset_refused, reset_refused,
		  ENDS },
[ST_MAIL] =     { mail_accepted, unexpected,    mail_refused,  mail_refused,
		  ENDS },
[ST_RCPT] =     { rcpt_accepted, unexpected,    refused,       refused,
		  ENDS },
[ST_DATA] =     { unexpected,    data_accepted, refused,       refused,
		  ENDS },
[ST_TEXT] =     { unexpected,    unexpected,    refused_early, refused_early,
		  ENDS },
[ST_DOT] =      { delivered,     unexpected,    refused,       refused,
		  ENDS },
/*		    421            bad            lost           timeout */
[ST_IDLE] =     { shut,          shut,          shut,          shut,
		  shut,          shut,          shut,          idle_too_long },
[ST_QUIT] =     { shut,          shut,          shut,          shut,
		  shut,          shut,          shut,          shut },
[ST_CLOSED] =   { ignore,        ignore,        ignore,        ignore,
		  ignore,        ignore,        ignore,        ignore },
};
/* clang-format on */

/* May the next message's commands be put out?  Behind nothing, or, pipelining,
 * behind a final dot; never behind a DATA (I2). */
static bool
may_begin(const struct dialogue *d)
{
	unsigned last = (d->first + d->count - 1) % AWAIT_MAX;

	if (!d->ready || d->closing)
		return false;
	return d->count == 0 || (d->pipelining &&
	    d->queue[last].state == ST_DOT);
}

void
dialogue_advance(struct dialogue *d)
{
	if (d->waiting != NULL && may_begin(d))
		dialogue_begin(d);
	if (d->count > 0 || d->closed)
		return;
	if (d->quitting && d->waiting == NULL)
		leave(d);
	else
		out_rest(&d->out);
}

void
dialogue_step(struct dialogue *d, enum event e)
{
	bool reply = e <= EV_BYE;

	d->now = d->count > 0 ? d->queue[d->first] : (struct await){ 0 };
	d->now.state = dialogue_state(d);
	if (d->count > 0 && reply) {
		/* I3 */
		if (d->now.state != ST_TEXT && e != EV_BYE &&
		    d->now.end > d->out.sent) {
			d->parser.why = "a reply that nothing asked for";
			e = EV_BAD;
		}
		d->first = (d->first + 1) % AWAIT_MAX;
		d->count--;
	}
	table[d->now.state][e](d);
	dialogue_advance(d);
	d->epoch++;
}
