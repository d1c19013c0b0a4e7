/* SPDX-License-Identifier: ISC */
/* ready: what could be sent now, one job line a record (vmta-job(5)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "queue.h"
#include "record/job.h"
#include "synopsis.h"

enum { OPT_JOB = CLI_OPT_OWN, OUT_BUFFER = 256 * 1024 };

/* Returns nonzero when nobody reads any more: the listing ends. */
static int
put_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	return fwrite(line, 1, len, stdout) == len ? 0 : 1;
}

/* The same line in another format. */
static int
put_row(void *arg, const char *line, size_t len)
{
	struct table *t = arg;
	char *copy = xstrndup(line, len > 0 ? len - 1 : 0);
	const char *cells[JOB_FIELDS];
	struct job j;

	if (job_parse(copy, &j) == 0) {
		for (size_t i = 0; i < JOB_FIELDS; i++)
			cells[i] = j.f[i];
		table_row(t, cells);
	}
	free(copy);
	return ferror(stdout) != 0;
}

static int
print(struct session *s, const struct cli *cli, const struct ready_options *o)
{
	static char buffer[OUT_BUFFER];	/* stdio ignores a size without one */
	struct err err = { 0 };
	int rc;

	if (cli->format == TABLE_AUTO || cli->format == TABLE_TSV) {
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		for (size_t i = 0; cli->header && i < JOB_FIELDS; i++)
			printf("%s%c", job_names[i],
			    i == JOB_FIELDS - 1 ? '\n' : '\t');
		rc = ready_list(s->spool, s->conf, o, put_line, NULL, &err);
	} else {
		struct table *t = table_new(stdout, job_names, JOB_FIELDS,
		    cli->format, cli->header);

		rc = ready_list(s->spool, s->conf, o, put_row, t, &err);
		table_end(t);
	}
	return rc < 0 ? log_err(&err) : EX_OK;
}

int
cmd_ready(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "limit", required_argument, NULL, 'l' },
		{ "job", required_argument, NULL, OPT_JOB }, { 0 } };
	struct ready_options o = { 0 };
	struct session s;
	char **patterns;
	int64_t limit = 0;
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT "l:", longopts,
		    NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_READY, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			if (opt == OPT_JOB)
				o.job = optarg;
			else if (num_parse(optarg, 1, INT64_MAX, &limit) != 0)
				return cli_usage(USAGE_READY,
				    "-l %s: not a number of lines", optarg);
			break;
		}
	status = patterns_parse(argv + optind, argc - optind, &patterns);
	if (status != 0)
		return status;
	status = session_open(&s, cli, OPEN_FEED);
	if (status == 0) {
		o.now = s.now;
		o.limit = (uint64_t)limit;
		o.patterns = (const char *const *)patterns;
		o.n_patterns = (size_t)(argc - optind);
		status = print(&s, cli, &o);
		session_close(&s);
	}
	patterns_free(patterns, argc - optind);
	return status;
}
