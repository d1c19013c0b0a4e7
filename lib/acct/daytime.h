/* SPDX-License-Identifier: ISC */
/*
 * Local time of many records, cheaply: a small cache of minutes in front of
 * localtime_r(3).  The zone is the process's (TZ).
 */
#ifndef VMTA_ACCT_DAYTIME_H
#define VMTA_ACCT_DAYTIME_H

#include <stddef.h>
#include <stdint.h>

enum {
	DAYTIME_ISO = 24,	/* bytes of "2026-11-23 12:00:07+0000" */
	DAYTIME_DAY = 10,	/* bytes of "2026-11-23" */
	DAYTIME_SLOTS = 64,
};

struct daytime_slot {
	int64_t minute;		/* since 1970, plus 1: 0 is an empty slot */
	int64_t offset;		/* seconds that local time is ahead of UTC */
	char text[DAYTIME_ISO + 1];
};

/* Starts as { 0 }. */
struct daytime {
	struct daytime_slot slots[DAYTIME_SLOTS];
};

/* Write DAYTIME_ISO bytes and a NUL.  Units: s since 1970.  Errors: none. */
void daytime_iso(struct daytime *d, int64_t s, char to[DAYTIME_ISO + 1]);

/* Write the date, DAYTIME_DAY bytes and a NUL.  Errors: none. */
void daytime_day(struct daytime *d, int64_t s, char to[DAYTIME_DAY + 1]);

/* Returns: seconds that local time is ahead of UTC at s.  Errors: none. */
int64_t daytime_offset(struct daytime *d, int64_t s);

/*
 * Read an event's time, "1764000000.123" or whole seconds.
 * Returns: milliseconds since 1970, or -1 when it is none.  Pure.
 */
int64_t daytime_parse_ms(const char *text);

#endif
