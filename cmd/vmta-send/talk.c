/* SPDX-License-Identifier: ISC */
/* Between a connection and its dialogue: bytes, messages, results, timers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "send.h"

enum { QUIT_WAIT_S = 10, PIECES = 4 };

static int64_t
phase_timeout_s(const struct conf_queue *q, enum dialogue_phase phase)
{
	switch (phase) {
	case DIALOGUE_GREETING:
		return q->greeting_timeout_s;
	case DIALOGUE_EHLO:
	case DIALOGUE_RSET:
		return q->command_timeout_s;
	case DIALOGUE_MAIL:
		return q->mail_timeout_s;
	case DIALOGUE_RCPT:
		return q->rcpt_timeout_s;
	case DIALOGUE_DATA:
		return q->data_init_timeout_s;
	case DIALOGUE_TEXT:
		return q->data_send_timeout_s;
	case DIALOGUE_DOT:
		return q->data_termination_timeout_s;
	case DIALOGUE_QUIT:
		/* nobody's mail waits for that reply */
		return q->command_timeout_s < QUIT_WAIT_S ?
		    q->command_timeout_s :
		    QUIT_WAIT_S;
	case DIALOGUE_IDLE:
		return q->idle_timeout_s > 0 ? q->idle_timeout_s : 1;
	case DIALOGUE_CLOSED:
	case DIALOGUE_PHASES:
		break;
	}
	return 1;
}

static void
set_deadline(struct send *s, struct conn *c)
{
	c->epoch = dialogue_epoch(c->d);
	c->deadline = s->now +
	    phase_timeout_s(c->lane->queue, dialogue_phase(c->d)) * 1000;
}

/* --- showing the dialogue (-d) ------------------------------------------- */

/* Commands and replies, a line each; of a message only its size. */
static void
show(const struct conn *c, char way, const char *data, size_t n)
{
	const char *end = data + n;

	while (data < end) {
		const char *nl = memchr(data, '\n', (size_t)(end - data));
		size_t len = (size_t)((nl != NULL ? nl : end) - data);

		while (len > 0 && data[len - 1] == '\r')
			len--;
		log_note("%u %s %c %.*s", c->number, c->dest, way,
		    (int)(len < 500 ? len : 500), data);
		data = nl != NULL ? nl + 1 : end;
	}
}

static bool
is_text(const struct conn *c, const char *p)
{
	for (int i = 0; i < 2; i++) {
		const struct task *t = c->tasks[i];

		if (t != NULL && p >= t->message.text &&
		    p < t->message.text + t->message.len)
			return true;
	}
	return false;
}

static void
show_written(const struct conn *c, const struct iovec *iov, size_t n, size_t w)
{
	for (size_t i = 0; i < n && w > 0; i++) {
		size_t len = iov[i].iov_len < w ? iov[i].iov_len : w;

		if (is_text(c, iov[i].iov_base) ||
		    dialogue_phase(c->d) == DIALOGUE_TEXT)
			log_note("%u %s > (%zu bytes of a message)", c->number,
			    c->dest, len);
		else
			show(c, '>', iov[i].iov_base, len);
		w -= len;
	}
}

/* --- bytes --------------------------------------------------------------- */

void
conn_begin(struct send *s, struct conn *c)
{
	struct dialogue_options o = { .helo = c->lane->helo,
		.pipelining = c->lane->queue->pipelining,
		.eightbit_mime = c->lane->queue->eightbit_mime };

	c->state = CONN_TALK;
	c->d = dialogue_new(&o);
	set_deadline(s, c);
}

static void
read_some(struct send *s, struct conn *c)
{
	ssize_t n;

	do {
		n = io_read(c->io, s->buf, READ_SIZE);
		if (n > 0) {
			if (s->debug)
				show(c, '<', s->buf, (size_t)n);
			dialogue_input(c->d, s->buf, (size_t)n);
		}
	} while (n == READ_SIZE && !dialogue_done(c->d));
	if (n == 0)
		dialogue_lost(c->d, "lost connection");
	else if (n < 0 && errno != EAGAIN)
		dialogue_lost(c->d, strerror(errno));
}

void
conn_io(struct send *s, struct conn *c, unsigned events)
{
	if ((events & IO_READ) != 0)
		read_some(s, c);
	conn_dirty(s, c);
}

