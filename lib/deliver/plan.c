/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "deliver/plan.h"

static bool
finite(const struct rate *r)
{
	return r->n != RATE_UNLIMITED;
}

bool
plan_is_limited(struct conf *c, const struct conf_queue *q, const char *source)
{
	struct rate per_source, per_hour;

	if (finite(&q->max_msg_rate) || finite(&q->max_msg_per_hour) ||
	    finite(&q->vmta->max_msg_rate) ||
	    finite(&q->vmta->max_msg_per_hour))
		return true;
	if (strcmp(source, "-") == 0)
		return finite(&q->source_max_msg_rate) ||
		    finite(&q->source_max_msg_per_hour);
	per_source = conf_source_rate(
	    c, q, CONF_DIR_SOURCE_IP_MAX_MSG_RATE, source);
	per_hour = conf_source_rate(
	    c, q, CONF_DIR_SOURCE_IP_MAX_MSG_PER_HOUR, source);
	return finite(&per_source) || finite(&per_hour);
}

/* The source of a virtual MTA with that address, NULL if it has none such. */
static const struct conf_source *
find_source(const struct conf_vmta *v, const char *address)
{
	for (size_t i = 0; i < v->n_sources; i++)
		if (strcmp(v->sources[i].address, address) == 0)
			return &v->sources[i];
	return NULL;
}

/* Which virtual MTA of a pool sends: the one that has the record's last source,
 * else the next in turn. */
static const struct conf_vmta *
choose_member(const struct conf_vmta *pool, const char *last, uint64_t turn)
{
	for (size_t i = 0; i < pool->n_members; i++)
		if (find_source(pool->members[i], last) != NULL)
			return pool->members[i];
	return pool->n_members != 0 ? pool->members[turn % pool->n_members] :
				      NULL;
}

static const char *
helo_name(const struct conf *c, const struct conf_vmta *v,
    const struct conf_source *s)
{
	if (s != NULL && s->host_name != NULL)
		return s->host_name;
	return v->helo != NULL ? v->helo : conf_global(c)->host_name;
}

static void
fill(const struct plan_options *o, const char *domain,
    const struct conf_vmta *v, const struct conf_source *s, struct plan *out)
{
	const char *group = conf_group(o->conf, domain);

	out->vmta = v;
	out->queue = conf_queue(o->conf, group != NULL ? group : domain, v);
	out->source = s != NULL ? s->address : "-";
	out->helo = helo_name(o->conf, v, s);
	out->route = out->queue->n_smtp_hosts == 0 ? domain : NULL;
}

static enum plan_verdict
back(struct plan *out, const char *why)
{
	out->why = why;
	return PLAN_BACK;
}

/* P15: what this process's configuration doesn't know it hands back. */
static enum plan_verdict
plan_granted(const struct plan_options *o, const char *domain,
    const struct grant *g, struct plan *out)
{
	const struct conf_vmta *v = conf_vmta(o->conf, g->vmta);
	const struct conf_source *s = NULL;

	if (g->conf_serial > conf_serial(o->conf))
		return back(out, "the grant is of a newer configuration");
	if (v == NULL || v->is_pool)
		return back(out, "the grant names an unknown virtual MTA");
	if (strcmp(g->source, "-") != 0) {
		s = find_source(v, g->source);
		if (s == NULL)
			return back(out,
			    "the grant names a source address that"
			    " its virtual MTA has not");
	} else if (v->n_sources != 0) {
		return back(out, "the grant names no source address");
	}
	fill(o, domain, v, s, out);
	return PLAN_SEND;
}

/* No grant: the record's own virtual MTA, its sources in turn; a record keeps
 * the source of its last attempt, so that greylisting passes. */
static enum plan_verdict
plan_ungranted(const struct plan_options *o, const char *domain,
    const struct vmta_row *row, struct plan *out)
{
	const struct conf_vmta *v = row != NULL ?
	    conf_vmta(o->conf, row->vmta) :
	    NULL;
	const struct conf_source *s;

	if (v != NULL && v->is_pool)
		v = choose_member(v, row->source, o->turn);
	if (v == NULL)
		return back(out, "its virtual MTA is not configured");
	s = find_source(v, row->source);
	if (s == NULL && v->n_sources != 0)
		s = &v->sources[o->turn % v->n_sources];
	fill(o, domain, v, s, out);
	if (!o->no_limits &&
	    plan_is_limited(o->conf, out->queue, out->source)) {
		out->why = "limits apply and there is no grant: "
			   "it must pass vmta-throttle";
		return PLAN_REFUSED;
	}
	return PLAN_SEND;
}

enum plan_verdict
plan_make(const struct plan_options *o, const char *domain,
    const struct grant *g, const struct vmta_row *row, struct plan *out)
{
	const struct conf_vmta *v;

	*out = (struct plan){ 0 };
	switch (g->kind) {
	case GRANT_GIVEN:
		return plan_granted(o, domain, g, out);
	case GRANT_NONE:
		return plan_ungranted(o, domain, row, out);
	case GRANT_EXPIRE:
		break;
	}
	/* the pool itself serves: only settings are asked for, nothing is sent */
	v = row != NULL ? conf_vmta(o->conf, row->vmta) : NULL;
	if (v == NULL)
		return back(out, "its virtual MTA is not configured");
	fill(o, domain, v, NULL, out);
	return PLAN_EXPIRE;
}
