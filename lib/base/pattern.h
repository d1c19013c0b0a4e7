/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions as PowerMTA has them: PCRE, found anywhere in a text,
 * upper and lower case the same unless (?-i) says otherwise.
 */
#ifndef VMTA_BASE_PATTERN_H
#define VMTA_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* Why an expression can't be read. */
struct pattern_error {
	size_t off;		/* byte of the expression */
	char why[120];
};

/* Where a text matched. */
struct pattern_hit {
	size_t start, end;	/* bytes */
};

/*
 * Read an expression of n bytes.
 * Returns: the pattern, or NULL with *e.  Ownership: freed by pattern_free.
 */
struct pattern *pattern_new(const char *regex, size_t n,
    struct pattern_error *e);
/* NULL is allowed.  Errors: none. */
void pattern_free(struct pattern *p);
/*
 * Does it match n bytes of text?  *hit may be NULL.  Work is limited, so that an
 * expression that never ends counts as no match.  Errors: none.
 */
bool pattern_match(const struct pattern *p, const char *text, size_t n,
    struct pattern_hit *hit);

#endif
