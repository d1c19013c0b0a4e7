/* SPDX-License-Identifier: ISC */
/*
 * Time, as an argument.  A struct clock is the system's, or, for rehearsals on a
 * spool that is marked as a test, a file that holds seconds since the epoch
 * (VMTA_CLOCK, vmta(7)): then both clocks below tell that file's time.
 */
#ifndef VMTA_BASE_CLOCK_H
#define VMTA_BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"

struct clock {
	int fd;		/* -1: the system's clock */
};

#define CLOCK_SYSTEM { .fd = -1 }

/*
 * Take the time from a file from now on.
 * Returns: 0, or -1: ERR_NOINPUT (it can't be opened), ERR_INPUT (it holds no
 * time).  Ownership: c->fd is the caller's to close.
 */
int clock_use_file(struct clock *c, const char *path, struct err *err);

/* Milliseconds since 1970-01-01 UTC.  Errors: none (a bad file reads as 0). */
int64_t clock_wall_ms(const struct clock *c);
/* The same in whole seconds.  Errors: none. */
int64_t clock_wall_s(const struct clock *c);
/* CLOCK_BOOTTIME in milliseconds: never steps, counts sleep.  Errors: none. */
int64_t clock_boot_ms(const struct clock *c);

/* "2026-11-23 12:00:07+0000" in the local zone (TZ) into to[32]. Errors: none. */
void clock_format_iso(int64_t wall_s, char to[32]);

#endif
