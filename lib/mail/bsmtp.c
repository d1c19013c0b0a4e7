/* SPDX-License-Identifier: ISC */
/*
 * The commands of a BSMTP stream.  A transaction is open from MAIL to the dot.
 * When something is wrong with it, that is told once and it becomes bad: the
 * rest of it is read over up to its dot, or to the next MAIL, HELO, RSET or QUIT.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "mail/bsmtp.h"
#include "mail/bsmtp_in.h"
#include "mail/esmtp.h"

static const char too_long[] = "the message is longer than max-message-size";

/* A recipient as offsets into strings; 0 is nothing. */
struct kept_rcpt {
	size_t rcpt, domain, orcpt, notify;
};

struct bsmtp {
	struct bsmtp_in in;
	uint64_t max;
	uint64_t number;	/* of the transaction, from 1 */
	uint64_t first_line;
	bool open, bad;
	bool mail_seen;		/* it began with MAIL */
	bool rcpt_seen;		/* it has a RCPT, good or not */
	struct esmtp_mail mail;
	struct esmtp_rcpt rcpt;
	struct buf strings;
	struct kept_rcpt *kept;
	size_t n_kept, cap_kept;
	struct bsmtp_rcpt *rcpts;	/* as given out */
	size_t cap_rcpts;
	struct buf canon[2];	/* as the halves of in */
	unsigned next_canon;
	bool given;		/* a message was returned last */
	bool in_canon;		/* its text is there */
};

/* What a command gets, and gives back. */
struct step {
	struct bsmtp_line line;
	const char *args;
	size_t n_args;
	struct bsmtp_message *out;
	struct err *err;
	enum bsmtp_result result;
};

/* Returns: true when step.result is to be told. */
typedef bool command_fn(struct bsmtp *b, struct step *st);

struct bsmtp *
bsmtp_new(bsmtp_read_fn *fn, void *arg, uint64_t max, size_t buffer)
{
	struct bsmtp *b = xcalloc(1, sizeof(*b));

	bsmtp_in_init(&b->in, fn, arg, buffer);
	b->max = max < SIZE_MAX / 4 ? max : SIZE_MAX / 4;
	buf_init(&b->strings, 0);
	buf_init(&b->canon[0], 0);
	buf_init(&b->canon[1], 0);
	return b;
}

void
bsmtp_free(struct bsmtp *b)
{
	if (b == NULL)
		return;
	bsmtp_in_clear(&b->in);
	buf_clear(&b->strings);
	buf_clear(&b->canon[0]);
	buf_clear(&b->canon[1]);
	free(b->kept);
	free(b->rcpts);
	free(b);
}

uint64_t
bsmtp_bytes(const struct bsmtp *b)
{
	return b->in.bytes;
}

static void
begin(struct bsmtp *b)
{
	b->number++;
	b->first_line = b->in.line;
	b->open = true;
	b->bad = b->mail_seen = b->rcpt_seen = false;
	buf_reset(&b->strings);
	buf_addc(&b->strings, '\0');	/* offset 0 is nothing */
	b->n_kept = 0;
}

static bool
tell_bad(struct bsmtp *b, struct step *st, uint64_t line, const char *why)
{
	b->bad = true;
	err_set(st->err, ERR_INPUT, "line %llu: message %llu: %s",
	    (unsigned long long)line, (unsigned long long)b->number, why);
	st->result = BSMTP_BAD;
	return true;
}

/*
 * A command that ends a transaction came.  A good one that is still open never
 * got its DATA: it is told, and the command is read again.
 */
static bool
end_open(struct bsmtp *b, struct step *st)
{
	bool lost = b->open && !b->bad;

	b->open = false;
	if (!lost)
		return false;
	bsmtp_in_unread(&b->in, &st->line);
	return tell_bad(b, st, b->first_line, "no DATA before the next command");
}

static bool
do_hello(struct bsmtp *b, struct step *st)
{
	return end_open(b, st);
}

static bool
do_rset(struct bsmtp *b, struct step *st)
{
	(void)st;
	b->open = false;
	return false;
}

static bool
do_noop(struct bsmtp *b, struct step *st)
{
	(void)b;
	(void)st;
	return false;
}

/* Step over "FROM:" or "TO:".  Returns false when it isn't there. */
static bool
skip_word(struct step *st, const char *word)
{
	size_t n = strlen(word);

	if (st->n_args < n || strncasecmp(st->args, word, n) != 0)
		return false;
	st->args += n;
	st->n_args -= n;
	return true;
}

