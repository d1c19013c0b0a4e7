/* SPDX-License-Identifier: ISC */
/* accept-clock: the clock is right after its jump; records may expire again. */
#include <sysexits.h>

#include "base/log.h"
#include "queue.h"
#include "spool/control.h"
#include "synopsis.h"

int
cmd_accept_clock(struct cli *cli, int argc, char **argv)
{
	static const struct option longopts[] = { CLI_LONG, { 0 } };
	struct err err = { 0 };
	struct session s;
	int opt, status;

	while ((opt = getopt_long(argc, argv, CLI_SHORT, longopts, NULL)) != -1)
		if (cli_option(cli, opt, USAGE_ACCEPT_CLOCK, &status) ==
		    CLI_EXIT)
			return status;
	if (optind != argc)
		return cli_usage(USAGE_ACCEPT_CLOCK, "%s: not expected",
		    argv[optind]);
	status = session_open(&s, cli, OPEN_CHANGE);
	if (status != 0)
		return status;
	if (!cli->dry_run && clock_accept(s.spool, &err) != 0)
		status = log_err(&err);
	else
		log_note("%s", cli->dry_run ?
			"would take the clock for right" :
			"the clock counts as right from now on");
	session_close(&s);
	return status;
}
