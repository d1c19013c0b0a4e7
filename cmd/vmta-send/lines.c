/* SPDX-License-Identifier: ISC */
/*
 * Standard input: whole lines only (P7).  Only locator, version and grant are
 * taken from a line; the domain is the segment's.  When a line finds no room it
 * is parked and reading stops, which is the back-pressure on the throttle; where
 * one lane is full while others starve, or gets nothing done, its lines are handed
 * back.
 *
 * The descriptor is read only when it is readable and never made non-blocking: it
 * may be shared with a terminal's other programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/policy.h"
#include "record/job.h"
#include "send.h"

enum { NAMED_MAX = 5 }; /* bad lines that are named one by one */

struct input {
	struct send *s;
	struct io_watch *watch;
	size_t len, at; /* bytes in buf; where the next line begins */
	uint64_t line;
	bool skipping; /* the rest of a line that is too long */
	struct task *parked; /* found no room in its lane */
	char buf[READ_SIZE + JOB_LINE_MAX];
};

static void
bad_line(struct input *in, const char *why)
{
	if (in->s->counts.bad++ < NAMED_MAX)
		log_warn("standard input, line %llu: %s",
		    (unsigned long long)in->line, why);
}

static void
no_grant(struct send *s, const char *id, const struct plan *p)
{
	if (s->counts.ungranted++ < NAMED_MAX)
		log_warn("record %s, queue %s: %s", id, p->queue->name, p->why);
}

/* Does another lane have connections with nothing to send? */
static bool
others_starve(const struct send *s, const struct lane *full)
{
	const struct lane *l;

	for (l = TAILQ_FIRST(&s->all_lanes); l != NULL; l = TAILQ_NEXT(l, link))
		if (l != full && l->n_waiting == 0 && !TAILQ_EMPTY(&l->idle) &&
		    s->now - l->idle_since >= IDLE_GRACE_MS)
			return true;
	return false;
}

/* Lines for a full lane block those behind them only while that helps. */
static bool
is_in_the_way(const struct send *s, const struct lane *full)
{
	return s->now - full->served_at >= STUCK_MS || others_starve(s, full);
}

/* To its lane, or back; or parked. */
static void
place(struct input *in, struct task *t)
{
	struct send *s = in->s;
	struct lane *l = t->lane;

	bool refused = s->stopping || site_rests(s, l->site) ||
	    l->bad_until > s->now;

	if (!refused && policy_may_hold(s->held, l->n_waiting))
		lane_add(s, l, t, false);
	else if (refused || is_in_the_way(s, l))
		task_back(s, t);
	else
		in->parked = t;
}

/* Where it goes.  Returns: true when the task has found its lane. */
static bool
route_line(struct send *s, struct task *t, const char *id, const char *domain,
    const struct state *st)
{
	struct plan_options o = { s->conf, s->no_limits, s->turn };
	const struct grant *g = &t->lease.grant;
	struct plan p;

	if (g->kind == GRANT_GIVEN && g->conf_serial <= conf_serial(s->conf)) {
		t->lane = lane_find(s, domain, g->vmta, g->source);
		if (t->lane != NULL)
			return true;
	}
	switch (plan_make(&o, domain, g, vmtas_row(s->spool, st->vmta), &p)) {
	case PLAN_SEND:
		s->turn += g->kind == GRANT_NONE;
		t->lane = lane_of(s, domain, &p);
		return true;
	case PLAN_EXPIRE:
		task_expire(s, t, p.queue);
		return false;
	case PLAN_BACK:
		if (s->counts.back == 0)
			log_note("record %s is handed back: %s", id, p.why);
		task_back(s, t);
		return false;
	case PLAN_REFUSED:
		no_grant(s, id, &p);
		task_free(s, t);
		return false;
	}
	return false;
}

/* Look the record up.  The line may be stale: the spool is the truth. */
static void
look_up(struct input *in, struct task *t, const char *id)
{
	struct send *s = in->s;
	char segment[NAME_SEGMENT + 1];
	struct err err = { 0 };
	struct segment *g;
	struct state st;
	const char *domain;
	uint32_t index;
	bool found = false;
	int rc;

	if (locator_parse(t->locator, segment, &index) < 0) {
		bad_line(in, "no locator");
		task_back(s, t);
		return;
	}
	rc = segment_get(s->spool, segment, &g, &err);
	if (rc != 0) {
		if (rc < 0 && s->counts.damaged++ < NAMED_MAX)
			log_warn("%s", err.msg);
		task_stale(s, t);
		return;
	}
	if (index >= segment_records(g) || segment_state(g, index, &st) < 0 ||
	    st.ver != t->ver || (domain = segment_domain(g, st.domain)) == NULL)
		task_stale(s, t);
	else
		found = route_line(s, t, id, domain, &st);
	segment_put(g);
	if (found)
		place(in, t);
}

