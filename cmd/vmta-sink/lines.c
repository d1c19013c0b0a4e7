/* SPDX-License-Identifier: ISC */
/*
 * One line a transaction (vmta-sink(1), OUTPUT).  Lines are put together here
 * and written when the loop is idle, or after a while; a slow reader never stops
 * the clients before WAITING_MAX is reached.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/tsv.h"
#include "sink.h"

enum { WAITING_MAX = 64 * 1024 * 1024 };

static const char columns[] =
    "time\tconnection\tsource\tlocal\thelo\tsender\t"
    "recipients\tbytes\tcode\tsha256\theader\tevent\n";

int
lines_open(struct sink *k, struct err *err)
{
	struct lines *ls = &k->lines;
	struct stat st;

	buf_init(&ls->waiting, 0);
	if (k->opt->quiet)
		return 0;
	ls->fd = STDOUT_FILENO;
	if (k->opt->output != NULL)
		ls->fd = open(k->opt->output,
		    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (ls->fd < 0)
		return err_sys(err, "cannot open %s", k->opt->output);
	ls->whole = fstat(ls->fd, &st) == 0 && S_ISREG(st.st_mode);
	return 0;
}

void
lines_listening(struct sink *k)
{
	for (size_t i = 0; i < k->listener_n; i++)
		printf("listening %s %u\n", k->listeners[i].address,
		    k->listeners[i].port);
	fflush(stdout);
	if (k->opt->head_line && k->lines.fd >= 0)
		buf_adds(&k->lines.waiting, columns);
}

/* time, connection, source, local */
static void
begin(struct sink *k, const struct conn *c)
{
	struct buf *b = &k->lines.waiting;
	int64_t now = k->wall_ms;
	char ms[4] = { '.' };

	num_put10(ms + 1, 3, (uint64_t)(now % 1000));
	buf_addu(b, (uint64_t)(now / 1000));
	buf_add(b, ms, sizeof(ms));
	buf_addc(b, '\t');
	buf_addu(b, c->number);
	buf_addc(b, '\t');
	buf_adds(b, c->source);
	buf_addc(b, '\t');
	buf_adds(b, c->from->local);
	buf_addc(b, '\t');
}

static void
field(struct buf *b, const struct buf *value)
{
	tsv_add_n(b, value->data, value->len);
	buf_addc(b, '\t');
}

/* An address in a list: its own commas are escaped. */
static void
address(struct buf *b, const char *a, size_t n)
{
	const char *comma;

	while ((comma = memchr(a, ',', n)) != NULL) {
		size_t before = (size_t)(comma - a);

		if (before > 0)
			tsv_add_n(b, a, before);
		buf_adds(b, "\\x2c");
		a = comma + 1;
		n -= before + 1;
	}
	if (n > 0)
		tsv_add_n(b, a, n);
}

static void
recipients(struct buf *b, const struct buf *rcpts)
{
	const char *p = rcpts->data, *end = p + rcpts->len;

	if (p == end)
		buf_addc(b, '-');
	while (p < end) {
		size_t n = strlen(p);

		if (p > rcpts->data)
			buf_addc(b, ',');
		address(b, p, n);
		p += n + 1;
	}
	buf_addc(b, '\t');
}

static void
code_field(struct buf *b, int code)
{
	char text[3];

	num_put10(text, sizeof(text), (uint64_t)code);
	buf_add(b, text, sizeof(text));
	buf_addc(b, '\t');
}

static void
count(struct sink *k, const struct conn *c, int code)
{
	struct stats *st = &k->stats;

	if (code >= 400)
		st->refused++;
	if (code < 200 || code >= 300)
		return;
	st->messages++;
	st->recipients += c->session.rcpt_count;
	st->bytes += c->session.bytes;
	st->last_ms = k->wall_ms;
	if (st->first_ms == 0)
		st->first_ms = st->last_ms;
}

