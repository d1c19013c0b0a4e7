/* SPDX-License-Identifier: ISC */
/* --effective QUEUE: every value that counts for a queue, and where from. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/table.h"
#include "cmds.h"
#include "conf/conf.h"
#include "conf/explain.h"

static void
print_facts(const struct cli *cli, const struct conf_queue *q,
    const struct conf_fact *f, size_t n)
{
	static const char *const cols[] = { "queue", "scope", "directive",
		"value", "from" };
	struct table *t =
	    table_new(stdout, cols, 5, cli->format, cli->header);

	for (size_t i = 0; i < n; i++) {
		char from[PATH_MAX + 16] = "default";

		if (f[i].where.file != NULL)
			snprintf(from, sizeof(from), "%s:%u",
			    f[i].where.file, f[i].where.line);
		table_row(t, (const char *const[]){ q->name, f[i].scope,
		    f[i].name, f[i].value, from });
	}
	table_end(t);
}

int
cmd_effective(const struct cli *cli, const char *queue)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct conf_queue *q = NULL;
	struct conf_fact *facts = NULL;
	struct err err;
	int status = EX_OK;

	if (conf_load(cli->conf, &ds, &c, &err) < 0)
		print_diags(cli, &ds);
	else
		q = conf_queue_named(c, queue, &err);
	if (q != NULL) {
		size_t n = conf_explain(c, q, &facts);

		print_facts(cli, q, facts, n);
	} else {
		fflush(stdout);
		status = log_err(&err);
	}
	free(facts);
	conf_free(c);
	diags_clear(&ds);
	return status;
}
