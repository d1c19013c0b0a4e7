/* SPDX-License-Identifier: ISC */
/* --activate: check the file and make it the running configuration. */
#include <limits.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/log.h"
#include "cmds.h"
#include "conf/conf.h"
#include "spool/spool.h"

static int
activate(const struct options *o, const char *dir, struct diags *ds,
    struct err *err)
{
	struct spool *sp = NULL;
	uint32_t serial = 0;
	bool changed = false;

	/* What is wrong must not even make a folder. */
	if (spool_open(dir, SPOOL_CREATE, &sp, err) < 0)
		return -1;
	spool_close(sp);
	if (conf_activate(dir, o->cli.conf, ds, &serial, &changed, err) < 0)
		return -1;
	printf("%s: %s, serial %u\n", dir,
	    changed ? "activated" : "unchanged", serial);
	return 0;
}

int
cmd_activate(const struct options *o)
{
	struct diags ds = DIAGS_INIT, again = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	char dir[PATH_MAX];
	int status = EX_OK;

	if (conf_load(o->cli.conf, &ds, &c, &err) < 0 ||
	    conf_find_spool(o->cli.spool, o->cli.conf, dir, sizeof(dir),
		&err) < 0)
		status = err_exit(err.cls);
	print_diags(o, &ds);
	if (status == EX_OK && !o->cli.dry_run &&
	    activate(o, dir, &again, &err) < 0)
		status = err_exit(err.cls);
	fflush(stdout);
	if (status != EX_OK)
		log_err(&err);
	conf_free(c);
	diags_clear(&ds);
	diags_clear(&again);
	return status;
}
