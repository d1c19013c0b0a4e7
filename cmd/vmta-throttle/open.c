/* SPDX-License-Identifier: ISC */
/* The start of every command: spool and running configuration. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "throttle.h"

static void
say_errors(const struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		if (ds->d[i].level == DIAG_ERROR)
			diag_print(stderr, &ds->d[i], isatty(STDERR_FILENO));
}

int
session_open(struct session *s, const struct cli *cli)
{
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };
	char dir[PATH_MAX];
	bool newer = false;
	int rc;

	*s = (struct session){ 0 };
	if (conf_find_spool(cli->spool, cli->conf, dir, sizeof(dir), &err) !=
		0 ||
	    spool_open(dir, SPOOL_CREATE, &s->spool, &err) != 0)
		return log_err(&err);
	rc = conf_running(dir, cli->conf, &ds, &s->conf, &newer, &err);
	if (rc != 0)
		say_errors(&ds);
	diags_clear(&ds);
	if (rc != 0) {
		s->conf = NULL;
		session_close(s);
		return log_err(&err);
	}
	if (newer)
		log_note("%s is newer than the running configuration "
			 "(vmta-conf-check --activate makes it that)",
		    cli->conf);
	return 0;
}

void
session_close(struct session *s)
{
	conf_free(s->conf);
	spool_close(s->spool);
	*s = (struct session){ 0 };
}
