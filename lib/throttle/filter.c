/* SPDX-License-Identifier: ISC */
/*
 * A batch of lines is read without the lock, ordered, and granted under one lock:
 * highest priority first, and queues in turn, so that those who share a budget
 * share it fairly.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "throttle/filter_impl.h"

enum {
	BAD_NAMED = 100,	/* bad lines named one by one */
	KEEP_LINES = 200000,
	KEEP_BYTES = 32 * 1024 * 1024
};

struct filter *
filter_new(const struct filter_options *o)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	struct buf b = BUF_INIT(0);

	f->o = *o;
	if (f->o.keep_lines == 0)
		f->o.keep_lines = KEEP_LINES;
	if (f->o.keep_bytes == 0)
		f->o.keep_bytes = KEEP_BYTES;
	f->outlets = outlets_new(o->conf, o->ledger);
	f->gates = gates_new();
	buf_addf(&b, ";%lu;", (unsigned long)conf_serial(o->conf));
	memcpy(f->serial, b.data, b.len + 1);
	buf_clear(&b);
	f->items = xcalloc(BATCH_LINES, sizeof(*f->items));
	f->order = xcalloc(BATCH_LINES, sizeof(*f->order));
	f->spare = xcalloc(BATCH_LINES, sizeof(*f->spare));
	return f;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	outlets_free(f->outlets);
	gates_free(f->gates);
	free(f->items);
	free(f->order);
	free(f->spare);
	free(f);
}

const struct filter_counts *
filter_counts(const struct filter *f)
{
	return &f->counts;
}

/* Bad lines */

static void
bad_line(struct filter *f, uint64_t number, const char *why, const char *what,
    size_t len)
{
	if (++f->counts.bad <= BAD_NAMED)
		log_warn("line %llu: %s: %.*s", (unsigned long long)number, why,
		    (int)(len < 80 ? len : 80), what);
	else if (f->counts.bad == BAD_NAMED + 1)
		log_warn("more bad lines are counted, not named");
}

static void
bad_grant(struct filter *f, const struct job_line *l)
{
	size_t len;
	const char *s = line_field(l, JOB_GRANT, &len);

	bad_line(f, f->input, "not a grant", s, len);
}

void
filter_bad(struct filter *f, const char *why)
{
	f->counts.lines++;
	bad_line(f, ++f->input, why, "dropped", 7);
}

static void
pass(struct filter *f, const struct job_line *l, struct buf *out)
{
	char *to = buf_room(out, l->len + 1U);

	memcpy(to, l->text, l->len);
	to[l->len] = '\n';
	to[l->len + 1U] = '\0';
	out->len += l->len + 1U;
	f->counts.passed++;
}

/* A batch */

/* Cut the lines; returns what was not looked at because the batch is full. */
static const char *
cut(struct filter *f, const char *p, const char *end, struct buf *out)
{
	for (f->n_items = 0; p < end && f->n_items < BATCH_LINES;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct job_line *l = &f->items[f->n_items].line;
		const char *why = line_cut(p, (size_t)(nl - p), l);
		const char *start = p;
		struct grant g;

		p = nl + 1;
		/* the column names of ready -H are no line */
		if (f->input++ == 0 && strncmp(start, "id\tlocator\t", 11) == 0)
			continue;
		f->counts.lines++;
		if (why != NULL)
			bad_line(f, f->input, why, start,
			    (size_t)(nl - start));
		else if (line_is(l, JOB_GRANT, "-"))
			f->items[f->n_items++].number = f->input;
		else if (filter_grant_of(l, &g) == 0)
			pass(f, l, out);
		else
			bad_grant(f, l);
	}
	return p;
}

/* Each line's queue, and which of the queue's lines of one priority it is. */
static int
find(struct filter *f, struct err *err)
{
	size_t n = 0;

	f->turn++;
	for (size_t i = 0; i < f->n_items; i++) {
		struct item *it = &f->items[i];
		struct outlet *o;
		int rc = outlets_find(f->outlets, &it->line, &o, err);
		const char *s;
		size_t len;

		if (rc < 0)
			return -1;
		if (rc == 0) {
			s = line_field(&it->line, JOB_VMTA, &len);
			bad_line(f, it->number, "unknown virtual MTA", s, len);
			continue;
		}
		if (o->rank_turn != f->turn) {
			o->rank_turn = f->turn;
			o->rank = 0;
		}
		it->outlet = o;
		it->rank = o->rank++;
		f->order[n++] = (uint32_t)i;
	}
	f->n_items = n;
	return 0;
}

/* One stable counting pass. */
static void
count_pass(const struct item *items, const uint32_t *from, uint32_t *to,
    size_t n, bool by_priority)
{
	uint32_t start[BATCH_LINES + 1] = { 0 };

#define KEY(i) (by_priority ? 100U - items[i].line.priority : items[i].rank)
	for (size_t i = 0; i < n; i++)
		start[KEY(from[i]) + 1]++;
	for (size_t i = 1; i <= BATCH_LINES; i++)
		start[i] += start[i - 1];
	for (size_t i = 0; i < n; i++)
		to[start[KEY(from[i])]++] = from[i];
#undef KEY
}

/* By priority, then queues in turn, then as they came. */
static void
sort(struct filter *f)
{
	bool by_rank = false, by_priority = false;

	for (size_t i = 1; i < f->n_items; i++) {
		const struct item *a = &f->items[f->order[i - 1]];
		const struct item *b = &f->items[f->order[i]];

		by_rank = by_rank || a->rank > b->rank;
		by_priority = by_priority ||
		    a->line.priority != b->line.priority;
	}
	if (by_rank) {
		count_pass(f->items, f->order, f->spare, f->n_items, false);
		memcpy(f->order, f->spare, f->n_items * sizeof(*f->order));
	}
	if (by_priority) {
		count_pass(f->items, f->order, f->spare, f->n_items, true);
		memcpy(f->order, f->spare, f->n_items * sizeof(*f->order));
	}
}

int
filter_lines(struct filter *f, const char *text, size_t n, int64_t left_ms,
    struct buf *out, struct err *err)
{
	const char *end = text + n;
	int rc;

	while (text < end) {
		text = cut(f, text, end, out);
		if (f->n_items == 0)
			continue;
		if (ledger_lock(f->o.ledger) < 0)
			return err_sys(err, "cannot lock the ledger");
		rc = find(f, err);
		if (rc == 0) {
			sort(f);
			for (size_t i = 0; i < f->n_items; i++)
				filter_new_line(f, &f->items[f->order[i]],
				    left_ms, out);
		}
		ledger_unlock(f->o.ledger);
		if (rc < 0)
			return -1;
	}
	return 0;
}
