/* SPDX-License-Identifier: ISC */
/*
 * One client.  Input goes to its session, events to the rules, replies out, all
 * replies to one input in one write.  While a connection is on hold, or its
 * client does not read, nothing is read from it: what came waits in c->in.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "sink.h"

enum { LINGER_MS = 2000, OUT_BYTES_KEPT = 64 * 1024 };

static void
watch(struct sink *k, struct conn *c, uint32_t interest)
{
	struct epoll_event e = { .events = interest, .data.ptr = c };

	if (c->watched && interest == c->interest)
		return;
	if (epoll_ctl(k->epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		c->fd, &e) != 0)
		return;
	c->watched = true;
	c->interest = interest;
}

/* Leave the count of --max-conn: the client can't see it later than we do. */
static void
leave(struct conn *c)
{
	if (!c->over_limit)
		c->from->open--;
	c->over_limit = true;
}

void
conn_close(struct sink *k, struct conn *c)
{
	lines_event(k, c, "disconnect");
	leave(c);
	close(c->fd);
	server_timer_drop(&k->timers, &c->timer);
	session_clear(&c->session);
	buf_clear(&c->in);
	buf_clear(&c->head);
	if (c->digest != NULL) {
		char unused[65];

		digest_end(c->digest, unused);
	}
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		k->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	k->stats.open--;
	free(c);
}

static size_t
unsent(const struct conn *c)
{
	return c->session.out.len - c->sent;
}

/*
 * Write what can be written; with --drip, one byte.
 * Returns: 0, or -1 when the client is gone.
 */
static int
flush(struct sink *k, struct conn *c)
{
	struct buf *out = &c->session.out;

	while (unsent(c) > 0) {
		ssize_t n = send(c->fd, out->data + c->sent,
		    k->opt->drip_ms > 0 ? 1 : unsent(c), MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->sent += (size_t)n;
		if (k->opt->drip_ms > 0)
			break;
	}
	if (unsent(c) > 0)
		return 0;
	c->sent = 0;
	if (out->cap > OUT_BYTES_KEPT)
		buf_clear(out);
	else
		buf_reset(out);
	return 0;
}

/* When conn_due is wanted: for a delayed answer, or for the next byte. */
static void
set_timer(struct sink *k, struct conn *c)
{
	int64_t due = INT64_MAX;

	if (c->hold == HOLD_DELAY)
		due = c->answer_ms;
	if (k->opt->drip_ms > 0 && unsent(c) > 0 &&
	    k->now_ms + k->opt->drip_ms < due)
		due = k->now_ms + k->opt->drip_ms;
	if (due != INT64_MAX)
		server_timer_set(&k->timers, &c->timer, due);
}

/* Give input to the session until it is used up or the connection is held. */
static void
run(struct sink *k, struct conn *c, const char *data, size_t n)
{
	struct session_event ev;
	const char *rest;

	session_feed(&c->session, data, n);
	while (c->hold == HOLD_NONE && !c->closing &&
	    session_next(&c->session, &ev))
		answer_event(k, c, &ev);
	if (c->session.closing)
		c->closing = true;
	rest = session_rest(&c->session, &n);
	if (c->closing)
		n = 0;
	if (rest >= c->in.data && rest <= c->in.data + c->in.len) {
		buf_cut(&c->in, c->in.len - n);
	} else {
		buf_add(&c->in, rest, n);
	}
	session_feed(&c->session, NULL, 0);
}

/*
 * All is said.  After 421 the client may be talking still: closing at once would
 * answer that with a reset, which can overtake the 421.
 */
static void
finish(struct sink *k, struct conn *c)
{
	if (!c->session.closing || c->stage == SESSION_QUIT || c->eof) {
		conn_close(k, c);
		return;
	}
	leave(c);
	shutdown(c->fd, SHUT_WR);
	c->hold = HOLD_LINGER;
	server_timer_set(&k->timers, &c->timer, k->now_ms + LINGER_MS);
	watch(k, c, EPOLLIN);
}

/* Nothing can be done at once: close, or wait for the right thing. */
static void
wait_for(struct sink *k, struct conn *c)
{
	uint32_t want = 0;

	set_timer(k, c);
	if (unsent(c) > 0) {
		want = k->opt->drip_ms > 0 ? 0 : EPOLLOUT;
	} else if (c->hold == HOLD_HANG) {
		want = EPOLLRDHUP;
	} else if (c->hold == HOLD_NONE) {
		if (c->closing || c->eof) {
			finish(k, c);
			return;
		}
		want = EPOLLIN | EPOLLRDHUP;
	}
	watch(k, c, want);
}

/*
 * After input, room for output or a timer: write, and go on with input that
 * waited, until all of it is used or something is to be waited for.
 */
static void
go_on(struct sink *k, struct conn *c)
{
	for (;;) {
		if (c->session.closing)
			c->closing = true;
		if (flush(k, c) != 0) {
			conn_close(k, c);
			return;
		}
		if (unsent(c) > 0 || c->hold != HOLD_NONE || c->closing ||
		    c->in.len == 0)
			break;
		run(k, c, c->in.data, c->in.len);
	}
	wait_for(k, c);
}

void
conn_open(struct sink *k, struct listener *from, int fd,
    const struct sockaddr_storage *peer)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	int one = 1;

	c->kind = KIND_CONN;
	c->fd = fd;
	c->from = from;
	c->number = ++k->stats.connections;
	listen_name(peer, c->source);
	buf_init(&c->in, 0);
	buf_init(&c->head, 0);
	session_init(&c->session, &k->opt->session);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->next = k->conns;
	if (c->next != NULL)
		c->next->prev = c;
	k->conns = c;
	if (++k->stats.open > k->stats.max_open)
		k->stats.max_open = k->stats.open;
	c->over_limit = k->opt->max_conn > 0 &&
	    from->open >= (uint64_t)k->opt->max_conn;
	if (!c->over_limit)
		from->open++;
	lines_event(k, c, "connect");
	run(k, c, c->in.data, 0);
	go_on(k, c);
}

/* Read and forget until the client ends. */
static void
linger(struct sink *k, struct conn *c)
{
	ssize_t n = recv(c->fd, k->chunk, CHUNK_BYTES, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		conn_close(k, c);
}

static int
read_some(struct sink *k, struct conn *c, uint32_t events)
{
	for (;;) {
		ssize_t n = recv(c->fd, k->chunk, CHUNK_BYTES, 0);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		if (n == 0) {
			c->eof = true;
			return 0;
		}
		run(k, c, k->chunk, (size_t)n);
		/*
		 * Where the client has ended, read to the end now: whoever
		 * counts connections must see it before the next one opens.
		 */
		if (!(events & EPOLLRDHUP) || c->closing ||
		    c->hold != HOLD_NONE)
			return 0;
	}
}

void
conn_event(struct sink *k, struct conn *c, uint32_t events)
{
	if (c->hold == HOLD_LINGER) {
		linger(k, c);
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN)) {
		conn_close(k, c);
		return;
	}
	if (c->hold == HOLD_HANG && unsent(c) == 0) {
		conn_close(k, c);
		return;
	}
	if (unsent(c) > 0) {
		go_on(k, c);
		return;
	}
	if (read_some(k, c, events) != 0) {
		conn_close(k, c);
		return;
	}
	go_on(k, c);
}

void
conn_due(struct sink *k, struct conn *c)
{
	if (c->hold == HOLD_LINGER) {
		conn_close(k, c);
		return;
	}
	if (c->hold == HOLD_DELAY && k->now_ms >= c->answer_ms) {
		c->hold = HOLD_NONE;
		answer_now(k, c);
	}
	go_on(k, c);
}
