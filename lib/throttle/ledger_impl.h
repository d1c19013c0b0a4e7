/* SPDX-License-Identifier: ISC */
/*
 * The ledger's file, for ledger.c, ledger_file.c and ledger_move.c alone.
 *
 * Lines of 1,280 bytes, 160 words of 8.  The first is the header; budget i is
 * line i + 1 of the file.  Lines past the header's count are blank.  A scope's
 * rings form a list: its first line is the root, which is what the index knows;
 * each W_NEXT leads to the next, and the root's W_CURRENT names the one whose N
 * and U hold.  All of a scope's rings are counted, the current one is debited:
 * so a change of U forgets nothing, and grants given before it go on standing
 * where they stand.
 */
#ifndef VMTA_THROTTLE_LEDGER_IMPL_H
#define VMTA_THROTTLE_LEDGER_IMPL_H

#include "throttle/ledger.h"
#include "throttle/ring.h"
#include "throttle/word.h"

#define LEDGER_MAGIC "vmta-ledger    \t"
enum { LEDGER_VERSION = 1, LINE_WORDS = 160, LINE_BYTES = LINE_WORDS * 8 };

/* Words of the header.  Two-word numbers are 15 characters and a tab. */
enum {
	H_MAGIC = 0,		/* 2 words */
	H_VERSION = 2,
	H_LINE = 3,		/* bytes of a line */
	H_BOOT = 4,		/* 5 words: the boot, or clock, that base is for */
	H_BASE = 9,		/* 2 words: ledger time - CLOCK_BOOTTIME, ms */
	H_LINES = 11,		/* budgets */
	H_SERIAL_HIGH = 12,	/* base 36, both: the last grant's serial */
	H_SERIAL = 13,
	H_LAST = 14,		/* base 36: ledger time in s of the latest change */
	H_SYNCED = 15,		/* base 36: the same of the latest fdatasync */
	H_EPOCH = 16,		/* grows when a line is new or a limit changed */
	H_NEWEST = 17,		/* newest stamp of all */
	H_RUNS = 32,		/* 128 words: starts of source rotations */
	H_RUNS_END = LINE_WORDS
};
enum { BOOT_BYTES = (H_BASE - H_BOOT) * 8 - 1, RUNS = H_RUNS_END - H_RUNS };

/* Words of a budget. */
enum {
	W_SCOPE = 0,		/* 15 words */
	W_KIND = 15,		/* "window " */
	W_N = 16,		/* 2 words; N_UNLIMITED */
	W_UNIT = 18,		/* 2 words: U in ms, never changes */
	W_STAMP = 20,
	W_HEAD = 21,		/* base 36 */
	W_FREE_MS = 22,		/* base 36 */
	W_FREE_US = 23,
	W_LATE_US = 24,		/* base 36 */
	W_ROOT = 25,		/* line of the scope's root */
	W_NEXT = 26,		/* line + 1 of its next ring, 0: none */
	W_CURRENT = 27,		/* of a root: line of the ring that holds */
	W_SLOT = 28
};
enum { SCOPE_BYTES = W_KIND * 8 - 1 };	/* longest name as stored */
#define N_UNLIMITED INT64_C(999999999999999)

/*
 * What one turn (one hold of the lock) knows about a budget.  Grants are counted
 * here and put into the ring when the turn ends, which is before anyone sees one:
 * pending of them, all under the stamp pending_at.
 */
struct turn_budget {
	uint64_t turn;		/* valid where it is the ledger's */
	uint32_t current;	/* line of the ring that holds; knows the rest */
	int64_t n, unit_ms, used;
	int64_t retry;		/* when the ring has room, 0: not known yet */
	int64_t pending, pending_at;
	struct pace pace;	/* loaded where every is not 0 */
	int64_t given;		/* in bursts by this process since its last sync */
	uint32_t syncs;		/* which that was */
	bool touched;		/* stands in the ledger's list */
};

/*
 * P8, power loss: the disk may lack the last two seconds.  A budget may give by
 * its pace what fits in 2.5 s (two seconds at 1.25 N/U); who gives more than a
 * fifth of that at once, without a pace, syncs before the grants are seen.  After
 * a reboot each budget is charged with those 2.5 s.
 */
enum { LOST_MS = 2500, UNSYNCED_MS = LOST_MS / 5 };

