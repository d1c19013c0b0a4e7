/* SPDX-License-Identifier: ISC */
/* show: summaries of the spool.  Each table is in a file of its own. */
#include <string.h>
#include <sysexits.h>

#include "queue.h"
#include "synopsis.h"

static int
show(struct cli *cli, const char *what, char **argv, int n)
{
	struct session s;
	char **patterns;
	int status = patterns_parse(argv, n, &patterns);

	if (status != 0)
		return status;
	status = session_open(&s, cli, OPEN_LOOK);
	if (status == 0) {
		if (what[0] != 'p')
			session_pack(&s);
		if (strcmp(what, "queues") == 0)
			status = show_queues(&s, cli, patterns, n);
		else if (strcmp(what, "vmtas") == 0)
			status = show_vmtas(&s, cli);
		else if (strcmp(what, "status") == 0)
			status = show_status(&s, cli);
		else
			status = show_pauses(&s, cli);
		session_close(&s);
	}
	patterns_free(patterns, n);
	return status;
}

int
cmd_show(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG, { 0 } };
	static const char *const words[] = { "pauses", "queues", "status",
		"vmtas" };
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		if (cli_option(cli, opt, USAGE_SHOW, &status) == CLI_EXIT)
			return status;
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return cli_usage(USAGE_SHOW, "show what?");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(argv[0], words[i]) != 0)
			continue;
		if (argc > 1 && strcmp(argv[0], "queues") != 0)
			return cli_usage(USAGE_SHOW, "%s: not expected",
			    argv[1]);
		return show(cli, words[i], argv + 1, argc - 1);
	}
	return cli_usage(USAGE_SHOW, "show %s: there is no such table",
	    argv[0]);
}
