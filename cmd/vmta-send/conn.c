/* SPDX-License-Identifier: ISC */
/*
 * A connection from its slots to its close:
 *
 *     slots, a claimed record -> ROUTE -> RATE -> CONNECT -> TALK -> END
 *                                  ^                |          |
 *                                  +--- next target +----------+ not greeted
 *
 * What is said on it is talk.c's, what a failure means failed.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "send.h"

enum { CONTEND_EVERY = 20 };

void
conn_dirty(struct send *s, struct conn *c)
{
	if (c->dirty || c->state == CONN_END)
		return;
	c->dirty = true;
	TAILQ_INSERT_TAIL(&s->dirty_conns, c, dirty_link);
}

void
conn_idle(struct send *s, struct conn *c, bool idle)
{
	struct lane *l = c->lane;

	if (c->idle == idle)
		return;
	c->idle = idle;
	if (!idle) {
		TAILQ_REMOVE(&l->idle, c, idle_link);
		return;
	}
	if (TAILQ_EMPTY(&l->idle))
		l->idle_since = s->now;
	TAILQ_INSERT_TAIL(&l->idle, c, idle_link);
}

void
conn_work(struct conn *c, struct conn_list *list)
{
	if (c->work != NULL)
		TAILQ_REMOVE(c->work, c, work_link);
	c->work = list;
	if (list != NULL)
		TAILQ_INSERT_TAIL(list, c, work_link);
}

/* An idle connection of another lane that holds what this one needs is closed. */
static void
close_idle_for(struct send *s, const struct lane *l, const struct limit *m)
{
	struct conn *c;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = TAILQ_NEXT(c, link))
		if (c->idle && c->lane != l &&
		    (c->lane->limits[0] == m || c->lane->limits[1] == m)) {
			conn_quit(s, c);
			return;
		}
}

/* Has a lane without any connection waited for a slot that this one holds? */
bool
conn_contended(const struct send *s, const struct conn *c)
{
	const struct lane *l;

	if (c->given % CONTEND_EVERY != 0)
		return false;
	for (l = TAILQ_FIRST(&s->blocked_lanes); l != NULL;
	     l = TAILQ_NEXT(l, blocked_link))
		if (l != c->lane && l->n_conns == 0 && l->n_waiting != 0 &&
		    l->blocked_until == 0 &&
		    (l->limits[0] == c->lane->limits[0] ||
			l->limits[1] == c->lane->limits[1]))
			return true;
	return false;
}

/* One slot of each limit, or none.  Returns 1, 0 or -1 (reported). */
static int
take_slots(struct send *s, struct lane *l, struct slot slots[2])
{
	struct err err = { 0 };

	for (int i = 0; i < 2; i++) {
		struct limit *m = l->limits[i];
		int rc = slots_take(s->slots, m->scope, m->n, &slots[i], &err);

		if (rc == 1)
			continue;
		if (i == 1)
			slots_release(s->slots, &slots[0]);
		if (rc < 0)
			send_fail(s, &err);
		else
			close_idle_for(s, l, m);
		return rc;
	}
	return 1;
}

static struct resolver *
resolver_of(struct send *s)
{
	static const struct clock clock = CLOCK_SYSTEM;
	const struct conf_global *g = conf_global(s->conf);
	struct err err = { 0 };

	if (s->resolver != NULL)
		return s->resolver;
	if (resolver_new(g->name_servers, g->n_name_servers, &clock,
		&s->resolver, &err) < 0) {
		send_fail(s, &err);
		return NULL;
	}
	s->dns_watch = io_watch_new(
	    s->io, resolver_fd(s->resolver), false, send_resolved, s);
	io_watch_set(s->dns_watch, true);
	return s->resolver;
}

static void
on_route(void *arg)
{
	struct conn *c = arg;

	conn_dirty(c->send, c);
}

