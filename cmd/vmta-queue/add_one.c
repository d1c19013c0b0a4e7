/* SPDX-License-Identifier: ISC */
/*
 * add: one message from standard input.  Anything that is wrong with it or with
 * one of its recipients, and nothing is queued.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "add.h"
#include "base/log.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "mail/addrlist.h"
#include "mail/header.h"

enum { CHUNK = 64 * 1024 };

/* Recipients, each once, in their order. */
struct rcpts {
	struct address *a;
	size_t n, cap;
	struct map seen;
	bool bad;
};

static void
take(struct rcpts *r, const struct address *a)
{
	void **slot = map_at(&r->seen, a->text);

	if (*slot != NULL)
		return;
	*slot = r;
	if (r->n == r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 8;
		r->a = xreallocarray(r->a, r->cap, sizeof(r->a[0]));
	}
	r->a[r->n++] = *a;
}

static void
take_operands(struct rcpts *r, char **rcpts, int n)
{
	for (int i = 0; i < n; i++) {
		struct address a;
		const char *why =
		    address_parse(rcpts[i], strlen(rcpts[i]), &a);

		if (why != NULL) {
			log_warn("recipient %.100s: %s", rcpts[i], why);
			r->bad = true;
		} else {
			take(r, &a);
		}
	}
}

static int
take_element(void *arg, const struct address *a, const char *why,
    const char *text)
{
	struct rcpts *r = arg;

	if (a != NULL) {
		take(r, a);
	} else {
		log_warn("recipient %.100s: %s", text, why);
		r->bad = true;
	}
	return 0;
}

/* A field with recipients; Bcc is for us alone. */
static bool
pick(void *arg, const struct header_field *f)
{
	bool bcc = header_is(f, "Bcc");

	if (bcc || header_is(f, "To") || header_is(f, "Cc"))
		addrlist_walk(f->value, f->value_len, take_element, arg);
	return bcc;
}

/* Returns: 0, or an exit status. */
static int
read_message(const struct add *a, struct buf *raw)
{
	ssize_t n;
	char *to;

	for (;;) {
		to = buf_room(raw, CHUNK);
		if (to == NULL)
			break;
		n = add_read(NULL, to, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_warn("cannot read standard input: %s",
			    strerror(errno));
			return EX_IOERR;
		}
		if (n == 0)
			return 0;
		raw->len += (size_t)n;
		if (raw->len > a->max)
			break;
	}
	log_warn("the message is longer than max-message-size (%llu bytes)",
	    (unsigned long long)a->max);
	return EX_DATAERR;
}

static int
put_ids(const struct add *a, const char *id, const struct rcpts *r)
{
	static const char *const columns[] = { "id", "rcpt" };
	struct table *t = table_new(stdout, columns, 2, a->cli->format,
	    a->cli->header);

	for (size_t i = 0; i < r->n; i++) {
		char record[NAME_SEGMENT + 24];
		const char *row[] = { record, r->a[i].text };

		snprintf(record, sizeof(record), "%s.%zu", id, i);
		table_row(t, row);
	}
	table_end(t);
	return EX_OK;
}

/* One message of a batch that has an id.  Returns 0, 1 (known already), -1. */
static int
inject_batch(const struct add *a, const struct add_message *am,
    const struct inject_rcpt *rcpts, size_t n, char id[NAME_SEGMENT + 1],
    struct err *err)
{
	struct batch *b;
	int rc = batch_begin(a->s.spool, a->o->batch_id, &b, err);

	if (rc != 0)
		return rc;
	rc = batch_message(b, &am->m, &am->e, id, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = batch_rcpt(b, &rcpts[i], err);
	if (rc == 0)
		return batch_commit(b, err);
	batch_abort(b);
	return rc;
}

static int
inject(const struct add *a, const struct add_message *am,
    const struct rcpts *r)
{
	struct inject_rcpt *rcpts = xcalloc(r->n, sizeof(*rcpts));
	char id[NAME_SEGMENT + 1] = "";
	struct err err = { 0 };
	int rc;

	for (size_t i = 0; i < r->n; i++)
		rcpts[i] = (struct inject_rcpt){ .rcpt = r->a[i].text,
			.domain = address_domain(&r->a[i]),
			.vmta = am->vmta,
			.priority = (uint32_t)a->o->priority };
	if (a->o->batch_id != NULL)
		rc = inject_batch(a, am, rcpts, r->n, id, &err);
	else
		rc = inject_single(a->s.spool, &am->m, &am->e, rcpts, r->n, id,
		    &err);
	free(rcpts);
	if (rc < 0)
		return log_err(&err);
	if (rc > 0) {
		log_note("batch %s was queued before: nothing to do",
		    a->o->batch_id);
		return EX_OK;
	}
	return put_ids(a, id, r);
}

/* Everything that needs the message.  Returns an exit status. */
static int
add_text(const struct add *a, struct buf *raw, struct buf *canon,
    const char *sender, struct rcpts *r)
{
	struct message m;
	struct message_fault fault;
	struct add_message am;
	const char *why;

	if (message_canonical(raw->data, raw->len, canon, &m, &fault) != 0) {
		if (fault.line != 0)
			log_warn("line %llu of the message: %s",
			    (unsigned long long)fault.line, fault.why);
		else
			log_warn("%s", fault.why);
		return EX_DATAERR;
	}
	if (a->o->rcpts_from_fields)
		message_advance(&m,
		    header_remove(m.text, m.header_len, pick, r));
	if (r->bad)
		return EX_DATAERR;
	if (r->n == 0) {
		log_warn("no recipient in To, Cc or Bcc");
		return EX_DATAERR;
	}
	why = add_fill(a, &m, NULL, &am);
	if (why == NULL && m.len > a->max)
		why = "the message is longer than max-message-size";
	if (why != NULL) {
		log_warn("%s", why);
		return EX_DATAERR;
	}
	am.e.sender = sender;
	if (a->cli->dry_run) {
		log_note("would queue a message of %zu bytes for %zu "
			 "recipient%s through %s",
		    m.len, r->n, r->n == 1 ? "" : "s", am.vmta);
		return EX_OK;
	}
	return inject(a, &am, r);
}

int
add_one(struct add *a)
{
	const char *from = a->o->sender != NULL ? a->o->sender : "<>";
	const char *why;
	struct buf raw = BUF_INIT(0), canon = BUF_INIT(0);
	struct rcpts r = { .seen = MAP_INIT };
	struct address sender;
	int status;

	why = address_parse_sender(from, strlen(from), &sender);
	if (why != NULL) {
		log_warn("sender %.100s: %s", from, why);
		r.bad = true;
	}
	take_operands(&r, a->o->rcpts, a->o->n_rcpts);
	status = r.bad ? EX_DATAERR : read_message(a, &raw);
	if (status == 0)
		status = add_text(a, &raw, &canon, sender.text, &r);
	buf_clear(&raw);
	buf_clear(&canon);
	map_clear(&r.seen, NULL);
	free(r.a);
	return status;
}