static bool
do_mail(struct bsmtp *b, struct step *st)
{
	const char *why;

	if (end_open(b, st))
		return true;
	begin(b);
	b->mail_seen = true;
	if (!skip_word(st, "FROM:"))
		why = "MAIL without FROM:";
	else if ((why = esmtp_mail(st->args, st->n_args, &b->mail)) == NULL &&
	    b->mail.size > b->max)
		why = "SIZE is above max-message-size";
	return why != NULL && tell_bad(b, st, b->in.line, why);
}

static size_t
keep_string(struct bsmtp *b, const char *s)
{
	size_t at = b->strings.len;

	if (s[0] == '\0')
		return 0;
	buf_add(&b->strings, s, strlen(s) + 1);
	return at;
}

static void
keep_rcpt(struct bsmtp *b)
{
	struct kept_rcpt *k;

	if (b->n_kept == b->cap_kept) {
		b->cap_kept = b->cap_kept != 0 ? b->cap_kept * 2 : 16;
		b->kept = xreallocarray(b->kept, b->cap_kept, sizeof(*k));
	}
	k = &b->kept[b->n_kept++];
	k->rcpt = keep_string(b, b->rcpt.rcpt.text);
	k->domain = k->rcpt + b->rcpt.rcpt.domain;
	k->orcpt = keep_string(b, b->rcpt.orcpt);
	k->notify = keep_string(b, b->rcpt.notify);
}

static bool
do_rcpt(struct bsmtp *b, struct step *st)
{
	const char *why;

	if (!b->open) {
		begin(b);
		return tell_bad(b, st, b->in.line, "RCPT before MAIL");
	}
	if (b->bad)
		return false;
	b->rcpt_seen = true;
	if (b->n_kept == BSMTP_RCPT_MAX)
		return tell_bad(b, st, b->in.line, "too many recipients");
	why = skip_word(st, "TO:") ?
	    esmtp_rcpt(st->args, st->n_args, &b->rcpt) :
	    "RCPT without TO:";
	if (why == NULL) {
		keep_rcpt(b);
		return false;
	}
	err_set(st->err, ERR_INPUT, "line %llu: message %llu: recipient %.*s: %s",
	    (unsigned long long)b->in.line, (unsigned long long)b->number,
	    (int)(st->n_args < 80 ? st->n_args : 80), st->args, why);
	st->result = BSMTP_BAD_RCPT;
	return true;
}

static bool
tell_cut(struct bsmtp *b, struct step *st)
{
	err_set(st->err, ERR_INPUT,
	    "line %llu: the stream ends in the middle of message %llu, "
	    "which begins on line %llu",
	    (unsigned long long)b->in.line, (unsigned long long)b->number,
	    (unsigned long long)b->first_line);
	st->result = BSMTP_CUT;
	return true;
}

static void
give(struct bsmtp *b, struct step *st)
{
	struct bsmtp_message *m = st->out;

	if (b->n_kept > b->cap_rcpts) {
		b->cap_rcpts = b->cap_kept;
		b->rcpts = xreallocarray(b->rcpts, b->cap_rcpts,
		    sizeof(b->rcpts[0]));
	}
	for (size_t i = 0; i < b->n_kept; i++) {
		const struct kept_rcpt *k = &b->kept[i];
		const char *s = b->strings.data;

		b->rcpts[i] = (struct bsmtp_rcpt){
			.rcpt = s + k->rcpt,
			.domain = s + k->domain,
			.orcpt = k->orcpt != 0 ? s + k->orcpt : NULL,
			.notify = k->notify != 0 ? s + k->notify : NULL,
		};
	}
	m->number = b->number;
	m->line = b->first_line;
	m->sender = b->mail.sender.text;
	m->envid = b->mail.envid[0] != '\0' ? b->mail.envid : NULL;
	m->ret = b->mail.ret[0] != '\0' ? b->mail.ret : NULL;
	m->rcpts = b->rcpts;
	m->n_rcpts = b->n_kept;
	b->given = true;
	b->in_canon = m->message.text == b->canon[b->next_canon].data;
	st->result = BSMTP_MESSAGE;
}

/* Dots off, line ends right, length looked at.  Returns as a command. */
static bool
take_message(struct bsmtp *b, struct step *st, struct bsmtp_data *d,
    uint64_t data_line)
{
	struct message_fault fault;

	if (d->dots)
		d->n = message_unstuff(d->s, d->n);
	if (message_canonical(d->s, d->n, &b->canon[b->next_canon],
		&st->out->message, &fault) != 0)
		return tell_bad(b, st,
		    data_line + (fault.line != 0 ? fault.line - 1 : 0),
		    fault.why);
	if (st->out->message.len > b->max)
		return tell_bad(b, st, data_line - 1, too_long);
	give(b, st);
	return true;
}

