/* SPDX-License-Identifier: ISC */
/* The command line: one row of the table an option. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "sink.h"

const char sink_synopsis[] =
    "[-Hhq] [-l ADDRESS:PORT]... [-o FILE] [OPTION]... [-- COMMAND [ARG]...]";

enum {
	DRIP_MS_DEFAULT = 1000,
	SHARE_WHOLE = 10000,
};

enum {
	OPT_ANY_ADDRESS = CLI_OPT_OWN,
	OPT_BANNER,
	OPT_CLOSE,
	OPT_COUNT_FILE,
	OPT_DELAY,
	OPT_DRIP,
	OPT_EVENTS,
	OPT_EVERY,
	OPT_FIRST,
	OPT_HANG,
	OPT_HEADER,
	OPT_HELO_ONLY,
	OPT_MAX_CONN,
	OPT_MAX_MSG,
	OPT_MAX_RCPT,
	OPT_MAX_SIZE,
	OPT_MULTILINE,
	OPT_NAME,
	OPT_NO_8BITMIME,
	OPT_NO_ENHANCED,
	OPT_NO_PIPELINING,
	OPT_NO_SIZE,
	OPT_RAW,
	OPT_REPEAT,
	OPT_REPLY,
	OPT_SHA256,
	OPT_SHARE,
};

static const struct option longopts[] = {
	{ "any-address", no_argument, NULL, OPT_ANY_ADDRESS },
	{ "banner", required_argument, NULL, OPT_BANNER },
	{ "close", required_argument, NULL, OPT_CLOSE },
	{ "column-names", no_argument, NULL, 'H' },
	{ "count-file", required_argument, NULL, OPT_COUNT_FILE },
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ "drip", optional_argument, NULL, OPT_DRIP },
	{ "events", no_argument, NULL, OPT_EVENTS },
	{ "every", required_argument, NULL, OPT_EVERY },
	{ "first", required_argument, NULL, OPT_FIRST },
	{ "hang", required_argument, NULL, OPT_HANG },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "helo-only", no_argument, NULL, OPT_HELO_ONLY },
	{ "help", no_argument, NULL, 'h' },
	{ "listen", required_argument, NULL, 'l' },
	{ "max-conn", required_argument, NULL, OPT_MAX_CONN },
	{ "max-msg-per-conn", required_argument, NULL, OPT_MAX_MSG },
	{ "max-rcpt", required_argument, NULL, OPT_MAX_RCPT },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "multiline", required_argument, NULL, OPT_MULTILINE },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "no-8bitmime", no_argument, NULL, OPT_NO_8BITMIME },
	{ "no-enhanced", no_argument, NULL, OPT_NO_ENHANCED },
	{ "no-pipelining", no_argument, NULL, OPT_NO_PIPELINING },
	{ "no-size", no_argument, NULL, OPT_NO_SIZE },
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "reply", required_argument, NULL, OPT_REPLY },
	{ "sha256", no_argument, NULL, OPT_SHA256 },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "version", no_argument, NULL, CLI_OPT_VERSION },
	{ 0 },
};

/* What stands before the next rule, and how many rules there are to use it. */
struct pending {
	struct server_limit limit;
	bool set;
};

static const struct {
	int opt;
	const char *name;
	enum server_action action;
} rule_opts[] = {
	{ OPT_CLOSE, "close", SERVER_CLOSE },
	{ OPT_DELAY, "delay", SERVER_DELAY },
	{ OPT_HANG, "hang", SERVER_HANG },
	{ OPT_RAW, "raw", SERVER_RAW },
	{ OPT_REPLY, "reply", SERVER_REPLY },
};

