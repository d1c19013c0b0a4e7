/* SPDX-License-Identifier: ISC */
/* No mode: check the file and print what is found. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "cmds.h"
#include "conf/codes.h"
#include "conf/lint.h"

static bool
is_disabled(const struct options *o, const char *word)
{
	for (size_t i = 0; i < o->disabled.n; i++)
		if (strcmp(o->disabled.w[i], word) == 0)
			return true;
	return false;
}

int
cmd_check(const struct options *o)
{
	const struct conf_options co = { .root = o->root,
		.host = !is_disabled(o, "host") };
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };
	int status = EX_OK;

	if (conf_check(o->cli.conf, &co, &ds, &c, &err) < 0)
		status = err_exit(err.cls);
	else
		check_fields(c, &ds);
	conf_codes_disable(&ds, o->disabled.w, o->disabled.n);
	conf_diags_sort(&ds);
	if (err.cls == ERR_CONF)
		status = ds.errors > 0 ? EX_CONFIG : EX_OK;
	if (o->werror && ds.warnings > 0 && status == EX_OK)
		status = EX_CONFIG;
	print_diags(o, &ds);
	fflush(stdout);
	if (err.cls != ERR_NONE && err.cls != ERR_CONF)
		log_err(&err);
	else
		log_note("%s: %zu error%s, %zu warning%s", o->cli.conf,
		    ds.errors, ds.errors == 1 ? "" : "s", ds.warnings,
		    ds.warnings == 1 ? "" : "s");
	conf_free(c);
	diags_clear(&ds);
	return status;
}
