/* SPDX-License-Identifier: ISC */
/* cat: a message as it is stored, or the envelope of a record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "queue.h"
#include "synopsis.h"

enum {
	OPT_ENVELOPE = CLI_OPT_OWN,
	ID_TIME = 10,	/* digits of an id that are microseconds since 1970 */
	NEAR_S = 60,	/* a record's id and its injection lie this close */
};

/* The record that an operand names, held for the caller. */
struct found {
	struct spool *spool;
	const char *id;		/* sought: the id, or that of the message */
	size_t id_len;
	bool whole;		/* a record's id, not a message's */
	int64_t at;		/* when the id was made, seconds; 0: look at all */
	bool have;
	char locator[NAME_SEGMENT + 1];
	uint32_t index;
	struct err err;
};

/* Does the id in an envelope answer to the operand? */
static bool
is_it(const struct found *f, const char *id)
{
	return strncmp(id, f->id, f->id_len) == 0 &&
	    id[f->id_len] == (f->whole ? '\0' : '.');
}

static int
look(void *arg, const struct scan_record *r)
{
	struct found *f = arg;
	struct envelope e;

	if (f->at != 0 && (f->at < segment_first(r->seg) - NEAR_S ||
			      f->at > segment_last(r->seg) + NEAR_S))
		return 0;
	if (segment_envelope(r->seg, r->index, &e, NULL) != 0)
		return 0;
	f->have = is_it(f, e.id);
	free(e.line);
	if (!f->have)
		return 0;
	snprintf(f->locator, sizeof(f->locator), "%s", segment_id(r->seg));
	f->index = r->index;
	return 1;
}

/* Segments of about the time in the id first, then all.  Returns 0 or -1. */
static int
search(struct session *s, struct found *f)
{
	uint64_t us;

	if (f->id_len < NAME_SEGMENT)
		return 0;
	if (num_parse36_n(f->id, ID_TIME, &us) == 0)
		f->at = (int64_t)(us / 1000000);
	if (spool_scan(s->spool, s->conf, SCAN_FINAL, look, f, &f->err) < 0)
		return -1;
	if (!f->have && f->at != 0) {
		f->at = 0;
		if (spool_scan(s->spool, s->conf, SCAN_FINAL, look, f,
			&f->err) < 0)
			return -1;
	}
	return 0;
}

/* By locator, else by id.  Returns: 0, or an exit status. */
static int
find(struct session *s, const char *operand, struct found *f,
    struct segment **seg)
{
	int rc;

	*f = (struct found){ .spool = s->spool, .id = operand,
		.id_len = strlen(operand),
		.whole = strchr(operand, '.') != NULL };
	if (locator_parse(operand, f->locator, &f->index) == 0) {
		rc = segment_get(s->spool, f->locator, seg, &f->err);
		if (rc < 0)
			return log_err(&f->err);
		if (rc == 0 && f->index < segment_records(*seg))
			return 0;
		if (rc == 0)
			segment_put(*seg);
	}
	if (search(s, f) != 0)
		return log_err(&f->err);
	if (!f->have) {
		log_warn("%s: no such record", operand);
		return EX_NOINPUT;
	}
	rc = segment_get(s->spool, f->locator, seg, &f->err);
	if (rc < 0)
		return log_err(&f->err);
	if (rc > 0) {
		log_warn("%s: gone meanwhile", operand);
		return EX_TEMPFAIL;
	}
	return 0;
}

static int
put_message(struct segment *seg, const struct envelope *e)
{
	struct spool_message m;
	struct err err = { 0 };

	if (segment_message(seg, e->at, &m, &err) != 0)
		return log_err(&err);
	fwrite(m.text, 1, m.len, stdout);
	return EX_OK;
}

static void
put_field(struct table *t, const char *name, const char *value)
{
	const char *row[] = { name, value };

	table_row(t, row);
}

static void
put_state(struct session *s, struct table *t, const struct cli *cli,
    const struct segment *seg, uint32_t i)
{
	struct scan_record r = { .index = i };
	const struct vmta_row *row;
	number n;
	char due[32];

	if (segment_state(seg, i, &r.state) != 0) {
		put_field(t, "state", "damaged");
		return;
	}
	row = vmtas_row(s->spool, r.state.vmta);
	put_field(t, "state", state_word(&r));
	put_field(t, "due", put_time(due, r.state.due, cli));
	put_field(t, "attempts", put_number(n, r.state.attempts));
	put_field(t, "priority", put_number(n, r.state.priority));
	put_field(t, "reply", put_number(n, r.state.code));
	put_field(t, "now-vmta", row != NULL ? row->vmta : "-");
	put_field(t, "last-source", row != NULL ? row->source : "-");
}

static void
put_envelope(struct session *s, const struct cli *cli,
    const struct segment *seg, uint32_t i, const struct envelope *e)
{
	static const char *const names[] = { "field", "value" };
	struct table *t = table_new(stdout, names, 2, cli->format, cli->header);
	char locator[NAME_LOCATOR + 1], queued[32], expire[32];

	snprintf(locator, sizeof(locator), "%.*s.%u", NAME_SEGMENT,
	    segment_id(seg), i);
	put_field(t, "id", e->id);
	put_field(t, "locator", locator);
	put_field(t, "queued", put_time(queued, e->queued, cli));
	put_field(t, "sender", e->sender);
	put_field(t, "rcpt", e->rcpt);
	put_field(t, "orcpt", e->orcpt);
	put_field(t, "vmta", e->vmta);
	put_field(t, "job", e->job);
	put_field(t, "envid", e->envid);
	put_field(t, "notify", e->notify);
	put_field(t, "ret", e->ret);
	put_field(t, "expire", put_time(expire, e->expire, cli));
	put_field(t, "origin", e->origin);
	put_field(t, "origin-mta", e->origin_mta);
	put_state(s, t, cli, seg, i);
	table_end(t);
}

static int
cat(struct session *s, const struct cli *cli, const char *operand,
    bool envelope)
{
	struct segment *seg = NULL;
	struct found f;
	struct envelope e;
	int status = find(s, operand, &f, &seg);

	if (status != 0)
		return status;
	if (segment_envelope(seg, f.index, &e, &f.err) != 0) {
		status = log_err(&f.err);
	} else {
		if (envelope)
			put_envelope(s, cli, seg, f.index, &e);
		else
			status = put_message(seg, &e);
		free(e.line);
	}
	segment_put(seg);
	return status;
}

int
cmd_cat(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "envelope", no_argument, NULL, OPT_ENVELOPE }, { 0 } };
	struct session s;
	bool envelope = false;
	int opt, status, one;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_CAT, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			envelope = true;
			break;
		}
	if (optind == argc)
		return cli_usage(USAGE_CAT, "which record?");
	status = session_open(&s, cli, OPEN_LOOK);
	if (status != 0)
		return status;
	session_pack(&s);
	for (int i = optind; i < argc; i++) {
		one = cat(&s, cli, argv[i], envelope);
		if (status == EX_OK)
			status = one;
	}
	session_close(&s);
	return status;
}
