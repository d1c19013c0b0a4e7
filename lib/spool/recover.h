/* SPDX-License-Identifier: ISC */
/* Recovery: replay what dead senders left (P4). */
#ifndef VMTA_SPOOL_RECOVER_H
#define VMTA_SPOOL_RECOVER_H

#include <stdint.h>

#include "spool/spool.h"

/*
 * Replay every journal that nobody holds and that isn't closed by this boot.
 * Runs by itself before the first claim; harmless at any time.
 * Returns: 0, or -1 (ERR_IO, ERR_TEMP).
 */
int spool_recover(struct spool *s, struct err *err);

#endif
