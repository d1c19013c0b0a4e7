/* SPDX-License-Identifier: ISC */
/*
 * vmta-acct, the last stage of the pipe: standard input is a doorbell whose
 * lines are dropped; what is written comes from the journals (P11).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "acct.h"
#include "acct/sweep.h"
#include "base/clock.h"
#include "base/log.h"
#include "session.h"

enum {
	QUIET_MS = 200,		/* after the last line of a burst */
	SWEEP_MS = 1000,	/* at least this often */
	REAP_MS = 60 * 1000,
	LOCK_WAIT_MS = 5000,	/* for another writer, at the end */
	LOCK_TRY_MS = 100,
};

struct bell {
	bool rung;		/* lines came since the last sweep */
	int64_t last_line_ms, last_sweep_ms, last_reap_ms;
};

static int64_t
boot_ms(void)
{
	static const struct clock system_clock = CLOCK_SYSTEM;

	return clock_boot_ms(&system_clock);
}

/* The first signal changes nothing: the stages before end, and so does standard
 * input.  The second one kills, which costs nothing. */
static void
on_signal(int sig)
{
	(void)sig;
}

static void
catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal,
		.sa_flags = (int)SA_RESETHAND };

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	/* RLIMIT_FSIZE: an error of write(2), not a signal */
	signal(SIGXFSZ, SIG_IGN);
}

/* Sweep and tell what is new to tell. */
static void
sweep(struct session *s, bool last)
{
	struct err err = { 0 };
	bool reap = last || boot_ms() - s->last_reap_ms >= REAP_MS;

	if (sweep_run(&s->sweep, last, &err) < 0 ||
	    (reap && sweep_reap(&s->sweep, &err) < 0))
		session_tell(s, &err);
	if (reap)
		s->last_reap_ms = boot_ms();
	session_tell_failures(s);
}

/* Drop what comes until the end of standard input or time for a sweep.
 * Returns: false at the end. */
static bool
drain(struct bell *b, int64_t until_ms)
{
	static char dropped[64 * 1024];
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	for (;;) {
		int64_t now = boot_ms(), left = until_ms - now;
		ssize_t n;

		if (b->rung && b->last_line_ms + QUIET_MS - now < left)
			left = b->last_line_ms + QUIET_MS - now;
		if (left <= 0)
			return true;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(STDIN_FILENO, dropped, sizeof(dropped));
		if (n == 0)
			return false;
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			/* it can't ring: sweep once more, and end */
			log_warn("cannot read standard input: %s",
			    strerror(errno));
			return false;
		}
		if (n > 0) {
			b->rung = true;
			b->last_line_ms = boot_ms();
		}
	}
}

static void
follow(struct session *s)
{
	struct bell b = { 0 };

	while (drain(&b, b.last_sweep_ms + SWEEP_MS)) {
		b.rung = false;
		sweep(s, false);
		b.last_sweep_ms = boot_ms();
	}
}

/* The sweep at the end; another writer may have to end first. */
static void
finish(struct session *s)
{
	int64_t end = boot_ms() + LOCK_WAIT_MS;

	for (;;) {
		sweep(s, true);
		if (!session_is_waiting(s) || boot_ms() >= end)
			return;
		(void)poll(NULL, 0, LOCK_TRY_MS);
	}
}

int
acct_write(const struct options *o)
{
	struct session s;
	int status = session_open(&s, o);

	if (status != EX_OK)
		return status;
	catch_signals();
	if (!o->once) {
		if (isatty(STDIN_FILENO))
			log_note("reading standard input until its end "
			    "(--once does without)");
		follow(&s);
	}
	finish(&s);
	session_tell_written(&s);
	status = session_status(&s);
	session_close(&s);
	return status;
}