static bool
begin_route(struct send *s, struct conn *c)
{
	const struct lane *l = c->lane;
	struct route_options o = { .queue = l->queue,
		.domain = l->route != NULL ? l->route : "-",
		.family = l->has_address ? l->address.family : 0,
		.memory = s->memory,
		.now_ms = s->now,
		.ready = on_route,
		.arg = c };

	if (route_needs_dns(o.queue, o.domain)) {
		o.resolver = resolver_of(s);
		if (o.resolver == NULL)
			return false;
	}
	o.age_s = clock_wall_s(spool_clock(s->spool)) - c->trigger->env->queued;
	c->route = route_new(&o);
	return true;
}

static struct conn *
conn_new(struct send *s, struct lane *l, const struct slot slots[2],
    struct task *trigger)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->send = s;
	c->lane = l;
	memcpy(c->slots, slots, sizeof(c->slots));
	c->trigger = trigger;
	trigger->conn = c;
	c->all_5xx = true;
	c->deadline = INT64_MAX;
	c->number = ++s->numbers;
	TAILQ_INSERT_TAIL(&s->conns, c, link);
	s->n_conns++;
	s->under_way++; /* the trigger */
	l->n_conns++;
	l->n_opening++;
	l->site->opening++;
	l->blocked_at = 0;
	return c;
}

static void
release_slots(struct send *s, struct slot slots[2])
{
	for (int i = 0; i < 2; i++)
		if (slots[i].limit != NULL) {
			slots_release(s->slots, &slots[i]);
			s->slot_freed = true;
		}
}

enum open_result
conn_open(struct send *s, struct lane *l)
{
	struct slot slots[2] = { { 0 } };
	struct task *t = NULL;
	struct conn *c;
	int rc = take_slots(s, l, slots);

	if (rc != 1) {
		if (rc == 0)
			lane_block(s, l, 0);
		return OPEN_BLOCKED;
	}
	while ((t = lane_pop(s, l)) != NULL) {
		enum task_claim got = task_claim(s, t);

		if (got == TASK_READY)
			break;
		if (got != TASK_GONE) {
			t = NULL;
			break;
		}
	}
	if (t == NULL) {
		release_slots(s, slots);
		return OPEN_NOTHING;
	}
	c = conn_new(s, l, slots, t);
	if (!begin_route(s, c)) {
		conn_cancel(s, c);
		return OPEN_NOTHING;
	}
	conn_next_target(s, c);
	return OPEN_OK;
}

/* A server counts a connection when it accepts it, which the kernel doesn't tell:
 * at the latest when it greets. */
void
conn_counted(struct send *s, struct conn *c)
{
	if (c->rate != NULL)
		TAILQ_INSERT_TAIL(&s->replies, c->rate, link);
	c->rate = NULL;
}

/* What a target used: socket, conversation, and the lease of its connection,
 * which the receiver has counted if it ever could. */
static void
drop_target(struct send *s, struct conn *c)
{
	if (c->flush)
		TAILQ_REMOVE(&s->flush_conns, c, flush_link);
	c->flush = false;
	io_close(c->io);
	c->io = NULL;
	dialogue_free(c->d);
	c->d = NULL;
	conn_counted(s, c);
	c->deadline = INT64_MAX;
	c->local[0] = '\0';
}

void
conn_next_target(struct send *s, struct conn *c)
{
	drop_target(s, c);
	switch (route_next(c->route, &c->target)) {
	case ROUTE_TARGET:
		c->targets++;
		wire_print(&c->target.address, c->dest);
		c->state = CONN_RATE;
		c->rate_at = 0;
		conn_work(c, &s->to_rate);
		break;
	case ROUTE_WAIT:
		c->state = CONN_ROUTE;
		break;
	case ROUTE_END:
		conn_failed(s, c);
		break;
	}
}

static void
connect_failed(struct send *s, struct conn *c, const char *why)
{
	reply_local(&c->failure, "4.4.1", "%s (connecting to %s port %u)", why,
	    c->dest, c->target.port);
	c->failure_local = true;
	c->all_5xx = false;
	route_memory_failed(s->memory, &c->target, s->now + TARGET_BAD_MS);
	conn_next_target(s, c);
}

