/* SPDX-License-Identifier: ISC */
/*
 * The ledger: budgets that all processes on a spool share (PROTOCOL P8, P9;
 * vmta-throttle(1), THE LEDGER).  One mapped text file, throttle/ledger; a budget
 * is a ring of counters; every grant stands in its rings under a stamp r, which is
 * at no time earlier than any moment at which the receiver can have counted the
 * message.
 *
 *   granted   r = now + L, its expiry;  L = the least of min(U/2, 60 s) of its rings
 *   started   r = now + H, H = the least of min(U, 60 s); renewed every H/4
 *   replied or connection lost          r = now
 *   not used                            taken out
 *   owner killed                        stays: under-uses
 *
 * Time is ledger time: CLOCK_BOOTTIME on a stored base, in milliseconds, never
 * less than before, across boots too.
 */
#ifndef VMTA_THROTTLE_LEDGER_H
#define VMTA_THROTTLE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "record/grant.h"

struct ledger;

enum ledger_open_flags {
	LEDGER_READ = 1 << 0,		/* to look only: no lock, no change */
	LEDGER_REHEARSE = 1 << 1,	/* on a copy in memory: nothing is recorded */
};

/*
 * Open the ledger of a spool, made if there is none.
 * Returns: 0 or -1 (ERR_INPUT damaged or of another version; ERR_NOINPUT, with
 * LEDGER_READ, there is none; ERR_IO, ERR_TEMP, ERR_PERM).
 * Ownership: the caller ends it with ledger_close.  clock is copied.
 */
int ledger_open(const char *spool, const struct clock *clock,
    struct ledger **out, struct err *err);
/* As ledger_open; boot names the boot that the clock belongs to, NULL: this one. */
int ledger_open_flags(const char *spool, const struct clock *clock,
    unsigned flags, const char *boot, struct ledger **out, struct err *err);
/* Gives the lock back if it is held.  Errors: none. */
void ledger_close(struct ledger *l);

/* Now, in ledger milliseconds.  Errors: none. */
int64_t ledger_now(const struct ledger *l);

/*
 * Take and give back the ledger's lock: for one batch of lines or one turn of the
 * event loop; no I/O in between.  All that happens under one lock happens at one
 * moment, the one at which it was taken.  Returns: 0 or -1 (errno).
 */
int ledger_lock(struct ledger *l);
void ledger_unlock(struct ledger *l);
/*
 * After ledger_unlock, by everyone who changes something: is it a second since the
 * ledger went to disk?  True says so to one of those who ask; that one calls
 * ledger_sync.  Errors: none.
 */
bool ledger_sync_due(struct ledger *l);
/*
 * fdatasync(2) of the ledger.  The only function here that waits for the disk, and
 * the only one that may be called from another thread.
 * Returns: 0 or -1 (errno; what is in memory holds all the same).
 */
int ledger_sync(struct ledger *l);

/*
 * Spend budgets evenly (on at first): ledger_room then holds back what the law
 * would allow but a steady pace would not (throttle/ring.h, struct pace).  Off:
 * the window law alone, for a program that can't wait.  Errors: none.
 */
void ledger_set_paced(struct ledger *l, bool paced);

/*
 * The budget of a scope, made if there is none.  scope: "queue:gmail.com/v1",
 * "vmta:v1", "source:198.51.100.25:gmail.com/v1", "connect:...": what is limited,
 * as a name that all processes agree on.  The newest stamp (serial of the
 * configuration) sets N and U; other rings of the scope go on being counted.
 * A rate that is unlimited makes no budget, but an older limit of the scope is
 * lifted, and a newer one holds.
 * Under the lock.  Returns: the line number; LEDGER_NONE where nothing limits; -1:
 * ERR_TEMP no room on the disk, ERR_INPUT damaged, ERR_IO.
 */
#define LEDGER_NONE INT64_MAX
int64_t ledger_budget(struct ledger *l, const char *scope,
    const struct rate *rate, uint32_t stamp, struct err *err);

/* Another value than before: a newer configuration than this process's has set
 * limits, ask ledger_budget again for what is kept.  Line numbers stay good all
 * the time.  Errors: none. */
uint32_t ledger_epoch(const struct ledger *l);

/*
 * Is there room for one more in all n lines?  Under the lock.
 * Returns: 0 yes; else the ledger time at which it is worth asking again (earlier
 * where others give grants back or are answered: ask once a second too).
 */
int64_t ledger_room(struct ledger *l, const uint32_t *lines, unsigned n);
/* As ledger_room; *which is the line that has to be waited for. */
int64_t ledger_room_which(struct ledger *l, const uint32_t *lines, unsigned n,
    uint32_t *which);

/* Debit all lines and fill g->expiry_ms, g->serial, g->line, g->n.  Under the lock,
 * after ledger_room said 0.  n 0: nothing is debited, it expires in 60 s. */
void ledger_grant(struct ledger *l, const uint32_t *lines, unsigned n,
    struct grant *g);

/*
 * The sender's side; all under the lock.  *r is the stamp under which the grant
 * stands now (at first g->expiry_ms) and is updated.
 */
/* About to be sent: only while ledger_now() < *r.  Returns 0, or -1: expired. */
int ledger_start(struct ledger *l, const struct grant *g, int64_t *r);
/* Still under way: keeps r ahead of now.  Call every ledger_renew_ms(). */
void ledger_renew(struct ledger *l, const struct grant *g, int64_t *r);
/* Answered, or the connection was lost: r = now. */
void ledger_reply(struct ledger *l, const struct grant *g, int64_t *r);
/* Never used: taken out (once: a repeated credit of one serial is the caller's bug). */
void ledger_credit(struct ledger *l, const struct grant *g, int64_t *r);
/* An expired grant that has room again gets a new one. Returns 0, or -1: no room;
 * it then stands as before. */
int ledger_regrant(struct ledger *l, struct grant *g, int64_t *r);
/*
 * H/4 of the grant, milliseconds; INT64_MAX where nothing limits.  At least twice as
 * long r is ahead of a write, if renewals come in time: TCP_USER_TIMEOUT is to be no
 * more than that, as the kernel goes on delivering for a process that was killed or
 * stopped.
 */
int64_t ledger_renew_ms(const struct ledger *l, const struct grant *g);

/*
 * The start of the rotation over the sources of a queue, kept for the next run:
 * a number that ledger_runs_add moves on.  Under the lock (add).  Errors: none.
 */
uint32_t ledger_runs(const struct ledger *l, const char *queue);
void ledger_runs_add(struct ledger *l, const char *queue, uint32_t n);

/* For "show": one row a budget. */
struct ledger_row {
	char scope[400];
	int64_t n, unit_ms;
	int64_t used;		/* counted in the window that ends now */
	int64_t left;
	int64_t next_ms;	/* 0: now, else ledger time of the next free moment */
	uint32_t stamp;
};
/* Read row i.  Returns: 1; 2 where line i is no row of its own (an older ring of
 * its scope, or a limit that was lifted); 0 past the last.  Takes no lock. */
int ledger_row(struct ledger *l, uint32_t i, struct ledger_row *out);

#endif
