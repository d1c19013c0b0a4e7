/* SPDX-License-Identifier: ISC */
/*
 * Providers take a volume that doubles a day for the most that a new address
 * may do; a schedule that grows faster is refused in its middle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/lint_impl.h"

enum { FIRST_DAY = 1000, GROWTH = 2 };

/* "day N COUNT": the numbers.  Returns: 0 or -1 (it is not written so). */
static int
read_day(const char *text, long long *day, long long *count)
{
	char *end;

	*day = strtoll(text, &end, 10);
	if (end == text || *end != ' ' || *day < 1 || *day > 10000)
		return -1;
	text = end + strspn(end, " \t");
	*count = strtoll(text, &end, 10);
	return end == text || *count < 0 ? -1 : 0;
}

static void
jump(const struct lint *l, const struct setting *s, long long from,
    long long to)
{
	LINT_WARN(l, s, "warmup-jump",
	    "from %lld to %lld messages a day is more than twice as many", from,
	    to);
}

static void
days(const struct lint *l, const struct node *n)
{
	long long day = 0, count = 0;
	double most = FIRST_DAY;

	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		long long d, m;

		if (s->row->id != CONF_DIR_DAY || read_day(s->text, &d, &m) < 0)
			continue;
		if (d <= day) {
			LINT_WARN(l, s, "warmup-order",
			    "day %lld stands after day %lld", d, day);
			continue;
		}
		if (day == 0 && m > FIRST_DAY)
			LINT_WARN(l, s, "warmup-jump",
			    "the first day has %lld messages; a new address "
			    "begins with %d at most",
			    m, FIRST_DAY);
		for (long long i = day; day > 0 && i < d && most < 1e12; i++)
			most *= GROWTH;
		if (day > 0 && (double)m > most)
			jump(l, s, count, m);
		day = d;
		count = m;
		most = (double)m;
	}
}

/* "ramp N factor X until M" */
static void
ramp(const struct lint *l, const struct setting *s)
{
	const char *factor = strstr(s->text, "factor");
	double x = factor != NULL ? strtod(factor + 6, NULL) : 0;

	if (x > GROWTH)
		LINT_WARN(l, s, "warmup-jump",
		    "a factor of %g is more than twice as many a day", x);
}

/* max-cold-virtual-mta-msg N/day,N/day: day by day. */
static void
cold_list(const struct lint *l, const struct setting *s)
{
	const int64_t *list = s->v.list.items;

	for (size_t i = 1; i < s->v.list.n; i++)
		if (list[i - 1] > 0 && list[i] / GROWTH > list[i - 1]) {
			jump(l, s, list[i - 1], list[i]);
			return;
		}
}

static void
walk(const struct lint *l, const struct node *n)
{
	if (n->kind == CONF_SEC_WARMUP || n->kind == CONF_SEC_WARMUP_DOMAIN)
		days(l, n);
	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		if (s->row->id == CONF_DIR_RAMP)
			ramp(l, s);
		if (s->row->id == CONF_DIR_MAX_COLD_VIRTUAL_MTA_MSG)
			cold_list(l, s);
	}
	for (const struct node *in = n->first; in != NULL; in = in->next)
		walk(l, in);
}

void
lint_warmup(const struct lint *l)
{
	walk(l, l->c->root);
}
