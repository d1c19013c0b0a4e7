/* SPDX-License-Identifier: ISC */
#ifndef VMTA_DNS_PREFLIGHT_IMPL_H
#define VMTA_DNS_PREFLIGHT_IMPL_H

#include <stdbool.h>

#include "base/map.h"
#include "dns/preflight.h"

/* One run over all checks; rows are only told in the last one. */
struct run {
	const struct preflight *p;
	bool pending;		/* some answer is missing still */
	bool tell;
	size_t bad;
	struct map seen;	/* what was checked: "CHECK SUBJECT" */
	const char **from;	/* domains of senders */
	size_t n_from;
};

/* The answer, or NULL while it is pending. */
const struct dns_answer *run_ask(struct run *r, const char *name,
    enum dns_type type);

/* Tell of one check, in the last run only.  Errors: none. */
void run_row(struct run *r, const struct preflight_row *row);

/* Is it the first time that a check is made of a subject?  Errors: none. */
bool run_first(struct run *r, const char *check, const char *subject);

/* preflight_domain.c: all about one domain of senders. */
void run_domain(struct run *r, const char *domain);
/* The record of a DKIM key. */
void run_key(struct run *r, const char *selector, const char *domain,
    const char *path);

#endif
