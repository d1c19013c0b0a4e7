/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/xalloc.h"
#include "smtp/io.h"

enum { SIGNALS = 4 };

struct io {
	struct event_base *base;
	struct event *timer;
	struct io_watch *signals[SIGNALS];
	unsigned n_signals;
	struct io_watch *always; /* those that are always ready */
};

struct io_watch {
	struct io *io;
	io_fn *fn;
	void *arg;
	bool on, always;
	struct event ev;
	struct io_watch *next; /* of io->always */
};

struct io_conn {
	int fd;
	bool writing; /* ev_write is added */
	io_conn_fn *fn;
	void *arg;
	struct event ev_read, ev_write;
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

int
io_new(struct io **out, struct err *err)
{
	struct event_config *cfg = event_config_new();
	struct io *io = xcalloc(1, sizeof(*io));

	if (cfg != NULL) {
		event_config_set_flag(cfg,
		    EVENT_BASE_FLAG_NOLOCK |
			EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
		io->base = event_base_new_with_config(cfg);
		event_config_free(cfg);
	}
	if (io->base != NULL)
		io->timer = evtimer_new(io->base, on_timer, NULL);
	if (io->timer == NULL) {
		io_free(io);
		return err_set(err, ERR_TEMP, "cannot start the event loop");
	}
	*out = io;
	return 0;
}

void
io_free(struct io *io)
{
	if (io == NULL)
		return;
	for (unsigned i = 0; i < io->n_signals; i++)
		io_watch_free(io->signals[i]);
	if (io->timer != NULL)
		event_free(io->timer);
	if (io->base != NULL)
		event_base_free(io->base);
	free(io);
}

int
io_turn(struct io *io, int64_t wait_ms, struct err *err)
{
	int flags = EVLOOP_ONCE, rc;
	bool ready = false;

	for (struct io_watch *w = io->always; w != NULL; w = w->next)
		ready = ready || w->on;
	if (ready || wait_ms <= 0) {
		/* without ONCE it goes on as long as anything is ready */
		flags |= EVLOOP_NONBLOCK;
	} else {
		struct timeval tv = { .tv_sec = wait_ms / 1000,
			.tv_usec = wait_ms % 1000 * 1000 };

		evtimer_add(io->timer, &tv);
	}
	rc = event_base_loop(io->base, flags);
	for (struct io_watch *w = io->always, *next; w != NULL; w = next) {
		next = w->next;
		if (w->on)
			w->fn(w->arg);
	}
	return rc < 0 ? err_sys(err, "cannot wait for events") : 0;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct io_watch *w = arg;

	(void)fd;
	(void)what;
	w->fn(w->arg);
}

/* epoll(7) refuses regular files and /dev/null: they are always ready. */
static bool
is_always_ready(int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	bool refused = ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0 &&
	    errno == EPERM;

	if (ep >= 0)
		close(ep);
	return refused;
}

struct io_watch *
io_watch_new(struct io *io, int fd, bool write, io_fn *fn, void *arg)
{
	struct io_watch *w = xcalloc(1, sizeof(*w));

	w->io = io;
	w->fn = fn;
	w->arg = arg;
	if (fd >= 0 && is_always_ready(fd)) {
		w->always = true;
		w->next = io->always;
		io->always = w;
		return w;
	}
	event_assign(&w->ev, io->base, fd,
	    (short)((write ? EV_WRITE : EV_READ) | EV_PERSIST), on_watch, w);
	return w;
}

void
io_watch_free(struct io_watch *w)
{
	struct io_watch **at;

	if (w == NULL)
		return;
	for (at = &w->io->always; *at != NULL && *at != w; at = &(*at)->next)
		;
	if (w->always)
		*at = w->next;
	else
		event_del(&w->ev);
	free(w);
}

void
io_watch_set(struct io_watch *w, bool on)
{
	if (w->on == on)
		return;
	w->on = on;
	if (w->always)
		return;
	if (on)
		event_add(&w->ev, NULL);
	else
		event_del(&w->ev);
}

void
io_signal(struct io *io, int signo, io_fn *fn, void *arg)
{
	struct io_watch *w;

	if (io->n_signals == SIGNALS)
		return;
	w = io_watch_new(io, -1, false, fn, arg);
	event_assign(
	    &w->ev, io->base, signo, EV_SIGNAL | EV_PERSIST, on_watch, w);
	event_add(&w->ev, NULL);
	io->signals[io->n_signals++] = w;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct io_conn *c = arg;

	(void)fd;
	(void)what;
	c->fn(c->arg, IO_READ);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct io_conn *c = arg;

	(void)fd;
	(void)what;
	c->writing = false;
	c->fn(c->arg, IO_WRITE);
}

static socklen_t
make_address(
    const struct dns_address *a, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->family == AF_INET) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, a->bytes, 4);
		return sizeof(*sin);
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	memcpy(&sin6->sin6_addr, a->bytes, 16);
	return sizeof(*sin6);
}

