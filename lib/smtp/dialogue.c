/* SPDX-License-Identifier: ISC */
/*
 * The calls of a dialogue's owner.  What happens on each event is in
 * dialogue_step.c, with the table, its drawing and the invariants.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "smtp/dialogue_state.h"

/* While a text is written, the timer starts anew with each of these (RFC 5321
 * 4.5.3.2.5 counts blocks), so a server can't keep us by a byte a minute. */
enum { TEXT_BLOCK = 4096 };

enum { HELO_MAX = 255 };	/* RFC 5321 4.5.3.1.2 */

struct dialogue *
dialogue_new(const struct dialogue_options *o)
{
	struct dialogue *d = xcalloc(1, sizeof(*d));

	d->options = *o;
	while (d->helo_len < HELO_MAX &&
	    (unsigned char)o->helo[d->helo_len] > ' ')
		d->helo_len++;
	reply_parser_init(&d->parser);
	memcpy(d->esmtp, "-", 2);
	dialogue_await(d, ST_GREETING, NULL);
	return d;
}

void
dialogue_free(struct dialogue *d)
{
	if (d == NULL)
		return;
	out_drop(&d->out);
	free(d);
}

static enum event
event_of(int code)
{
	return code == 421 ? EV_BYE : (enum event)reply_class(code);
}

/* A line of the reply to EHLO; the first one is the server's name. */
static void
note_extension(struct dialogue *d)
{
	if (d->parser.lines > 1 && dialogue_state(d) == ST_EHLO &&
	    reply_class(d->parser.reply.code) == REPLY_SUCCESS)
		ehlo_line(&d->ehlo, d->parser.line, d->parser.line_len);
}

void
dialogue_input(struct dialogue *d, const void *data, size_t n)
{
	const char *p = data;
	size_t used;

	while (n > 0 && !d->closed) {
		switch (reply_parse(&d->parser, p, n, &used)) {
		case REPLY_MORE:
			break;
		case REPLY_LINE:
			note_extension(d);
			break;
		case REPLY_DONE:
			note_extension(d);
			dialogue_step(d, event_of(d->parser.reply.code));
			break;
		case REPLY_BAD:
			dialogue_step(d, EV_BAD);
			break;
		}
		p += used;
		n -= used;
	}
}

void
dialogue_lost(struct dialogue *d, const char *why)
{
	d->why = why;
	dialogue_step(d, EV_LOST);
	d->why = NULL;
}

void
dialogue_timeout(struct dialogue *d)
{
	dialogue_step(d, EV_TIMEOUT);
}

static struct slot *
free_slot(const struct dialogue *d)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (d->slots[i].state == SLOT_FREE)
			return (struct slot *)(uintptr_t)&d->slots[i];
	return NULL;
}

bool
dialogue_wants_message(const struct dialogue *d)
{
	if (d->closing || d->quitting || d->waiting != NULL ||
	    free_slot(d) == NULL)
		return false;
	return d->pipelining || (d->slots[0].state != SLOT_BEGUN &&
	    d->slots[1].state != SLOT_BEGUN);
}

void
dialogue_message(struct dialogue *d, const struct dialogue_message *m)
{
	struct slot *s = free_slot(d);

	assert(dialogue_wants_message(d));
	s->message = *m;
	s->state = SLOT_WAITING;
	s->begin = 0;
	s->result.eightbit_unoffered = false;
	d->waiting = s;
	dialogue_advance(d);
}

void
dialogue_quit(struct dialogue *d)
{
	d->quitting = true;
	dialogue_advance(d);
}

size_t
dialogue_output(struct dialogue *d, struct iovec *iov, size_t max)
{
	return out_pieces(&d->out, iov, max);
}

void
dialogue_sent(struct dialogue *d, size_t n)
{
	bool text = dialogue_state(d) == ST_TEXT;
	uint64_t before = d->out.sent;

	out_sent(&d->out, n);
	if (text && (dialogue_state(d) != ST_TEXT ||
	    before / TEXT_BLOCK != d->out.sent / TEXT_BLOCK))
		d->epoch++;
}

bool
dialogue_result(struct dialogue *d, struct dialogue_result *out)
{
	struct slot *s;

	if (d->n_decided == 0)
		return false;
	s = d->decided[0];
	d->decided[0] = d->decided[1];
	d->n_decided--;
	*out = s->result;
	s->state = SLOT_FREE;
	return true;
}

enum dialogue_phase
dialogue_phase(const struct dialogue *d)
{
	return dialogue_phase_of(dialogue_state(d));
}

const char *
dialogue_phase_name(enum dialogue_phase phase)
{
	static const char *const names[DIALOGUE_PHASES] = {
		[DIALOGUE_GREETING] = "greeting",
		[DIALOGUE_EHLO] = "EHLO",
		[DIALOGUE_MAIL] = "MAIL",
		[DIALOGUE_RCPT] = "RCPT",
		[DIALOGUE_DATA] = "DATA",
		[DIALOGUE_TEXT] = "text",
		[DIALOGUE_DOT] = "dot",
		[DIALOGUE_RSET] = "RSET",
		[DIALOGUE_IDLE] = "idle",
		[DIALOGUE_QUIT] = "QUIT",
		[DIALOGUE_CLOSED] = "closed",
	};

	return names[phase];
}

unsigned
dialogue_epoch(const struct dialogue *d)
{
	return d->epoch;
}

bool
dialogue_done(const struct dialogue *d)
{
	return d->closed;
}

const struct dialogue_failure *
dialogue_failure(const struct dialogue *d)
{
	return d->failed ? &d->failure : NULL;
}

unsigned
dialogue_under_way(const struct dialogue *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		n += d->slots[i].state != SLOT_FREE;
	return n;
}

const char *
dialogue_esmtp(const struct dialogue *d)
{
	return d->esmtp;
}

uint64_t
dialogue_size_limit(const struct dialogue *d)
{
	return d->ehlo.size;
}
