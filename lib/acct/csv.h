/* SPDX-License-Identifier: ISC */
/*
 * CSV fields (RFC 4180), written fast.  A row is always one line of UTF-8,
 * whatever a remote server replied: a control byte becomes a blank, a byte that
 * is no UTF-8 a question mark.  Rows end in a newline alone, which every reader
 * takes and awk and cut expect (a deviation from RFC 4180, 2.1: vmta-acct(5)).
 */
#ifndef VMTA_ACCT_CSV_H
#define VMTA_ACCT_CSV_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append one field, quoted where it must be.
 * Returns: as buf_add.  Errors: over.
 */
int csv_add(struct buf *b, const char *value, size_t n);

#endif
