/* SPDX-License-Identifier: ISC */
/* --print: the configuration in one form; --diff OLD: what changes. */
#include <limits.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/table.h"
#include "cmds.h"
#include "conf/print.h"

int
cmd_print(const struct options *o)
{
	struct buf b = BUF_INIT(0);
	int status = EX_OK;
	struct conf *c = load_right(o, o->cli.conf, &status);

	if (c != NULL) {
		conf_print(c, &b);
		fwrite(b.data, 1, b.len, stdout);
	}
	buf_clear(&b);
	conf_free(c);
	return status;
}

static const char *
place(const struct conf_place *p, const char *value, char *to, size_t size)
{
	if (value == NULL)
		return NULL;
	if (p->file == NULL)
		return "default";
	snprintf(to, size, "%s:%u", p->file, p->line);
	return to;
}

static void
row(void *arg, const struct conf_change *ch)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];

	table_row(arg, (const char *const[]){ ch->queue, ch->scope, ch->name,
	    ch->old_value, ch->new_value,
	    place(&ch->old_where, ch->old_value, from, sizeof(from)),
	    place(&ch->new_where, ch->new_value, to, sizeof(to)) });
}

int
cmd_diff(const struct options *o)
{
	static const char *const cols[] = { "queue", "scope", "directive",
		"old", "new", "from", "to" };
	int status = EX_OK;
	struct conf *a = load_right(o, o->old, &status);
	struct conf *b = load_right(o, o->cli.conf, &status);

	if (a != NULL && b != NULL) {
		struct table *t = table_new(stdout, cols, 7, o->cli.format,
		    o->cli.header);

		if (conf_compare(a, b, row, t) > 0)
			status = 1;
		table_end(t);
	}
	conf_free(a);
	conf_free(b);
	return status;
}
