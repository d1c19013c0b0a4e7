/* SPDX-License-Identifier: ISC */
/* show status: the spool as a whole, one figure a row. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#include "base/log.h"
#include "queue.h"
#include "spool/control.h"

struct totals {
	struct session *s;
	const struct segment *seg;
	uint64_t segments, queued, deferred, due, sending, held, damaged;
};

static int
see(void *arg, const struct scan_record *r)
{
	struct totals *t = arg;

	if (r->seg != t->seg) {
		t->seg = r->seg;
		t->segments++;
	}
	if (r->damaged) {
		t->damaged++;
	} else if (r->state.letter == STATE_HELD) {
		t->held++;
	} else if (r->state.letter == STATE_SENDING && !r->orphan) {
		t->sending++;
	} else {
		t->queued++;
		t->deferred += r->state.attempts > 0;
		t->due += r->state.due <= t->s->now;
	}
	return 0;
}

static void
put(struct table *t, const char *name, const char *value)
{
	const char *row[] = { name, value };

	table_row(t, row);
}

static void
put_count(struct table *t, const char *name, uint64_t value)
{
	number n;

	put(t, name, put_number(n, value));
}

/* Which configuration runs, and whether the file says something else. */
static void
put_conf(struct session *s, const struct cli *cli, struct table *t)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	bool newer = false;

	if (s->conf == NULL || conf_serial(s->conf) == 0) {
		put(t, "configuration", "none runs yet");
		return;
	}
	put_count(t, "configuration", conf_serial(s->conf));
	/* one runs, so this activates nothing */
	if (conf_running(spool_dir(s->spool), cli->conf, &ds, &c, &newer,
		NULL) == 0)
		put(t, "configuration-file", newer ? "newer" : "the same");
	conf_free(c);
	diags_clear(&ds);
}

static void
put_disk(struct session *s, struct table *t)
{
	struct statvfs v;

	if (fstatvfs(spool_dirfd(s->spool), &v) == 0)
		put_count(t, "free-bytes", (uint64_t)v.f_bavail * v.f_frsize);
	if (s->conf != NULL)
		put_count(t, "min-free-bytes",
		    (uint64_t)conf_global(s->conf)->min_free_bytes);
}

int
show_status(struct session *s, struct cli *cli)
{
	static const char *const columns[] = { "name", "value" };
	struct totals sum = { .s = s };
	struct err err = { 0 };
	struct table *t;
	size_t n = 0;

	if (spool_scan(s->spool, s->conf, 0, see, &sum, &err) != 0)
		return log_err(&err);
	t = table_new(stdout, columns, 2, cli->format, cli->header);
	put(t, "spool", spool_dir(s->spool));
	put_conf(s, cli, t);
	put_count(t, "segments", sum.segments);
	put_count(t, "queued", sum.queued);
	put_count(t, "deferred", sum.deferred);
	put_count(t, "due", sum.due);
	put_count(t, "sending", sum.sending);
	put_count(t, "held", sum.held);
	put_count(t, "damaged", sum.damaged);
	if (pauses(s->spool, &n, NULL) != NULL)
		put_count(t, "pauses", n);
	put(t, "clock", clock_is_sane(s->spool) ? "right" :
		"jumped: nothing expires (vmta-queue accept-clock)");
	put_disk(s, t);
	table_end(t);
	return EX_OK;
}
