/* SPDX-License-Identifier: ISC */
/* vmta-send(1): send what the lines on standard input name. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "send.h"

#define SYNOPSIS "[-dHnq] [--no-limits]"

enum { OPT_NO_LIMITS = CLI_OPT_OWN };

static int
parse_options(
    struct cli *cli, struct send *s, int argc, char **argv, int *status)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "debug", no_argument, NULL, 'd' },
		{ "no-limits", no_argument, NULL, OPT_NO_LIMITS }, { 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, CLI_SHORT "d", longopts, NULL)) !=
	    -1)
		switch (cli_option(cli, opt, SYNOPSIS, status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return -1;
		case CLI_OTHER:
			if (opt == 'd')
				s->debug = true;
			else
				s->no_limits = true;
			break;
		}
	if (optind < argc) {
		*status = cli_usage(
		    SYNOPSIS, "%s: no operands are taken", argv[optind]);
		return -1;
	}
	return 0;
}

static int
open_conf(struct send *s, struct err *err)
{
	struct diags ds = DIAGS_INIT;
	bool newer = false;
	int rc = conf_running(
	    spool_dir(s->spool), s->cli->conf, &ds, &s->conf, &newer, err);

	for (size_t i = 0; rc < 0 && i < ds.n; i++)
		if (ds.d[i].level == DIAG_ERROR)
			diag_print(stderr, &ds.d[i], isatty(STDERR_FILENO));
	diags_clear(&ds);
	if (rc < 0)
		s->conf = NULL;
	return rc;
}

/* Each connection takes one, and so does each open segment. */
static void
raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int
open_all(struct send *s, struct err *err)
{
	char dir[PATH_MAX];
	const struct clock *clock;

	if (conf_find_spool(
		s->cli->spool, s->cli->conf, dir, sizeof(dir), err) < 0 ||
	    spool_open(
		dir, s->cli->dry_run ? SPOOL_READONLY : 0, &s->spool, err) < 0)
		return -1;
	if (open_conf(s, err) < 0)
		return -1;
	if (s->cli->dry_run)
		return 0;
	raise_files();
	clock = spool_clock(s->spool);
	spool_set_min_free(s->spool, conf_global(s->conf)->min_free_bytes);
	if (leases_open(dir, clock, &s->leases, err) < 0 ||
	    slots_open(dir, &s->slots, err) < 0 || io_new(&s->io, err) < 0)
		return -1;
	s->memory = route_memory_new();
	s->buf = xmalloc(READ_SIZE);
	s->out = out_new(s);
	s->input = input_new(s);
	claim_on_done(s->spool, out_line, s->out);
	return 0;
}

static void
init(struct send *s, const struct cli *cli)
{
	s->cli = cli;
	s->wake_at = s->renew_ms = INT64_MAX;
	TAILQ_INIT(&s->all_lanes);
	TAILQ_INIT(&s->dirty_lanes);
	TAILQ_INIT(&s->blocked_lanes);
	TAILQ_INIT(&s->conns);
	TAILQ_INIT(&s->dirty_conns);
	TAILQ_INIT(&s->flush_conns);
	TAILQ_INIT(&s->dead_conns);
	TAILQ_INIT(&s->replies);
	TAILQ_INIT(&s->credits);
	TAILQ_INIT(&s->free_tasks);
	TAILQ_INIT(&s->to_rate);
	TAILQ_INIT(&s->to_start);
	TAILQ_INIT(&s->to_stall);
	TAILQ_INIT(&s->may_connect);
	TAILQ_INIT(&s->may_start);
	TAILQ_INIT(&s->must_abort);
}

static void
close_all(struct send *s)
{
	struct task *t;

	input_free(s->input);
	out_free(s->out);
	io_watch_free(s->sync_watch);
	io_watch_free(s->dns_watch);
	resolver_free(s->resolver);
	route_memory_free(s->memory);
	slots_close(s->slots);
	leases_close(s->leases);
	io_free(s->io);
	lanes_free(s);
	serials_clear(&s->serials);
	while ((t = TAILQ_FIRST(&s->free_tasks)) != NULL) {
		TAILQ_REMOVE(&s->free_tasks, t, link);
		free(t);
	}
	free(s->buf);
	conf_free(s->conf);
	spool_close(s->spool);
}

static void
say_counts(const struct counts *c)
{
	static const char *const words[] = { "handed back", "stale",
		"without a grant", "not job lines", "damaged" };
	const uint64_t n[] = { c->back, c->stale, c->ungranted, c->bad,
		c->damaged };
	char text[400];
	int at = snprintf(text, sizeof(text),
	    "sent %llu, delivered %llu, deferred %llu, bounced %llu",
	    (unsigned long long)c->sent, (unsigned long long)c->delivered,
	    (unsigned long long)c->deferred, (unsigned long long)c->bounced);
	bool any = c->delivered + c->deferred + c->bounced != 0;

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		any = any || n[i] != 0;
		if (n[i] != 0)
			at += snprintf(text + at, sizeof(text) - (size_t)at,
			    ", %s %llu", words[i], (unsigned long long)n[i]);
	}
	if (any)
		log_note("%s", text);
	if (c->lost_lines != 0)
		log_note("%llu event lines were not read: the journals have "
			 "them",
		    (unsigned long long)c->lost_lines);
}

int
main(int argc, char **argv)
{
	static struct send s;
	struct err err = { 0 };
	struct cli cli;
	int status = EX_OK;

	cli_init(&cli, "vmta-send");
	if (parse_options(&cli, &s, argc, argv, &status) < 0)
		return cli_end(status);
	init(&s, &cli);
	if (open_all(&s, &err) < 0) {
		status = log_err(&err);
	} else if (cli.dry_run) {
		status = cli_end(send_dry(&s));
	} else {
		status = send_run(&s);
		say_counts(&s.counts);
		if (s.aborting) /* what is under way stays in doubt */
			_exit(status);
		if (status == EX_OK &&
		    (s.counts.bad != 0 || s.counts.ungranted != 0 ||
			s.counts.damaged != 0))
			status = EX_DATAERR;
	}
	close_all(&s);
	return status;
}
