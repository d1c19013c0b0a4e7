/* SPDX-License-Identifier: ISC */
/*
 * One struct entry a (type, name): its answer, or who waits for it.  An entry is
 * removed only when it has expired and nobody waits.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <unbound.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "dns/rdata.h"
#include "dns/resolve.h"

enum {
	CACHE_MAX = 50000, /* entries that are kept whether expired or not */
	TTL_LEAST = 1, /* seconds */
	TTL_MOST = 3600,
	TTL_NOTHING = 300, /* most for "there is none" */
	TTL_FAILED = 5, /* a failing server is not asked again before */
	RCODE_NXDOMAIN = 3,
	CLASS_IN = 1,
};

struct dns_query {
	struct dns_query *next;
	dns_fn *fn; /* NULL: cancelled */
	void *arg;
};

struct entry {
	struct resolver *r;
	enum dns_type type;
	bool pending;
	int64_t until_ms;
	struct dns_query *waiting;
	struct dns_answer a;
};

struct resolver {
	struct ub_ctx *ub;
	const struct clock *clock;
	struct map entries; /* "TYPE name" -> struct entry */
	size_t sweep_at; /* entries at which expired ones are looked for */
};

static const int rr_type[] = { [DNS_A] = 1, [DNS_AAAA] = 28, [DNS_MX] = 15,
	[DNS_TXT] = 16, [DNS_PTR] = 12, [DNS_TLSA] = 52 };

/* What libunbound would not do by itself for a sender. */
static int
set_options(struct ub_ctx *ub)
{
	static const char *const options[][2] = {
		/* a name server on this host is an ordinary one */
		{ "do-not-query-localhost:", "no" },
		{ "outgoing-range:", "256" },
		{ "num-queries-per-thread:", "512" },
	};
	int rc = ub_ctx_async(ub, 1); /* a thread, never a process */

	for (size_t i = 0; rc == 0 && i < sizeof(options) / sizeof(options[0]);
	     i++)
		rc = ub_ctx_set_option(ub, options[i][0], options[i][1]);
	if (rc == 0)
		rc = ub_ctx_debugout(ub, NULL);
	return rc;
}

int
resolver_new(const char *const *servers, size_t n, const struct clock *clock,
    struct resolver **out, struct err *err)
{
	struct ub_ctx *ub = ub_ctx_create();
	struct resolver *r;
	int rc;

	if (ub == NULL)
		return err_set(err, ERR_TEMP, "cannot start the resolver");
	rc = set_options(ub);
	if (rc != 0) {
		ub_ctx_delete(ub);
		return err_set(err, ERR_TEMP, "cannot start the resolver: %s",
		    ub_strerror(rc));
	}
	for (size_t i = 0; i < n; i++) {
		rc = ub_ctx_set_fwd(ub, servers[i]);
		if (rc == 0)
			continue;
		ub_ctx_delete(ub);
		return err_set(err, ERR_CONF, "name-server %s: %s", servers[i],
		    ub_strerror(rc));
	}
	if (n != 0) {
		/* RFC 6303: the reverse names of private networks may well be
		 * known to a server that was named; before the next line, after
		 * which nothing can be set any more */
		(void)ub_ctx_set_option(ub, "unblock-lan-zones:", "yes");
		/* RFC 6761 6.2: likewise */
		(void)ub_ctx_zone_remove(ub, "test.");
	} else {
		/* without these files it asks the root servers itself */
		(void)ub_ctx_resolvconf(ub, NULL);
		(void)ub_ctx_hosts(ub, NULL);
	}
	r = xcalloc(1, sizeof(*r));
	r->ub = ub;
	r->clock = clock;
	r->sweep_at = CACHE_MAX;
	*out = r;
	return 0;
}

static void
answer_clear(struct dns_answer *a)
{
	free(a->mx);
	free(a->address);
	for (unsigned i = 0; a->text != NULL && i < a->n; i++)
		free(a->text[i]);
	free(a->text);
	*a = (struct dns_answer){ 0 };
}

