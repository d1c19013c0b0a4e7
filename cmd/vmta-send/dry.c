/* SPDX-License-Identifier: ISC */
/* -n: what would be sent, and how; reads lines, changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/num.h"
#include "base/table.h"
#include "record/job.h"
#include "send.h"

static const char *const columns[] = { "id", "plan", "queue", "vmta", "source",
	"helo", "route", "rcpt", "why" };
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char *const verdicts[] = {
	[PLAN_SEND] = "send",
	[PLAN_EXPIRE] = "expire",
	[PLAN_BACK] = "hand-back",
	[PLAN_REFUSED] = "refuse",
};

static void
print(struct table *t, const struct job *job, const char *plan,
    const struct plan *p)
{
	char route[512] = "-";
	const char *cells[COLUMNS] = { job->f[JOB_ID], plan };

	if (p->queue != NULL) {
		const struct conf_host *h = p->queue->smtp_hosts;

		if (p->route != NULL)
			snprintf(route, sizeof(route), "mx:%s", p->route);
		else
			snprintf(route, sizeof(route), "%s:%d%s", h->host,
			    h->port != 0 ? h->port : p->queue->smtp_port,
			    p->queue->n_smtp_hosts > 1 ? ",..." : "");
		cells[2] = p->queue->name;
		cells[3] = p->vmta->name;
		cells[4] = p->source;
		cells[5] = p->helo;
	}
	cells[6] = route;
	cells[7] = job->f[JOB_RCPT];
	cells[8] = p->why;
	table_row(t, cells);
}

/* As lines.c looks a line up.  Returns: 0, or -1 for a line that isn't one. */
static int
plan_line(struct send *s, struct table *t, char *line)
{
	struct plan_options o = { s->conf, s->no_limits, s->turn++ };
	char segment[NAME_SEGMENT + 1];
	struct err err = { 0 };
	struct plan p = { 0 };
	struct segment *g = NULL;
	struct grant grant;
	struct state st;
	struct job job;
	uint32_t index;
	int64_t ver;
	const char *domain = NULL;

	if (job_parse(line, &job) < 0 ||
	    num_parse(job.f[JOB_VERSION], 0, 999999, &ver) < 0 ||
	    grant_parse(job.f[JOB_GRANT], &grant) < 0 ||
	    locator_parse(job.f[JOB_LOCATOR], segment, &index) < 0)
		return -1;
	if (segment_get(s->spool, segment, &g, &err) == 0 &&
	    index < segment_records(g) && segment_state(g, index, &st) == 0 &&
	    st.ver == (uint32_t)ver)
		domain = segment_domain(g, st.domain);
	if (domain == NULL) {
		p.why = "the line is stale";
		print(t, &job, "drop", &p);
	} else {
		enum plan_verdict v = plan_make(
		    &o, domain, &grant, vmtas_row(s->spool, st.vmta), &p);

		print(t, &job, verdicts[v], &p);
	}
	if (g != NULL)
		segment_put(g);
	return 0;
}

int
send_dry(struct send *s)
{
	struct table *t = table_new(
	    stdout, columns, COLUMNS, s->cli->format, s->cli->header);
	unsigned long long n = 0;
	int status = EX_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		n++;
		if (line[len - 1] != '\n')
			break;
		line[len - 1] = '\0';
		if (plan_line(s, t, line) < 0 &&
		    !(n == 1 && strstr(line, "locator") != NULL)) {
			log_warn("standard input, line %llu: "
				 "not a job line (vmta-job(5))",
			    n);
			status = EX_DATAERR;
		}
	}
	table_end(t);
	free(line);
	return status;
}
