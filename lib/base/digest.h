/* SPDX-License-Identifier: ISC */
/* Message digests; the one file outside TLS and DKIM that knows OpenSSL. */
#ifndef VMTA_BASE_DIGEST_H
#define VMTA_BASE_DIGEST_H

#include <stddef.h>

struct digest;

/* Start a SHA-256.  Ownership: the caller ends it with digest_end.  Errors: exits 75. */
struct digest *digest_sha256(void);
/* Add bytes.  Errors: none. */
void digest_add(struct digest *d, const void *data, size_t n);
/* Finish: 64 hex digits and a NUL into hex; d is freed.  Errors: none. */
void digest_end(struct digest *d, char hex[65]);

#endif
