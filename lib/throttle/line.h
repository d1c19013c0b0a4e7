/* SPDX-License-Identifier: ISC */
/* Job lines as the throttle reads them: where their columns stand, nothing is
 * copied.  record/job.h says what is in them. */
#ifndef VMTA_THROTTLE_LINE_H
#define VMTA_THROTTLE_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "record/job.h"

struct job_line {
	const char *text;
	uint32_t len;			/* without the newline */
	uint16_t at[JOB_FIELDS + 1];	/* column i is at[i] .. at[i + 1] - 2 */
	uint8_t priority;
};

/*
 * Find the columns of a line of len bytes (no newline in it).
 * Returns: NULL, or what is wrong with it.  Ownership: out points into text.
 */
const char *line_cut(const char *text, size_t len, struct job_line *out);

/* Column i and its length.  Pure. */
static inline const char *
line_field(const struct job_line *l, enum job_field i, size_t *len)
{
	*len = (size_t)(l->at[i + 1] - l->at[i]) - 1;
	return l->text + l->at[i];
}

/* Is column i this word?  Pure. */
static inline int
line_is(const struct job_line *l, enum job_field i, const char *word)
{
	size_t n, w = strlen(word);
	const char *s = line_field(l, i, &n);

	return n == w && memcmp(s, word, n) == 0;
}

#endif
