/* SPDX-License-Identifier: ISC */
/*
 * The spool folder: made, recognised, opened (vmta-spool(5)).  Everything below
 * it is read and written in this group alone.
 */
#ifndef VMTA_SPOOL_SPOOL_H
#define VMTA_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "record/names.h"

struct spool;

enum spool_open_flags {
	SPOOL_CREATE = 1 << 0,		/* an empty or missing folder becomes a spool */
	SPOOL_READONLY = 1 << 1,	/* look, change nothing */
};

/*
 * Open a spool.  Checks that the folder is one of ours and of this version, that
 * its file system has working OFD locks; $VMTA_CLOCK is honoured where the
 * spool is marked as a test (a file control/test).
 * Returns: 0, or -1: ERR_CONF (somebody else's folder, a newer version, a file
 * system that can't), ERR_PERM, ERR_NOINPUT, ERR_IO.
 * Ownership: the caller ends it with spool_close.
 */
int spool_open(const char *dir, unsigned flags, struct spool **out,
    struct err *err);
/*
 * Close the journal, remove segments that were finished here, free.  Claims must
 * have been ended before and settlements waited for (claim_wait): what isn't is
 * for recovery, as after a crash.  Errors: none.
 */
void spool_close(struct spool *s);

/* Returns: its folder as it was given.  Ownership: the spool's.  Pure. */
const char *spool_dir(const struct spool *s);
/* The descriptor of the folder itself, for *at calls.  Ownership: the spool's. */
int spool_dirfd(const struct spool *s);
/* Returns: the time source of the spool.  Ownership: the spool's.  Pure. */
const struct clock *spool_clock(const struct spool *s);
/* Returns: is it marked as a test?  Errors: none, pure. */
bool spool_is_test(const struct spool *s);

/* Injection stops below this many free bytes (min-free-space). */
void spool_set_min_free(struct spool *s, int64_t bytes);
/* How long ids of committed batches are remembered (batch-id-memory; 30 days). */
void spool_set_batch_memory(struct spool *s, int64_t seconds);
/* Room for n more bytes above the minimum?  Returns 0, or -1 ERR_TEMP. */
int spool_check_space(const struct spool *s, uint64_t n, struct err *err);

/* A new id: 20 characters of base 36 from time, host and random bits, never used
 * before; sorts by time.  Errors: none. */
void spool_new_id(struct spool *s, char id[NAME_SEGMENT + 1]);

#endif
