/* SPDX-License-Identifier: ISC */
/*
 * Names to mail hosts and addresses, without blocking: the only user of
 * libunbound, which works in a thread of its own (a forked helper would keep the
 * locks of a dead sender, P2).  Answers are kept for their time to live.
 * What a name's answers mean for mail is RFC 5321 5.1 and RFC 7505.
 */
#ifndef VMTA_DNS_RESOLVE_H
#define VMTA_DNS_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "dns/wire.h"

enum {
	DNS_MX_MAX = 20, /* hosts of a domain that are looked at */
	DNS_ADDRESS_MAX = 8, /* addresses of a host, of each family */
	DNS_TEXT_MAX = 32,	/* records of the types that are text */
};

enum dns_outcome {
	DNS_FOUND,
	DNS_NULL_MX, /* the domain says that it takes no mail */
	DNS_NO_NAME, /* no such domain */
	DNS_NO_DATA, /* the name exists, but has nothing of the kind */
	DNS_TEMPORARY, /* try again later: why says what happened */
};

enum dns_type { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR, DNS_TLSA };

struct dns_mx {
	uint16_t preference;
	char host[DNS_NAME + 1];
};

/* The answer to one question.  mx ascends by preference, in no particular order
 * within one; address holds DNS_A or DNS_AAAA answers; text those of the other
 * types as wire_text writes them. */
struct dns_answer {
	enum dns_outcome outcome;
	unsigned n;
	struct dns_mx *mx;
	struct dns_address *address;
	char **text;
	char why[120];
};

struct resolver;
struct dns_query;

/* The answer to a question that dns_ask could not answer at once.
 * Ownership: a is valid until the function returns. */
typedef void dns_fn(void *arg, const struct dns_answer *a);

/*
 * servers: n addresses of name servers, ADDRESS or ADDRESS@PORT; none: those of
 * resolv.conf(5).  clock is borrowed.
 * Returns: 0 or -1 (ERR_CONF: a server is not an address; ERR_TEMP).
 * Ownership: the caller ends it with resolver_free.
 */
int resolver_new(const char *const *servers, size_t n,
    const struct clock *clock, struct resolver **out, struct err *err);
/* Open questions are dropped, their functions never called.  Errors: none. */
void resolver_free(struct resolver *r);
/* Readable when resolver_run has something to do.  Ownership: the resolver's. */
int resolver_fd(const struct resolver *r);
/* Call the functions of what has been answered.  Errors: none. */
void resolver_run(struct resolver *r);

/*
 * Ask for a name.
 * Returns: the answer if it is known now (valid until the next call with this
 * resolver); else NULL, and fn will be called from resolver_run.  *query names
 * the question for dns_cancel and may be NULL.
 */
const struct dns_answer *dns_ask(struct resolver *r, const char *name,
    enum dns_type type, dns_fn *fn, void *arg, struct dns_query **query);
/* Its function will not be called.  Not for questions that have been answered.
 * Errors: none. */
void dns_cancel(struct dns_query *q);

#endif
