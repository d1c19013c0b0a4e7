/* SPDX-License-Identifier: ISC */
/* Lanes: what waits for one queue, source and route, and when it gets a
 * connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/policy.h"
#include "send.h"

enum { KEY_MAX = 800, UNBLOCK_MAX = 64 };

static struct limit *
limit_of(struct send *s, const char *kind, const char *name, int64_t n,
    const struct rate *connects)
{
	char scope[KEY_MAX];
	struct limit *l;
	void **slot;

	snprintf(scope, sizeof(scope), "connect:%s:%s", kind, name);
	slot = map_at(&s->limits, scope);
	if (*slot != NULL)
		return *slot;
	l = xcalloc(1, sizeof(*l));
	l->n = n;
	l->connects.scope = xstrdup(scope);
	l->scope = l->connects.scope + strlen("connect:");
	l->connects.rate = *connects;
	l->connects.line = -1;
	*slot = l;
	return l;
}

static void
limit_free(void *p)
{
	struct limit *l = p;

	free(l->connects.scope);
	free(l);
}

static char *
put_word(char *to, const char *word)
{
	size_t n = strnlen(word, NAME_DOMAIN);

	memcpy(to, word, n);
	to[n] = ' ';
	return to + n + 1;
}

/* "d DOMAIN VMTA SOURCE", made for every line.  Names hold no blanks. */
static void
domain_key(
    char key[KEY_MAX], const char *domain, const char *vmta, const char *source)
{
	char *at = put_word(put_word(key, "d"), domain);

	at = put_word(put_word(at, vmta), source);
	at[-1] = '\0';
}

struct lane *
lane_find(
    struct send *s, const char *domain, const char *vmta, const char *source)
{
	char key[KEY_MAX];

	domain_key(key, domain, vmta, source);
	return map_get(&s->lanes, key);
}

/* A collective queue has a domain's failures apart, where MX are asked. */
static struct site *
site_for(struct send *s, const struct plan *p)
{
	char name[KEY_MAX];

	if (p->route == NULL || p->queue->group == NULL)
		return site_of(s, p->queue->name);
	snprintf(name, sizeof(name), "%s/%s", p->route, p->vmta->name);
	return site_of(s, name);
}

static struct lane *
lane_new(struct send *s, const struct plan *p)
{
	struct lane *l = xcalloc(1, sizeof(*l));
	const struct conf_queue *q = p->queue;
	const struct conf_vmta *v = p->vmta;

	l->queue = p->queue;
	l->site = site_for(s, p);
	TAILQ_INSERT_TAIL(&l->site->lanes, l, site_link);
	l->limits[0] = limit_of(
	    s, "queue", q->name, q->max_smtp_out, &q->max_connect_rate);
	l->limits[1] = limit_of(
	    s, "vmta", v->name, v->max_smtp_out, &v->max_connect_rate);
	l->source = p->source;
	l->helo = p->helo;
	l->route = p->route != NULL ? xstrdup(p->route) : NULL;
	l->has_address = wire_literal(p->source, &l->address) == 0;
	l->asked = UINT32_MAX;
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->idle);
	TAILQ_INSERT_TAIL(&s->all_lanes, l, link);
	return l;
}

struct lane *
lane_of(struct send *s, const char *domain, const struct plan *p)
{
	char key[KEY_MAX];
	struct lane *l;
	void **slot;

	/* with smtp-hosts all domains of a queue share its connections */
	snprintf(key, sizeof(key), "q %s %s %s", p->queue->name, p->source,
	    p->route != NULL ? p->route : "-");
	slot = map_at(&s->lanes, key);
	if (*slot == NULL)
		*slot = lane_new(s, p);
	l = *slot;
	domain_key(key, domain, p->vmta->name, p->source);
	*map_at(&s->lanes, key) = l;
	return l;
}

void
lanes_free(struct send *s)
{
	struct lane *l;

	while ((l = TAILQ_FIRST(&s->all_lanes)) != NULL) {
		TAILQ_REMOVE(&s->all_lanes, l, link);
		free(l->route);
		free(l);
	}
	map_clear(&s->lanes, NULL);
	map_clear(&s->sites, site_free);
	map_clear(&s->limits, limit_free);
}

void
lane_dirty(struct send *s, struct lane *l)
{
	if (l->dirty)
		return;
	l->dirty = true;
	TAILQ_INSERT_TAIL(&s->dirty_lanes, l, dirty_link);
}

void
lane_add(struct send *s, struct lane *l, struct task *t, bool first)
{
	t->lane = l;
	t->held_at = s->now;
	if (l->n_waiting == 0)
		l->served_at = s->now;
	if (first)
		TAILQ_INSERT_HEAD(&l->waiting, t, link);
	else
		TAILQ_INSERT_TAIL(&l->waiting, t, link);
	l->n_waiting++;
	s->held++;
	lane_dirty(s, l);
}

struct task *
lane_pop(struct send *s, struct lane *l)
{
	struct task *t = TAILQ_FIRST(&l->waiting);

	if (t == NULL)
		return NULL;
	TAILQ_REMOVE(&l->waiting, t, link);
	l->n_waiting--;
	l->served_at = s->now;
	s->held--;
	return t;
}

void
lane_flush(struct send *s, struct lane *l)
{
	struct task *t;

	while ((t = lane_pop(s, l)) != NULL)
		task_back(s, t);
}

