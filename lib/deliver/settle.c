/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "deliver/settle.h"
#include "spool/retry.h"

/* RFC 3463 2: the part of a status code after its class. */
static const struct {
	const char *code; /* "1.1", or "6." for all of a subject */
	const char *category;
} categories[] = {
	{ "1.0", "bad-mailbox" },
	{ "1.1", "bad-mailbox" },
	{ "1.2", "bad-domain" },
	{ "1.3", "bad-mailbox" },
	{ "1.4", "bad-mailbox" },
	{ "1.6", "bad-mailbox" },
	{ "1.7", "invalid-sender" },
	{ "1.8", "invalid-sender" },
	{ "1.10", "bad-domain" },
	{ "2.1", "inactive-mailbox" },
	{ "2.2", "quota-issues" },
	{ "2.3", "content-related" },
	{ "3.4", "content-related" },
	{ "4.1", "no-answer-from-host" },
	{ "4.2", "bad-connection" },
	{ "4.3", "routing-errors" },
	{ "4.4", "routing-errors" },
	{ "4.6", "routing-errors" },
	{ "4.7", "message-expired" },
	{ "5.", "protocol-errors" },
	{ "6.", "content-related" },
	{ "7.", "policy-related" },
};

static const struct {
	const char *category, *class;
} classes[] = {
	{ "bad-mailbox", "recipient" },
	{ "bad-domain", "recipient" },
	{ "inactive-mailbox", "recipient" },
	{ "quota-issues", "recipient" },
	{ "content-related", "content" },
	{ "other", "-" },
};

const char *
settle_category(const struct reply *r)
{
	for (size_t i = 0; r->status[0] != '\0' &&
	     i < sizeof(categories) / sizeof(categories[0]);
	     i++) {
		const char *code = categories[i].code, *is = r->status + 2;
		size_t n = strlen(code);

		if (code[n - 1] == '.' ? strncmp(is, code, n) == 0 :
					 strcmp(is, code) == 0)
			return categories[i].category;
	}
	return "other";
}

static const char *
class_of(const char *category)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].category, category) == 0)
			return classes[i].class;
	return "infrastructure";
}

bool
settle_too_old(
    const struct conf_queue *q, const struct envelope *e, int64_t now_s)
{
	return now_s >= retry_deadline(e->queued, q->bounce_after_s, e->expire);
}

/* v in decimal with a NUL; each message has a handful of these.  Returns: the
 * digits. */
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
	to[n] = '\0';
	return n;
}

/* d, b or t: the one decision. */
static char
decide(const struct settle_facts *f, bool *expired)
{
	bool final = false;

	*expired = false;
	switch (f->cause) {
	case SETTLE_DELIVERED:
		return 'd';
	case SETTLE_EXPIRED:
		*expired = true;
		return 'b';
	case SETTLE_RECIPIENT:
	case SETTLE_ROUTE:
		final = reply_verdict(f->reply) == REPLY_PERMANENT;
		break;
	case SETTLE_QUEUE:
		break;
	}
	if (!final && f->may_expire &&
	    settle_too_old(f->queue, f->envelope, f->now_ms / 1000)) {
		*expired = true;
		return 'b';
	}
	return final ? 'b' : 't';
}

static void
put_diagnostic(
    const struct settle_facts *f, bool expired, struct settle_out *out)
{
	size_t size = sizeof(out->diag), at;

	if (f->local || expired) {
		memcpy(out->diag, "x-vmta;", 8);
		at = 7;
	} else {
		memcpy(out->diag, "smtp;", 6);
		at = 5;
	}
	if (expired) {
		at += (size_t)snprintf(
		    out->diag + at, size - at, "delivery time expired");
		if (f->reply->text[0] == '\0' && f->reply->code == 0)
			return;
		at += (size_t)snprintf(out->diag + at, size - at, ": ");
	}
	reply_format(f->reply, out->diag + at, size - at);
}

