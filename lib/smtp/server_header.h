/* SPDX-License-Identifier: ISC */
/* One field of a message's header (RFC 5322 2.2), as a server received it. */
#ifndef VMTA_SMTP_SERVER_HEADER_H
#define VMTA_SMTP_SERVER_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Append the value of the first field of that name (any case) in n bytes of a
 * message, lines ending in CRLF: unfolded, without blanks at its ends.
 * Returns: was there one.  Ownership: to is the caller's.  Errors: none.
 */
bool
server_header_get(const char *text, size_t n, const char *name, struct buf *to);

#endif
