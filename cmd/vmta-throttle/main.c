/* SPDX-License-Identifier: ISC */
/* vmta-throttle(1): may this message leave now, and through which source. */
#include <string.h>
#include <sysexits.h>

#include "base/num.h"
#include "throttle.h"

enum { OPT_FOR = CLI_OPT_OWN };

static const struct option longopts[] = {
	CLI_LONG,
	{ "for", required_argument, NULL, OPT_FOR },
	{ 0 },
};

static const struct cli_cmd cmds[] = {
	{ "show", cmd_show, SYNOPSIS_SHOW },
};

/* "65s", "2m30s", "500ms". */
static int
parse_for(const char *text, int64_t *out_ms)
{
	size_t n = strlen(text);
	uint64_t ms;
	int64_t s;

	if (n > 2 && strcmp(text + n - 2, "ms") == 0) {
		if (num_parse_n(text, n - 2, &ms) < 0 || ms > INT64_MAX / 4)
			return -1;
		*out_ms = (int64_t)ms;
		return 0;
	}
	if (span_parse(text, &s) < 0)
		return -1;
	*out_ms = s < INT64_MAX / 4000 ? s * 1000 : INT64_MAX / 4;
	return 0;
}

static int
run_command(struct cli *cli, int argc, char **argv, int64_t for_ms)
{
	if (for_ms != FOR_BATCH)
		return cli_usage(SYNOPSIS, "%s: takes no --for", argv[0]);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (strcmp(argv[0], cmds[i].name) == 0) {
			optind = 0;	/* glibc: start over, scan anew */
			return cmds[i].run(cli, argc, argv);
		}
	return cli_usage(SYNOPSIS, "%s: no such command", argv[0]);
}

int
main(int argc, char **argv)
{
	int64_t for_ms = FOR_BATCH;
	struct cli cli;
	int opt, status;

	cli_init(&cli, "vmta-throttle");
	while ((opt = getopt_long(argc, argv, "+" CLI_SHORT, longopts, NULL)) !=
	    -1) {
		if (opt == OPT_FOR) {
			if (parse_for(optarg, &for_ms) < 0)
				return cli_usage(SYNOPSIS,
				    "--for %s: it is a span of time, as 65s",
				    optarg);
		} else if (cli_option(&cli, opt, SYNOPSIS, &status) !=
		    CLI_DONE) {
			return cli_end(status);
		}
	}
	argc -= optind;
	argv += optind;
	return cli_end(argc > 0 ? run_command(&cli, argc, argv, for_ms) :
				  cmd_filter(&cli, for_ms));
}
