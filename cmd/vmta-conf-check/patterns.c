/* SPDX-License-Identifier: ISC */
/* --patterns[=REPLIES]: which pattern fires on which reply; --match REPLY. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "cmds.h"
#include "conf/codes.h"
#include "conf/lint.h"
#include "conf/patterns.h"
#include "reply/classify.h"
#include "reply/parse.h"

/* What one list says to one reply: the first pattern that fires. */
static void
first(struct table *t, const struct conf_patterns *ps, size_t from, size_t to,
    const struct conf_reply *r)
{
	const struct conf_pattern *p = NULL;
	char where[PATH_MAX + 16] = "";

	for (size_t i = from; i < to && p == NULL; i++)
		if (conf_pattern_fires(&ps->p[i], r->text))
			p = &ps->p[i];
	if (p != NULL)
		snprintf(where, sizeof(where), "%s:%u", p->where.file,
		    p->where.line);
	table_row(t, (const char *const[]){ ps->p[from].list, r->provider,
	    r->text, r->category, p != NULL ? p->action : NULL,
	    p != NULL ? p->regex : NULL, where });
}

/* The end of the list that begins at i. */
static size_t
list_end(const struct conf_patterns *ps, size_t i)
{
	size_t k = i;

	while (k < ps->n && strcmp(ps->p[k].list, ps->p[i].list) == 0)
		k++;
	return k;
}

static void
try_all(const struct options *o, const struct conf_patterns *ps,
    const struct conf_reply *r, size_t n)
{
	static const char *const cols[] = { "list", "provider", "reply",
		"meaning", "action", "pattern", "from" };
	struct table *t =
	    table_new(stdout, cols, 7, o->cli.format, o->cli.header);

	for (size_t i = 0; i < ps->n; i = list_end(ps, i))
		for (size_t k = 0; k < n; k++)
			first(t, ps, i, list_end(ps, i), &r[k]);
	table_end(t);
}

/* The findings about patterns go beside the table, to standard error. */
static void
warn(const struct diags *ds)
{
	fflush(stdout);
	for (size_t i = 0; i < ds->n; i++)
		if (conf_code_is(&ds->d[i], "patterns"))
			diag_print(stderr, &ds->d[i], 0);
}

/* One that fires, but never first, is hidden as far as these replies go. */
static void
hidden(const struct conf_pattern *p, size_t fires, const struct conf_pattern *by,
    struct diags *ds)
{
	diags_add(ds, DIAG_WARNING, p->where.file, p->where.line, p->column,
	    "hidden-pattern", NULL,
	    "an earlier pattern comes first on each of the %zu replies that "
	    "it matches, at line %u for one",
	    fires, by->where.line);
}

/* One list: hidden patterns into ds.  Returns: how many fire on no reply. */
static size_t
one_list(const struct conf_patterns *ps, size_t from, const struct conf_reply *r,
    size_t n, struct diags *ds)
{
	const struct conf_pattern **first = xcalloc(n + 1, sizeof(*first));
	size_t dead = 0;

	for (size_t i = from; i < list_end(ps, from); i++) {
		const struct conf_pattern *p = &ps->p[i], *by = NULL;
		size_t fires = 0, leads = 0;

		for (size_t k = 0; k < n; k++) {
			if (!conf_pattern_fires(p, r[k].text))
				continue;
			fires++;
			leads += first[k] == NULL;
			if (first[k] == NULL)
				first[k] = p;
			else
				by = first[k];
		}
		dead += fires == 0;
		if (fires > 0 && leads == 0)
			hidden(p, fires, by, ds);
	}
	free(first);
	return dead;
}

/* A pattern that fires on none of the replies may be right, or dead. */
static void
silent(const struct conf_patterns *ps, const struct conf_reply *r, size_t n,
    struct diags *ds)
{
	size_t dead = 0;

	for (size_t i = 0; i < ps->n; i = list_end(ps, i))
		dead += one_list(ps, i, r, n, ds);
	warn(ds);
	log_note("%zu patterns, %zu replies; %zu patterns fire on none", ps->n,
	    n, dead);
}

int
cmd_patterns(const struct options *o)
{
	const struct conf_options co = { .root = o->root };
	struct conf_reply_file file = { .r = NULL };
	struct conf_patterns ps;
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	const struct conf_reply *r;
	size_t n;
	int status = EX_OK;

	r = conf_replies(&n);
	if (o->replies != NULL) {
		if (conf_reply_file_read(o->replies, &file, &err) < 0)
			return log_err(&err);
		r = file.r;
		n = file.n;
	}
	if (conf_check(o->cli.conf, &co, &ds, &c, &err) < 0) {
		print_diags(o, &ds);
		fflush(stdout);
		status = log_err(&err);
	} else {
		conf_patterns_of(c, &ps);
		try_all(o, &ps, r, n);
		silent(&ps, r, n, &ds);
		conf_patterns_free(&ps);
	}
	conf_reply_file_free(&file);
	conf_free(c);
	diags_clear(&ds);
	return status;
}

static void
print_meaning(const char *reply, struct table *t)
{
	struct reply_parser p;
	struct reply_meaning m;
	struct buf line = BUF_INIT(0);
	size_t used;

	reply_parser_init(&p);
	buf_addf(&line, "%s\r\n", reply);
	if (reply_parse(&p, line.data, line.len, &used) == REPLY_DONE) {
		m = reply_meaning(&p.reply);
		table_row(t, (const char *const[]){ "(built in)", m.category,
		    reply_blame_name(m.blame), "" });
	}
	buf_clear(&line);
}

int
cmd_match(const struct options *o)
{
	static const char *const cols[] = { "list", "action", "pattern",
		"from" };
	struct conf_patterns ps;
	struct table *t;
	int status = EX_OK;
	struct conf *c = load_right(o, o->cli.conf, &status);

	if (c == NULL)
		return status;
	conf_patterns_of(c, &ps);
	t = table_new(stdout, cols, 4, o->cli.format, o->cli.header);
	for (size_t i = 0; i < ps.n; i++) {
		char where[PATH_MAX + 32];
		bool hidden = false;

		if (!conf_pattern_fires(&ps.p[i], o->reply))
			continue;
		for (size_t k = i; k-- > 0 && !hidden;)
			hidden = strcmp(ps.p[k].list, ps.p[i].list) == 0 &&
			    conf_pattern_fires(&ps.p[k], o->reply);
		snprintf(where, sizeof(where), "%s:%u%s", ps.p[i].where.file,
		    ps.p[i].where.line, hidden ? " (hidden)" : "");
		table_row(t, (const char *const[]){ ps.p[i].list,
		    ps.p[i].action, ps.p[i].regex, where });
	}
	print_meaning(o->reply, t);
	table_end(t);
	conf_patterns_free(&ps);
	conf_free(c);
	return status;
}
