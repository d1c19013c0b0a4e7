/* SPDX-License-Identifier: ISC */
/* vmta-conf-check(1): options and dispatch. */
#include <string.h>
#include <sysexits.h>

#include "cmds.h"
#include "conf/codes.h"

enum mode {
	CHECK,
	ACTIVATE,
	EFFECTIVE,
	DIRECTIVES,
	PRINT,
	DIFF,
	PATTERNS,
	MATCH,
	DNS,
};

enum {
	OPT_MODE = CLI_OPT_OWN,	/* OPT_MODE + a mode */
	OPT_WERROR = CLI_OPT_OWN + 100,
	OPT_DISABLE,
	OPT_ROOT,
	OPT_FROM,
	OPT_DNSBL,
};

static const struct option longopts[] = {
	CLI_LONG,
	{ "activate", no_argument, NULL, OPT_MODE + ACTIVATE },
	{ "effective", required_argument, NULL, OPT_MODE + EFFECTIVE },
	{ "directives", no_argument, NULL, OPT_MODE + DIRECTIVES },
	{ "print", no_argument, NULL, OPT_MODE + PRINT },
	{ "diff", required_argument, NULL, OPT_MODE + DIFF },
	{ "patterns", optional_argument, NULL, OPT_MODE + PATTERNS },
	{ "match", required_argument, NULL, OPT_MODE + MATCH },
	{ "dns", no_argument, NULL, OPT_MODE + DNS },
	{ "werror", no_argument, NULL, OPT_WERROR },
	{ "disable", required_argument, NULL, OPT_DISABLE },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "dnsbl", required_argument, NULL, OPT_DNSBL },
	{ 0 },
};

static int
run(const struct options *o, enum mode mode, char **args)
{
	switch (mode) {
	case ACTIVATE:
		return cmd_activate(o);
	case EFFECTIVE:
		return cmd_effective(o);
	case DIRECTIVES:
		return cmd_directives(o, args[0]);
	case PRINT:
		return cmd_print(o);
	case DIFF:
		return cmd_diff(o);
	case PATTERNS:
		return cmd_patterns(o);
	case MATCH:
		return cmd_match(o);
	case DNS:
		return cmd_dns(o);
	case CHECK:
		break;
	}
	return cmd_check(o);
}

/* Take "a,b" apart, in place.  Returns: 0 or -1 (too many). */
static int
add_words(struct words *to, char *list)
{
	char *rest = NULL;

	for (char *w = strtok_r(list, ",", &rest); w != NULL;
	    w = strtok_r(NULL, ",", &rest)) {
		if (to->n == WORDS_MAX)
			return -1;
		to->w[to->n++] = w;
	}
	return 0;
}

static int
add_disabled(struct words *to, char *list)
{
	size_t before = to->n;

	if (add_words(to, list) < 0)
		return cli_usage(SYNOPSIS, "--disable: too many words");
	for (size_t i = before; i < to->n; i++)
		if (!conf_code_known(to->w[i]))
			return cli_usage(SYNOPSIS,
			    "--disable %s: there is no such code or class",
			    to->w[i]);
	return EX_OK;
}

/* An option of a mode's own. */
static void
take_mode(struct options *o, enum mode mode)
{
	if (mode == EFFECTIVE)
		o->queue = optarg;
	else if (mode == DIFF)
		o->old = optarg;
	else if (mode == PATTERNS)
		o->replies = optarg;
	else if (mode == MATCH)
		o->reply = optarg;
}

/* Formats that only findings have. */
static bool
take_format(struct options *o, int opt)
{
	if (opt != CLI_OPT_FORMAT)
		return false;
	if (strcmp(optarg, "github") == 0)
		o->output = OUTPUT_GITHUB;
	else if (strcmp(optarg, "sarif") == 0)
		o->output = OUTPUT_SARIF;
	else
		return false;
	return true;
}

/* An option that all modes take.  Returns: false to end with *status. */
static bool
take_option(struct options *o, int opt, int *status)
{
	*status = EX_OK;
	switch (opt) {
	case OPT_WERROR:
		o->werror = true;
		return true;
	case OPT_ROOT:
		o->root = optarg;
		return true;
	case OPT_DISABLE:
		*status = add_disabled(&o->disabled, optarg);
		return *status == EX_OK;
	case OPT_FROM:
	case OPT_DNSBL:
		if (add_words(opt == OPT_FROM ? &o->from : &o->dnsbl, optarg) ==
		    0)
			return true;
		*status = cli_usage(SYNOPSIS, "too many names");
		return false;
	default:
		return take_format(o, opt) ||
		    cli_option(&o->cli, opt, SYNOPSIS, status) == CLI_DONE;
	}
}

int
main(int argc, char **argv)
{
	enum mode mode = CHECK;
	struct options o = { .output = OUTPUT_ROWS };
	int opt, status;

	cli_init(&o.cli, "vmta-conf-check");
	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) !=
	    -1) {
		if (opt >= OPT_MODE && opt < OPT_WERROR) {
			if (mode != CHECK)
				return cli_usage(SYNOPSIS,
				    "only one of --activate, --diff, "
				    "--directives, --dns, --effective, "
				    "--match, --patterns, --print");
			mode = (enum mode)(opt - OPT_MODE);
			take_mode(&o, mode);
		} else if (!take_option(&o, opt, &status)) {
			return cli_end(status);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc > 1)
		return cli_usage(SYNOPSIS, "%s: only one file can be checked",
		    argv[1]);
	if (argc == 1 && mode != DIRECTIVES) {
		o.cli.conf = argv[0];
		o.cli.conf_given = true;
	}
	return cli_end(run(&o, mode, argv));
}
