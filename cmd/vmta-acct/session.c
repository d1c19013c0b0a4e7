/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "acct/counters.h"
#include "acct/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "session.h"

/* Warnings of a configuration are said by vmta-conf-check, errors by all. */
static void
say_errors(const struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++)
		if (ds->d[i].level == DIAG_ERROR)
			diag_print(stderr, &ds->d[i], isatty(STDERR_FILENO));
}

/* Days and times are those of the configured zone. */
static void
set_zone(const struct conf *conf)
{
	const char *zone = conf_global(conf)->time_zone;

	if (zone != NULL)
		setenv("TZ", zone, 1);
	tzset();
}

static bool
is_known(const struct session *s, const struct conf_acct *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->accts[i] != NULL &&
		    strcmp(s->accts[i]->path, a->path) == 0)
			return true;
	return false;
}

static void
make_targets(struct session *s)
{
	size_t n;
	const struct conf_acct *a = conf_accts(s->conf, &n);

	s->targets = xcalloc(n + 1, sizeof(s->targets[0]));
	s->accts = xcalloc(n + 1, sizeof(s->accts[0]));
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };

		if (is_known(s, &a[i])) {
			log_warn("%s:%u: <acct-file %s> stands there before: "
			    "this one is left out", a[i].file, a[i].line,
			    a[i].path);
			continue;
		}
		if (a[i].path[0] == '|') {
			log_note("%s:%u: <acct-file %s> is left out: records "
			    "go to files, not to commands", a[i].file,
			    a[i].line, a[i].path);
			continue;
		}
		if (acct_file_new(s->spool, &a[i], &s->targets[s->n], &err) <
		    0) {
			log_warn("%s:%u: %s", a[i].file, a[i].line, err.msg);
			s->status = err_exit(err.cls);
			continue;
		}
		s->accts[s->n++] = &a[i];
	}
	s->targets[s->n++] = counters_new(s->spool);
}

int
session_open(struct session *s, const struct options *o)
{
	char dir[PATH_MAX];
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };
	bool newer = false;
	unsigned flags = o->cli.dry_run ? SPOOL_READONLY :
	    o->once			? 0 :
					  SPOOL_CREATE;
	int rc;

	*s = (struct session){ 0 };
	if (conf_find_spool(o->cli.spool, o->cli.conf, dir, sizeof(dir),
		&err) < 0 || spool_open(dir, flags, &s->spool, &err) < 0)
		return log_err(&err);
	rc = conf_running(dir, o->cli.conf, &ds, &s->conf, &newer, &err);
	if (rc < 0)
		say_errors(&ds);
	diags_clear(&ds);
	if (rc < 0) {
		s->conf = NULL;
		session_close(s);
		return log_err(&err);
	}
	set_zone(s->conf);
	make_targets(s);
	sweep_init(&s->sweep, s->spool, s->targets, s->n);
	return EX_OK;
}

void
session_close(struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		target_free(s->targets[i]);
	sweep_clear(&s->sweep);
	free(s->targets);
	free(s->accts);
	conf_free(s->conf);
	spool_close(s->spool);
}

void
session_tell(struct session *s, const struct err *err)
{
	if (strcmp(s->told, err->msg) == 0)
		return;
	snprintf(s->told, sizeof(s->told), "%s", err->msg);
	log_warn("%s", err->msg);
}

void
session_tell_failures(struct session *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct target *t = s->targets[i];

		if (t->state == TARGET_FAILED && !t->told)
			session_tell(s, &t->err);
		t->told = t->state == TARGET_FAILED;
	}
	if (s->sweep.skipped.cls != ERR_NONE)
		session_tell(s, &s->sweep.skipped);
}

void
session_tell_written(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct target *t = s->targets[i];
		unsigned files;
		const char *path;

		if (s->accts[i] == NULL || t->written == 0)
			continue;
		path = acct_file_path(t, &files);
		if (files == 1)
			log_note("%llu records written to %s",
			    (unsigned long long)t->written, path);
		else
			log_note("%llu records written to %u files, the last "
			    "is %s", (unsigned long long)t->written, files,
			    path);
	}
	if (s->sweep.bad > 0)
		log_warn("%llu lines of journals can't be understood",
		    (unsigned long long)s->sweep.bad);
}

bool
session_is_waiting(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->targets[i]->state == TARGET_WAITING)
			return true;
	return false;
}

int
session_status(const struct session *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->targets[i]->state == TARGET_FAILED)
			return err_exit(s->targets[i]->err.cls);
	if (s->status != EX_OK)
		return s->status;
	return s->sweep.skipped.cls != ERR_NONE ?
	    err_exit(s->sweep.skipped.cls) :
	    EX_OK;
}