static void
take_line(struct input *in, char *line)
{
	struct send *s = in->s;
	struct grant g;
	struct task *t;
	struct job job;
	int64_t ver;

	in->line++;
	if (job_parse(line, &job) < 0) {
		bad_line(in, "not a job line (vmta-job(5))");
		return;
	}
	if (in->line == 1 && strcmp(job.f[JOB_LOCATOR], "locator") == 0)
		return; /* -H of the stage before */
	if (strlen(job.f[JOB_LOCATOR]) > NAME_LOCATOR ||
	    num_parse(job.f[JOB_VERSION], 0, 999999, &ver) < 0 ||
	    grant_parse(job.f[JOB_GRANT], &g) < 0) {
		bad_line(in, "bad locator, version or grant");
		return;
	}
	if (g.kind == GRANT_GIVEN && g.n != 0 &&
	    !serials_add(&s->serials, g.serial)) {
		s->counts.stale++; /* seen before: not credited (P9) */
		return;
	}
	t = task_new(s);
	lease_init(&t->lease, &g);
	t->ver = (uint32_t)ver;
	memcpy(t->locator, job.f[JOB_LOCATOR], strlen(job.f[JOB_LOCATOR]) + 1);
	look_up(in, t, job.f[JOB_ID]);
}

static void
too_long(struct input *in)
{
	in->line++;
	bad_line(in, "too long");
}

/* All whole lines that are there, until one is parked. */
static void
take_lines(struct input *in)
{
	while (in->parked == NULL && in->at < in->len) {
		char *line = in->buf + in->at;
		char *nl = memchr(line, '\n', in->len - in->at);

		if (nl == NULL)
			break;
		*nl = '\0';
		in->at = (size_t)(nl - in->buf) + 1;
		if (in->skipping)
			in->skipping = false;
		else if (nl - line >= JOB_LINE_MAX)
			too_long(in);
		else
			take_line(in, line);
	}
	if (in->parked != NULL)
		return;
	memmove(in->buf, in->buf + in->at, in->len - in->at);
	in->len -= in->at;
	in->at = 0;
	if (in->len >= JOB_LINE_MAX) {
		if (!in->skipping)
			too_long(in);
		in->skipping = true;
		in->len = 0;
	}
}

static void
at_end(struct input *in)
{
	struct send *s = in->s;
	struct conn *c;

	if (in->len != in->at && !in->skipping)
		log_note("standard input ends within a line: "
			 "that line was left out");
	in->len = in->at = 0;
	s->eof = true;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = TAILQ_NEXT(c, link))
		if (c->idle)
			conn_dirty(s, c);
}

static void
on_readable(void *arg)
{
	struct input *in = arg;
	ssize_t n;

	if (in->s->eof || in->len - in->at + READ_SIZE > sizeof(in->buf))
		return;
	if (in->at != 0) {
		memmove(in->buf, in->buf + in->at, in->len - in->at);
		in->len -= in->at;
		in->at = 0;
	}
	n = read(STDIN_FILENO, in->buf + in->len, READ_SIZE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		struct err err;

		err_sys(&err, "cannot read standard input");
		send_fail(in->s, &err);
	}
	if (n <= 0) {
		at_end(in);
		return;
	}
	in->len += (size_t)n;
	take_lines(in);
}

void
input_step(struct send *s)
{
	struct input *in = s->input;
	struct task *t = in->parked;
	bool on;

	in->parked = NULL;
	if (t != NULL)
		place(in, t);
	if (s->stopping)
		in->len = in->at = 0;
	if (in->parked == NULL && in->len != in->at)
		take_lines(in);
	on = !s->eof && !s->stopping && in->parked == NULL &&
	    claim_unsynced(s->spool) < UNSYNCED_MAX;
	io_watch_set(in->watch, on);
}

bool
input_pending(const struct send *s)
{
	return s->input->parked != NULL;
}

struct input *
input_new(struct send *s)
{
	struct input *in = xcalloc(1, sizeof(*in));

	in->s = s;
	in->watch = io_watch_new(s->io, STDIN_FILENO, false, on_readable, in);
	return in;
}

void
input_free(struct input *in)
{
	if (in == NULL)
		return;
	io_watch_free(in->watch);
	free(in);
}