/* The kernel must give up before a started grant's time is over (P9): twice the
 * time between renewals is left at any write. */
static void
set_user_timeout(struct conn *c, const struct lease *e)
{
	int64_t ms;

	if (e->renew_ms == INT64_MAX)
		return;
	ms = e->renew_ms * 2;
	if (ms < 1)
		ms = 1;
	if (c->timeout_ms != 0 && c->timeout_ms <= ms)
		return;
	c->timeout_ms = ms;
	io_user_timeout(c->io, ms);
}

/* P9: is every message under way still within its stamp? */
static bool
leases_live(const struct send *s, const struct conn *c)
{
	for (int i = 0; i < 2; i++)
		if (c->tasks[i] != NULL &&
		    !lease_is_live(s->leases, &c->tasks[i]->lease))
			return false;
	return true;
}

static void
flush(struct send *s, struct conn *c)
{
	struct iovec iov[PIECES];
	size_t n;

	while ((n = dialogue_output(c->d, iov, PIECES)) > 0) {
		ssize_t w;

		if (!leases_live(s, c)) {
			conn_work(c, &s->to_stall);
			return;
		}
		w = io_write(c->io, iov, n);
		if (w < 0 && errno != EAGAIN) {
			const char *why = strerror(errno);

			/* a reply that came before the end is not thrown away */
			read_some(s, c);
			if (!dialogue_done(c->d))
				dialogue_lost(c->d, why);
			conn_dirty(s, c);
			return;
		}
		if (w < 0)
			return;
		if (s->debug)
			show_written(c, iov, n, (size_t)w);
		dialogue_sent(c->d, (size_t)w);
	}
	if (dialogue_epoch(c->d) != c->epoch)
		set_deadline(s, c);
}

/* --- messages ------------------------------------------------------------ */

void
conn_hand_in(struct send *s, struct conn *c)
{
	struct task *t = c->starting;
	struct dialogue_message m = { .user = t,
		.sender = t->env->sender,
		.rcpt = t->env->rcpt,
		.text = t->message.text,
		.text_len = t->message.len,
		.has_dots = (t->message.flags & MESSAGE_DOTS) != 0,
		.has_8bit = (t->message.flags & MESSAGE_8BIT) != 0 };

	c->starting = NULL;
	c->tasks[c->tasks[0] != NULL] = t;
	t->conn = c;
	t->used = false;
	t->began_ms = s->now;
	t->began_s = clock_wall_s(spool_clock(s->spool));
	c->given++;
	if (lease_is_limited(&t->lease)) {
		set_user_timeout(c, &t->lease);
		if (t->lease.renew_ms < s->renew_ms)
			s->renew_ms = t->lease.renew_ms;
		/* the tick that renews it must not come late */
		if (s->tick_at - s->now > t->lease.renew_ms)
			s->tick_at = s->now + t->lease.renew_ms;
	}
	dialogue_message(c->d, &m);
}

/* Is this connection to get no further message? */
static bool
is_done(struct send *s, struct conn *c)
{
	return s->stopping || c->quitting ||
	    c->given >= c->lane->queue->max_msg_per_connection ||
	    site_rests(s, c->lane->site) || conn_contended(s, c);
}

static struct task *
next_task(struct send *s, struct conn *c)
{
	struct task *t = c->trigger;

	if (t != NULL) {
		c->trigger = NULL;
		return t;
	}
	if (c->lane->later_until > s->now)
		return NULL;
	while ((t = lane_pop(s, c->lane)) != NULL)
		switch (task_claim(s, t)) {
		case TASK_READY:
			s->under_way++;
			return t;
		case TASK_GONE:
			break;
		case TASK_LATER:
		case TASK_STOP:
			return NULL;
		}
	return NULL;
}

static void
nothing_to_send(struct send *s, struct conn *c)
{
	if (dialogue_phase(c->d) != DIALOGUE_IDLE ||
	    dialogue_under_way(c->d) != 0)
		return;
	if (s->eof && c->lane->n_waiting == 0)
		conn_quit(s, c);
	else
		conn_idle(s, c, true);
}