struct ledger {
	int fd;
	bool writable;
	struct clock clock;
	char boot[BOOT_BYTES + 1];
	char *path;
	unsigned char *map;
	size_t mapped;		/* bytes */
	int64_t base;
	bool locked, paced, dirty, must_sync;
	int64_t now;		/* while locked */
	uint64_t serial;	/* while locked and dirty */
	uint64_t turn;
	uint32_t syncs;
	uint32_t stamp;		/* the newest that this process brought */
	struct turn_budget *seen;	/* by line */
	size_t n_seen;
	uint32_t *touched;	/* lines with something to write */
	size_t n_touched, cap_touched;
	struct ledger_slot {
		uint32_t hash, line;	/* line + 1 of a root, 0: free */
	} *index;
	size_t index_cap, index_count;
	uint32_t indexed;	/* lines looked at so far */
};

/* Word w of the header, or of a budget. */
static inline uint64_t *
header_word(const struct ledger *l, unsigned w)
{
	return (uint64_t *)(void *)(l->map + (size_t)w * 8);
}

static inline uint64_t *
line_word(const struct ledger *l, uint32_t line, unsigned w)
{
	return (uint64_t *)(void *)(l->map +
	    ((size_t)line + 1) * LINE_BYTES + (size_t)w * 8);
}

static inline struct ring
line_ring(const struct ledger *l, uint32_t line, int64_t unit_ms)
{
	return (struct ring){ .head = line_word(l, line, W_HEAD),
		.slot = line_word(l, line, W_SLOT),
		.width_ms = ring_width(unit_ms) };
}

static inline struct pace_words
line_pace(const struct ledger *l, uint32_t line)
{
	return (struct pace_words){ .ms = line_word(l, line, W_FREE_MS),
		.us = line_word(l, line, W_FREE_US),
		.late = line_word(l, line, W_LATE_US) };
}

/* A number of two words, 15 digits, the first of which may be a minus sign;
 * INT64_MIN: damaged. */
int64_t wide_get(const uint64_t *p);
/* Put one so that what a kill leaves is at most the larger of old and new. */
void wide_put(uint64_t *p, int64_t v);

/* Lines that the header counts; 0 where it is damaged.  Errors: none. */
uint32_t ledger_lines(const struct ledger *l);
/* U of a line; -1: there is no such line, or it is damaged. */
int64_t line_unit(const struct ledger *l, uint32_t line);
/* The line of W_ROOT or W_CURRENT; -1: damaged. */
int64_t line_link(const struct ledger *l, uint32_t line, unsigned w);
/* The next ring of the same scope; -1: none. */
int64_t line_next(const struct ledger *l, uint32_t line);

/* ledger_turn.c */
enum pace_mode { PACE_NONE, PACE_BURST, PACE_EVEN };
/* ledger_room and ledger_grant with the pace as an argument. */
int64_t ledger_ask(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace, uint32_t *which);
void ledger_give(struct ledger *l, const uint32_t *lines, unsigned n,
    enum pace_mode pace, struct grant *g);
/* Write what the turn holds back, and forget what it knows. */
void ledger_end_turn(struct ledger *l);

/* ledger_attach.c: open or make, map, check, and give it this boot's time. */
int ledger_attach(struct ledger *l, const char *spool, unsigned flags,
    struct err *err);

/* A line under construction. */
struct draft {
	char text[LINE_BYTES];
};
void draft_blank(struct draft *d);
void draft_zero(struct draft *d, unsigned from, unsigned to);
/* Over words from..to-1: the text, blanks, and a tab at the end. */
void draft_text(struct draft *d, unsigned from, unsigned to, const char *text);
void draft_number(struct draft *d, unsigned w, int64_t v);
void draft_wide(struct draft *d, unsigned w, int64_t v);

/* ledger_file.c */
/* Returns: -1 with the text that says so; line -1 is the header. */
int ledger_damaged(const struct ledger *l, int64_t line, const char *what,
    struct err *err);
/* Can all counters of a scope be read?  Returns 0 or -1. */
int ledger_check_rings(const struct ledger *l, uint32_t root, struct err *err);
/* See what others have appended.  Returns 0 or -1 (errno). */
int ledger_remap(struct ledger *l);
/* Look at lines not yet in the index.  Returns 0 or -1 (damaged). */
int ledger_reindex(struct ledger *l, struct err *err);
/* The root of a stored scope name, or -1. */
int64_t ledger_find(const struct ledger *l, const char *scope);
/* Append a ring and count it.  root -1: it is its own.  Returns its line or -1. */
int64_t ledger_append(struct ledger *l, const char *scope, int64_t unit_ms,
    int64_t root, struct err *err);
/* The name under which a scope is stored. */
void ledger_scope(const char *scope, char out[SCOPE_BYTES + 1]);

#endif
