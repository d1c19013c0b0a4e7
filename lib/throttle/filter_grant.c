/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a line: granted, kept, or dropped.  A line that finds no room
 * waits behind those of its queue, the queue waits at the gate of the budget that
 * was full.  Just before a line that has waited is granted, its record is looked
 * at again, without the lock (P7).
 */
#include <stdlib.h>
#include <string.h>

#include "throttle/filter_impl.h"

enum {
	OPEN_AT_ONCE = 256,	/* queues tried at one opening of gates */
	TURN_BYTES = 64 * 1024,	/* granted in one turn of the loop */
	KEEP_SPARE = 16,	/* lines beyond what a queue's limits let through */
	RECHECK_MS = 1000	/* others may give grants back at any time */
};

/* Output */

static char *
put_number(char *to, uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static char *
put_string(char *to, const char *s)
{
	size_t n = strlen(s);

	memcpy(to, s, n);
	return to + n;
}

/* The line with its grant, which is grant_add's text without its detours. */
static void
print(struct filter *f, const struct job_line *l, const struct outlet_choice *c,
    const struct grant *g, struct buf *out)
{
	char *start = buf_room(out, l->len + GRANT_TEXT), *to = start;
	size_t tail = l->at[JOB_GRANT + 1] - 1U;

	memcpy(to, l->text, l->at[JOB_GRANT]);
	to = put_string(to + l->at[JOB_GRANT], c->outlet->vmta->name);
	*to++ = ';';
	to = put_string(to, c->source->address);
	*to++ = ';';
	to = put_number(to, f->o.rehearse ? 1 : (uint64_t)g->expiry_ms);
	to = put_string(to, f->serial);
	to = put_number(to, g->serial);
	*to++ = ';';
	for (unsigned i = 0; i < g->n; i++) {
		if (i > 0)
			*to++ = ',';
		to = put_number(to, g->line[i]);
	}
	memcpy(to, l->text + tail, l->len - tail);
	to += l->len - tail;
	*to++ = '\n';
	*to = '\0';
	out->len += (size_t)(to - start);
	f->counts.granted++;
}

/* Waiting */

/* Wait at a gate; it is looked at again sooner than it should open, less often
 * where many are. */
static void
wait_at(struct filter *f, struct outlet *o, uint32_t line, int64_t at)
{
	int64_t again = ledger_now(f->o.ledger) + RECHECK_MS +
	    (int64_t)gates_waiting(f->gates) / 10;

	gates_wait(f->gates, line, &o->waiter, keep_first(&o->keep)->priority,
	    at < again ? at : again);
}

/* Is there a place for one more line of a queue?  In all, and for as long as
 * lines are still kept. */
static bool
may_keep(struct filter *f, struct outlet *o, const struct job_line *l,
    int64_t left_ms)
{
	double most = o->rate * (double)left_ms * 1.25 + KEEP_SPARE;
	size_t len;

	if ((double)o->keep.n < most &&
	    f->counts.waiting < f->o.keep_lines &&
	    f->kept_bytes + l->len < f->o.keep_bytes)
		return true;
	len = keep_evict(&o->keep, l->priority);
	if (len == 0)
		return false;
	f->kept_bytes -= len;
	f->counts.waiting--;
	f->counts.no_room++;
	return true;
}

static void
keep_line(struct filter *f, struct outlet *o, const struct job_line *l,
    int64_t left_ms)
{
	bool raise = keep_first(&o->keep) != NULL &&
	    keep_first(&o->keep)->priority < l->priority;

	if (!f->o.wait || !may_keep(f, o, l, left_ms)) {
		f->counts.no_room++;
		return;
	}
	keep_add(&o->keep, l->priority, l->text, l->len);
	f->kept_bytes += l->len;
	f->counts.waiting++;
	if (raise)
		gates_raise(f->gates, &o->waiter, l->priority);
}

static void
unkeep(struct filter *f, struct outlet *o)
{
	struct kept *k = keep_pop(&o->keep);

	f->kept_bytes -= k->len;
	f->counts.waiting--;
	free(k);
}

/* Granting */

/* One line, now.  Returns: 0 done with it; else when it is worth trying again, and
 * the budget to wait for.  A retry whose own source has no room comes again with
 * the next run: it must not stand before those who can go. */
static int64_t
grant_line(struct filter *f, struct outlet *o, const struct job_line *l,
    struct buf *out, uint32_t *line)
{
	struct outlet_choice c = { 0 };
	struct grant g;
	const char *last;
	size_t len;
	int64_t at;

	last = line_field(l, JOB_SOURCE, &len);
	at = outlet_choose(f->outlets, o, last, len, &c);
	if (at == 0) {
		ledger_grant(f->o.ledger, c.source->line, c.source->n, &g);
		print(f, l, &c, &g, out);
		return 0;
	}
	if (c.sticky || at == INT64_MAX) {
		f->counts.no_room++;
		return 0;
	}
	*line = c.wait_line;
	return at;
}

void
filter_new_line(struct filter *f, const struct item *it, int64_t left_ms,
    struct buf *out)
{
	struct outlet *o = it->outlet;
	uint32_t line;
	int64_t at;

	if (o->keep.n > 0) {
		keep_line(f, o, &it->line, left_ms);
		return;
	}
	at = grant_line(f, o, &it->line, out, &line);
	if (at == 0)
		return;
	keep_line(f, o, &it->line, left_ms);
	if (o->keep.n > 0)
		wait_at(f, o, line, at);
}

/* Lines that have waited */

/* The first line of a queue that still is as it says; the others are dropped.
 * Returns: false when none is left. */
static bool
check_first(struct filter *f, struct outlet *o)
{
	const struct kept *k;
	struct job_line l;

	while ((k = keep_first(&o->keep)) != NULL) {
		if (f->o.check == NULL)
			return true;
		line_cut(k->text, k->len, &l);
		if (f->o.check(f->o.arg, &l, o->queue))
			return true;
		f->counts.stale++;
		unkeep(f, o);
	}
	return false;
}

/* Returns: was it granted? */
static bool
waited(struct filter *f, struct outlet *o, struct buf *out)
{
	const struct kept *k = keep_first(&o->keep);
	struct job_line l;
	uint32_t line = 0;
	int64_t at;

	line_cut(k->text, k->len, &l);
	at = grant_line(f, o, &l, out, &line);
	if (at != 0) {
		wait_at(f, o, line, at);
		return false;
	}
	gates_served(&o->waiter);
	unkeep(f, o);
	/* its next line stands at the end of the same gate, which may be open */
	if (o->keep.n > 0)
		gates_again(f->gates, &o->waiter,
		    keep_first(&o->keep)->priority,
		    ledger_now(f->o.ledger));
	return true;
}

/* One line of each queue whose turn it is.  Returns: how many were granted, or -1. */
static int
serve(struct filter *f, struct buf *out, struct err *err)
{
	struct gate_waiter *open[OPEN_AT_ONCE];
	unsigned n = gates_open(f->gates, ledger_now(f->o.ledger), open,
	    OPEN_AT_ONCE);
	unsigned checked = 0;
	int granted = 0;

	for (unsigned i = 0; i < n; i++) {
		struct outlet *o = HEAP_OF(open[i], struct outlet, waiter);

		if (check_first(f, o))
			open[checked++] = open[i];
		else
			gates_served(&o->waiter);
	}
	if (checked == 0)
		return 0;
	if (ledger_lock(f->o.ledger) < 0)
		return err_sys(err, "cannot lock the ledger");
	for (unsigned i = 0; i < checked; i++)
		granted += waited(f,
		    HEAP_OF(open[i], struct outlet, waiter), out);
	ledger_unlock(f->o.ledger);
	return granted;
}

int
filter_service(struct filter *f, struct buf *out, struct err *err)
{
	size_t start = out->len;
	int granted;

	/* a turn a millisecond would be a limit of its own */
	do
		granted = serve(f, out, err);
	while (granted > 0 && out->len - start < TURN_BYTES &&
	    gates_due(f->gates) <= ledger_now(f->o.ledger));
	return granted < 0 ? -1 : 0;
}

int64_t
filter_due(const struct filter *f)
{
	return gates_due(f->gates);
}

void
filter_drop(struct filter *f)
{
	f->counts.no_room += f->counts.waiting;
	f->counts.waiting = 0;
}

int
filter_grant_of(const struct job_line *l, struct grant *out)
{
	char text[GRANT_TEXT];
	size_t len;
	const char *s = line_field(l, JOB_GRANT, &len);

	if (len >= sizeof(text))
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	return grant_parse(text, out);
}

int
filter_unwritten(struct filter *f, const char *text, size_t n, struct err *err)
{
	const char *end = text + n;

	if (ledger_lock(f->o.ledger) < 0)
		return err_sys(err, "cannot lock the ledger");
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		struct job_line l;
		struct grant g;
		int64_t r;

		if (nl == NULL)
			break;
		if (line_cut(text, (size_t)(nl - text), &l) == NULL &&
		    filter_grant_of(&l, &g) == 0 && g.kind == GRANT_GIVEN) {
			r = g.expiry_ms;
			ledger_credit(f->o.ledger, &g, &r);
		}
		text = nl + 1;
	}
	ledger_unlock(f->o.ledger);
	return 0;
}
