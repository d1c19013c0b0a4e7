/* SPDX-License-Identifier: ISC */
/*
 * The small text files of control/: numbers of virtual MTAs (P1), pauses, queue
 * state (P14), the generation counter (P16), the clock pair (P12).
 */
#ifndef VMTA_SPOOL_CONTROL_H
#define VMTA_SPOOL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/spool.h"

/* A row of control/vmtas: a virtual MTA or pool, and the source last used. */
struct vmta_row {
	const char *vmta;
	const char *source;	/* "-": none yet */
};

/* The number of a pair, given durably if it is new.  Returns 0 or -1. */
int vmtas_number(struct spool *s, const char *vmta, const char *source,
    uint32_t *out, struct err *err);
/* Row of a number, NULL if nobody gave it.  Ownership: the spool's. */
const struct vmta_row *vmtas_row(struct spool *s, uint32_t number);

/* The counter that grows whenever something in control/ has changed. */
uint64_t control_generation(struct spool *s);

struct pause {
	char *pattern;		/* domain/vmta with *, or $group/vmta */
	int64_t since, until;	/* seconds; until 0: until resumed */
	char *reason;		/* "-" for none */
};

/* All pauses, read again when the generation has changed.  Ownership: the
 * spool's, valid until the next call. */
const struct pause *pauses(struct spool *s, size_t *n, struct err *err);
/* Add or renew one; remove one.  pause_remove returns 1 when there was none. */
int pause_add(struct spool *s, const char *pattern, int64_t until,
    const char *reason, struct err *err);
int pause_remove(struct spool *s, const char *pattern, struct err *err);
/* The first pause in force that acts on the queue: by domain, or by its group
 * ("$name" or NULL).  NULL: none. */
const struct pause *pause_match(struct spool *s, const char *domain,
    const char *group, const char *vmta, int64_t now);

/*
 * Is pattern a queue pattern (domain/vmta, *, $group/vmta, group:name/vmta)?
 * Writes its canonical form to out.  An empty domain is refused with a hint.
 * Returns 0 or -1 (ERR_USAGE).  Pure.
 */
int queue_pattern_parse(const char *pattern, char *out, size_t size,
    struct err *err);
/* Does a canonical pattern match?  group: "$name" or NULL.  Pure. */
bool queue_pattern_match(const char *pattern, const char *domain, const char *group,
    const char *vmta);

enum queue_mode { QUEUE_NORMAL, QUEUE_BACKOFF };

/* A queue in other than the ordinary condition. */
struct queue_state {
	enum queue_mode mode;
	int64_t since;		/* of the mode or the first failure, seconds */
	int64_t not_before;	/* retry-after of the queue; 0: none */
	uint32_t failures;	/* queue-level failures in a row: index of the list */
	char last[256];		/* last reply or reason, "-" */
};

/* State of a queue by name; NULL: ordinary.  Read again when the generation has
 * changed.  Ownership: the spool's, valid until the next call. */
const struct queue_state *queue_state_get(struct spool *s, const char *queue);
/* Write (or with st NULL clear) the state of one queue.  Returns 0 or -1. */
int queue_state_set(struct spool *s, const char *queue,
    const struct queue_state *st, struct err *err);
/* All of them: walk with *at = 0 until NULL. */
const struct queue_state *queue_state_next(struct spool *s, size_t *at,
    const char **queue);

/*
 * May records expire now?  Compares wall and boot clock with the pair kept in
 * control/clock (P12).  Returns: true; false after a jump (reported by log_warn
 * once a process) until clock_accept.
 */
bool clock_is_sane(struct spool *s);
int clock_accept(struct spool *s, struct err *err);

#endif
