/* SPDX-License-Identifier: ISC */
/*
 * Numbers, spans of time, sizes and rates as people write them.  Every number
 * of the toolkit that comes from outside is read here; nothing is read in part:
 * a trailing byte is an error.
 */
#ifndef VMTA_BASE_NUM_H
#define VMTA_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#define SPAN_NEVER INT64_MAX		/* the word "never" */
#define RATE_UNLIMITED INT64_MAX	/* n of the rate "unlimited" */

/* At most n events in any window of unit_ms; n is RATE_UNLIMITED for no limit. */
struct rate {
	int64_t n;
	int64_t unit_ms;
};

/*
 * Read a decimal number in min..max.
 * Returns: 0, or -1 (bad or out of range, *out untouched).  Errors: -1, pure.
 */
int num_parse(const char *s, int64_t min, int64_t max, int64_t *out);

/* As num_parse for exactly n bytes at s, digits only.  Errors: -1, pure. */
int num_parse_n(const char *s, size_t n, uint64_t *out);

/*
 * Read base 36 (0-9 a-z) of exactly n bytes, blanks before the digits allowed.
 * Returns: 0 or -1.  Errors: -1, pure.
 */
int num_parse36_n(const char *s, size_t n, uint64_t *out);

/* Write v in base 36, right-aligned with zeros in n bytes, no NUL.  Pure. */
void num_put36(char *to, size_t n, uint64_t v);

/* Write v in decimal, right-aligned with zeros in n bytes, no NUL.  Pure. */
void num_put10(char *to, size_t n, uint64_t v);

/*
 * Read a span: parts N{w|d|h|m|s} in a row ("4d12h", "300s"), "never", or a bare
 * number of seconds (vmta.conf(5), TIME-INTERVAL).
 * Returns: 0 with seconds in *out_s (SPAN_NEVER for never), or -1.  Pure.
 */
int span_parse(const char *s, int64_t *out_s);

/* Write a span in its shortest form ("4d12h", "0s", "never") into to[32]. Pure. */
void span_format(int64_t s, char to[32]);

/*
 * Read a size: N with an optional b, k, m, g or t (powers of 1024), or
 * "unlimited" (gives INT64_MAX).  Returns: 0 or -1.  Units: bytes.  Pure.
 */
int size_parse(const char *s, int64_t *out_bytes);

/*
 * Read a rate: "unlimited", "0" (the same), or N/[M]U with U one of d, day, h,
 * hr, hour, m, min, minute, s, sec, second, and N, M at least 1.
 * Returns: 0 or -1.  Units: unit_ms.  Pure.
 */
int rate_parse(const char *s, struct rate *out);

/* Write a rate as rate_parse reads it into to[48].  Pure. */
void rate_format(const struct rate *r, char to[48]);

#endif
