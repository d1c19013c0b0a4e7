/* SPDX-License-Identifier: ISC */
/* xtext: printable text in an ESMTP parameter (RFC 3461 4). */
#ifndef VMTA_MAIL_XTEXT_H
#define VMTA_MAIL_XTEXT_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Decode n bytes of xtext into to[size]; what comes out is printable ASCII
 * (RFC 3461 4.4), NUL-terminated.
 * Returns: 0, or -1: not xtext, not printable, empty or too long.  Pure.
 */
int xtext_decode(const char *s, size_t n, char *to, size_t size);

/* Append s in xtext.  Returns as buf_add.  Errors: as buf_add. */
int xtext_add(struct buf *b, const char *s);

#endif
