/* SPDX-License-Identifier: ISC */
/* --dns: what the DNS says of addresses, names and domains of senders. */
#include <stdio.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/table.h"
#include "cmds.h"
#include "dns/preflight.h"

enum { LIMIT_MS = 10000 };	/* of one question */

static void
print_row(void *arg, const struct preflight_row *row)
{
	static const char *const verdicts[] = { "pass", "warn", "fail" };

	table_row(arg, (const char *const[]){ row->check, row->subject,
	    verdicts[row->verdict], row->why, row->publish });
}

int
cmd_dns(const struct options *o)
{
	static const char *const cols[] = { "check", "subject", "verdict",
		"why", "publish" };
	int status = EX_OK;
	struct conf *c = load_right(o, o->cli.conf, &status);
	struct preflight p = { .conf = c, .root = o->root,
		.from = o->from.w, .n_from = o->from.n,
		.dnsbl = o->dnsbl.w, .n_dnsbl = o->dnsbl.n, .fn = print_row };
	struct err err;

	if (c == NULL)
		return status;
	if (lookup_new(conf_global(c)->name_servers,
		conf_global(c)->n_name_servers, LIMIT_MS, &p.lookup,
		&err) < 0) {
		status = log_err(&err);
	} else {
		p.arg = table_new(stdout, cols, 5, o->cli.format,
		    o->cli.header);
		if (preflight(&p) > 0)
			status = 1;
		table_end(p.arg);
	}
	lookup_free(p.lookup);
	conf_free(c);
	return status;
}
