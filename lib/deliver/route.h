/* SPDX-License-Identifier: ISC */
/*
 * Where mail for a domain may go, one address after the other (RFC 5321 5.1): the
 * hosts of smtp-hosts, or those of the MX records by preference, equals in random
 * order, or the domain's own addresses; null MX (RFC 7505) and failing name
 * servers told apart.  Addresses that failed a moment ago come last.
 */
#ifndef VMTA_DELIVER_ROUTE_H
#define VMTA_DELIVER_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "dns/resolve.h"
#include "reply/reply.h"

enum { ROUTE_TARGETS_MAX = 40 }; /* addresses tried for one connection */

struct route_target {
	char host[DNS_NAME + 1]; /* name of the server, "-": an address */
	struct dns_address address;
	uint16_t port;
};

enum route_step {
	ROUTE_TARGET, /* try this one */
	ROUTE_WAIT, /* the name servers have been asked */
	ROUTE_END, /* there are no more */
};

/* Why there was not a single address. */
struct route_failure {
	bool dns; /* name servers failed: retry-after-dns-error */
	bool final; /* DNS says that mail can't be delivered */
	const char *category;
	struct reply reply;
};

/* Addresses that failed, for all routes of a process. */
struct route_memory;
struct route_memory *route_memory_new(void);
void route_memory_free(struct route_memory *m);
/* A target failed: until until_ms others are tried first.  Errors: none. */
void route_memory_failed(
    struct route_memory *m, const struct route_target *t, int64_t until_ms);

struct route_options {
	const struct conf_queue *queue;
	const char *domain; /* its MX, where the queue has no smtp-hosts */
	int family; /* of the source: AF_INET, AF_INET6; 0: any */
	struct resolver *resolver; /* NULL where route_needs_dns says no */
	struct route_memory *memory; /* or NULL */
	int64_t now_ms; /* of route_memory_failed */
	int64_t age_s; /* of the message, for bounce-upon-no-mx */
	void (*ready)(void *arg); /* after ROUTE_WAIT: ask again */
	void *arg;
};

struct route;

/* Do its hosts or its domain have names, so that DNS must be asked?  Pure. */
bool route_needs_dns(const struct conf_queue *q, const char *domain);
/* Begin.  o is copied, what it points to is borrowed.
 * Ownership: the caller ends it with route_free.  Errors: exits 75. */
struct route *route_new(const struct route_options *o);
/* Also while it waits: ready is not called any more.  r may be NULL. */
void route_free(struct route *r);
/* The next address.  Returns: see enum route_step.  Errors: none. */
enum route_step route_next(struct route *r, struct route_target *out);
/* After ROUTE_END: what to record if no address was given.  Pure. */
const struct route_failure *route_failure(const struct route *r);

#endif