/* Extensions that an option switches off. */
static const struct {
	int opt;
	unsigned flag;
} off_opts[] = {
	{ OPT_HELO_ONLY, SESSION_EHLO },
	{ OPT_NO_8BITMIME, SESSION_8BITMIME },
	{ OPT_NO_ENHANCED, SESSION_ENHANCED },
	{ OPT_NO_PIPELINING, SESSION_PIPELINING },
	{ OPT_NO_SIZE, SESSION_SIZE },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
bad_value(const char *name, const char *value, const char *want)
{
	return cli_usage(sink_synopsis, "--%s %s: %s", name, value, want);
}

/* A number from 1 on, or from 0.  Returns 0, or 64. */
static int
number(const char *name, int64_t min, int64_t max, int64_t *out)
{
	if (num_parse(optarg, min, max, out) == 0)
		return 0;
	return bad_value(name, optarg, "not a number that makes sense here");
}

/* P% with up to two decimals, in ten thousandths. */
static int
share(int64_t *out)
{
	char text[16];
	size_t n = strlen(optarg), dot;
	int64_t whole, part = 0;

	if (n > 0 && optarg[n - 1] == '%')
		n--;
	if (n == 0 || n >= sizeof(text))
		return bad_value("share", optarg, "it is a percentage");
	memcpy(text, optarg, n);
	text[n] = '\0';
	dot = strcspn(text, ".");
	if (text[dot] == '.') {
		size_t digits = strlen(text + dot + 1);

		if (digits < 1 || digits > 2 ||
		    num_parse(text + dot + 1, 0, 99, &part) != 0)
			return bad_value(
			    "share", optarg, "it has at most two decimals");
		part *= digits == 1 ? 10 : 1;
		text[dot] = '\0';
	}
	if (num_parse(text, 0, 100, &whole) != 0 || whole * 100 + part < 1 ||
	    whole * 100 + part > SHARE_WHOLE)
		return bad_value(
		    "share", optarg, "it is more than 0% and at most 100%");
	*out = whole * 100 + part;
	return 0;
}

static int
add_rule(struct options *opt, size_t row, struct pending *pending)
{
	struct err err;

	if (server_rules_add(opt->rules, rule_opts[row].action, optarg,
		&pending->limit, &err) != 0)
		return cli_usage(
		    sink_synopsis, "--%s %s", rule_opts[row].name, err.msg);
	*pending = (struct pending){ 0 };
	return 0;
}

static int
take_limit(int c, struct pending *pending)
{
	pending->set = true;
	switch (c) {
	case OPT_FIRST:
		return number("first", 1, INT64_MAX, &pending->limit.first);
	case OPT_REPEAT:
		return number("repeat", 1, INT32_MAX, &pending->limit.repeat);
	case OPT_EVERY:
		return number("every", 1, INT64_MAX, &pending->limit.every);
	default:
		return share(&pending->limit.share);
	}
}

/* Options with a number of their own.  Returns 0 or 64. */
static int
take_number(struct options *opt, int c)
{
	int64_t n = 0;
	int status;

	switch (c) {
	case OPT_DRIP:
		opt->drip_ms = DRIP_MS_DEFAULT;
		return optarg == NULL ?
		    0 :
		    number("drip", 1, 3600 * 1000, &opt->drip_ms);
	case OPT_MAX_CONN:
		return number("max-conn", 1, INT32_MAX, &opt->max_conn);
	case OPT_MAX_MSG:
		return number("max-msg-per-conn", 1, INT32_MAX, &opt->max_msg);
	case OPT_MAX_RCPT:
		status = number("max-rcpt", 1, INT32_MAX, &n);
		opt->session.max_rcpts = (size_t)n;
		return status;
	case OPT_MULTILINE:
		status = number("multiline", 0, 10 * 1000 * 1000, &n);
		opt->session.ehlo_lines = (size_t)n;
		return status;
	default:
		if (size_parse(optarg, &n) != 0 || n < 1)
			return bad_value("max-size", optarg, "not a size");
		opt->session.max_bytes = n == INT64_MAX ? 0 : (uint64_t)n;
		return 0;
	}
}

static int
take_text(struct options *opt, int c)
{
	switch (c) {
	case 'l':
		opt->listen = xreallocarray(
		    opt->listen, opt->listen_n + 1, sizeof(*opt->listen));
		opt->listen[opt->listen_n++] = optarg;
		return 0;
	case 'o':
		opt->output = optarg;
		return 0;
	case OPT_BANNER:
		opt->session.banner = optarg;
		return 0;
	case OPT_COUNT_FILE:
		opt->count_file = optarg;
		return 0;
	case OPT_HEADER:
		if (optarg[0] == '\0' || strpbrk(optarg, ": \t") != NULL)
			return bad_value(
			    "header", optarg, "not the name of a field");
		opt->header = optarg;
		return 0;
	default:
		opt->session.name = optarg;
		return 0;
	}
}

static int
take_flag(struct options *opt, int c)
{
	switch (c) {
	case 'H':
		opt->head_line = true;
		break;
	case 'q':
		opt->quiet = true;
		break;
	case OPT_ANY_ADDRESS:
		opt->any_address = true;
		break;
	case OPT_EVENTS:
		opt->events = true;
		break;
	default:
		opt->sha256 = true;
		break;
	}
	return 0;
}

static int
take(struct options *opt, int c, struct pending *pending)
{
	for (size_t i = 0; i < COUNT(rule_opts); i++)
		if (rule_opts[i].opt == c)
			return add_rule(opt, i, pending);
	for (size_t i = 0; i < COUNT(off_opts); i++)
		if (off_opts[i].opt == c) {
			opt->session.flags &= ~off_opts[i].flag;
			return 0;
		}
	switch (c) {
	case OPT_FIRST:
	case OPT_EVERY:
	case OPT_REPEAT:
	case OPT_SHARE:
		return take_limit(c, pending);
	case OPT_DRIP:
	case OPT_MAX_CONN:
	case OPT_MAX_MSG:
	case OPT_MAX_RCPT:
	case OPT_MAX_SIZE:
	case OPT_MULTILINE:
		return take_number(opt, c);
	case 'l':
	case 'o':
	case OPT_BANNER:
	case OPT_COUNT_FILE:
	case OPT_HEADER:
	case OPT_NAME:
		return take_text(opt, c);
	default:
		return take_flag(opt, c);
	}
}

static void
defaults(struct options *opt)
{
	*opt = (struct options){ .rules = server_rules_new() };
	opt->session.name = "vmta-sink";
	opt->session.flags = SESSION_EHLO | SESSION_PIPELINING | SESSION_SIZE |
	    SESSION_8BITMIME | SESSION_ENHANCED;
}

int
options_read(struct options *opt, int argc, char **argv)
{
	struct pending pending = { 0 };
	struct cli cli;
	int c, status;

	cli_init(&cli, "vmta-sink");
	defaults(opt);
	while (
	    (c = getopt_long(argc, argv, "+Hhl:o:q", longopts, NULL)) != -1) {
		if (c == 'h' || c == '?' || c == CLI_OPT_VERSION) {
			cli_option(&cli, c, sink_synopsis, &status);
			return status;
		}
		status = take(opt, c, &pending);
		if (status != 0)
			return status;
	}
	if (pending.set)
		return cli_usage(sink_synopsis,
		    "--first, --every, --share "
		    "and --repeat stand before the rule that they are for");
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return cli_usage(sink_synopsis, "%s: a command stands after --",
		    argv[optind]);
	if (optind == argc && strcmp(argv[argc - 1], "--") == 0)
		return cli_usage(sink_synopsis, "which command?");
	opt->command = optind < argc ? argv + optind : NULL;
	return -1;
}

void
options_clear(struct options *opt)
{
	server_rules_free(opt->rules);
	free(opt->listen);
}
