/* SPDX-License-Identifier: ISC */
/* show queues: what waits in each queue, and what keeps it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "queue.h"
#include "spool/control.h"

static const char *const columns[] = { "queue", "records", "due", "waiting",
	"sending", "held", "mode", "next", "paused", "reason", "last" };
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct queue_row {
	char *name;
	uint64_t records, due, waiting, sending, held;
	int64_t next;		/* earliest due time later than now; 0: none */
	int64_t paused_since;	/* 0: not, or not all of it */
	char *reason;
};

struct summary {
	struct session *s;
	const struct cli *cli;
	struct selector sel;
	struct map rows;	/* name -> struct queue_row */
	const char *last_name;	/* most records follow one of the same queue */
	struct queue_row *last;
	uint64_t damaged;
};

static struct queue_row *
row_of(struct summary *sum, const char *name)
{
	void **slot = map_at(&sum->rows, name);
	struct queue_row *q = *slot;

	if (q == NULL) {
		q = *slot = xcalloc(1, sizeof(*q));
		q->name = xstrdup(name);
	}
	return q;
}

static void
free_row(void *p)
{
	struct queue_row *q = p;

	free(q->name);
	free(q->reason);
	free(q);
}

/* Which pause holds a queue: asked once, at its first record. */
static void
look_at_pauses(struct summary *sum, struct queue_row *q,
    const struct scan_record *r)
{
	const struct pause *p = pause_match(sum->s->spool, r->domain, r->group,
	    r->vmta, sum->s->now);

	if (p != NULL) {
		q->paused_since = p->since;
		q->reason = xstrdup(p->reason);
	}
}

static void
count(struct queue_row *q, const struct scan_record *r, int64_t now)
{
	q->records++;
	if (r->state.letter == STATE_HELD) {
		q->held++;
	} else if (r->state.letter == STATE_SENDING && !r->orphan) {
		q->sending++;
	} else if (r->state.due <= now) {
		q->due++;
	} else {
		q->waiting++;
		if (q->next == 0 || r->state.due < q->next)
			q->next = r->state.due;
	}
}

static int
see(void *arg, const struct scan_record *r)
{
	struct summary *sum = arg;

	if (!selector_scan(&sum->sel, r))
		return 0;
	if (r->damaged) {
		sum->damaged++;
		return 0;
	}
	/* names are kept by the scan: the same pointer is the same queue */
	if (r->queue_name != sum->last_name) {
		sum->last = row_of(sum, r->queue_name);
		sum->last_name = r->queue_name;
	}
	if (sum->last->records == 0)
		look_at_pauses(sum, sum->last, r);
	count(sum->last, r, sum->s->now);
	return 0;
}

/* Queues with no records that are in other than the ordinary condition. */
static void
add_idle(struct summary *sum)
{
	const char *name;
	size_t at = 0;

	if (sum->sel.n > 0)
		return;
	while (queue_state_next(sum->s->spool, &at, &name) != NULL)
		row_of(sum, name);
}

static int
by_name(const void *a, const void *b)
{
	const struct queue_row *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
put_queue(struct summary *sum, struct table *t, const struct queue_row *q)
{
	const struct queue_state *st = queue_state_get(sum->s->spool, q->name);
	number n[5];
	char next[32], since[32];
	int64_t earliest = q->next;
	const char *row[N_COLUMNS];

	/* the queue's own retry time keeps what would be due */
	if (st != NULL && st->not_before > sum->s->now &&
	    (q->due > 0 || earliest < st->not_before))
		earliest = st->not_before;
	else if (q->due > 0)
		earliest = 0;
	row[0] = q->name;
	row[1] = put_number(n[0], q->records);
	row[2] = put_number(n[1], q->due);
	row[3] = put_number(n[2], q->waiting);
	row[4] = put_number(n[3], q->sending);
	row[5] = put_number(n[4], q->held);
	row[6] = st != NULL && st->mode == QUEUE_BACKOFF ? "backoff" :
							    "normal";
	row[7] = put_time(next, earliest, sum->cli);
	row[8] = put_time(since, q->paused_since, sum->cli);
	row[9] = q->reason != NULL ? q->reason : "-";
	row[10] = st != NULL ? st->last : "-";
	table_row(t, row);
}

static void
put_all(struct summary *sum)
{
	struct queue_row **sorted = xcalloc(sum->rows.count, sizeof(*sorted));
	struct table *t = table_new(stdout, columns, N_COLUMNS,
	    sum->cli->format, sum->cli->header);
	const struct map_slot *slot;
	size_t at = 0, n = 0;

	while ((slot = map_next(&sum->rows, &at)) != NULL)
		sorted[n++] = slot->value;
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++)
		put_queue(sum, t, sorted[i]);
	table_end(t);
	free(sorted);
}

int
show_queues(struct session *s, struct cli *cli, char **patterns, int n)
{
	struct summary sum = { .s = s, .cli = cli,
		.sel = { .patterns = patterns, .n = n } };
	struct err err = { 0 };
	int status = EX_OK;

	if (spool_scan(s->spool, s->conf, 0, see, &sum, &err) != 0) {
		status = log_err(&err);
	} else {
		add_idle(&sum);
		put_all(&sum);
	}
	if (sum.damaged > 0) {
		log_warn("%llu records have a damaged state line "
			 "(vmta-queue list --state damaged)",
		    (unsigned long long)sum.damaged);
		status = EX_DATAERR;
	}
	map_clear(&sum.rows, free_row);
	return status;
}
