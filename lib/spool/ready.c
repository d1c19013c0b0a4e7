/* SPDX-License-Identifier: ISC */
/*
 * What is due, as job lines: highest priority first, round robin over queues
 * (P7).  One pass over the state lines finds the records, eight bytes each; the
 * envelopes are opened only for the lines that are printed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "record/job.h"
#include "spool/inject.h"
#include "spool/recover.h"
#include "spool/retry.h"
#include "spool/scan.h"

/* An entry: 100 - priority, segment in the listing's order, record. */
enum { RECORD_BITS = 17, SEGMENT_BITS = 32 };
#define ENTRY(prio, seg, rec)                                         \
	((uint64_t)(100 - (prio)) << (RECORD_BITS + SEGMENT_BITS) |   \
	    (uint64_t)(seg) << RECORD_BITS | (uint64_t)(rec))
#define ENTRY_RANK(e) ((unsigned)((e) >> (RECORD_BITS + SEGMENT_BITS)))
#define ENTRY_SEGMENT(e) ((uint32_t)((e) >> RECORD_BITS))
#define ENTRY_RECORD(e) ((uint32_t)((e) & ((1u << RECORD_BITS) - 1)))

/* The due records of one queue. */
struct ready_queue {
	struct conf_queue *conf;
	const char *name;
	int64_t longest_s;	/* the longest wait between two attempts */
	uint64_t *entries;
	size_t n, cap, next;
	bool sorted;
};

/* What ready knows of a place: kept in scan_place.user. */
struct ready_place {
	bool open;		/* its records may be listed now */
	struct ready_queue *queue;
};

struct listing {
	struct spool *spool;
	const struct ready_options *o;
	struct map queues;		/* name -> struct ready_queue */
	struct ready_queue **order;
	size_t n_order;
	char (*ids)[NAME_SEGMENT + 1];	/* of segments by number */
	size_t n_ids;
	struct map strangers;		/* virtual MTAs nobody configured */
	uint64_t damaged;
	struct buf line;
	uint64_t printed;
	ready_fn *fn;
	void *arg;
};

static bool
selected(const struct ready_options *o, const char *domain, const char *group,
    const char *vmta)
{
	for (size_t i = 0; i < o->n_patterns; i++)
		if (queue_pattern_match(o->patterns[i], domain, group, vmta))
			return true;
	return o->n_patterns == 0;
}

static struct ready_queue *
queue_of(struct listing *l, struct scan_place *p)
{
	void **slot = map_at(&l->queues, p->name);
	struct ready_queue *q = *slot;

	if (q != NULL)
		return q;
	q = xcalloc(1, sizeof(*q));
	q->conf = p->queue;
	q->name = p->name;
	q->sorted = true;
	q->longest_s = p->queue->retry_recipients_after_s;
	for (size_t i = 0; i < p->queue->n_retry_after; i++)
		if (p->queue->retry_after_s[i] > q->longest_s)
			q->longest_s = p->queue->retry_after_s[i];
	*slot = q;
	l->order = xreallocarray(l->order, l->n_order + 1,
	    sizeof(l->order[0]));
	l->order[l->n_order++] = q;
	return q;
}

/* May records of this place be listed?  Found once, kept. */
static struct ready_place *
place_of(struct listing *l, struct scan_place *p, const char *domain)
{
	struct ready_place *r = p->user;
	const struct queue_state *qs;
	int64_t now = l->o->now;

	if (r != NULL)
		return r;
	r = xcalloc(1, sizeof(*r));
	p->user = r;
	if (p->queue == NULL) {
		uintptr_t *n = (uintptr_t *)map_at(&l->strangers, p->vmta);

		*n = 1;
		return r;
	}
	qs = queue_state_get(l->spool, p->name);
	r->open = selected(l->o, domain, p->group, p->vmta) &&
	    pause_match(l->spool, domain, p->group, p->vmta, now) == NULL &&
	    (qs == NULL || qs->not_before <= now);
	if (r->open)
		r->queue = queue_of(l, p);
	return r;
}

