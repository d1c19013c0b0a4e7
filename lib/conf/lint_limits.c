/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/lint_impl.h"

/* Recipients or connections a second; 0 for no limit. */
static double
per_second(struct rate r)
{
	if (r.n == RATE_UNLIMITED || r.unit_ms <= 0)
		return 0;
	return (double)r.n * 1000.0 / (double)r.unit_ms;
}

static bool
is_rate(const struct setting *s)
{
	return s->row->id == CONF_DIR_MAX_MSG_RATE ||
	    s->row->id == CONF_DIR_MAX_MSG_PER_HOUR;
}

/* Does a section say anything that these rules look at? */
static bool
concerns(const struct node *n)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		switch ((unsigned)s->row->id) {
		case CONF_DIR_MAX_MSG_RATE:
		case CONF_DIR_MAX_MSG_PER_HOUR:
		case CONF_DIR_MAX_CONNECT_RATE:
		case CONF_DIR_MAX_MSG_PER_CONNECTION:
		case CONF_DIR_BOUNCE_AFTER:
		case CONF_DIR_RETRY_AFTER:
		case CONF_DIR_RETRY_RECIPIENTS_AFTER:
			return true;
		default:
			break;
		}
	return false;
}

/* The setting of the section to point at: of the first that is there. */
static const struct setting *
culprit(const struct node *n, enum conf_dir a, enum conf_dir b,
    enum conf_dir c)
{
	const struct setting *s = conf_find_setting(n, a);

	if (s == NULL)
		s = conf_find_setting(n, b);
	if (s == NULL)
		s = conf_find_setting(n, c);
	return s;
}

static void
connections(const struct lint *l, const struct node *n,
    const struct conf_queue *q)
{
	const struct setting *s = culprit(n, CONF_DIR_MAX_CONNECT_RATE,
	    CONF_DIR_MAX_MSG_PER_CONNECTION, CONF_DIR_MAX_MSG_RATE);
	double want = per_second(q->max_msg_rate);
	double each = (double)q->max_msg_per_connection;
	double made = per_second(q->max_connect_rate);
	char wanted[48], connect[48];

	if (s == NULL || want <= 0 || made <= 0 ||
	    q->max_msg_per_connection == INT64_MAX || made * each >= want)
		return;
	rate_format(&q->max_msg_rate, wanted);
	rate_format(&q->max_connect_rate, connect);
	LINT_WARN(l, s, "rate-unreachable",
	    "max-msg-rate %s can't be reached: max-connect-rate %s times "
	    "max-msg-per-connection %.0f is %.0f/h",
	    wanted, connect, each, made * each * 3600);
}

static void
ages(const struct lint *l, const struct node *n, const struct conf_queue *q)
{
	const struct setting *s = culprit(n, CONF_DIR_MAX_MSG_RATE,
	    CONF_DIR_BOUNCE_AFTER, CONF_DIR_BOUNCE_AFTER);
	double rate = per_second(q->max_msg_rate);
	char age[32], text[64];

	if (q->bounce_after_s == SPAN_NEVER)
		return;
	span_format(q->bounce_after_s, age);
	if (s != NULL && rate > 0 && 1 / rate > (double)q->bounce_after_s) {
		rate_format(&q->max_msg_rate, text);
		LINT_WARN(l, s, "rate-past-expiry",
		    "at max-msg-rate %s the second message waits longer than "
		    "bounce-after %s",
		    text, age);
	}
	s = culprit(n, CONF_DIR_RETRY_AFTER, CONF_DIR_BOUNCE_AFTER,
	    CONF_DIR_BOUNCE_AFTER);
	if (s != NULL && q->n_retry_after > 0 &&
	    q->retry_after_s[0] >= q->bounce_after_s) {
		span_format(q->retry_after_s[0], text);
		LINT_WARN(l, s, "retry-past-expiry",
		    "retry-after %s is not below bounce-after %s: nothing is "
		    "tried twice",
		    text, age);
	}
	s = culprit(n, CONF_DIR_RETRY_RECIPIENTS_AFTER, CONF_DIR_BOUNCE_AFTER,
	    CONF_DIR_BOUNCE_AFTER);
	if (s != NULL && q->retry_recipients_after_s >= q->bounce_after_s) {
		span_format(q->retry_recipients_after_s, text);
		LINT_WARN(l, s, "retry-past-expiry",
		    "retry-recipients-after %s is not below bounce-after %s: "
		    "a recipient is not tried twice",
		    text, age);
	}
}

