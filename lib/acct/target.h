/* SPDX-License-Identifier: ISC */
/*
 * What outcomes are written to: an <acct-file> (acct/file.h) or the counters
 * (acct/counters.h).  Each target has a key, a lock, and a checkpoint that says
 * how far it has come in every journal (P11), so that none holds up another.
 *
 * A target is WAITING (another process writes it), READY, or FAILED (its disk
 * is full, its folder is gone); what it was given and did not commit is then
 * forgotten and read again from the journals.
 */
#ifndef VMTA_ACCT_TARGET_H
#define VMTA_ACCT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "record/event.h"
#include "spool/checkpoint.h"

struct target;

struct target_ops {
	/*
	 * The checkpoint was read: make the files agree with it, by cutting
	 * what goes beyond it.  Returns 0 or -1.
	 */
	int (*restore)(struct target *t, struct err *err);
	/*
	 * Take an event in.  Returns: 0; 1: commit what was taken before, then
	 * give this one again.
	 */
	int (*add)(struct target *t, const struct event *e);
	/* Make what was taken durable, name the files in t->cp.  0 or -1. */
	int (*write)(struct target *t, struct err *err);
	/* Forget what was taken, close files.  Errors: none. */
	void (*reset)(struct target *t);
	void (*free)(struct target *t);
};

enum target_state { TARGET_WAITING, TARGET_READY, TARGET_FAILED };

struct target {
	const struct target_ops *ops;
	struct spool *spool;
	char key[CHECKPOINT_KEY];
	enum target_state state;
	int lock;			/* descriptor, -1: none */
	struct checkpoint cp;		/* what is on disk */
	struct checkpoint ahead;	/* positions of what was taken since */
	int64_t now;			/* wall time of this sweep, seconds */
	int64_t lazy_ms;		/* commit no more often than this */
	int64_t committed_ms;		/* boot time of the last commit */
	int64_t failed_ms;		/* boot time of the failure */
	uint64_t taken;			/* records since the last commit */
	uint64_t written;		/* records committed by this process */
	bool crowded;			/* lazy or not, it wants a commit */
	struct err err;			/* of the failure */
	bool told;			/* the user knows of it */
};

/* Set up the common part.  Ownership: t is the caller's.  Errors: none. */
void target_init(struct target *t, const struct target_ops *ops,
    struct spool *s, const char *key);
/* Give up the lock, free t by its ops.  What was not committed stays in the
 * journals.  Errors: none. */
void target_free(struct target *t);

/*
 * WAITING or FAILED: take the lock, read the checkpoint, restore.
 * Returns: the new state; with TARGET_FAILED, t->err says why.
 */
enum target_state target_open(struct target *t);

/* Where a journal goes on for t, or -1 when it was never read.  Pure. */
off_t target_position(const struct target *t, uint64_t journal);
/* All before pos in a journal was given to t.  Errors: none. */
void target_advance(struct target *t, uint64_t journal, off_t pos);

/*
 * Write what was taken, then the checkpoint.  The journals must be durable as
 * far as they were read (P11).
 * Returns: 0, or -1: t is FAILED, and again where its checkpoint is.
 */
int target_commit(struct target *t);

/* Forget what was taken since the last commit; the lock goes too. */
void target_fail(struct target *t, const struct err *why);

#endif