/* Where the system chose the source, accounting tells which. */
static void
note_source(struct conn *c)
{
	struct dns_address a;

	if (!c->lane->has_address && io_local(c->io, &a) == 0)
		wire_print(&a, c->local);
}

static void
on_io(void *arg, unsigned events)
{
	struct conn *c = arg;
	int e;

	if (c->state == CONN_TALK) {
		conn_io(c->send, c, events);
		return;
	}
	e = io_connected(c->io);
	if (e != 0) {
		connect_failed(c->send, c, strerror(e));
		return;
	}
	note_source(c);
	conn_begin(c->send, c);
}

void
conn_connect(struct send *s, struct conn *c)
{
	struct lane *l = c->lane;
	struct err err = { 0 };

	switch (io_connect(s->io, l->has_address ? &l->address : NULL,
	    &c->target.address, c->target.port, &c->io, &err)) {
	case IO_OK:
		io_conn_set(c->io, on_io, c);
		c->state = CONN_CONNECT;
		c->opened_at = s->now;
		c->deadline = s->now + l->queue->connect_timeout_s * 1000;
		break;
	case IO_NO_SOURCE:
		conn_no_source(s, c, &err);
		break;
	case IO_FAILED:
		connect_failed(s, c, err.msg);
		break;
	case IO_LATER:
		if (!s->short_of_files)
			log_warn("%s: fewer connections are made", err.msg);
		s->short_of_files = true;
		lane_block(s, l, s->now + 1000);
		conn_cancel(s, c);
		break;
	}
}

void
conn_cancel(struct send *s, struct conn *c)
{
	struct task *t = c->trigger;

	c->trigger = NULL;
	if (t != NULL) {
		s->under_way--;
		task_unclaim(s, t);
	}
	conn_end(s, c);
}

void
conn_quit(struct send *s, struct conn *c)
{
	if (c->quitting)
		return;
	c->quitting = true;
	conn_idle(s, c, false);
	dialogue_quit(c->d);
	conn_dirty(s, c);
}

void
conn_end(struct send *s, struct conn *c)
{
	struct lane *l = c->lane;

	if (c->state == CONN_END)
		return;
	conn_idle(s, c, false);
	if (c->dirty)
		TAILQ_REMOVE(&s->dirty_conns, c, dirty_link);
	conn_work(c, NULL);
	drop_target(s, c);
	route_free(c->route);
	c->route = NULL;
	release_slots(s, c->slots);
	if (c->ready) {
		l->site->open--;
	} else {
		l->n_opening--;
		l->site->opening--;
	}
	l->n_conns--;
	s->n_conns--;
	c->state = CONN_END;
	TAILQ_REMOVE(&s->conns, c, link);
	TAILQ_INSERT_TAIL(&s->dead_conns, c, link);
	/* lanes of the site may have waited for what became of it */
	for (l = TAILQ_FIRST(&c->lane->site->lanes); l != NULL;
	     l = TAILQ_NEXT(l, site_link))
		if (l->n_waiting != 0)
			lane_dirty(s, l);
}

void
conn_free(struct conn *c)
{
	free(c);
}

/* P10: does another process wait for what an idle connection holds? */
static bool
wanted_elsewhere(struct send *s, const struct conn *c)
{
	struct err err = { 0 };

	for (int i = 0; i < 2; i++)
		if (slots_wanted(s->slots, &c->slots[i], &err) == 1)
			return true;
	return false;
}

void
conns_tick(struct send *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state == CONN_END)
			break;
		if (c->idle && wanted_elsewhere(s, c))
			conn_quit(s, c);
		if (s->now < c->deadline)
			continue;
		if (c->state == CONN_CONNECT) {
			connect_failed(s, c, "timed out");
		} else if (c->state == CONN_TALK) {
			c->deadline = INT64_MAX;
			if (c->idle)
				conn_quit(s, c);
			else
				dialogue_timeout(c->d);
			conn_dirty(s, c);
		}
	}
}
