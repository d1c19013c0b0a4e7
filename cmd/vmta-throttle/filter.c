/* SPDX-License-Identifier: ISC */
/*
 * The filter between standard input and output: reads what is there, hands whole
 * lines to lib/throttle/filter.c, writes what comes out.  Blocks only in writing,
 * where a slow reader holds it back.
 *
 *	--for SPAN	end after this time, and pace what waits until then
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "record/job.h"
#include "throttle.h"
#include "throttle/filter.h"
#include "throttle/recheck.h"

enum {
	READ_BYTES = 65536,
	FLUSH_BYTES = 1 << 20,	/* written together while input keeps coming */
	REHEARSAL_POLL_MS = 20
};

/* The first TERM or INT ends the reading, the second the program. */
static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

struct pump {
	struct ledger *ledger;
	struct filter *filter;
	char in[READ_BYTES + JOB_LINE_MAX];
	size_t have;		/* bytes of a line not whole yet */
	bool skip;		/* within a line that is too long */
	bool eof, closed, wait, rehearsal;
	int64_t deadline;	/* ledger time */
	struct buf out;
};

/* Write what was granted.  A closed pipe is an ordinary end: what nobody read is
 * given back. */
static int
flush(struct pump *p, struct err *err)
{
	size_t done = 0;
	int rc = 0;

	if (ledger_sync_due(p->ledger) && ledger_sync(p->ledger) < 0)
		log_warn("cannot write the ledger to disk: %s",
		    strerror(errno));
	while (done < p->out.len && !p->closed) {
		ssize_t n = write(STDOUT_FILENO, p->out.data + done,
		    p->out.len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			p->closed = true;
			if (errno != EPIPE)
				rc = err_sys(err,
				    "cannot write to standard output");
		}
	}
	if (p->closed) {
		while (done > 0 && p->out.data[done - 1] != '\n')
			done--;
		if (filter_unwritten(p->filter, p->out.data + done,
			p->out.len - done, rc == 0 ? err : NULL) < 0)
			rc = -1;
	}
	buf_reset(&p->out);
	return rc;
}

/* Bytes from the input: the whole lines among them go to the filter. */
static int
take(struct pump *p, size_t n, struct err *err)
{
	char *end = memrchr(p->in + p->have, '\n', n), *from = p->in;
	int64_t left = p->deadline - ledger_now(p->ledger);
	size_t all = p->have + n;
	int rc = 0;

	if (end == NULL) {
		p->have = all;
		if (all >= JOB_LINE_MAX || p->skip) {
			if (!p->skip)
				filter_bad(p->filter, "too long");
			p->skip = true;
			p->have = 0;
		}
		return 0;
	}
	if (p->skip)
		from = (char *)memchr(p->in, '\n', all) + 1;
	p->skip = false;
	end++;
	if (end > from)
		rc = filter_lines(p->filter, from, (size_t)(end - from), left,
		    &p->out, err);
	p->have = (size_t)(p->in + all - end);
	memmove(p->in, end, p->have);
	return rc;
}

static int
read_input(struct pump *p, struct err *err)
{
	ssize_t n = read(STDIN_FILENO, p->in + p->have, READ_BYTES);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ?
		    0 :
		    err_sys(err, "cannot read standard input");
	if (n > 0)
		return take(p, (size_t)n, err);
	p->eof = true;
	if (p->have > 0)
		filter_bad(p->filter, "the last line is cut off");
	return 0;
}

/* Wait until there is something to do.  Signals come in only here and where the
 * program may wait for others.  Returns: input is there; -1 err. */
