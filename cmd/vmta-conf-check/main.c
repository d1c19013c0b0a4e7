/* SPDX-License-Identifier: ISC */
/* vmta-conf-check(1): options and dispatch. */
#include <sysexits.h>

#include "base/cli.h"
#include "cmds.h"

enum mode { CHECK, ACTIVATE, EFFECTIVE, DIRECTIVES };

enum { OPT_ACTIVATE = CLI_OPT_OWN, OPT_EFFECTIVE, OPT_DIRECTIVES };

static const struct option longopts[] = {
	CLI_LONG,
	{ "activate", no_argument, NULL, OPT_ACTIVATE },
	{ "effective", required_argument, NULL, OPT_EFFECTIVE },
	{ "directives", no_argument, NULL, OPT_DIRECTIVES },
	{ 0 },
};

static int
run(struct cli *cli, enum mode mode, const char *queue, char **args)
{
	switch (mode) {
	case ACTIVATE:
		return cmd_activate(cli);
	case EFFECTIVE:
		return cmd_effective(cli, queue);
	case DIRECTIVES:
		return cmd_directives(cli, args[0]);
	case CHECK:
		break;
	}
	return cmd_check(cli);
}

int
main(int argc, char **argv)
{
	enum mode mode = CHECK;
	const char *queue = NULL;
	struct cli cli;
	int opt, status;

	cli_init(&cli, "vmta-conf-check");
	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) !=
	    -1) {
		if (opt >= CLI_OPT_OWN && mode != CHECK)
			return cli_usage(SYNOPSIS,
			    "--activate, --directives and --effective exclude "
			    "each other");
		if (opt == OPT_ACTIVATE) {
			mode = ACTIVATE;
		} else if (opt == OPT_DIRECTIVES) {
			mode = DIRECTIVES;
		} else if (opt == OPT_EFFECTIVE) {
			mode = EFFECTIVE;
			queue = optarg;
		} else if (cli_option(&cli, opt, SYNOPSIS, &status) !=
		    CLI_DONE) {
			return cli_end(status);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc > 1)
		return cli_usage(SYNOPSIS, "%s: only one file can be checked",
		    argv[1]);
	if (argc == 1 && mode != DIRECTIVES) {
		cli.conf = argv[0];
		cli.conf_given = true;
	}
	return cli_end(run(&cli, mode, queue, argv));
}
