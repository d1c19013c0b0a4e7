/* SPDX-License-Identifier: ISC */
/* vmta-queue(1): what is in the spool, what is due, what is paused. */
#include "queue.h"
#include "synopsis.h"

static const struct cli_cmd cmds[] = {
	{ "accept-clock", cmd_accept_clock, SYNOPSIS_ACCEPT_CLOCK },
	{ "add", cmd_add, SYNOPSIS_ADD },
	{ "cat", cmd_cat, SYNOPSIS_CAT },
	{ "list", cmd_list, SYNOPSIS_LIST },
	{ "pause", cmd_pause, SYNOPSIS_PAUSE },
	{ "ready", cmd_ready, SYNOPSIS_READY },
	{ "resume", cmd_resume, SYNOPSIS_RESUME },
	{ "show", cmd_show, SYNOPSIS_SHOW },
};

int
main(int argc, char **argv)
{
	struct cli cli;

	cli_init(&cli, "vmta-queue");
	return cli_end(cli_dispatch(&cli, cmds, sizeof(cmds) / sizeof(cmds[0]),
	    argc, argv));
}
