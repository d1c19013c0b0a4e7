/* SPDX-License-Identifier: ISC */
/* Records that are looked at as text: TXT, PTR and TLSA. */
#ifndef VMTA_DNS_RDATA_H
#define VMTA_DNS_RDATA_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append the data of a record of a type (RFC 1035, RFC 6698) as text: the
 * strings of a TXT without anything between them, the name of a PTR in lower
 * case without its final dot, a TLSA as "3 1 1 HEX".  Control bytes become '?'.
 * Returns: 0 or -1 (damaged, or another type).  Errors: -1, pure.
 */
int wire_text(int type, const void *rdata, size_t n, struct buf *out);

#endif