static void
add(struct ready_queue *q, uint64_t entry)
{
	if (q->n == q->cap) {
		q->cap = q->cap != 0 ? q->cap + q->cap / 2 : 64;
		q->entries = xreallocarray(q->entries, q->cap,
		    sizeof(q->entries[0]));
	}
	if (q->n > 0 && entry < q->entries[q->n - 1])
		q->sorted = false;
	q->entries[q->n++] = entry;
}

static int
each_segment(void *arg, struct scan *sc, struct segment *g, uint32_t number)
{
	struct listing *l = arg;
	bool live = false;
	struct err err;

	if (number >= l->n_ids) {
		l->ids = xreallocarray(l->ids, number + 1 + number / 2,
		    sizeof(l->ids[0]));
		l->n_ids = number + 1 + number / 2;
	}
	memcpy(l->ids[number], segment_id(g), NAME_SEGMENT + 1);
	for (uint32_t i = 0; i < segment_records(g); i++) {
		struct scan_place *p;
		struct ready_place *r;
		struct state st;

		if (segment_state(g, i, &st) < 0) {
			l->damaged++;
			live = true;
			continue;
		}
		if (state_is_final(st.letter))
			continue;
		live = true;
		if (st.letter == STATE_HELD ||
		    (st.letter == STATE_SENDING && !scan_is_orphan(g, i)))
			continue;
		p = scan_place(sc, g, &st);
		r = place_of(l, p, segment_domain(g, st.domain));
		if (!r->open || retry_due(st.due, l->o->now,
			r->queue->longest_s, st.attempts == 0) > l->o->now)
			continue;
		add(r->queue, ENTRY(st.priority <= 100 ? st.priority : 100,
		    number, i));
	}
	if (!live && segment_finish(g, &err) < 0)
		log_warn("%s", err.msg);
	return 0;
}

static void
put_field(struct buf *b, const struct envelope_view *v, enum envelope_field f)
{
	buf_add(b, v->f[f], v->len[f]);
	buf_addc(b, '\t');
}

static int64_t
view_number(const struct envelope_view *v, enum envelope_field f)
{
	uint64_t n;

	return num_parse_n(v->f[f], v->len[f], &n) == 0 ? (int64_t)n : 0;
}

/* P12: too old, and no grant came for a further interval. */
static bool
is_expired(struct listing *l, const struct ready_queue *q,
    const struct envelope_view *v)
{
	int64_t deadline = retry_deadline(view_number(v, ENV_QUEUED),
	    q->conf->bounce_after_s, view_number(v, ENV_EXPIRE));

	return deadline < l->o->now && l->o->now - deadline > q->longest_s &&
	    clock_is_sane(l->spool);
}

/* One job line (vmta-job(5)); the columns in the order of record/job.h. */
static void
put_line(struct listing *l, const struct ready_queue *q, struct segment *g,
    uint32_t i, const struct envelope_view *v, const struct state *st)
{
	const struct vmta_row *row = vmtas_row(l->spool, st->vmta);
	struct buf *b = &l->line;

	buf_reset(b);
	put_field(b, v, ENV_ID);
	buf_add(b, segment_id(g), NAME_SEGMENT);
	buf_addc(b, '.');
	buf_addu(b, i);
	buf_addc(b, '\t');
	buf_addu(b, st->ver);
	buf_adds(b, is_expired(l, q, v) ? "\texpire\t" : "\t-\t");
	buf_addu(b, st->priority);
	buf_addc(b, '\t');
	buf_addu(b, (uint64_t)st->due);
	buf_addc(b, '\t');
	buf_addu(b, st->attempts);
	buf_addc(b, '\t');
	put_field(b, v, ENV_SIZE);
	buf_adds(b, q->name);
	buf_addc(b, '\t');
	buf_adds(b, segment_domain(g, st->domain));
	buf_addc(b, '\t');
	buf_adds(b, row != NULL ? row->vmta : "-");
	buf_addc(b, '\t');
	put_field(b, v, ENV_SENDER);
	put_field(b, v, ENV_RCPT);
	put_field(b, v, ENV_JOB);
	buf_adds(b, row != NULL ? row->source : "-");
	buf_addc(b, '\n');
}

