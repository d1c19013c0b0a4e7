/* SPDX-License-Identifier: ISC */
/*
 * The commands of a dialogue, bounded and free of control bytes (I7), and what
 * reply each of them asks for.
 */
#include <assert.h>
#include <string.h>

#include "record/names.h"
#include "smtp/dialogue_state.h"

void
dialogue_await(struct dialogue *d, enum state s, struct slot *slot)
{
	struct await *a;

	assert(d->count < AWAIT_MAX);
	if (d->count == 0)
		d->epoch++;
	a = &d->queue[(d->first + d->count++) % AWAIT_MAX];
	a->state = s;
	a->slot = slot;
	a->end = d->out.queued;
}

void
dialogue_command(struct dialogue *d, const char *line, enum state s,
    struct slot *slot)
{
	out_add(&d->out, line, strlen(line));
	dialogue_await(d, s, slot);
}

void
dialogue_hello(struct dialogue *d, const char *verb, enum state s)
{
	out_add(&d->out, verb, strlen(verb));
	out_add(&d->out, d->options.helo, d->helo_len);
	out_add(&d->out, "\r\n", 2);
	dialogue_await(d, s, NULL);
}

/* Bytes of v in decimal at to. */
static size_t
put_number(char *to, uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	for (size_t i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	return n;
}

/*
 * May an address stand between < and >?  The whole grammar was looked at when
 * it was injected; here only what would end the path or the line.
 */
static bool
address_fits(const char *s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i <= NAME_ADDRESS && s[i] != '\0'; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < ' ' || c == 0x7f)
			return false;
		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ' ' || c == '<' || c == '>'))
			return false;
		else if (quoted && c == '\\' &&
		    (s[i + 1] == '"' || s[i + 1] == '\\'))
			i++;
	}
	return i <= NAME_ADDRESS && !quoted;
}

static bool
is_null_sender(const char *s)
{
	return s[0] == '\0' || strcmp(s, "<>") == 0;
}

/* Returns: can the message go to this server?  If not it is decided here. */
static bool
sendable(struct dialogue *d, struct slot *s)
{
	const struct dialogue_message *m = &s->message;
	struct reply r;

	if (d->ehlo.size > 0 && m->text_len > d->ehlo.size)
		reply_local(&r, "5.3.4",
		    "the message has %zu bytes, the server takes %llu",
		    m->text_len, (unsigned long long)d->ehlo.size);
	else if (!is_null_sender(m->sender) && !address_fits(m->sender))
		reply_local(&r, "5.1.7", "the sender's address can't be sent");
	else if (m->rcpt[0] == '\0' || !address_fits(m->rcpt))
		reply_local(&r, "5.1.3",
		    "the recipient's address can't be sent");
	else
		return true;
	d->now.state = ST_MAIL;
	dialogue_decide(d, s, DIALOGUE_RCPT_FAILED, &r, true);
	return false;
}

void
dialogue_mail(struct dialogue *d, struct slot *s)
{
	const struct dialogue_message *m = &s->message;
	char line[NAME_ADDRESS + 64];
	size_t n, len;

	memcpy(line, "MAIL FROM:<", 11);
	n = 11;
	if (!is_null_sender(m->sender)) {
		len = strlen(m->sender);
		memcpy(line + n, m->sender, len);
		n += len;
	}
	line[n++] = '>';
	if ((d->ehlo.offered & EHLO_SIZE) != 0) {
		memcpy(line + n, " SIZE=", 6);
		n += 6;
		n += put_number(line + n, m->text_len);
	}
	if (m->has_8bit) {
		if (d->options.eightbit_mime &&
		    (d->ehlo.offered & EHLO_8BITMIME) != 0) {
			memcpy(line + n, " BODY=8BITMIME", 14);
			n += 14;
		} else {
			s->result.eightbit_unoffered = true;
		}
	}
	line[n++] = '\r';
	line[n++] = '\n';
	s->begin = d->out.queued;
	out_add(&d->out, line, n);
	dialogue_await(d, ST_MAIL, s);
}

void
dialogue_rcpt(struct dialogue *d, struct slot *s)
{
	char line[NAME_ADDRESS + 16];
	size_t len = strlen(s->message.rcpt);

	memcpy(line, "RCPT TO:<", 9);
	memcpy(line + 9, s->message.rcpt, len);
	memcpy(line + 9 + len, ">\r\n", 3);
	out_add(&d->out, line, 12 + len);
	dialogue_await(d, ST_RCPT, s);
}

/*
 * RFC 2920 3.1: RSET, MAIL and RCPT may stand anywhere in a group, DATA only at
 * its end; the text of another message and its dot may come before the group.
 */
void
dialogue_begin(struct dialogue *d)
{
	struct slot *s = d->waiting;

	d->waiting = NULL;
	if (!sendable(d, s))
		return;
	s->state = SLOT_BEGUN;
	if (d->open) {
		s->begin = UINT64_MAX;
		dialogue_command(d, "RSET\r\n", ST_RSET, s);
		if (!d->pipelining)
			return;
	}
	dialogue_mail(d, s);
	if (!d->pipelining)
		return;
	dialogue_rcpt(d, s);
	dialogue_command(d, "DATA\r\n", ST_DATA, s);
}
