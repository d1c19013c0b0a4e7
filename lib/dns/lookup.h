/* SPDX-License-Identifier: ISC */
/*
 * Many questions at once, for code that asks as if it got its answers at once:
 * run it, wait for what was pending, run it again until nothing is.
 */
#ifndef VMTA_DNS_LOOKUP_H
#define VMTA_DNS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/resolve.h"

struct lookup;

/* As resolver_new; each question is given up after limit_ms.
 * Ownership: ended by lookup_free. */
int lookup_new(const char *const *servers, size_t n, int64_t limit_ms,
    struct lookup **out, struct err *err);
void lookup_free(struct lookup *l);

/*
 * Returns: the answer, or NULL while it is pending.  Ownership: l's, until
 * lookup_free.  Errors: in the answer.
 */
const struct dns_answer *lookup_ask(struct lookup *l, const char *name,
    enum dns_type type);

/* Wait until no question is pending.  Returns: false if none was.  Errors: none. */
bool lookup_wait(struct lookup *l);

/* The name to ask for the PTR of an address, or for it in a DNSBL (zone): its
 * parts in reverse before the zone.  Errors: none, pure. */
void lookup_reverse(const struct dns_address *a, const char *zone,
    char to[DNS_NAME + 1]);

#endif