/* What --sha256 and --header ask for; both begin anew. */
static void
extras(struct sink *k, struct conn *c, struct buf *b)
{
	struct buf value = BUF_INIT(0);
	char hex[65] = "-";

	if (k->opt->sha256) {
		digest_end(
		    c->digest != NULL ? c->digest : digest_sha256(), hex);
		c->digest = NULL;
	}
	buf_adds(b, hex);
	buf_addc(b, '\t');
	if (k->opt->header != NULL)
		server_header_get(
		    c->head.data, c->head.len, k->opt->header, &value);
	field(b, &value);
	buf_clear(&value);
	buf_reset(&c->head);
	c->head_done = false;
}

static void
end(struct sink *k)
{
	buf_addc(&k->lines.waiting, '\n');
	if (k->lines.waiting.len >= WAITING_MAX)
		lines_flush(k, true);
}

void
lines_message(struct sink *k, struct conn *c, int code)
{
	struct buf *b = &k->lines.waiting;

	count(k, c, code);
	if (k->lines.fd < 0)
		return;
	begin(k, c);
	field(b, &c->session.helo);
	field(b, &c->session.sender);
	recipients(b, &c->session.rcpts);
	buf_addu(b, c->session.bytes);
	buf_addc(b, '\t');
	code_field(b, code);
	extras(k, c, b);
	buf_adds(b, "message");
	end(k);
}

void
lines_refused(struct sink *k, struct conn *c, int code)
{
	static const char *const names[SESSION_STAGES] = { "connect-refused",
		"helo-refused", "mail-refused", "rcpt-refused", "data-refused",
		"", "", "quit-refused", "other-refused" };
	struct buf *b = &k->lines.waiting;

	k->stats.refused++;
	if (!k->opt->events || k->lines.fd < 0)
		return;
	begin(k, c);
	field(b, c->stage == SESSION_HELO ? &c->session.arg : &c->session.helo);
	field(
	    b, c->stage == SESSION_MAIL ? &c->session.arg : &c->session.sender);
	if (c->stage == SESSION_RCPT && c->session.arg.len > 0)
		address(b, c->session.arg.data, c->session.arg.len);
	else
		buf_addc(b, '-');
	buf_adds(b, "\t-\t");
	code_field(b, code);
	buf_adds(b, "-\t-\t");
	buf_adds(b, names[c->stage]);
	end(k);
}

void
lines_event(struct sink *k, const struct conn *c, const char *event)
{
	struct buf *b = &k->lines.waiting;

	if (!k->opt->events || k->lines.fd < 0)
		return;
	begin(k, c);
	buf_adds(b, "-\t-\t-\t-\t-\t-\t-\t");
	buf_adds(b, event);
	end(k);
}

/* The reader is gone: lines end, and so does the sink that was read from. */
static void
lost(struct sink *k)
{
	buf_clear(&k->lines.waiting);
	k->lines.fd = -1;
	k->stop = true;
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking. */
static bool
ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

void
lines_flush(struct sink *k, bool wait)
{
	struct lines *ls = &k->lines;
	size_t done = 0;

	ls->flushed_ms = k->now_ms;
	while (ls->fd >= 0 && done < ls->waiting.len) {
		size_t n = ls->waiting.len - done;

		if (!ls->whole && !wait) {
			if (!ready(ls->fd))
				break;
			n = n > PIPE_BUF ? PIPE_BUF : n;
		}
		if (fd_write_all(ls->fd, ls->waiting.data + done, n) != 0) {
			ls->error = errno;
			lost(k);
			return;
		}
		done += n;
	}
	buf_cut(&ls->waiting, done);
}

int
lines_close(struct sink *k, struct err *err)
{
	struct lines *ls = &k->lines;
	int rc = 0;

	lines_flush(k, true);
	buf_clear(&ls->waiting);
	if (ls->error != 0 && ls->error != EPIPE) {
		errno = ls->error;
		rc = err_sys(err, "cannot write lines");
	}
	if (ls->fd >= 0 && ls->fd != STDOUT_FILENO && close(ls->fd) != 0)
		rc = err_sys(err, "cannot write %s", k->opt->output);
	return rc;
}
