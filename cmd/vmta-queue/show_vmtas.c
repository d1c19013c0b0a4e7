/* SPDX-License-Identifier: ISC */
/* show vmtas: virtual MTAs and pools, and what waits for each. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "queue.h"
#include "spool/control.h"

static const char *const columns[] = { "vmta", "kind", "sources", "records",
	"due", "held", "paused", "reason" };
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct vmta_count {
	uint64_t records, due, held;
	bool shown;
};

struct summary {
	struct session *s;
	const struct cli *cli;
	struct map counts;	/* name -> struct vmta_count */
	const char *last_name;
	struct vmta_count *last;
};

static struct vmta_count *
count_of(struct summary *sum, const char *name)
{
	void **slot = map_at(&sum->counts, name);

	if (*slot == NULL)
		*slot = xcalloc(1, sizeof(struct vmta_count));
	return *slot;
}

static int
see(void *arg, const struct scan_record *r)
{
	struct summary *sum = arg;

	if (r->damaged)
		return 0;
	if (r->vmta != sum->last_name) {
		sum->last = count_of(sum, r->vmta);
		sum->last_name = r->vmta;
	}
	sum->last->records++;
	if (r->state.letter == STATE_HELD)
		sum->last->held++;
	else if ((r->state.letter == STATE_QUEUED || r->orphan) &&
	    r->state.due <= sum->s->now)
		sum->last->due++;
	return 0;
}

/* sources: how many addresses, or how many members of a pool. */
static void
put_vmta(struct summary *sum, struct table *t, const char *name,
    const char *kind, uint64_t sources)
{
	struct vmta_count *c = count_of(sum, name);
	const struct pause *p;
	number n[4];
	char since[32];
	const char *row[N_COLUMNS];

	/* a pause of the virtual MTA as a whole: of every domain there is */
	p = pause_match(sum->s->spool, "*", NULL, name, sum->s->now);
	row[0] = name;
	row[1] = kind;
	row[2] = put_number(n[0], sources);
	row[3] = put_number(n[1], c->records);
	row[4] = put_number(n[2], c->due);
	row[5] = put_number(n[3], c->held);
	row[6] = p != NULL ? put_time(since, p->since, sum->cli) : "-";
	row[7] = p != NULL ? p->reason : "-";
	table_row(t, row);
	c->shown = true;
}

static void
put_all(struct summary *sum)
{
	struct table *t = table_new(stdout, columns, N_COLUMNS,
	    sum->cli->format, sum->cli->header);
	const struct conf_vmta *const *all;
	const struct map_slot *slot;
	size_t n = 0, at = 0;

	all = sum->s->conf != NULL ? conf_vmtas(sum->s->conf, &n) : NULL;
	for (size_t i = 0; i < n; i++)
		put_vmta(sum, t, all[i]->name,
		    all[i]->is_pool ? "pool" : "vmta",
		    all[i]->is_pool ? all[i]->n_members : all[i]->n_sources);
	/* records that wait for one that is not configured (any more) */
	while ((slot = map_next(&sum->counts, &at)) != NULL)
		if (!((struct vmta_count *)slot->value)->shown)
			put_vmta(sum, t, slot->key, "unknown", 0);
	table_end(t);
}

int
show_vmtas(struct session *s, struct cli *cli)
{
	struct summary sum = { .s = s, .cli = cli };
	struct err err = { 0 };
	int status = EX_OK;

	if (spool_scan(s->spool, s->conf, 0, see, &sum, &err) != 0)
		status = log_err(&err);
	else
		put_all(&sum);
	map_clear(&sum.counts, free);
	return status;
}
