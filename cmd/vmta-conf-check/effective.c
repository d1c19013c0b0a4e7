/* SPDX-License-Identifier: ISC */
/* --effective QUEUE: every value that counts for a queue, and where from. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/table.h"
#include "cmds.h"
#include "conf/explain.h"

static void
print_facts(const struct options *o, const struct conf_queue *q,
    const struct conf_fact *f, size_t n)
{
	static const char *const cols[] = { "queue", "scope", "directive",
		"value", "from", "overrides" };
	struct table *t =
	    table_new(stdout, cols, 6, o->cli.format, o->cli.header);

	for (size_t i = 0; i < n; i++) {
		char from[PATH_MAX + 16] = "default";

		if (f[i].where.file != NULL)
			snprintf(from, sizeof(from), "%s:%u",
			    f[i].where.file, f[i].where.line);
		table_row(t, (const char *const[]){ q->name, f[i].scope,
		    f[i].name, f[i].value, from, f[i].overrode });
	}
	table_end(t);
}

int
cmd_effective(const struct options *o)
{
	struct conf_fact *facts = NULL;
	struct err err;
	int status = EX_OK;
	struct conf *c = load_right(o, o->cli.conf, &status);
	struct conf_queue *q =
	    c != NULL ? conf_queue_named(c, o->queue, &err) : NULL;

	if (q != NULL) {
		size_t n = conf_explain(c, q, &facts);

		print_facts(o, q, facts, n);
	} else if (c != NULL) {
		status = log_err(&err);
	}
	free(facts);
	conf_free(c);
	return status;
}
