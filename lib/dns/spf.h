/* SPDX-License-Identifier: ISC */
/* May an address send mail of a domain?  RFC 7208. */
#ifndef VMTA_DNS_SPF_H
#define VMTA_DNS_SPF_H

#include "dns/lookup.h"

enum spf_result {
	SPF_PENDING,	/* ask again after lookup_wait */
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

enum { SPF_WHY = 200 };

/*
 * Evaluate the record of domain for an address.  why gets the term that decided,
 * or what is wrong with the record.  Macros but %{d} and %{i} are not expanded:
 * a term that has others does not match.
 * Returns: see enum spf_result.  Errors: in it.
 */
enum spf_result spf_check(struct lookup *l, const char *domain,
    const struct dns_address *ip, char why[SPF_WHY]);

/* "pass", "softfail" ...  Static, pure. */
const char *spf_result_name(enum spf_result r);

#endif
