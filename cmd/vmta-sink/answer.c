/* SPDX-License-Identifier: ISC */
/*
 * What is answered to an event: limits first, then rules, then what the session
 * would say by itself.  The answer is given at once (answer_now) or when its
 * delay is over (conn_due, which calls answer_now).
 */
#include <string.h>

#include "sink.h"

enum { HEAD_BYTES_MAX = 256 * 1024 };

/* The recipients of the transaction with commas between them. */
static const char *
recipients(struct sink *k, const struct conn *c)
{
	buf_reset(&k->scratch);
	buf_add(&k->scratch, c->session.rcpts.data, c->session.rcpts.len);
	if (k->scratch.len == 0)
		return "";
	/* each has a NUL after it; the last one ends the string */
	for (size_t i = 0; i + 1 < k->scratch.len; i++)
		if (k->scratch.data[i] == '\0')
			k->scratch.data[i] = ',';
	return k->scratch.data;
}

/* What rules match at a stage: vmta-sink(1), RULES. */
static const char *
subject(struct sink *k, const struct conn *c, enum session_stage stage)
{
	switch (stage) {
	case SESSION_CONNECT:
		return c->source;
	case SESSION_HELO:
	case SESSION_MAIL:
	case SESSION_RCPT:
		return c->session.arg.data;
	case SESSION_DATA:
	case SESSION_TEXT:
	case SESSION_DOT:
		return recipients(k, c);
	case SESSION_QUIT:
	case SESSION_OTHER:
	case SESSION_STAGES:
		break;
	}
	return c->session.helo.data;
}

/* A run of the message: only looked at where an option asks for it. */
static void
take_text(struct sink *k, struct conn *c, const struct session_event *ev)
{
	if (k->opt->sha256) {
		if (c->digest == NULL)
			c->digest = digest_sha256();
		digest_add(c->digest, ev->data, ev->len);
	}
	if (k->opt->header != NULL && !c->head_done) {
		size_t from = c->head.len > 3 ? c->head.len - 3 : 0;

		buf_add(&c->head, ev->data, ev->len);
		c->head_done = c->head.len > HEAD_BYTES_MAX ||
		    memmem(c->head.data + from, c->head.len - from, "\r\n\r\n",
			4) != NULL;
	}
}

/* Does a limit of the sink itself answer? */
static bool
limited(struct sink *k, struct conn *c, const struct session_event *ev)
{
	const char *status = k->opt->session.flags & SESSION_ENHANCED ?
	    "4.7.0" :
	    NULL;

	if (ev->stage == SESSION_CONNECT && c->over_limit) {
		lines_refused(k, c, 421);
		/* RFC 2034 4: no enhanced code in the greeting */
		session_reply(&c->session, 421, NULL, "too many connections");
		return true;
	}
	if (ev->stage == SESSION_MAIL && ev->judge && k->opt->max_msg > 0 &&
	    c->messages >= (uint64_t)k->opt->max_msg) {
		lines_refused(k, c, 421);
		session_reply(&c->session, 421, status,
		    "too many messages on this connection");
		return true;
	}
	return false;
}

void
answer_event(struct sink *k, struct conn *c, const struct session_event *ev)
{
	bool text = ev->stage == SESSION_TEXT;
	int64_t delay_ms = 0;

	c->stage = ev->stage;
	c->rule = NULL;
	if (text)
		take_text(k, c, ev);
	if (limited(k, c, ev))
		return;
	/* a rule for the text is asked once a message */
	if (ev->judge && (!text || c->session.bytes == ev->len) &&
	    server_rules_has(k->opt->rules, ev->stage))
		c->rule = server_rules_ask(k->opt->rules, ev->stage,
		    subject(k, c, ev->stage), &delay_ms);
	if (delay_ms > 0) {
		c->hold = HOLD_DELAY;
		c->answer_ms = k->now_ms + delay_ms;
		return;
	}
	answer_now(k, c);
}

/* Count and print what the code means, while the transaction is still there. */
static void
record(struct sink *k, struct conn *c, int code)
{
	struct stats *st = &k->stats;

	if (c->stage == SESSION_DOT) {
		c->messages++;
		if (c->messages > st->max_per_connection)
			st->max_per_connection = c->messages;
		lines_message(k, c, code);
	} else if (code >= 400) {
		lines_refused(k, c, code);
	}
}

void
answer_now(struct sink *k, struct conn *c)
{
	const struct server_rule *rule = c->rule;
	enum server_action action;

	c->rule = NULL;
	if (rule == NULL) {
		if (c->stage == SESSION_TEXT)
			return;
		record(k, c, session_default_code(&c->session));
		session_accept(&c->session);
		return;
	}
	action = rule->action;
	record(k, c, rule->code);
	if (action == SERVER_CLOSE)
		c->closing = true;
	else if (action == SERVER_HANG)
		c->hold = HOLD_HANG;
	else if (action == SERVER_RAW)
		session_raw(
		    &c->session, rule->code, rule->text.data, rule->text.len);
	else
		session_reply(&c->session, rule->code,
		    rule->status[0] != '\0' ? rule->status : NULL,
		    rule->text.data);
}
