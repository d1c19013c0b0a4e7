/* SPDX-License-Identifier: ISC */
/* The synopses of the subcommands, as in vmta-queue(1); -h prints them. */
#ifndef VMTA_CMD_QUEUE_SYNOPSIS_H
#define VMTA_CMD_QUEUE_SYNOPSIS_H

#define SYNOPSIS_ACCEPT_CLOCK "[-n]"
#define SYNOPSIS_ADD                                              \
	"[-nqt] [-f SENDER] [--vmta NAME] [--job JOB] [--envid ID] " \
	"[--priority N] [--batch-id ID] [RECIPIENT ...]\n"           \
	"       vmta-queue add --bsmtp [-nq] [--all-or-nothing] "    \
	"[--vmta NAME] [--job JOB] [--envid ID] [--priority N] "     \
	"[--batch-id ID]"
#define SYNOPSIS_CAT "[-H] [--envelope] ID ..."
#define SYNOPSIS_LIST                                           \
	"[-aH] [-l N] [--state STATE] [--domain NAME] "         \
	"[--vmta NAME] [--job JOB] [--sender ADDRESS] "         \
	"[--rcpt ADDRESS] [QUEUE ...]"
#define SYNOPSIS_PAUSE "[-nq] [--reason TEXT] [--until TIME] QUEUE ..."
#define SYNOPSIS_READY "[-Hq] [-l N] [--job JOB] [QUEUE ...]"
#define SYNOPSIS_RESUME "[-Hnq] --all | QUEUE ..."
#define SYNOPSIS_SHOW "[-H] pauses | queues [QUEUE ...] | status | vmtas"

/* With the name before it, as a subcommand says it itself. */
#define USAGE_ACCEPT_CLOCK "accept-clock " SYNOPSIS_ACCEPT_CLOCK
#define USAGE_ADD "add " SYNOPSIS_ADD
#define USAGE_CAT "cat " SYNOPSIS_CAT
#define USAGE_LIST "list " SYNOPSIS_LIST
#define USAGE_PAUSE "pause " SYNOPSIS_PAUSE
#define USAGE_READY "ready " SYNOPSIS_READY
#define USAGE_RESUME "resume " SYNOPSIS_RESUME
#define USAGE_SHOW "show " SYNOPSIS_SHOW

#endif
