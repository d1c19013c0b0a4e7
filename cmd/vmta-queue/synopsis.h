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

#endif