/* until: loop time, 0: until a slot is free. */
void
lane_block(struct send *s, struct lane *l, int64_t until)
{
	if (l->blocked)
		TAILQ_REMOVE(&s->blocked_lanes, l, blocked_link);
	else if (l->blocked_at == 0)
		l->blocked_at = s->now;
	l->blocked = true;
	l->blocked_until = until;
	TAILQ_INSERT_TAIL(&s->blocked_lanes, l, blocked_link);
	if (until != 0 && until < s->wake_at)
		s->wake_at = until;
}

/* Slots have become free, or time has passed: those that wait longest go first. */
static void
unblock(struct send *s)
{
	struct lane *l, *next;
	int n = 0;

	for (l = TAILQ_FIRST(&s->blocked_lanes); l != NULL && n < UNBLOCK_MAX;
	     l = next) {
		next = TAILQ_NEXT(l, blocked_link);
		if (l->blocked_until > s->now) {
			if (l->blocked_until < s->wake_at)
				s->wake_at = l->blocked_until;
			continue;
		}
		TAILQ_REMOVE(&s->blocked_lanes, l, blocked_link);
		l->blocked = false;
		lane_dirty(s, l);
		n++;
	}
}

/* Connections with nothing to send take what waits. */
static unsigned
wake_idle(struct send *s, struct lane *l)
{
	unsigned n = 0;
	struct conn *c;

	while (n < l->n_waiting && (c = TAILQ_FIRST(&l->idle)) != NULL) {
		conn_idle(s, c, false);
		conn_dirty(s, c);
		n++;
	}
	return n;
}

static void
begin_connections(struct send *s, struct lane *l, unsigned served)
{
	struct policy_site p = { .waiting = l->n_waiting - served,
		.opening = l->n_opening,
		.open = l->n_conns,
		.proven = l->site->proven };
	size_t n = policy_open(&p);

	if (!l->site->proven && l->site->opening > 0)
		return; /* its end wakes all lanes of the site */
	if (l->site->refused_until > s->now && l->site->open > 0)
		return;
	for (; n > 0 && l->n_waiting > 0; n--)
		if (conn_open(s, l) != OPEN_OK)
			return;
}

static void
lane_work(struct send *s, struct lane *l)
{
	unsigned served;

	if (s->stopping || site_rests(s, l->site) || l->bad_until > s->now)
		lane_flush(s, l);
	if (l->n_waiting == 0 || l->later_until > s->now)
		return;
	served = wake_idle(s, l);
	if (!l->blocked && served < l->n_waiting)
		begin_connections(s, l, served);
}

void
lanes_step(struct send *s)
{
	struct lane *l;

	if (s->slot_freed) {
		s->slot_freed = false;
		unblock(s);
	}
	while ((l = TAILQ_FIRST(&s->dirty_lanes)) != NULL) {
		TAILQ_REMOVE(&s->dirty_lanes, l, dirty_link);
		l->dirty = false;
		lane_work(s, l);
	}
}

/* P10: while a lane waits for a slot, other processes can see the wish. */
static void
tell_wishes(struct send *s)
{
	const struct map_slot *slot;
	struct err err = { 0 };
	struct lane *l;
	size_t at = 0;

	for (l = TAILQ_FIRST(&s->blocked_lanes); l != NULL;
	     l = TAILQ_NEXT(l, blocked_link))
		for (int i = 0; l->blocked_until == 0 && i < 2; i++)
			l->limits[i]->want = l->limits[i]->n != INT64_MAX;
	while ((slot = map_next(&s->limits, &at)) != NULL) {
		struct limit *m = slot->value;

		if (m->want != m->wanted) {
			m->wanted = m->want;
			if (slots_want(s->slots, m->scope, m->want, &err) < 0)
				log_warn("%s", err.msg);
		}
		m->want = false;
	}
}

/* After the end of input only what can start before its grant's end is kept (P16);
 * a line without a grant may wait as long as one for a slot. */
static void
drop_expired(struct send *s, struct lane *l)
{
	int64_t blocked_ms = l->blocked && l->n_conns == 0 &&
		l->blocked_until != 0 ?
	    l->blocked_until - s->now :
	    0;
	struct task *t, *next;

	for (t = TAILQ_FIRST(&l->waiting); t != NULL; t = next) {
		next = TAILQ_NEXT(t, link);
		if (blocked_ms < lease_left_ms(s->leases, &t->lease,
				     t->held_at + SLOT_WAIT_MS - s->now))
			continue;
		TAILQ_REMOVE(&l->waiting, t, link);
		l->n_waiting--;
		s->held--;
		task_back(s, t);
	}
}

void
lanes_tick(struct send *s)
{
	struct lane *l;

	for (l = TAILQ_FIRST(&s->all_lanes); l != NULL;
	     l = TAILQ_NEXT(l, link)) {
		if (l->n_waiting == 0) {
			l->blocked_at = 0;
			continue;
		}
		if (s->eof)
			drop_expired(s, l);
		if (l->n_conns == 0 && l->blocked_at != 0 &&
		    s->now - l->blocked_at > SLOT_WAIT_MS)
			lane_flush(s, l);
		lane_dirty(s, l);
	}
	tell_wishes(s);
	s->slot_freed = true; /* other processes free slots too */
}

void
control_look(struct send *s)
{
	const struct map_slot *slot;
	struct err err = { 0 };
	uint64_t generation;
	size_t at = 0;

	if (s->now < s->control_at)
		return;
	s->control_at = s->now + CONTROL_MS;
	generation = control_generation(s->spool);
	if (generation == s->generation)
		return;
	s->generation = generation;
	(void)pauses(s->spool, &s->n_pauses, &err);
	while ((slot = map_next(&s->sites, &at)) != NULL)
		site_read(s, slot->value);
}
