/* SPDX-License-Identifier: ISC */
/*
 * The state line: 64 bytes that say where a record stands (P1, vmta-spool(5)).
 */
#ifndef VMTA_SPOOL_STATE_H
#define VMTA_SPOOL_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum { STATE_LINE = 64, STATE_ALIGN = 4096 };

/* The one definition of the letters. */
enum state_letter {
	STATE_QUEUED = 'Q',
	STATE_SENDING = 'S',
	STATE_HELD = 'H',
	STATE_DELIVERED = 'D',	/* final, as the two below */
	STATE_BOUNCED = 'B',
	STATE_REMOVED = 'X',
};

struct state {
	enum state_letter letter;
	int64_t due;		/* seconds since 1970 */
	uint32_t attempts;	/* at most 999 */
	uint32_t ver;		/* grows at each change, at most 999,999 */
	uint32_t priority;	/* 0..100 */
	uint32_t domain;	/* index into the segment's domains */
	uint32_t vmta;		/* row of control/vmtas */
	uint64_t journal;	/* number of the journal of the last change, 0: none */
	uint32_t code;		/* last reply code, 0: none */
};

/* Write the line, check and newline included.  Errors: none, pure. */
void state_format(const struct state *st, char line[STATE_LINE]);
/* Read a line.  Returns: 0, or -1: torn or damaged.  Pure. */
int state_parse(const char line[STATE_LINE], struct state *st);
/* D, B or X?  Pure. */
bool state_is_final(enum state_letter letter);

#endif
