/* SPDX-License-Identifier: ISC */
/* How far accounting is behind, told without a lock. */
#ifndef VMTA_ACCT_BEHIND_H
#define VMTA_ACCT_BEHIND_H

#include <stdint.h>

#include "base/err.h"
#include "spool/spool.h"

struct acct_behind {
	uint64_t waiting;	/* outcomes past the checkpoint */
	char *file;		/* that it writes now, NULL: none */
};

/*
 * Look at one target by its key (spool/checkpoint.h).
 * Returns: 0 or -1 (ERR_IO, ERR_INPUT).  Ownership: acct_behind_clear.
 */
int acct_behind(struct spool *s, const char *key, struct acct_behind *out,
    struct err *err);
void acct_behind_clear(struct acct_behind *b);

#endif
