/* SPDX-License-Identifier: ISC */
/*
 * Journals, read (P3, P4, P11): the write-ahead log of outcomes, one file a
 * sender process, and the only source of accounting.
 */
#ifndef VMTA_SPOOL_JOURNAL_H
#define VMTA_SPOOL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "record/event.h"
#include "spool/spool.h"
#include "spool/state.h"

enum { JOURNAL_LINE_MAX = EVENT_LINE_MAX + 256 };

/* The numbers of all journals in the spool, ascending.  Ownership: *out is the
 * caller's to free.  Returns 0 or -1. */
int journal_list(struct spool *s, uint64_t **out, size_t *n, struct err *err);

struct journal_reader;

/* Returns: 0; 1 when there is none of that number; -1 (ERR_IO, ERR_INPUT: header). */
int journal_open(struct spool *s, uint64_t number, struct journal_reader **out,
    struct err *err);
void journal_close(struct journal_reader *r);
uint64_t journal_number(const struct journal_reader *r);
/* Where the first line stands: what a new checkpoint begins with. */
off_t journal_start(const struct journal_reader *r);

struct journal_line {
	off_t at, next;		/* where it begins, and the line after it */
	char locator[NAME_LOCATOR + 1];
	char id[NAME_ID + 1];
	char image[STATE_LINE];	/* the state line after it, newline included */
	char *event;		/* event fields joined by tabs, NUL-terminated, in the
				 * reader's memory until the next call; NULL: none */
	size_t event_len;
};

/*
 * The next whole line at or after *pos; *pos moves past it.  Bad lines of a dead
 * journal are skipped and counted; in a live one they are not complete yet.
 * Returns: 1; 0 at the end so far (*pos stays where reading goes on); -1.
 */
int journal_next(struct journal_reader *r, off_t *pos, struct journal_line *out,
    struct err *err);
uint64_t journal_bad(const struct journal_reader *r);

/* Make what was read durable: before rows are written from it (P11).  0 or -1. */
int journal_sync(struct journal_reader *r, struct err *err);
/*
 * Where this journal ends because another carries on from there (P11), 0 if none
 * does; as known when it was opened or last synced.  Pure.
 */
off_t journal_stop(const struct journal_reader *r);

/* Does a process still write it?  1, 0 or -1. */
int journal_is_live(struct journal_reader *r);

/*
 * Remove journals that are closed and applied, whose outcomes are durable in the
 * segments (syncfs), and that every reader has passed.  keys: the checkpoints
 * that must have passed (spool/checkpoint.h); one that doesn't exist holds all.
 * Returns 0 or -1.
 */
int journal_reap(struct spool *s, const char *const *keys, size_t n,
    struct err *err);

#endif
