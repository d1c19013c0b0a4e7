/* SPDX-License-Identifier: ISC */
/* What the commands of vmta-throttle share. */
#ifndef VMTA_CMD_THROTTLE_H
#define VMTA_CMD_THROTTLE_H

#include <stdint.h>

#include "base/cli.h"
#include "conf/conf.h"
#include "spool/spool.h"

/* The synopses, as in vmta-throttle(1); -h prints them. */
#define SYNOPSIS_SHOW "[-H] [SCOPE ...]"
#define SYNOPSIS                       \
	"[-Hnq] [--for SPAN]\n"        \
	"       vmta-throttle show " SYNOPSIS_SHOW

/* --for was not given: batch. */
#define FOR_BATCH (-1)

/* An open spool and its running configuration. */
struct session {
	struct spool *spool;
	struct conf *conf;
};

/* Returns: 0, or an exit status; what is wrong has been said. */
int session_open(struct session *s, const struct cli *cli);
void session_close(struct session *s);

/* The filter; for_ms: FOR_BATCH, or how long lines may wait for room. */
int cmd_filter(struct cli *cli, int64_t for_ms);
int cmd_show(struct cli *cli, int argc, char **argv);

#endif
