/* SPDX-License-Identifier: ISC */
/*
 * Event lines on standard output.  They are a courtesy: the journal has them, so a
 * slow reader makes no one wait, and one that went away is nothing to the sender
 * (P7).  Lines are written whole, at most PIPE_BUF bytes at a time, so that
 * several writers of one pipe never mix theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "send.h"

enum {
	HELD_MAX = 4 * 1024 * 1024, /* bytes kept for a slow reader */
	FLUSH_AT = 64 * 1024, /* written at once, not only each turn */
	WRITE_MAX = 4096, /* PIPE_BUF */
	END_WAIT_MS = 2000,
};

struct out {
	struct send *s;
	int fd;
	bool own_fd; /* opened again: non-blocking for us alone */
	bool regular; /* a file: never full */
	bool gone;
	bool full; /* of the reader: not before the next turn */
	struct io_watch *watch;
	size_t len, at;
	char *buf; /* HELD_MAX bytes */
};

static void
put_header(struct out *o)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		o->len += (size_t)snprintf(o->buf + o->len, 64, "%s%c",
		    event_names[i], i == EVENT_FIELDS - 1 ? '\n' : '\t');
}

static void
on_writable(void *arg)
{
	(void)arg; /* the turn ends with out_flush */
}

/*
 * O_NONBLOCK belongs to the description, which others may share: a pipe is opened
 * once more.  What can't be is written only when poll(2) says that it has room.
 */
struct out *
out_new(struct send *s)
{
	struct out *o = xcalloc(1, sizeof(*o));
	struct stat st;

	o->s = s;
	o->fd = STDOUT_FILENO;
	o->buf = xmalloc(HELD_MAX);
	if (fstat(STDOUT_FILENO, &st) < 0) {
		o->gone = true;
		return o;
	}
	o->regular = S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode)) {
		int fd = open(
		    "/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0) {
			o->fd = fd;
			o->own_fd = true;
		}
	}
	if (!o->regular)
		o->watch = io_watch_new(s->io, o->fd, true, on_writable, o);
	if (s->cli->header)
		put_header(o);
	return o;
}

void
out_line(void *arg, const char *line, size_t len)
{
	struct out *o = arg;

	if (line == NULL)
		return;
	/* one sync may bring more lines than are held */
	if (!o->full && o->len - o->at > FLUSH_AT)
		out_flush(o);
	if (!o->gone && o->len + len > HELD_MAX && o->at > 0) {
		memmove(o->buf, o->buf + o->at, o->len - o->at);
		o->len -= o->at;
		o->at = 0;
	}
	if (o->gone || o->len + len > HELD_MAX) {
		o->s->counts.lost_lines++;
		return;
	}
	memcpy(o->buf + o->len, line, len);
	o->len += len;
}

/* Whole lines from the front, as many as may go in one write. */
static size_t
batch(const struct out *o)
{
	size_t n = o->len - o->at;
	const char *nl;

	if (n <= WRITE_MAX || o->regular)
		return n;
	nl = memrchr(o->buf + o->at, '\n', WRITE_MAX);
	return nl != NULL ? (size_t)(nl - (o->buf + o->at)) + 1 : WRITE_MAX;
}

static bool
has_room(const struct out *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	return o->own_fd || o->regular || poll(&p, 1, 0) == 1;
}

static void
reader_gone(struct out *o)
{
	for (; o->at < o->len; o->at++)
		o->s->counts.lost_lines += o->buf[o->at] == '\n';
	o->gone = true;
	o->len = o->at = 0;
}

void
out_flush(struct out *o)
{
	o->full = false;
	while (o->at < o->len) {
		ssize_t w;

		if (!has_room(o)) {
			o->full = true;
			break;
		}
		w = write(o->fd, o->buf + o->at, batch(o));
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN) {
			o->full = true;
			break;
		}
		if (w < 0) {
			if (errno != EPIPE)
				log_warn("cannot write event lines: %s",
				    strerror(errno));
			reader_gone(o);
			break;
		}
		o->at += (size_t)w;
	}
	if (o->at == o->len)
		o->at = o->len = 0;
	if (o->watch != NULL)
		io_watch_set(o->watch, o->len != 0);
}

void
out_end(struct out *o)
{
	int64_t until = loop_ms() + END_WAIT_MS, now;

	while (out_flush(o), o->len != 0 && (now = loop_ms()) < until) {
		struct pollfd p = { .fd = o->fd, .events = POLLOUT };

		(void)poll(&p, 1, (int)(until - now));
	}
	reader_gone(o);
}

void
out_free(struct out *o)
{
	if (o == NULL)
		return;
	io_watch_free(o->watch);
	if (o->own_fd)
		close(o->fd);
	free(o->buf);
	free(o);
}