static void
entry_free(void *p)
{
	struct entry *e = p;

	while (e->waiting != NULL) {
		struct dns_query *q = e->waiting;

		e->waiting = q->next;
		free(q);
	}
	answer_clear(&e->a);
	free(e);
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	ub_ctx_delete(r->ub);
	map_clear(&r->entries, entry_free);
	free(r);
}

int
resolver_fd(const struct resolver *r)
{
	return ub_fd(r->ub);
}

void
resolver_run(struct resolver *r)
{
	(void)ub_process(r->ub);
}

/* Keep the DNS_MX_MAX most preferred hosts, ascending. */
static void
add_mx(struct dns_answer *a, uint16_t preference, const char *host)
{
	unsigned at = a->n;

	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->mx[i].host, host) == 0)
			return;
	while (at > 0 && a->mx[at - 1].preference > preference)
		at--;
	if (at == DNS_MX_MAX)
		return;
	if (a->n < DNS_MX_MAX)
		a->n++;
	memmove(a->mx + at + 1, a->mx + at, (a->n - 1 - at) * sizeof(a->mx[0]));
	a->mx[at].preference = preference;
	snprintf(a->mx[at].host, sizeof(a->mx[at].host), "%s", host);
}

static void
read_mx(struct dns_answer *a, const struct ub_result *res)
{
	bool null = false;

	a->mx = xcalloc(DNS_MX_MAX, sizeof(a->mx[0]));
	for (int i = 0; res->data[i] != NULL; i++) {
		char host[DNS_NAME + 1];
		uint16_t preference;

		if (res->len[i] < 0 ||
		    wire_mx(res->data[i], (size_t)res->len[i], &preference,
			host) < 0)
			continue;
		if (host[0] == '\0')
			null = true;
		else
			add_mx(a, preference, host);
	}
	if (a->n != 0)
		a->outcome = DNS_FOUND;
	else if (null)
		a->outcome = DNS_NULL_MX;
	else {
		a->outcome = DNS_TEMPORARY;
		snprintf(
		    a->why, sizeof(a->why), "no MX record names a valid host");
	}
}

static void
read_addresses(struct dns_answer *a, int family, const struct ub_result *res)
{
	a->address = xcalloc(DNS_ADDRESS_MAX, sizeof(a->address[0]));
	for (int i = 0; res->data[i] != NULL && a->n < DNS_ADDRESS_MAX; i++) {
		struct dns_address *to = &a->address[a->n];
		bool seen = false;

		if (res->len[i] < 0 ||
		    wire_address(
			family, res->data[i], (size_t)res->len[i], to) < 0)
			continue;
		for (unsigned k = 0; k < a->n; k++)
			seen = seen || wire_same(&a->address[k], to);
		if (!seen)
			a->n++;
	}
	a->outcome = a->n != 0 ? DNS_FOUND : DNS_NO_DATA;
}

static void
read_texts(struct dns_answer *a, enum dns_type type,
    const struct ub_result *res)
{
	a->text = xcalloc(DNS_TEXT_MAX, sizeof(a->text[0]));
	for (int i = 0; res->data[i] != NULL && a->n < DNS_TEXT_MAX; i++) {
		struct buf b = BUF_INIT(0);

		if (res->len[i] >= 0 &&
		    wire_text(rr_type[type], res->data[i], (size_t)res->len[i],
			&b) == 0)
			a->text[a->n++] = xstrdup(b.data);
		buf_clear(&b);
	}
	a->outcome = a->n != 0 ? DNS_FOUND : DNS_NO_DATA;
}

static void
read_answer(struct entry *e, int error, const struct ub_result *res)
{
	struct dns_answer *a = &e->a;

	a->outcome = DNS_TEMPORARY;
	if (error != 0)
		snprintf(a->why, sizeof(a->why), "%s", ub_strerror(error));
	else if (res->bogus)
		snprintf(a->why, sizeof(a->why), "DNSSEC validation failed");
	else if (res->rcode == RCODE_NXDOMAIN)
		a->outcome = DNS_NO_NAME;
	else if (res->rcode != 0)
		snprintf(a->why, sizeof(a->why), "%s",
		    res->rcode == 2	? "name server failure" :
			res->rcode == 5 ? "name server refused the query" :
					  "name server error");
	else if (!res->havedata)
		a->outcome = DNS_NO_DATA;
	else if (e->type == DNS_MX)
		read_mx(a, res);
	else if (e->type >= DNS_TXT)
		read_texts(a, e->type, res);
	else
		read_addresses(a, e->type == DNS_A ? AF_INET : AF_INET6, res);
}

