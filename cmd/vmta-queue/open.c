/* SPDX-License-Identifier: ISC */
/* The start of every subcommand: spool and configuration. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "queue.h"
#include "spool/inject.h"

/* Warnings of a configuration are vmta-conf-check's, errors everybody's. */
static void
say_errors(const struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		if (ds->d[i].level == DIAG_ERROR)
			diag_print(stderr, &ds->d[i], isatty(STDERR_FILENO));
}

/* What runs, or, where nothing runs yet, the file as it is; changes nothing. */
static int
conf_look(struct session *s, const struct cli *cli, struct diags *ds,
    struct err *err)
{
	if (s->spool != NULL && conf_running(spool_dir(s->spool), NULL, ds,
				    &s->conf, &s->newer, err) == 0)
		return 0;
	diags_clear(ds);
	return conf_load(cli->conf, ds, &s->conf, err);
}

static int
open_conf(struct session *s, const struct cli *cli, enum open_how how,
    struct err *err)
{
	struct diags ds = DIAGS_INIT;
	int rc;

	if (how == OPEN_CHANGE)
		return 0;
	if (how == OPEN_FEED)
		rc = conf_running(spool_dir(s->spool), cli->conf, &ds,
		    &s->conf, &s->newer, err);
	else
		rc = conf_look(s, cli, &ds, err);
	if (rc != 0) {
		s->conf = NULL;
		if (how == OPEN_LOOK)
			rc = 0;
		else
			say_errors(&ds);
	} else if (s->newer) {
		log_note("%s is newer than the running configuration "
			 "(vmta-conf-check --activate makes it that)",
		    cli->conf);
	}
	diags_clear(&ds);
	return rc;
}

/* A spool that isn't there is made, but not for a configuration with errors. */
static int
make_spool(struct session *s, const struct cli *cli, const char *dir,
    struct err *err)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	int rc = conf_load(cli->conf, &ds, &c, err);

	if (rc != 0)
		say_errors(&ds);
	else
		rc = spool_open(dir, SPOOL_CREATE, &s->spool, err);
	conf_free(c);
	diags_clear(&ds);
	return rc;
}

static int
open_spool(struct session *s, const struct cli *cli, const char *dir,
    enum open_how how, struct err *err)
{
	unsigned flags = how == OPEN_DRY ? SPOOL_READONLY : 0;

	s->read_only = how == OPEN_DRY;
	if (spool_open(dir, flags, &s->spool, err) == 0)
		return 0;
	if (how == OPEN_FEED &&
	    (err->cls == ERR_NOINPUT || err->cls == ERR_CONF))
		return make_spool(s, cli, dir, err);
	/* who may only read may look */
	if (how == OPEN_LOOK && (err->cls == ERR_PERM || err->cls == ERR_IO) &&
	    spool_open(dir, SPOOL_READONLY, &s->spool, NULL) == 0) {
		s->read_only = true;
		return 0;
	}
	s->spool = NULL;
	/* a dry run would make the spool: it only needs to be possible */
	return how == OPEN_DRY && err->cls == ERR_NOINPUT ? 0 : -1;
}

int
session_open(struct session *s, const struct cli *cli, enum open_how how)
{
	char dir[PATH_MAX];
	struct err err = { 0 };

	*s = (struct session){ 0 };
	if (conf_find_spool(cli->spool, cli->conf, dir, sizeof(dir), &err) !=
		0 ||
	    open_spool(s, cli, dir, how, &err) != 0 ||
	    open_conf(s, cli, how, &err) != 0) {
		session_close(s);
		return log_err(&err);
	}
	if (s->spool != NULL)
		s->now = clock_wall_s(spool_clock(s->spool));
	if (s->spool != NULL && s->conf != NULL) {
		const struct conf_global *g = conf_global(s->conf);

		spool_set_min_free(s->spool, g->min_free_bytes);
		spool_set_batch_memory(s->spool, g->batch_id_memory_s);
	}
	return 0;
}

void
session_close(struct session *s)
{
	conf_free(s->conf);
	spool_close(s->spool);
	*s = (struct session){ 0 };
}

void
session_pack(struct session *s)
{
	struct err err = { 0 };

	if (!s->read_only && spool_pack(s->spool, &err) != 0)
		log_warn("%s", err.msg);
}
