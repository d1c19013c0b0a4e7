/* SPDX-License-Identifier: ISC */
/*
 * vmta-acct --stdin: event lines from anywhere to CSV on standard output; and
 * --columns: what CSV can have.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "acct.h"
#include "acct/columns.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "record/event.h"

#define ALL_RECORDS "d,b,t,tq,r,rb,rs,f"

enum {
	CHUNK = 256 * 1024,
	LINE_MAX_BYTES = 64 * 1024,	/* a longer one is no event */
	NAMED = 10,			/* bad lines that are told one by one */
};

struct convert {
	struct columns *columns;
	unsigned records;
	struct buf in, out;
	uint64_t line, bad;
	bool skip;			/* the rest of a line too long */
};

static void
bad_line(struct convert *c, const char *why)
{
	if (++c->bad <= NAMED)
		log_warn("line %llu: %s", (unsigned long long)c->line, why);
}

/* One line of n bytes, NUL-terminated. */
static void
take_line(struct convert *c, char *line, size_t n)
{
	struct event e;

	c->line++;
	if (c->skip) {
		c->skip = false;
		return;
	}
	/* vmta-send -H begins with the names of the columns */
	if (c->line == 1 && strncmp(line, "time\ttype\t", 10) == 0)
		return;
	if (n > LINE_MAX_BYTES)
		bad_line(c, "too long for an event line");
	else if (memchr(line, '\0', n) != NULL)
		bad_line(c, "a NUL byte in it");
	else if (event_parse(line, &e) < 0)
		bad_line(c, "not an event line (vmta-event(5))");
	else if (record_type(e.f[EV_TYPE]) & c->records)
		columns_row(c->columns, &e, &c->out);
}

/* The whole lines of what was read.  Returns 0 or -1 (output). */
static int
take_lines(struct convert *c)
{
	char *p = c->in.data, *end = p + c->in.len, *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		*nl = '\0';
		take_line(c, p, (size_t)(nl - p));
		p = nl + 1;
	}
	/* no more of a line is kept than an event can have */
	if (end - p > LINE_MAX_BYTES) {
		if (!c->skip) {
			take_line(c, p, (size_t)(end - p));
			c->line--;
		}
		c->skip = true;
		p = end;
	}
	buf_cut(&c->in, (size_t)(p - c->in.data));
	if (fd_write_all(STDOUT_FILENO, c->out.data, c->out.len) < 0)
		return -1;
	buf_reset(&c->out);
	return 0;
}

/* Returns: the exit status. */
static int
convert_all(struct convert *c)
{
	columns_header(c->columns, &c->out);
	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf_room(&c->in, CHUNK), CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_warn("cannot read standard input: %s",
			    strerror(errno));
			return EX_IOERR;
		}
		c->in.len += (size_t)n;
		if (take_lines(c) < 0) {
			if (errno == EPIPE)
				return EX_OK;
			log_warn("cannot write to standard output: %s",
			    strerror(errno));
			return EX_IOERR;
		}
		if (n == 0)
			break;
	}
	if (c->in.len > 0) {
		c->line++;
		bad_line(c, "cut: it has no newline");
	}
	if (c->bad == 0)
		return EX_OK;
	log_warn("%llu of %llu lines are no event lines",
	    (unsigned long long)c->bad, (unsigned long long)c->line);
	return EX_DATAERR;
}

/* --fields: cut at commas and blanks. */
static void
choose_columns(struct convert *c, const char *fields)
{
	char *copy, **names = NULL, *word, *rest;
	size_t n = 0;

	if (fields == NULL) {
		c->columns = columns_new(NULL, 0, c->records, false);
		return;
	}
	rest = copy = xstrdup(fields);
	while ((word = strsep(&rest, ", ")) != NULL) {
		if (*word == '\0')
			continue;
		names = xreallocarray(names, n + 1, sizeof(names[0]));
		names[n++] = word;
	}
	c->columns = columns_new((const char *const *)names, n, c->records,
	    false);
	free(names);
	free(copy);
}

int
acct_convert(const struct options *o)
{
	struct convert c = { .in = BUF_INIT(0), .out = BUF_INIT(0) };
	struct err err = { 0 };
	const char *unknown;
	int status;

	c.records = records_parse(o->records != NULL ? o->records :
						       ALL_RECORDS, &err);
	if (c.records == 0)
		return cli_usage(ACCT_SYNOPSIS, "--%s", err.msg);
	choose_columns(&c, o->fields);
	unknown = columns_unknown(c.columns, 0);
	if (unknown != NULL || (o->fields != NULL && o->fields[0] == '\0'))
		status = cli_usage(ACCT_SYNOPSIS, "--fields: there is no "
		    "column %s (vmta-acct(5) lists them)",
		    unknown != NULL ? unknown : "without a name");
	else
		status = convert_all(&c);
	columns_free(c.columns);
	buf_clear(&c.in);
	buf_clear(&c.out);
	return status;
}

int
acct_columns(const struct options *o)
{
	static const char *const cols[] = { "column", "meaning" };
	struct table *t = table_new(stdout, cols, 2, o->cli.format,
	    o->cli.header);
	const char *row[2];

	for (size_t i = 0; columns_describe(i, &row[0], &row[1]); i++)
		table_row(t, row);
	table_end(t);
	return EX_OK;
}