static int64_t
time_to_live(const struct dns_answer *a, const struct ub_result *res)
{
	int64_t ttl = res != NULL ? res->ttl : 0;

	if (a->outcome == DNS_TEMPORARY)
		return TTL_FAILED;
	if (a->outcome != DNS_FOUND && ttl > TTL_NOTHING)
		ttl = TTL_NOTHING;
	return ttl < TTL_LEAST ? TTL_LEAST : ttl > TTL_MOST ? TTL_MOST : ttl;
}

static void
on_answer(void *arg, int error, struct ub_result *res)
{
	struct entry *e = arg;
	struct dns_query *q;

	read_answer(e, error, res);
	e->until_ms = clock_boot_ms(e->r->clock) +
	    time_to_live(&e->a, error == 0 ? res : NULL) * 1000;
	if (res != NULL)
		ub_resolve_free(res);
	/* what a function asks while this runs is answered from the entry */
	e->pending = false;
	while ((q = e->waiting) != NULL) {
		e->waiting = q->next;
		if (q->fn != NULL)
			q->fn(q->arg, &e->a);
		free(q);
	}
}

static bool
expired(const struct entry *e, int64_t now_ms)
{
	return !e->pending && e->waiting == NULL && e->until_ms <= now_ms;
}

/* Remove what has expired; map_next allows no changes, so in two steps. */
static void
sweep(struct resolver *r, int64_t now_ms)
{
	char **keys = xcalloc(r->entries.count + 1, sizeof(keys[0]));
	const struct map_slot *slot;
	size_t at = 0, n = 0;

	while ((slot = map_next(&r->entries, &at)) != NULL)
		if (expired(slot->value, now_ms))
			keys[n++] = xstrdup(slot->key);
	for (size_t i = 0; i < n; i++) {
		entry_free(map_del(&r->entries, keys[i]));
		free(keys[i]);
	}
	free(keys);
	r->sweep_at = r->entries.count * 2 > CACHE_MAX ? r->entries.count * 2 :
							 CACHE_MAX;
}

/* The resolver's thread must not take the signals of the program. */
static int
start_query(struct entry *e, const char *name)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = ub_resolve_async(
	    e->r->ub, name, rr_type[e->type], CLASS_IN, e, on_answer, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

const struct dns_answer *
dns_ask(struct resolver *r, const char *name, enum dns_type type, dns_fn *fn,
    void *arg, struct dns_query **query)
{
	int64_t now_ms = clock_boot_ms(r->clock);
	char key[DNS_NAME + 8];
	struct dns_query *q;
	struct entry *e;
	void **slot;

	snprintf(key, sizeof(key), "%d %s", type, name);
	if (r->entries.count >= r->sweep_at)
		sweep(r, now_ms);
	slot = map_at(&r->entries, key);
	if (*slot == NULL)
		*slot = xcalloc(1, sizeof(*e));
	e = *slot;
	if (!e->pending && e->until_ms > now_ms)
		return &e->a;
	if (!e->pending) {
		int rc;

		answer_clear(&e->a);
		e->r = r;
		e->type = type;
		e->pending = true;
		rc = start_query(e, name);
		if (rc != 0) {
			e->pending = false;
			read_answer(e, rc, NULL);
			return &e->a;
		}
	}
	q = xcalloc(1, sizeof(*q));
	q->fn = fn;
	q->arg = arg;
	q->next = e->waiting;
	e->waiting = q;
	if (query != NULL)
		*query = q;
	return NULL;
}

void
dns_cancel(struct dns_query *q)
{
	q->fn = NULL;
}
