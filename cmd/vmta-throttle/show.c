/* SPDX-License-Identifier: ISC */
/* vmta-throttle show: what each budget allows, what is used, what is left. */
#include <sys/stat.h>

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "throttle.h"
#include "throttle/ledger.h"

static const char *const columns[] = { "scope", "limit", "used", "left",
	"next" };

/* Any of the patterns, by the whole name or by what follows its first colon. */
static bool
wanted(const char *scope, char **patterns, int n)
{
	const char *rest = strchr(scope, ':');

	for (int i = 0; i < n; i++)
		if (fnmatch(patterns[i], scope, 0) == 0 ||
		    (rest != NULL && fnmatch(patterns[i], rest + 1, 0) == 0))
			return true;
	return n == 0;
}

/* "now", or the moment: as a date for people, else seconds since 1970. */
static void
put_next(char to[32], int64_t wall_ms, const struct cli *cli)
{
	if (wall_ms == 0)
		snprintf(to, 32, "now");
	else if (cli->format == TABLE_TEXT ||
	    (cli->format == TABLE_AUTO && isatty(STDOUT_FILENO)))
		clock_format_iso((wall_ms + 999) / 1000, to);
	else
		snprintf(to, 32, "%lld", (long long)((wall_ms + 999) / 1000));
}

static void
put_row(struct table *t, const struct ledger_row *r, int64_t wall_ms,
    const struct cli *cli)
{
	struct rate rate = { r->n, r->unit_ms };
	char limit[48], used[24], left[24], next[32];
	const char *row[] = { r->scope, limit, used, left, next };

	rate_format(&rate, limit);
	snprintf(used, sizeof(used), "%lld", (long long)r->used);
	snprintf(left, sizeof(left), "%lld", (long long)r->left);
	put_next(next, wall_ms, cli);
	table_row(t, row);
}

static int
show(const struct session *s, const struct cli *cli, char **patterns, int n)
{
	struct ledger *l;
	struct ledger_row row;
	struct err err = { 0 };
	struct table *t;
	int rc;

	rc = ledger_open_flags(spool_dir(s->spool), spool_clock(s->spool),
	    LEDGER_READ, NULL, &l, &err);
	if (rc < 0 && err.cls != ERR_NOINPUT)
		return log_err(&err);
	t = table_new(stdout, columns, sizeof(columns) / sizeof(columns[0]),
	    cli->format, cli->header);
	for (uint32_t i = 0; rc == 0; i++) {
		int64_t wall = 0;
		int got = ledger_row(l, i, &row);

		if (got == 0)
			break;
		if (got == 2 || !wanted(row.scope, patterns, n))
			continue;
		if (row.next_ms != 0)
			wall = clock_wall_ms(spool_clock(s->spool)) +
			    row.next_ms - ledger_now(l);
		put_row(t, &row, wall, cli);
	}
	table_end(t);
	if (rc == 0)
		ledger_close(l);
	return EX_OK;
}

int
cmd_show(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG, { 0 } };
	struct err err = { 0 };
	struct session s = { 0 };
	char dir[4096];
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		if (cli_option(cli, opt, "show " SYNOPSIS_SHOW, &status) !=
		    CLI_DONE)
			return status;
	if (conf_find_spool(cli->spool, cli->conf, dir, sizeof(dir), &err) !=
		0 ||
	    spool_open(dir, SPOOL_READONLY, &s.spool, &err) != 0)
		return log_err(&err);
	status = show(&s, cli, argv + optind, argc - optind);
	session_close(&s);
	return status;
}
