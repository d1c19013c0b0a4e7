/* SPDX-License-Identifier: ISC */
/* Moments as people write them: --since, --until, --at, --day (vmta(7), TIMES). */
#ifndef VMTA_BASE_WHEN_H
#define VMTA_BASE_WHEN_H

#include <stdint.h>

/*
 * Read a moment:
 *
 *	now today yesterday tomorrow	midnight at its start, but for now
 *	this-month last-month		midnight at its first day's start
 *	2h  1d12h			so long ago
 *	+2h				so long from now
 *	2026-11-23			midnight at its start
 *	2026-11-23T14:05[:06[.789]]	or with a blank for the T; a zone may follow:
 *					Z, +01:00, +0100, +01; else local time
 *	@1764000000			seconds since 1970
 *
 * Local time is that of TZ.  now: seconds since 1970.
 * Returns: 0, or -1: none of these (*out untouched).  Units: seconds since 1970.
 * Errors: -1, pure but for TZ.
 */
int when_parse(const char *text, int64_t now, int64_t *out);

#endif
