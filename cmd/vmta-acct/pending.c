/* SPDX-License-Identifier: ISC */
/* vmta-acct -n: how many records wait for each file, and where it stands. */
#include <stdio.h>
#include <sysexits.h>

#include "acct/behind.h"
#include "base/log.h"
#include "session.h"

static const char *const columns[] = { "target", "file", "waiting" };

int
acct_pending(const struct options *o)
{
	struct session s;
	struct table *out;
	int status = session_open(&s, o);

	if (status != EX_OK)
		return status;
	out = table_new(stdout, columns, 3, o->cli.format, o->cli.header);
	for (size_t i = 0; i < s.n; i++) {
		struct acct_behind b = { 0 };
		struct err err = { 0 };
		char waiting[24];

		if (acct_behind(s.spool, s.targets[i]->key, &b, &err) < 0) {
			status = log_err(&err);
			continue;
		}
		snprintf(waiting, sizeof(waiting), "%llu",
		    (unsigned long long)b.waiting);
		table_row(out, (const char *const[]){
			s.accts[i] != NULL ? s.accts[i]->path : "stats",
			b.file, waiting });
		acct_behind_clear(&b);
	}
	table_end(out);
	session_close(&s);
	return status;
}
