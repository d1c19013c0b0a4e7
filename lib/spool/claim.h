/* SPDX-License-Identifier: ISC */
/*
 * Claims and settlements (P2, P3): who sends a record, and what came of it.
 *
 * The order that nothing may break: journal line written, fdatasync returned,
 * state line, unlock, event line.
 */
#ifndef VMTA_SPOOL_CLAIM_H
#define VMTA_SPOOL_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/event.h"
#include "spool/segment.h"

struct claim;

enum claim_result {
	CLAIM_OK,
	CLAIM_DROP,	/* stale, done, held, not due, somebody else's: drop the line */
	CLAIM_LATER,	/* a dead sender's journal is being replayed: try again soon */
	CLAIM_ERROR,	/* err: the record is damaged (ERR_INPUT), or I/O */
};

/*
 * Claim the record of a job line.  The state line must be Q (or an orphaned S)
 * and of version ver: then its due time is the one that ready saw.  The first
 * claim of a process runs recovery and makes its journal.
 * Ownership of *out: ended by exactly one of claim_release and claim_settle.
 */
enum claim_result claim_take(struct spool *s, const char *locator, uint32_t ver,
    struct claim **out, struct err *err);

/* As claim_take for operators' commands: any of the letters in which ("QH"),
 * due or not. */
enum claim_result claim_take_any(struct spool *s, const char *locator,
    const char *which, struct claim **out, struct err *err);

/* The record's segment and index.  Ownership: the claim's.  Errors: none, pure. */
struct segment *claim_segment(const struct claim *c);
/* Returns: its index in the segment.  Errors: none, pure. */
uint32_t claim_index(const struct claim *c);
/* The state line as it was before the claim (letter S for an orphan). */
const struct state *claim_state(const struct claim *c);
/* The owner before died without a word: the message may have been delivered. */
bool claim_in_doubt(const struct claim *c);
/* The envelope, read once and kept.  NULL with err when it is damaged. */
const struct envelope *claim_envelope(struct claim *c, struct err *err);
/* Room for the program's own pointer. */
void **claim_user(struct claim *c);

/* Give it back as it was: no attempt was made.  Returns 0 or -1 (errno, EIO). */
int claim_release(struct claim *c, struct err *err);

struct settlement {
	enum state_letter letter;	/* Q again, or final, or H */
	int64_t due;			/* with Q: when it is tried again */
	bool attempt;			/* count it */
	uint32_t vmta;			/* row of control/vmtas; UINT32_MAX: as it was */
	uint32_t priority;		/* UINT32_MAX: as it was */
	uint32_t code;
	const struct event *event;	/* NULL: no accounting record (hold, release) */
};

/*
 * Record an outcome.  The journal line goes into the buffer that claim_flush
 * writes; the claim is the spool's from here on.
 * Returns: 0, or -1: the journal can't be written: no more claims, exit 74.
 */
int claim_settle(struct claim *c, const struct settlement *o, struct err *err);

/*
 * Called when an outcome is on disk and the state line written: line is the event
 * line (with newline, at most EVENT_LINE_MAX) or NULL where there is none.
 */
typedef void claim_done_fn(void *arg, const char *line, size_t len);
void claim_on_done(struct spool *s, claim_done_fn *fn, void *arg);

/*
 * Once a turn of the event loop: write the buffered journal lines and let the
 * syncing thread go on.  Returns: 0, or -1 as claim_settle.
 */
int claim_flush(struct spool *s, struct err *err);
/* Readable when claim_synced has something to do; the same for the spool's life.
 * Ownership: the spool's.  Returns: -1 when there is no descriptor to be had. */
int claim_sync_fd(struct spool *s);
/* Apply what is on disk now: state lines, unlocks, event lines.  Returns 0 or -1. */
int claim_synced(struct spool *s, struct err *err);
/* Flush, and wait until all that was settled is applied.  Returns 0 or -1. */
int claim_wait(struct spool *s, struct err *err);
/* Outcomes settled and not yet applied. */
size_t claim_unsynced(const struct spool *s);

#endif