static int
await(struct pump *p, struct err *err)
{
	sigset_t stop, mask;
	struct pollfd fds[2] = {
		{ .fd = p->eof ? -1 : STDIN_FILENO, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int64_t due = filter_due(p->filter), ms;
	struct timespec t;
	int n, e;

	due = (due < p->deadline ? due : p->deadline) - ledger_now(p->ledger);
	if (p->out.len > 0)
		due = 0;	/* is there more to go with it? */
	ms = due < 0 ? 0 : due < 3600000 ? due : 3600000;
	if (p->rehearsal && ms > REHEARSAL_POLL_MS)
		ms = REHEARSAL_POLL_MS;
	t = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, &mask);
	n = stopped ? 0 : ppoll(fds, 2, &t, &mask);
	e = errno;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	errno = e;
	if (n < 0)
		return errno == EINTR ?
		    0 :
		    err_sys(err, "cannot wait for standard input");
	if (n == 0)
		return 0;
	p->closed = p->closed || (fds[1].revents & POLLERR) != 0;
	return fds[0].revents != 0;
}

static int
pump(struct pump *p, struct err *err)
{
	while (!stopped && !p->closed) {
		int input;

		if (p->eof && filter_counts(p->filter)->waiting == 0)
			break;
		if (ledger_now(p->ledger) >= p->deadline)
			break;
		input = await(p, err);
		if (input < 0 || filter_service(p->filter, &p->out, err) < 0)
			return -1;
		if (input > 0 && !p->closed && read_input(p, err) < 0)
			return -1;
		if ((input == 0 || p->out.len >= FLUSH_BYTES) &&
		    flush(p, err) < 0)
			return -1;
	}
	return flush(p, err);
}

static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop,
		.sa_flags = (int)SA_RESETHAND };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

static int
run(struct session *s, struct cli *cli, int64_t for_ms, struct pump *p,
    struct err *err)
{
	struct recheck recheck = { s->spool, s->conf };
	struct filter_options o = { .conf = s->conf, .ledger = p->ledger,
		.wait = p->wait, .rehearse = cli->dry_run,
		.check = recheck_line, .arg = &recheck };
	int rc;

	ledger_set_paced(p->ledger, p->wait);
	p->filter = filter_new(&o);
	p->deadline = p->wait ? ledger_now(p->ledger) + for_ms : INT64_MAX;
	catch_signals();
	if (cli->header)
		for (size_t i = 0; i < JOB_FIELDS; i++)
			buf_addf(&p->out, "%s%c", job_names[i],
			    i + 1 < JOB_FIELDS ? '\t' : '\n');
	rc = flush(p, err);
	if (rc == 0)
		rc = pump(p, err);
	filter_drop(p->filter);
	return rc;
}

static int
report(const struct filter_counts *c)
{
	if (c->no_room > 0)
		log_note("%llu of %llu lines found no room in their budgets; "
			 "the next run lists them again",
		    (unsigned long long)c->no_room,
		    (unsigned long long)c->lines);
	if (c->stale > 0)
		log_note("%llu lines dropped: paused, held or changed while "
			 "they waited", (unsigned long long)c->stale);
	if (c->bad > 0)
		log_warn("%llu of %llu lines were bad",
		    (unsigned long long)c->bad, (unsigned long long)c->lines);
	return c->bad > 0 ? EX_DATAERR : EX_OK;
}

int
cmd_filter(struct cli *cli, int64_t for_ms)
{
	static struct pump p;	/* 70 KiB */
	struct err err = { 0 };
	struct session s;
	int status = session_open(&s, cli);

	if (status != 0)
		return status;
	p.wait = for_ms != FOR_BATCH;
	p.rehearsal = spool_clock(s.spool)->fd >= 0;
	buf_init(&p.out, 0);
	if (ledger_open_flags(spool_dir(s.spool), spool_clock(s.spool),
		cli->dry_run ? LEDGER_REHEARSE : 0, NULL, &p.ledger, &err) < 0 ||
	    run(&s, cli, for_ms, &p, &err) < 0)
		status = log_err(&err);
	else
		status = report(filter_counts(p.filter));
	filter_free(p.filter);
	ledger_close(p.ledger);
	buf_clear(&p.out);
	session_close(&s);
	return status;
}