static void
pull(struct send *s, struct conn *c)
{
	struct task *t;

	while (
	    c->ready && c->starting == NULL && dialogue_wants_message(c->d)) {
		if (c->trigger == NULL && is_done(s, c)) {
			conn_quit(s, c);
			return;
		}
		t = next_task(s, c);
		if (t == NULL) {
			nothing_to_send(s, c);
			return;
		}
		conn_idle(s, c, false);
		c->starting = t;
		if (lease_is_limited(&t->lease))
			conn_work(c, &s->to_start);
		else
			conn_hand_in(s, c);
	}
}

/* Greeted, and the server's extensions are known. */
static void
become_ready(struct send *s, struct conn *c)
{
	struct lane *l = c->lane;

	c->ready = true;
	l->n_opening--;
	l->site->opening--;
	l->site->open++;
	l->site->proven = true;
	route_free(c->route);
	c->route = NULL;
	for (l = TAILQ_FIRST(&c->lane->site->lanes); l != NULL;
	     l = TAILQ_NEXT(l, site_link))
		if (l->n_waiting != 0)
			lane_dirty(s, l);
}

/* The conversation is over. */
static void
ended(struct send *s, struct conn *c)
{
	const struct dialogue_failure *f = dialogue_failure(c->d);

	if (c->ready) {
		if (c->starting != NULL) {
			s->under_way--;
			task_again(s, c->starting, false);
			c->starting = NULL;
		}
		conn_cancel(s, c);
		return;
	}
	if (f == NULL || s->stopping) {
		conn_cancel(s, c);
		return;
	}
	reply_copy(&c->failure, &f->reply);
	c->failure_local = f->local;
	c->all_5xx = c->all_5xx && !f->local && f->at == DIALOGUE_GREETING &&
	    f->reply.code >= 500;
	route_memory_failed(s->memory, &c->target, s->now + TARGET_BAD_MS);
	conn_next_target(s, c);
}

static void
step(struct send *s, struct conn *c)
{
	struct dialogue_result r;

	if (c->state == CONN_ROUTE)
		conn_next_target(s, c);
	if (c->state != CONN_TALK)
		return;
	while (dialogue_result(c->d, &r)) {
		struct task *t = r.user;

		c->tasks[c->tasks[0] != t] = NULL;
		s->under_way--;
		task_result(s, c, t, &r);
	}
	if (dialogue_done(c->d)) {
		ended(s, c);
		return;
	}
	if (c->rate != NULL && dialogue_phase(c->d) != DIALOGUE_GREETING)
		conn_counted(s, c);
	if (!c->ready && dialogue_phase(c->d) == DIALOGUE_IDLE)
		become_ready(s, c);
	pull(s, c);
	if (dialogue_epoch(c->d) != c->epoch)
		set_deadline(s, c);
	if (!c->flush) {
		c->flush = true;
		TAILQ_INSERT_TAIL(&s->flush_conns, c, flush_link);
	}
}

void
conns_step(struct send *s)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&s->dirty_conns)) != NULL) {
		TAILQ_REMOVE(&s->dirty_conns, c, dirty_link);
		c->dirty = false;
		step(s, c);
	}
}

/* Its lease could not be had: the next one of the lane may have one. */
static void
not_started(struct send *s, struct conn *c)
{
	struct task *t = c->starting;

	c->starting = NULL;
	s->under_way--;
	task_back(s, t);
	conn_dirty(s, c);
}

void
conn_abort(struct send *s, struct conn *c, const char *why)
{
	c->aborted = true;
	dialogue_lost(c->d, why);
	conn_dirty(s, c);
}

void
conns_act(struct send *s)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&s->may_connect)) != NULL) {
		conn_work(c, NULL);
		conn_connect(s, c);
	}
	while ((c = TAILQ_FIRST(&s->may_start)) != NULL) {
		conn_work(c, NULL);
		if (c->refused)
			not_started(s, c);
		else
			conn_hand_in(s, c);
		c->refused = false;
		conn_dirty(s, c); /* it may want one more, and writes */
	}
	while ((c = TAILQ_FIRST(&s->must_abort)) != NULL) {
		conn_work(c, NULL);
		conn_abort(s, c, "the grant ran out");
	}
	while ((c = TAILQ_FIRST(&s->flush_conns)) != NULL) {
		TAILQ_REMOVE(&s->flush_conns, c, flush_link);
		c->flush = false;
		flush(s, c);
	}
}