static void
set_option(int fd, int level, int name, int value)
{
	/* each only makes things better where it works */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/* Bind to the source and no other.  The port is chosen when connecting, so that
 * one source can have more connections than there are ports. */
static enum io_connect_result
bind_source(int fd, const struct dns_address *source, struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(source, 0, &ss);
	char text[46];

	set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (bind(fd, (struct sockaddr *)&ss, len) == 0)
		return IO_OK;
	wire_print(source, text);
	err_sys(err, "cannot use the source address %s", text);
	return IO_NO_SOURCE;
}

static bool
is_shortage(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

enum io_connect_result
io_connect(struct io *io, const struct dns_address *source,
    const struct dns_address *to, uint16_t port, struct io_conn **out,
    struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len = make_address(to, port, &ss);
	enum io_connect_result rc = IO_OK;
	struct io_conn *c;
	int fd = socket(
	    to->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		err_sys(err, "cannot make a socket");
		return is_shortage(err->sys) ? IO_LATER : IO_FAILED;
	}
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (source != NULL)
		rc = bind_source(fd, source, err);
	if (rc == IO_OK && connect(fd, (struct sockaddr *)&ss, len) < 0 &&
	    errno != EINPROGRESS) {
		rc = IO_FAILED;
		err_set(err, ERR_IO, "%s", strerror(errno));
	}
	if (rc != IO_OK) {
		close(fd);
		return rc;
	}
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	event_assign(
	    &c->ev_read, io->base, fd, EV_READ | EV_PERSIST, on_read, c);
	event_assign(&c->ev_write, io->base, fd, EV_WRITE, on_write, c);
	event_add(&c->ev_write, NULL);
	c->writing = true;
	*out = c;
	return IO_OK;
}

void
io_conn_set(struct io_conn *c, io_conn_fn *fn, void *arg)
{
	c->fn = fn;
	c->arg = arg;
}

int
io_connected(struct io_conn *c)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		e = errno;
	if (e == 0)
		event_add(&c->ev_read, NULL);
	return e;
}

int
io_local(const struct io_conn *c, struct dns_address *out)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (getsockname(c->fd, (struct sockaddr *)&ss, &len) < 0)
		return -1;
	*out = (struct dns_address){ .family = ss.ss_family };
	if (ss.ss_family == AF_INET)
		memcpy(out->bytes, &((struct sockaddr_in *)&ss)->sin_addr, 4);
	else
		memcpy(
		    out->bytes, &((struct sockaddr_in6 *)&ss)->sin6_addr, 16);
	return 0;
}

ssize_t
io_read(struct io_conn *c, void *to, size_t n)
{
	ssize_t r;

	do
		r = recv(c->fd, to, n, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t
io_write(struct io_conn *c, const struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = n };
	size_t all = 0;
	ssize_t w;

	for (size_t i = 0; i < n; i++)
		all += iov[i].iov_len;
	do
		w = sendmsg(c->fd, &m, MSG_NOSIGNAL);
	while (w < 0 && errno == EINTR);
	if ((w < 0 ? errno == EAGAIN : (size_t)w < all) && !c->writing) {
		c->writing = true;
		event_add(&c->ev_write, NULL);
		if (w < 0)
			errno = EAGAIN;
	}
	return w;
}

void
io_user_timeout(struct io_conn *c, int64_t ms)
{
	set_option(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
	    ms > INT_MAX ? INT_MAX : (int)ms);
}

void
io_close(struct io_conn *c)
{
	if (c == NULL)
		return;
	event_del(&c->ev_read);
	event_del(&c->ev_write);
	close(c->fd);
	free(c);
}
