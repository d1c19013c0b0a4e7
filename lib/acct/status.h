/* SPDX-License-Identifier: ISC */
/* What an enhanced status code means, in words. */
#ifndef VMTA_ACCT_STATUS_H
#define VMTA_ACCT_STATUS_H

/*
 * The words that accounting files have in parentheses after a code:
 * "5.1.1" gives "bad destination mailbox address", "2.x.x" "success".
 * Returns: NULL when the code is none or says nothing.
 * Ownership: a constant.  Errors: none, pure.
 * Source: RFC 3463 3, RFC 7372, and the registry that RFC 5248 set up.
 */
const char *status_text(const char *code);

#endif
