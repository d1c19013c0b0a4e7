/* SPDX-License-Identifier: ISC */
/*
 * add --bsmtp: a stream of messages, one batch, visible at its end.  A stream
 * that is cut adds nothing; a bad message is named and passed over.
 */
#include <stdio.h>
#include <sysexits.h>

#include "add.h"
#include "base/log.h"
#include "mail/bsmtp.h"

struct stream {
	struct add *a;
	struct bsmtp *in;
	struct batch *batch;	/* NULL: a dry run, or nothing is wanted */
	uint64_t messages, rcpts, bad_messages, bad_rcpts;
	/* the message that the batch has now */
	struct add_message am;
};

/* Returns: 0, or -1 err: nothing more can be added. */
static int
inject(struct stream *st, const struct bsmtp_message *m, struct err *err)
{
	char id[NAME_SEGMENT + 1];

	if (batch_message(st->batch, &st->am.m, &st->am.e, id, err) != 0)
		return -1;
	for (size_t i = 0; i < m->n_rcpts; i++) {
		const struct bsmtp_rcpt *r = &m->rcpts[i];
		const struct inject_rcpt rcpt = { .rcpt = r->rcpt,
			.domain = r->domain,
			.orcpt = r->orcpt,
			.notify = r->notify,
			.vmta = st->am.vmta,
			.priority = (uint32_t)st->a->o->priority };

		if (batch_rcpt(st->batch, &rcpt, err) != 0)
			return -1;
	}
	return 0;
}

static int
take_message(struct stream *st, struct bsmtp_message *m, struct err *err)
{
	const char *why = add_fill(st->a, &m->message, m->envid, &st->am);

	if (why != NULL) {
		bsmtp_refuse(st->in, m, why, err);
		log_warn("%s", err->msg);
		st->bad_messages++;
		return 0;
	}
	st->am.e.sender = m->sender;
	st->am.e.ret = m->ret;
	if (st->batch != NULL && inject(st, m, err) != 0)
		return -1;
	st->messages++;
	st->rcpts += m->n_rcpts;
	return 0;
}

/* Read to the end.  Returns: 0, or an exit status: nothing is to be added. */
static int
read_all(struct stream *st)
{
	struct err err = { 0 };
	struct bsmtp_message m;

	for (;;)
		switch (bsmtp_next(st->in, &m, &err)) {
		case BSMTP_MESSAGE:
			if (take_message(st, &m, &err) != 0)
				return log_err(&err);
			break;
		case BSMTP_BAD:
			log_warn("%s", err.msg);
			st->bad_messages++;
			break;
		case BSMTP_BAD_RCPT:
			log_warn("%s", err.msg);
			st->bad_rcpts++;
			break;
		case BSMTP_END:
			return 0;
		case BSMTP_CUT:
			log_warn("%s: nothing of the stream was queued",
			    err.msg);
			return EX_DATAERR;
		case BSMTP_ERROR:
			return log_err(&err);
		}
}

/* "1 message, 2 recipients" */
static const char *
counts(char to[80], uint64_t messages, uint64_t rcpts)
{
	snprintf(to, 80, "%llu message%s, %llu recipient%s",
	    (unsigned long long)messages, messages == 1 ? "" : "s",
	    (unsigned long long)rcpts, rcpts == 1 ? "" : "s");
	return to;
}

static void
say(const struct stream *st, const char *done)
{
	const char *id = st->a->o->batch_id;
	char text[80];

	log_note("%s %s%s%s", counts(text, st->messages, st->rcpts), done,
	    id != NULL ? " in batch " : "", id != NULL ? id : "");
	if (st->bad_messages > 0 || st->bad_rcpts > 0)
		log_warn("%s refused",
		    counts(text, st->bad_messages, st->bad_rcpts));
}

/* The stream was read whole: make it visible, or drop it. */
static int
finish(struct stream *st)
{
	bool bad = st->bad_messages > 0 || st->bad_rcpts > 0;
	bool want = st->messages > 0 && !(bad && st->a->o->all_or_nothing);
	struct err err = { 0 };
	int rc = 0;

	if (bsmtp_bytes(st->in) == 0) {
		log_warn("standard input is empty: no stream");
		return EX_DATAERR;
	}
	if (st->batch != NULL && want) {
		rc = batch_commit(st->batch, &err);
		st->batch = NULL;
		if (rc != 0)
			return log_err(&err);
	}
	if (!want)
		st->messages = st->rcpts = 0;
	say(st, st->a->cli->dry_run ? "would be queued" : "queued");
	return bad ? EX_DATAERR : EX_OK;
}

/* Read over a batch that is in the spool, so that its writer sees no error. */
static int
drain(const struct add *a)
{
	char scrap[4096];

	log_note("batch %s was queued before: nothing to do", a->o->batch_id);
	while (add_read(NULL, scrap, sizeof(scrap)) > 0)
		;
	return EX_OK;
}

int
add_stream(struct add *a)
{
	struct stream st = { .a = a };
	struct err err = { 0 };
	int rc = 0, status;

	if (!a->cli->dry_run)
		rc = batch_begin(a->s.spool, a->o->batch_id, &st.batch, &err);
	if (rc < 0)
		return log_err(&err);
	if (rc > 0)
		return drain(a);
	st.in = bsmtp_new(add_read, NULL, a->max, BSMTP_BUFFER);
	status = read_all(&st);
	if (status == 0)
		status = finish(&st);
	/* ended by now, or not wanted */
	if (st.batch != NULL)
		batch_abort(st.batch);
	bsmtp_free(st.in);
	return status;
}
