/* SPDX-License-Identifier: ISC */
/*
 * Does the DNS say what a configuration needs to send?  PTR and its way back,
 * HELO names, SPF, DKIM, DMARC, MX, MTA-STS, TLSA and lists of bad addresses.
 */
#ifndef VMTA_DNS_PREFLIGHT_H
#define VMTA_DNS_PREFLIGHT_H

#include "conf/conf.h"
#include "dns/lookup.h"

enum preflight_verdict { PREFLIGHT_PASS, PREFLIGHT_WARN, PREFLIGHT_FAIL };

struct preflight_row {
	const char *check;	/* "ptr", "spf" ... */
	const char *subject;	/* an address, a domain */
	enum preflight_verdict verdict;
	const char *why;
	const char *publish;	/* a record in the form of zone files, or NULL */
};

struct preflight {
	struct conf *conf;
	struct lookup *lookup;
	const char *root;	/* keys are below it; NULL */
	const char *const *from;	/* domains of senders */
	size_t n_from;		/* none: those of the domain-keys */
	const char *const *dnsbl;
	size_t n_dnsbl;
	void (*fn)(void *arg, const struct preflight_row *row);
	void *arg;
};

/*
 * Call p->fn for each check, in the order of the configuration; questions are
 * asked at the same time, each within the limit of p->lookup.
 * Returns: how many failed.  Errors: in the rows.
 */
size_t preflight(const struct preflight *p);

#endif
