/* SPDX-License-Identifier: ISC */
/*
 * The header of a message in canonical form (mail/message.h): its fields, found
 * and taken out (RFC 5322 2.2).  Lines end in CRLF.
 */
#ifndef VMTA_MAIL_HEADER_H
#define VMTA_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One field; everything points into the message. */
struct header_field {
	const char *start;	/* first byte of its first line */
	size_t len;		/* all its lines, the last CRLF too */
	size_t name_len;	/* the name stands at start */
	const char *value;	/* after the colon, folded as written */
	size_t value_len;	/* without the last CRLF */
};

/*
 * How long the header is: the lines that are fields or go on with one, and the
 * empty line that ends them.  A line that is neither ends the header before it.
 * Returns: bytes, 0 when the message doesn't begin with a field.  Pure.
 */
size_t header_length(const char *text, size_t n);

/*
 * Walk the fields of a header of n bytes; *at is 0 at the start.
 * Returns: false at the end.  Errors: none, pure.
 */
bool header_next(const char *text, size_t n, size_t *at,
    struct header_field *out);

/* Is that its name?  Case doesn't matter.  Pure. */
bool header_is(const struct header_field *f, const char *name);

/*
 * Append the value on one line: folds undone (RFC 5322 2.2.3), blanks at both
 * ends cut off.  Returns as buf_add.
 */
int header_unfold(const struct header_field *f, struct buf *to);

/*
 * Take out the fields for which pick says so, once for each field in their order.
 * The rest of the header moves up to the body, in place, so that the body stays
 * where it is.
 * Returns: how many bytes were taken out; the message begins that much later.
 * Ownership: f is valid during the call of pick only.  Errors: none.
 */
typedef bool header_pick_fn(void *arg, const struct header_field *f);
size_t header_remove(char *text, size_t n, header_pick_fn *pick, void *arg);

#endif