static bool
do_data(struct bsmtp *b, struct step *st)
{
	uint64_t line = b->in.line;
	struct bsmtp_data d;
	const char *why = NULL;
	bool was_bad = b->open && b->bad;
	int r;

	if (!b->open) {
		begin(b);
		why = "DATA before MAIL";
	} else if (b->n_kept == 0) {
		why = b->rcpt_seen ? "no valid recipient" : "no recipient";
	}
	/* dots that come off make it a third longer at most */
	r = bsmtp_in_data(&b->in, st->line.crlf, b->max + b->max / 2 + 64, &d,
	    st->err);
	if (r < 0) {
		st->result = BSMTP_ERROR;
		return true;
	}
	if (r == 0)
		return tell_cut(b, st);
	b->open = false;
	if (was_bad)
		return false;
	if (why == NULL && d.too_long)
		why = too_long;
	if (why != NULL)
		return tell_bad(b, st, line, why);
	return take_message(b, st, &d, line + 1);
}

static bool
do_unknown(struct bsmtp *b, struct step *st, const char *why)
{
	char text[128];
	size_t n = st->line.n < 40 ? st->line.n : 40;

	if (b->open && b->bad)
		return false;
	if (!b->open)
		begin(b);
	if (why == NULL) {
		snprintf(text, sizeof(text), "not a command of BSMTP: %.*s",
		    (int)n, st->line.s);
		why = text;
	}
	return tell_bad(b, st, b->in.line, why);
}

/* Split the line into verb and arguments and do it. */
static bool
command(struct bsmtp *b, struct step *st)
{
	static const struct {
		const char *verb;
		command_fn *fn;
		bool args;	/* may have some */
	} table[] = {
		{ "MAIL", do_mail, true }, { "RCPT", do_rcpt, true },
		{ "DATA", do_data, false }, { "EHLO", do_hello, true },
		{ "HELO", do_hello, true }, { "RSET", do_rset, false },
		{ "NOOP", do_noop, true }, { "QUIT", do_hello, false },
	};
	const char *s = st->line.s;
	size_t n = 0, i = 0;

	while (n < st->line.n && s[n] != ' ' && s[n] != '\t')
		n++;
	st->args = s + n;
	st->n_args = st->line.n - n;
	while (st->n_args > 0 && (*st->args == ' ' || *st->args == '\t')) {
		st->args++;
		st->n_args--;
	}
	for (; i < sizeof(table) / sizeof(table[0]); i++)
		if (n == 4 && strncasecmp(s, table[i].verb, 4) == 0)
			break;
	if (i == sizeof(table) / sizeof(table[0]) ||
	    (st->n_args > 0 && !table[i].args))
		return do_unknown(b, st, NULL);
	return table[i].fn(b, st);
}

/* The stream ends in this line, which has no end of its own.  QUIT may. */
static bool
cut_line(struct bsmtp *b, struct step *st)
{
	if (st->line.n == 4 && strncasecmp(st->line.s, "QUIT", 4) == 0 &&
	    (!b->open || b->bad || !b->mail_seen))
		return false;
	if (!b->open)
		begin(b);
	return tell_cut(b, st);
}

/* One line of commands.  Returns true when there is something to tell. */
static bool
one_line(struct bsmtp *b, struct step *st)
{
	int r = bsmtp_in_line(&b->in, &st->line, st->err);

	if (r < 0) {
		st->result = BSMTP_ERROR;
		return true;
	}
	if (r == 0) {
		st->result = BSMTP_END;
		if (b->open && b->mail_seen)
			return tell_cut(b, st);
		return true;
	}
	if (st->line.cut)
		return cut_line(b, st);
	if (st->line.too_long)
		return do_unknown(b, st, "the line is too long");
	return st->line.n > 0 && command(b, st);
}

enum bsmtp_result
bsmtp_next(struct bsmtp *b, struct bsmtp_message *out, struct err *err)
{
	struct step st = { .out = out, .err = err };

	/* what was given out and not refused has to stay where it is */
	if (b->given) {
		b->in.held = b->in_canon ? BSMTP_HALF_NONE : b->in.cur;
		b->next_canon ^= b->in_canon;
		b->given = false;
	}
	while (!one_line(b, &st))
		;
	return st.result;
}

void
bsmtp_refuse(struct bsmtp *b, const struct bsmtp_message *m, const char *why,
    struct err *err)
{
	b->given = false;
	err_set(err, ERR_INPUT, "line %llu: message %llu: %s",
	    (unsigned long long)m->line, (unsigned long long)m->number, why);
}
