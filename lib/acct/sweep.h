/* SPDX-License-Identifier: ISC */
/*
 * From the journals into the targets, each outcome once (P11).
 *
 * The order that nothing may break: journal synced as far as it was read, rows
 * written, file synced, checkpoint written, checkpoint synced, journal removed.
 */
#ifndef VMTA_ACCT_SWEEP_H
#define VMTA_ACCT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acct/target.h"

struct sweep {
	struct spool *spool;
	struct target **targets;	/* the caller's */
	size_t n_targets;
	struct checkpoint finished;	/* ends of dead journals */
	size_t batch_bytes;		/* read between commits */
	int64_t retry_ms;		/* until a failed target is retried */
	uint64_t bad;			/* lines that could not be read */
	struct err skipped;		/* why a journal was left out */
	/* of the run that is under way */
	size_t read_bytes;
	bool last;
};

/* Set up with the ordinary sizes.  Ownership: targets stay the caller's. */
void sweep_init(struct sweep *w, struct spool *s, struct target **targets,
    size_t n);
void sweep_clear(struct sweep *w);

/*
 * Give every target that is or gets ready all that it hasn't had.  last: commit
 * the lazy ones too.  A target that fails is left out, its err says why.
 * Returns: 0, or -1 (ERR_IO, ERR_INPUT): a journal can't be read or synced;
 * nothing that came from it was written.
 */
int sweep_run(struct sweep *w, bool last, struct err *err);

/* Remove journals that all these targets have passed and that are done with in
 * every way (journal_reap).  Returns 0 or -1. */
int sweep_reap(struct sweep *w, struct err *err);

#endif