/* Returns 0, or what fn returned, or -1. */
static int
print(struct listing *l, const struct ready_queue *q, uint64_t entry,
    struct err *err)
{
	uint32_t i = ENTRY_RECORD(entry);
	struct envelope_view v;
	struct segment *g;
	struct state st;
	struct err e;
	int rc = segment_get(l->spool, l->ids[ENTRY_SEGMENT(entry)], &g, &e);

	if (rc > 0)
		return 0;
	if (rc < 0) {
		if (err != NULL)
			*err = e;
		return -1;
	}
	if (segment_view(g, i, &v, &e) < 0) {
		log_warn("%s: not listed", e.msg);
	} else if (segment_state(g, i, &st) == 0 &&
	    (l->o->job == NULL || (strlen(l->o->job) == v.len[ENV_JOB] &&
		memcmp(l->o->job, v.f[ENV_JOB], v.len[ENV_JOB]) == 0))) {
		put_line(l, q, g, i, &v, &st);
		l->printed++;
		rc = l->fn(l->arg, l->line.data, l->line.len);
	}
	segment_put(g);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One priority after the other; within one, each queue in turn. */
static int
print_all(struct listing *l, struct err *err)
{
	for (size_t i = 0; i < l->n_order; i++)
		if (!l->order[i]->sorted)
			qsort(l->order[i]->entries, l->order[i]->n,
			    sizeof(uint64_t), compare);
	for (;;) {
		unsigned rank = 101;

		for (size_t i = 0; i < l->n_order; i++) {
			const struct ready_queue *q = l->order[i];

			if (q->next < q->n &&
			    ENTRY_RANK(q->entries[q->next]) < rank)
				rank = ENTRY_RANK(q->entries[q->next]);
		}
		if (rank == 101)
			return 0;
		for (bool any = true; any;) {
			any = false;
			for (size_t i = 0; i < l->n_order; i++) {
				struct ready_queue *q = l->order[i];
				int rc;

				if (q->next == q->n ||
				    ENTRY_RANK(q->entries[q->next]) != rank)
					continue;
				any = true;
				rc = print(l, q, q->entries[q->next++], err);
				if (rc != 0)
					return rc;
				if (l->printed == l->o->limit &&
				    l->o->limit != 0)
					return 0;
			}
		}
	}
}

static void
queue_free(void *p)
{
	struct ready_queue *q = p;

	free(q->entries);
	free(q);
}

static void
report(const struct listing *l)
{
	const struct map_slot *slot;
	size_t at = 0;

	if (l->damaged > 0)
		log_warn("%llu records have a damaged state line and are held",
		    (unsigned long long)l->damaged);
	while ((slot = map_next(&l->strangers, &at)) != NULL)
		log_warn("records wait for virtual MTA %s, which is not "
		    "configured", slot->key);
}

static int
prepare(struct spool *s, struct err *err)
{
	return spool_recover(s, err) < 0 ? -1 : spool_pack(s, err);
}

int
ready_list(struct spool *s, struct conf *c, const struct ready_options *o,
    ready_fn *fn, void *arg, struct err *err)
{
	struct listing l = { .spool = s, .o = o, .fn = fn, .arg = arg };
	const struct map_slot *slot;
	struct scan sc;
	size_t at = 0;
	int rc;

	if (prepare(s, err) < 0)
		return -1;
	buf_init(&l.line, 0);
	scan_init(&sc, s, c);
	rc = scan_segments(&sc, each_segment, &l, err);
	if (rc == 0) {
		report(&l);
		rc = print_all(&l, err);
	}
	while ((slot = map_next(&sc.places, &at)) != NULL)
		free(((struct scan_place *)slot->value)->user);
	map_clear(&l.queues, queue_free);
	map_clear(&l.strangers, NULL);
	scan_clear(&sc);
	free(l.order);
	free(l.ids);
	buf_clear(&l.line);
	return rc;
}
