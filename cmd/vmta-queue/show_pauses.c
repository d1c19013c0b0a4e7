/* SPDX-License-Identifier: ISC */
/* show pauses: what is paused, since when, until when and why. */
#include <stdio.h>
#include <sysexits.h>

#include "base/log.h"
#include "queue.h"
#include "spool/control.h"

int
show_pauses(struct session *s, struct cli *cli)
{
	static const char *const columns[] = { "queue", "since", "until",
		"reason" };
	struct err err = { 0 };
	const struct pause *p;
	struct table *t;
	size_t n = 0;

	p = pauses(s->spool, &n, &err);
	if (p == NULL)
		return log_err(&err);
	t = table_new(stdout, columns, 4, cli->format, cli->header);
	for (size_t i = 0; i < n; i++) {
		char since[32], until[32];
		const char *row[] = { p[i].pattern,
			put_time(since, p[i].since, cli),
			put_time(until, p[i].until, cli), p[i].reason };

		/* one that is over holds nothing */
		if (p[i].until == 0 || p[i].until > s->now)
			table_row(t, row);
	}
	table_end(t);
	return EX_OK;
}
