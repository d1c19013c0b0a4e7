/* SPDX-License-Identifier: ISC */
/*
 * The addresses of a header field such as To: (RFC 5322 3.4): names, comments,
 * quoted strings and groups are read over, what remains are addresses.
 */
#ifndef VMTA_MAIL_ADDRLIST_H
#define VMTA_MAIL_ADDRLIST_H

#include <stddef.h>

#include "mail/address.h"

/*
 * Called for each element: a is the address, or NULL where the element is none
 * and why says so; text is the element as it was understood (cut if long).
 * Returns: 0 to go on, anything else ends the walk.
 */
typedef int addrlist_fn(void *arg, const struct address *a, const char *why,
    const char *text);

/*
 * Walk the value of a field, folded or not.  Comments may nest 32 deep.
 * Returns: 0, or what fn returned.  Errors: through fn.
 */
int addrlist_walk(const char *s, size_t n, addrlist_fn *fn, void *arg);

#endif