/* One section, as it comes out in a queue of v. */
static void
section(const struct lint *l, const struct node *n, const struct vmta *v)
{
	const struct conf_queue *q;
	const char *domain = "*";

	if (!concerns(n))
		return;
	if (n->kind == CONF_SEC_DOMAIN)
		domain = conf_lower(&l->c->arena, n->arg);
	if (*domain == '\0' || strlen(domain) > 253)
		return;
	q = conf_queue(l->c, domain, &v->pub);
	connections(l, n, q);
	ages(l, n, q);
}

/* The narrowest limit of a virtual MTA as a whole; 0 for none. */
static double
limit_of(const struct conf_vmta *v)
{
	double a = per_second(v->max_msg_rate);
	double b = per_second(v->max_msg_per_hour);

	return a > 0 && (b <= 0 || a < b) ? a : b;
}

static void
above(const struct lint *l, const struct node *n, double limit,
    const char *name)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (is_rate(s) && per_second(s->v.rate) > limit)
			LINT_WARN(l, s, "rate-above-virtual-mta",
			    "%s %s is more than %s as a whole may send "
			    "(%.0f/h)",
			    s->row->name, s->text, name, limit * 3600);
}

static void
vmta(const struct lint *l, const struct vmta *v)
{
	double limit = limit_of(&v->pub);

	for (size_t i = 0; i < v->n_nodes; i++) {
		section(l, v->nodes[i], v);
		for (const struct node *n = v->nodes[i]->first; n != NULL;
		    n = n->next) {
			if (n->kind != CONF_SEC_DOMAIN)
				continue;
			section(l, n, v);
			if (limit > 0)
				above(l, n, limit, v->pub.name);
		}
	}
}

/* A pool's sections, seen by its first member. */
static void
pool(const struct lint *l, const struct vmta *p)
{
	const struct vmta *m;
	double limit;

	if (p->pub.n_members == 0)
		return;
	m = (const struct vmta *)p->pub.members[0];
	limit = limit_of(&m->pub);
	for (size_t i = 0; i < p->n_nodes; i++)
		for (const struct node *n = p->nodes[i]->first; n != NULL;
		    n = n->next) {
			if (n->kind != CONF_SEC_DOMAIN)
				continue;
			section(l, n, m);
			if (limit > 0)
				above(l, n, limit, m->pub.name);
		}
}

/* Top level: what no virtual MTA may send at all. */
static void
top(const struct lint *l)
{
	struct conf *c = l->c;
	double most = 0;
	bool all = strcasecmp(c->global.default_vmta, "{default}") != 0;
	const struct vmta *dflt = lint_vmta(c, 0);

	for (size_t i = 1; i < c->n_list && all; i++) {
		double limit = limit_of(c->list[i]);

		if (c->list[i]->is_pool)
			continue;
		all = limit > 0;
		if (limit > most)
			most = limit;
	}
	for (const struct node *n = c->root->first; n != NULL; n = n->next) {
		if (n->kind != CONF_SEC_DOMAIN)
			continue;
		section(l, n, dflt);
		if (all && most > 0)
			above(l, n, most, "any virtual MTA");
	}
}

static bool
names_cold(const struct vmta *v)
{
	for (size_t i = 0; v != NULL && i < v->n_nodes; i++)
		if (conf_find_setting(v->nodes[i], CONF_DIR_COLD_VIRTUAL_MTA) !=
		    NULL ||
		    conf_find_setting(v->nodes[i],
			CONF_DIR_AUTO_COLD_VIRTUAL_MTA) != NULL)
			return true;
	return false;
}

static void
cold(const struct lint *l, const struct node *n, const char *who)
{
	const struct setting *s =
	    conf_find_setting(n, CONF_DIR_MAX_COLD_VIRTUAL_MTA_MSG);

	if (n->kind == CONF_SEC_DOMAIN && s != NULL)
		LINT_WARN(l, s, "cold-without-virtual-mta",
		    "%s names no cold-virtual-mta, so that this limits "
		    "nothing",
		    who);
}

static void
cold_limits(const struct lint *l)
{
	bool any = false;

	for (size_t i = 0; i < l->c->n_list; i++) {
		const struct vmta *v = lint_vmta(l->c, i);

		if (names_cold(v) || names_cold(v->pool)) {
			any = true;
			continue;
		}
		for (size_t k = 0; k < v->n_nodes; k++)
			for (const struct node *n = v->nodes[k]->first;
			    n != NULL; n = n->next)
				cold(l, n, v->pub.name);
	}
	for (const struct node *n = l->c->root->first; n != NULL && !any;
	    n = n->next)
		cold(l, n, "no virtual MTA");
}

void
lint_limits(const struct lint *l)
{
	top(l);
	for (size_t i = 0; i < l->c->n_list; i++) {
		const struct vmta *v = lint_vmta(l->c, i);

		if (v->pub.is_pool)
			pool(l, v);
		else
			vmta(l, v);
	}
	cold_limits(l);
}
