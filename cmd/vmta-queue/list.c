/* SPDX-License-Identifier: ISC */
/* list: the records of the spool, a row each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "queue.h"
#include "synopsis.h"

enum {
	OPT_DOMAIN = CLI_OPT_OWN,
	OPT_JOB,
	OPT_RCPT,
	OPT_SENDER,
	OPT_STATE,
	OPT_VMTA
};

static const char *const columns[] = { "id", "locator", "state", "due",
	"attempts", "priority", "size", "queue", "sender", "rcpt", "job" };
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct listing {
	const struct cli *cli;
	struct selector sel;
	bool all;		/* final ones too */
	int64_t limit;		/* rows left; 0: no limit */
	struct table *table;
	uint64_t damaged;
};

/* A record of which only the place is sure. */
static void
put_damaged(struct listing *l, const char *locator, const char *why)
{
	const char *row[N_COLUMNS] = { "-", locator, "damaged", "-", "-", "-",
		"-", "-", "-", "-", "-" };

	l->damaged++;
	log_warn("%s: %s", locator, why);
	table_row(l->table, row);
}

static void
put_record(struct listing *l, const struct scan_record *r,
    const struct envelope *e, const char *locator)
{
	number attempts, priority, size;
	char due[32];
	const char *row[N_COLUMNS] = { e->id, locator, state_word(r),
		put_time(due, r->state.due, l->cli),
		put_number(attempts, r->state.attempts),
		put_number(priority, r->state.priority),
		put_number(size, e->size), r->queue_name, e->sender,
		e->rcpt, e->job };

	table_row(l->table, row);
}

static int
see(void *arg, const struct scan_record *r)
{
	struct listing *l = arg;
	struct err err = { 0 };
	struct envelope e;
	char locator[NAME_LOCATOR + 1];

	if (!selector_scan(&l->sel, r))
		return 0;
	snprintf(locator, sizeof(locator), "%.*s.%u", NAME_SEGMENT,
	    segment_id(r->seg), r->index);
	if (r->damaged) {
		put_damaged(l, locator, "the state line is damaged");
	} else if (segment_envelope(r->seg, r->index, &e, &err) != 0) {
		put_damaged(l, locator, err.msg);
	} else {
		bool wanted = selector_envelope(&l->sel, &e);

		if (wanted)
			put_record(l, r, &e, locator);
		free(e.line);
		if (!wanted)
			return 0;
	}
	if (ferror(stdout))
		return 1;
	return l->limit > 0 && --l->limit == 0;
}

static int
print(struct session *s, struct listing *l)
{
	const char *state = l->sel.state;
	struct err err = { 0 };
	unsigned flags = 0;
	int rc;

	if (l->all || (state != NULL && (state[0] == 'b' || state[0] == 'r' ||
					    strcmp(state, "delivered") == 0)))
		flags = SCAN_FINAL;
	session_pack(s);
	l->table = table_new(stdout, columns, N_COLUMNS, l->cli->format,
	    l->cli->header);
	rc = spool_scan(s->spool, s->conf, flags, see, l, &err);
	table_end(l->table);
	if (rc < 0)
		return log_err(&err);
	return l->damaged > 0 ? EX_DATAERR : EX_OK;
}

/* Returns: 0, or an exit status. */
static int
own_option(struct listing *l, int opt)
{
	switch (opt) {
	case 'a':
		l->all = true;
		break;
	case 'l':
		if (num_parse(optarg, 1, INT64_MAX, &l->limit) != 0)
			return cli_usage(USAGE_LIST,
			    "-l %s: not a number of rows", optarg);
		break;
	case OPT_DOMAIN:
		l->sel.domain = optarg;
		break;
	case OPT_JOB:
		l->sel.job = optarg;
		break;
	case OPT_RCPT:
		l->sel.rcpt = optarg;
		break;
	case OPT_SENDER:
		l->sel.sender = optarg;
		break;
	case OPT_STATE:
		if (!state_is_word(optarg))
			return cli_usage(USAGE_LIST,
			    "--state %s: no such state", optarg);
		l->sel.state = optarg;
		break;
	case OPT_VMTA:
		l->sel.vmta = optarg;
		break;
	default:
		break;
	}
	return 0;
}

int
cmd_list(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "all", no_argument, NULL, 'a' },
		{ "limit", required_argument, NULL, 'l' },
		{ "domain", required_argument, NULL, OPT_DOMAIN },
		{ "job", required_argument, NULL, OPT_JOB },
		{ "rcpt", required_argument, NULL, OPT_RCPT },
		{ "sender", required_argument, NULL, OPT_SENDER },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "vmta", required_argument, NULL, OPT_VMTA }, { 0 } };
	struct listing l = { .cli = cli };
	struct session s;
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT "al:", longopts,
		    NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_LIST, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			if ((status = own_option(&l, opt)) != 0)
				return status;
			break;
		}
	l.sel.n = argc - optind;
	status = patterns_parse(argv + optind, l.sel.n, &l.sel.patterns);
	if (status != 0)
		return status;
	status = session_open(&s, cli, OPEN_LOOK);
	if (status == 0) {
		status = print(&s, &l);
		session_close(&s);
	}
	patterns_free(l.sel.patterns, l.sel.n);
	return status;
}
