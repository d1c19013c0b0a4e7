/* SPDX-License-Identifier: ISC */
/* The event loop. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "sink.h"

enum {
	EVENTS = 256,
	FLUSH_MS = 100, /* lines wait no longer than this */
	COUNT_MS = 200, /* between two writings of the count file */
	PAUSE_MS = 100, /* a listener without descriptors */
	DRAIN_MS = 1000, /* at the end: for what has come already */
};

/* A client that was accepted and is not opened yet. */
struct arrival {
	int fd;
	struct listener *from;
	struct sockaddr_storage peer;
};

struct arrivals {
	struct arrival *v;
	size_t n, cap;
};

#define conn_of(t) ((struct conn *)((char *)(t)-offsetof(struct conn, timer)))

static const struct clock system_clock = CLOCK_SYSTEM;

static void
tell_time(struct sink *k)
{
	k->now_ms = clock_boot_ms(&system_clock);
}

/* Lines tell the time of their own event. */
static void
tell_wall(struct sink *k)
{
	k->wall_ms = clock_wall_ms(&system_clock);
}

static int
watch(struct sink *k, int fd, void *what, int op)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(k->epoll, op, fd, &e);
}

/* As many descriptors as we may have: each client is one. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void
accept_some(struct sink *k, struct listener *l, struct arrivals *as)
{
	for (;;) {
		struct arrival a = { .from = l };
		socklen_t len = sizeof(a.peer);

		a.fd = accept4(l->fd, (struct sockaddr *)&a.peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (a.fd < 0)
			break;
		if (as->n == as->cap) {
			as->cap = as->cap == 0 ? 64 : 2 * as->cap;
			as->v = xreallocarray(as->v, as->cap, sizeof(*as->v));
		}
		as->v[as->n++] = a;
	}
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
	    errno != ENOMEM)
		return;
	watch(k, l->fd, NULL, EPOLL_CTL_DEL);
	server_timer_set(&k->timers, &l->timer, k->now_ms + PAUSE_MS);
}

static void
read_signals(struct sink *k)
{
	struct signalfd_siginfo si;

	while (read(k->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			command_reap(k);
			continue;
		}
		k->stop_signals++;
		if (k->child == 0)
			k->stop = true;
		else
			kill(k->child,
			    k->stop_signals > 1 ? SIGKILL : (int)si.ssi_signo);
	}
}

/*
 * One look at what epoll has: clients are served, listeners put into ready.
 * Returns: how many events there were, or -1.
 */
static int
turn(struct sink *k, int timeout, struct listener **ready, size_t *ready_n)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(k->epoll, ev, EVENTS, timeout);

	tell_time(k);
	for (int i = 0; i < n; i++) {
		switch (*(enum kind *)ev[i].data.ptr) {
		case KIND_LISTENER:
			if (ready != NULL)
				ready[(*ready_n)++] = ev[i].data.ptr;
			break;
		case KIND_SIGNAL:
			read_signals(k);
			break;
		case KIND_CONN:
			tell_wall(k);
			conn_event(k, ev[i].data.ptr, ev[i].events);
			break;
		}
	}
	return n < 0 && errno == EINTR ? 0 : n;
}

/*
 * Take new clients.  A client that closed one connection and then opened another
 * must be seen in that order, or a sender that keeps to its limit seems to pass
 * it: so first accept, then look for what has ended, and again before each
 * client that is opened, as the one before it may have ended too.
 */
static void
take_clients(struct sink *k, struct listener **ready, size_t ready_n)
{
	struct arrivals as = { 0 };
	int n;

	for (size_t i = 0; i < ready_n; i++)
		accept_some(k, ready[i], &as);
	for (size_t i = 0; i < as.n; i++) {
		do
			n = turn(k, 0, NULL, NULL);
		while (n == EVENTS);
		tell_wall(k);
		conn_open(k, as.v[i].from, as.v[i].fd, &as.v[i].peer);
	}
	free(as.v);
}

static void
run_timers(struct sink *k)
{
	struct server_timer *t;

	while ((t = server_timer_due(&k->timers, k->now_ms)) != NULL) {
		size_t i = 0;

		tell_wall(k);
		while (i < k->listener_n && &k->listeners[i].timer != t)
			i++;
		if (i < k->listener_n)
			watch(k, k->listeners[i].fd, &k->listeners[i],
			    EPOLL_CTL_ADD);
		else
			conn_due(k, conn_of(t));
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * How long to wait for an event.  With lines in hand not at all: when there is
 * none the lines are written, which costs less than setting a timer.
 */
static int
wait_ms(const struct sink *k)
{
	int64_t next = server_timer_next(&k->timers), ms;

	if (k->opt->count_file != NULL)
		next = earlier(next, k->count_ms + COUNT_MS);
	if (k->lines.waiting.len > 0)
		return 0;
	if (next == INT64_MAX)
		return -1;
	ms = next - k->now_ms;
	return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

static void
housekeep(struct sink *k, bool idle)
{
	run_timers(k);
	if (idle || k->now_ms - k->lines.flushed_ms >= FLUSH_MS)
		lines_flush(k, false);
	if (k->opt->count_file != NULL && k->now_ms - k->count_ms >= COUNT_MS) {
		/* what can't be written now is told of at the end */
		(void)count_write(k, NULL);
		k->count_ms = k->now_ms;
	}
}

/* Serve what had come when the end was called for, but not for ever. */
static void
drain(struct sink *k)
{
	int64_t end = k->now_ms + DRAIN_MS;

	for (size_t i = 0; i < k->listener_n; i++)
		watch(k, k->listeners[i].fd, NULL, EPOLL_CTL_DEL);
	while (turn(k, 0, NULL, NULL) > 0 && k->now_ms < end)
		housekeep(k, false);
	tell_wall(k);
	while (k->conns != NULL)
		conn_close(k, k->conns);
}

int
serve_open(struct sink *k, struct err *err)
{
	sigset_t set;

	k->signal_kind = KIND_SIGNAL;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	k->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (k->signals < 0 || k->epoll < 0 ||
	    watch(k, k->signals, &k->signal_kind, EPOLL_CTL_ADD) != 0)
		return err_sys(err, "cannot wait for events");
	for (size_t i = 0; i < k->listener_n; i++)
		if (watch(k, k->listeners[i].fd, &k->listeners[i],
			EPOLL_CTL_ADD) != 0)
			return err_sys(err, "cannot wait for clients");
	tell_time(k);
	return 0;
}

int
serve(struct sink *k, struct err *err)
{
	struct listener **ready;

	/* a command has been started with the limits that we had */
	raise_limit();
	ready = xcalloc(k->listener_n, sizeof(struct listener *));
	while (!k->stop) {
		size_t ready_n = 0;
		int n = turn(k, wait_ms(k), ready, &ready_n);

		if (n < 0) {
			free(ready);
			return err_sys(err, "cannot wait for events");
		}
		if (ready_n > 0)
			take_clients(k, ready, ready_n);
		housekeep(k, n == 0);
	}
	drain(k);
	free(ready);
	return 0;
}

void
serve_close(struct sink *k)
{
	server_timers_clear(&k->timers);
	if (k->epoll >= 0)
		close(k->epoll);
	if (k->signals >= 0)
		close(k->signals);
}
