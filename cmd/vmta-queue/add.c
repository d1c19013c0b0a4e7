/* SPDX-License-Identifier: ISC */
/* add: messages into the spool. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "add.h"
#include "base/log.h"
#include "synopsis.h"

enum {
	OPT_ALL_OR_NOTHING = CLI_OPT_OWN,
	OPT_BATCH_ID,
	OPT_BSMTP,
	OPT_ENVID,
	OPT_JOB,
	OPT_PRIORITY,
	OPT_VMTA,
};

enum { PRIORITY_ORDINARY = 50, PRIORITY_MAX = 100 };

ssize_t
add_read(void *arg, char *to, size_t n)
{
	(void)arg;
	return read(STDIN_FILENO, to, n);
}

const char *
add_fill(const struct add *a, struct message *m, const char *envid,
    struct add_message *out)
{
	const struct add_options *o = a->o;
	const char *why = xfields_take(m, &out->x);

	if (why != NULL)
		return why;
	if (m->len == 0)
		return "the message is empty";
	out->vmta = a->vmta;
	/* what the command line says counts more than what the message says */
	if (o->vmta == NULL && out->x.vmta[0] != '\0') {
		const struct conf_vmta *v = conf_vmta(a->s.conf, out->x.vmta);

		if (v == NULL)
			return "X-Virtual-MTA names no virtual MTA or pool";
		out->vmta = v->name;
	}
	if (envid == NULL && out->x.envid[0] != '\0')
		envid = out->x.envid;
	out->e = (struct inject_envelope){
		.job = o->job != NULL	    ? o->job :
		    out->x.job[0] != '\0' ? out->x.job :
					    NULL,
		.envid = o->envid != NULL ? o->envid : envid,
		.origin = o->stream ? "bsmtp" : "cli",
	};
	out->m = (struct spool_message){
		.text = m->text,
		.len = m->len,
		.header_len = m->header_len,
		.longest = m->longest,
		.flags = (m->dots ? MESSAGE_DOTS : 0) |
		    (m->eightbit ? MESSAGE_8BIT : 0),
	};
	return NULL;
}

/* Values that stand in the envelope: what could not stand there is refused. */
static int
check_value(const char *option, const char *value, size_t max)
{
	if (value == NULL || xfields_is_value(value, max))
		return 0;
	log_warn("%s: the value is 1 to %zu printable ASCII characters", option,
	    max);
	return EX_DATAERR;
}

static int
check_options(const struct add_options *o)
{
	int status;

	if (o->stream && (o->sender != NULL || o->rcpts_from_fields ||
			     o->n_rcpts > 0))
		return cli_usage(USAGE_ADD,
		    "--bsmtp: sender and recipients are in the stream");
	if (!o->stream && o->all_or_nothing)
		return cli_usage(USAGE_ADD,
		    "--all-or-nothing goes with --bsmtp");
	if (!o->stream && !o->rcpts_from_fields && o->n_rcpts == 0)
		return cli_usage(USAGE_ADD,
		    "no recipient (-t takes those of To, Cc and Bcc)");
	status = check_value("--job", o->job, XFIELDS_JOB);
	if (status == 0)
		status = check_value("--envid", o->envid, XFIELDS_ENVID);
	return status;
}

/* Returns: 0, or an exit status. */
static int
own_option(struct add_options *o, int opt)
{
	switch (opt) {
	case 'f':
		o->sender = optarg;
		break;
	case 't':
		o->rcpts_from_fields = true;
		break;
	case OPT_ALL_OR_NOTHING:
		o->all_or_nothing = true;
		break;
	case OPT_BATCH_ID:
		o->batch_id = optarg;
		break;
	case OPT_BSMTP:
		o->stream = true;
		break;
	case OPT_ENVID:
		o->envid = optarg;
		break;
	case OPT_JOB:
		o->job = optarg;
		break;
	case OPT_PRIORITY:
		if (num_parse(optarg, 0, PRIORITY_MAX, &o->priority) != 0)
			return cli_usage(USAGE_ADD,
			    "--priority %s: it is 0 to 100", optarg);
		break;
	case OPT_VMTA:
		o->vmta = optarg;
		break;
	default:
		break;
	}
	return 0;
}

/* The virtual MTA where a message names none. */
static int
choose_vmta(struct add *a)
{
	const char *name = a->o->vmta != NULL ?
	    a->o->vmta : conf_global(a->s.conf)->default_vmta;
	const struct conf_vmta *v = conf_vmta(a->s.conf, name);

	if (v == NULL) {
		log_warn("%s: no such virtual MTA or pool", name);
		return EX_DATAERR;
	}
	a->vmta = v->name;
	return 0;
}

static int
run(struct add *a)
{
	int status = session_open(&a->s, a->cli,
	    a->cli->dry_run ? OPEN_DRY : OPEN_FEED);
	int64_t max;

	if (status != 0)
		return status;
	max = conf_global(a->s.conf)->max_message_size;
	a->max = max > 0 ? (uint64_t)max : INT64_MAX;
	status = choose_vmta(a);
	if (status == 0)
		status = a->o->stream ? add_stream(a) : add_one(a);
	session_close(&a->s);
	return status;
}

int
cmd_add(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG,
		{ "sender", required_argument, NULL, 'f' },
		{ "all-or-nothing", no_argument, NULL, OPT_ALL_OR_NOTHING },
		{ "batch-id", required_argument, NULL, OPT_BATCH_ID },
		{ "bsmtp", no_argument, NULL, OPT_BSMTP },
		{ "envid", required_argument, NULL, OPT_ENVID },
		{ "job", required_argument, NULL, OPT_JOB },
		{ "priority", required_argument, NULL, OPT_PRIORITY },
		{ "vmta", required_argument, NULL, OPT_VMTA }, { 0 } };
	struct add_options o = { .priority = PRIORITY_ORDINARY };
	struct add a = { .cli = cli, .o = &o };
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT "f:t", longopts,
		    NULL)) != -1)
		switch (cli_option(cli, opt, USAGE_ADD, &status)) {
		case CLI_DONE:
			break;
		case CLI_EXIT:
			return status;
		case CLI_OTHER:
			if ((status = own_option(&o, opt)) != 0)
				return status;
			break;
		}
	o.rcpts = argv + optind;
	o.n_rcpts = argc - optind;
	status = check_options(&o);
	return status != 0 ? status : run(&a);
}