/* What stands in every record, whatever came of it. */
static void
put_envelope(const struct settle_facts *f, struct settle_out *out)
{
	const struct envelope *e = f->envelope;
	const char **to = out->event.f;

	to[EV_ID] = e->id;
	to[EV_QUEUE] = f->queue->name;
	to[EV_DOMAIN] = f->domain;
	to[EV_VMTA] = f->queue->vmta->name;
	to[EV_POOL] = strcmp(f->asked, f->queue->vmta->name) != 0 ? f->asked :
								    "-";
	to[EV_GROUP] = f->queue->group;
	to[EV_SOURCE] = f->source;
	to[EV_SENDER] = e->sender;
	to[EV_RCPT] = e->rcpt;
	to[EV_ORCPT] = e->orcpt;
	to[EV_JOB] = e->job;
	to[EV_ENVID] = e->envid;
	put_number(out->queued, (uint64_t)e->queued);
	to[EV_QUEUED] = out->queued;
	to[EV_ORIGIN] = e->origin;
	to[EV_ORIGIN_MTA] = e->origin_mta;
}

static void
put_attempt(const struct settle_facts *f, bool attempt, struct settle_out *out)
{
	const char **to = out->event.f;
	size_t n = put_number(out->time, (uint64_t)f->now_ms / 1000);

	out->time[n] = '.';
	num_put10(out->time + n + 1, 3, (uint64_t)f->now_ms % 1000);
	out->time[n + 4] = '\0';
	to[EV_TIME] = out->time;
	if (f->before->attempts == 0 && attempt) {
		put_number(out->first, (uint64_t)f->began_s);
		to[EV_FIRST] = out->first;
	}
	put_number(out->attempts, f->before->attempts + (attempt ? 1 : 0));
	to[EV_ATTEMPTS] = out->attempts;
	to[EV_MTA] = f->mta;
	to[EV_DEST] = f->dest;
	to[EV_ESMTP] = f->esmtp;
	put_number(out->size, f->size);
	to[EV_SIZE] = out->size;
	if (f->latency_ms >= 0) {
		put_number(out->latency, (uint64_t)f->latency_ms);
		to[EV_LATENCY] = out->latency;
	}
}

static void
put_outcome(const struct settle_facts *f, char type, bool expired,
    struct settle_out *out)
{
	static const char *const notes[] = { "-", "doubt", "queue",
		"doubt,queue" };
	const char **to = out->event.f;

	to[EV_TYPE] = type == 'd' ? "d" : type == 'b' ? "b" : "t";
	to[EV_ACTION] = type == 'd' ? "relayed" :
	    type == 'b'		    ? "failed" :
				      "delayed";
	if (expired)
		memcpy(out->status, "4.4.7", 6);
	else
		reply_status(f->reply, out->status);
	to[EV_STATUS] = out->status;
	num_put10(out->code, 3, (uint64_t)f->reply->code);
	out->code[3] = '\0';
	to[EV_CODE] = out->code;
	put_diagnostic(f, expired, out);
	to[EV_DIAG] = out->diag;
	if (type != 'd') {
		const char *c = expired ? "message-expired" :
		    f->category != NULL ? f->category :
					  settle_category(f->reply);

		to[EV_CATEGORY] = c;
		to[EV_CLASS] = class_of(c);
	}
	to[EV_NOTE] =
	    notes[(f->doubt ? 1 : 0) + (f->cause == SETTLE_QUEUE ? 2 : 0)];
}

void
settle_make(const struct settle_facts *f, struct settle_out *out)
{
	struct settlement *s = &out->settlement;
	int64_t now_s = f->now_ms / 1000;
	bool expired;
	char type = decide(f, &expired);
	bool attempt = f->cause != SETTLE_EXPIRED;

	out->event = (struct event){ 0 };
	*s = (struct settlement){ .attempt = attempt,
		.vmta = UINT32_MAX,
		.priority = UINT32_MAX,
		.event = &out->event };
	s->code = f->reply->code != 0 || attempt ? (uint32_t)f->reply->code :
						   f->before->code;
	s->letter = type == 'd' ? STATE_DELIVERED :
	    type == 'b'		? STATE_BOUNCED :
				  STATE_QUEUED;
	put_envelope(f, out);
	put_attempt(f, attempt, out);
	put_outcome(f, type, expired, out);
	if (type != 't')
		return;
	s->due = f->cause == SETTLE_QUEUE ?
	    f->queue_due :
	    now_s + f->queue->retry_recipients_after_s;
	if (s->due <= now_s)
		s->due = now_s + 1;
	put_number(out->next, (uint64_t)s->due);
	out->event.f[EV_NEXT] = out->next;
}
