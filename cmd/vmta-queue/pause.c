/* SPDX-License-Identifier: ISC */
/* pause and resume: queues that send nothing for a while. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/tsv.h"
#include "base/when.h"
#include "base/xalloc.h"
#include "queue.h"
#include "spool/control.h"
#include "synopsis.h"

enum { OPT_REASON = CLI_OPT_OWN, OPT_UNTIL, OPT_ALL };

struct pause_options {
	const char *reason, *until;
	int64_t until_s;	/* 0: until resumed */
};

/* Here the clock is the spool's, so this comes after opening it. */
static int
read_until(struct pause_options *o, int64_t now)
{
	if (o->until == NULL)
		return 0;
	if (when_parse(o->until, now, &o->until_s) != 0)
		return cli_usage(USAGE_PAUSE,
		    "--until %s: no time (+2h, 2026-11-23T18:00, @SECONDS)",
		    o->until);
	if (o->until_s <= now)
		return cli_usage(USAGE_PAUSE,
		    "--until %s: that has passed (+2h is two hours from now)",
		    o->until);
	return 0;
}

static int
pause_all(struct session *s, const struct cli *cli,
    const struct pause_options *o, char **patterns, int n)
{
	struct err err = { 0 };
	char date[32] = "it is resumed";

	if (o->until_s != 0)
		clock_format_iso(o->until_s, date);
	for (int i = 0; i < n; i++) {
		if (!cli->dry_run && pause_add(s->spool, patterns[i],
					 o->until_s, o->reason, &err) != 0)
			return log_err(&err);
		log_note("%s %s until %s",
		    cli->dry_run ? "would pause" : "paused", patterns[i],
		    date);
	}
	return EX_OK;
}

int
cmd_pause(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "until", required_argument, NULL, OPT_UNTIL }, { 0 } };
	struct pause_options o = { .reason = "-" };
	struct session s;
	char **patterns;
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_PAUSE, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			if (opt == OPT_REASON)
				o.reason = optarg;
			else
				o.until = optarg;
			break;
		}
	if (optind == argc)
		return cli_usage(USAGE_PAUSE, "which queue?");
	if (o.reason[0] == '\0' || tsv_has_control(o.reason))
		return cli_usage(USAGE_PAUSE,
		    "--reason is empty or holds control characters");
	status = patterns_parse(argv + optind, argc - optind, &patterns);
	if (status != 0)
		return status;
	status = session_open(&s, cli, OPEN_CHANGE);
	if (status == 0) {
		status = read_until(&o, s.now);
		if (status == 0)
			status = pause_all(&s, cli, &o, patterns,
			    argc - optind);
		session_close(&s);
	}
	patterns_free(patterns, argc - optind);
	return status;
}

static int
resume_one(struct session *s, const struct cli *cli, const char *pattern)
{
	struct err err = { 0 };
	const struct pause *p;
	bool have = false;
	size_t n;
	int rc;

	if (!cli->dry_run) {
		rc = pause_remove(s->spool, pattern, &err);
		if (rc < 0)
			return log_err(&err);
		have = rc == 0;
	} else {
		p = pauses(s->spool, &n, &err);
		if (p == NULL)
			return log_err(&err);
		for (size_t i = 0; i < n; i++)
			have |= strcmp(p[i].pattern, pattern) == 0;
	}
	if (!have)
		log_note("%s is not paused", pattern);
	else
		log_note("%s %s", cli->dry_run ? "would resume" : "resumed",
		    pattern);
	return EX_OK;
}

static int
resume_all(struct session *s, const struct cli *cli)
{
	struct err err = { 0 };
	const struct pause *p;
	char *pattern;
	int status = EX_OK;
	size_t n, i = 0;

	for (;;) {
		p = pauses(s->spool, &n, &err);
		if (p == NULL)
			return log_err(&err);
		if (i >= n || status != EX_OK)
			return status;
		pattern = xstrdup(p[i].pattern);
		status = resume_one(s, cli, pattern);
		free(pattern);
		/* the list gets shorter, but not in a dry run */
		i += cli->dry_run;
	}
}

int
cmd_resume(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "all", no_argument, NULL, OPT_ALL }, { 0 } };
	struct session s;
	char **patterns;
	bool all = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_RESUME, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			all = true;
			break;
		}
	argc -= optind;
	argv += optind;
	if (all ? argc != 0 : argc == 0)
		return cli_usage(USAGE_RESUME, all ?
			"--all and a queue" : "which queue? (or --all)");
	status = patterns_parse(argv, argc, &patterns);
	if (status != 0)
		return status;
	status = session_open(&s, cli, OPEN_CHANGE);
	if (status == 0) {
		if (all)
			status = resume_all(&s, cli);
		for (int i = 0; i < argc && status == EX_OK; i++)
			status = resume_one(&s, cli, patterns[i]);
		/* what still holds */
		if (status == EX_OK && !cli->dry_run)
			status = show_pauses(&s, cli);
		session_close(&s);
	}
	patterns_free(patterns, argc);
	return status;
}
