/* SPDX-License-Identifier: ISC */
/*
 * A route is a list of hosts, worked off from its front.  Looking a host up is
 * at most two questions (A, AAAA); one of "lookup-mx:name", or the domain itself,
 * is a question for MX records, whose hosts take its place in the list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/map.h"
#include "base/xalloc.h"
#include "deliver/route.h"

enum { HOSTS_MAX = 2 * DNS_MX_MAX };

struct host {
	char name[DNS_NAME + 1];
	uint16_t port, preference;
	bool lookup_mx;
	bool implicit; /* the domain itself, which has no MX */
};

struct route_memory {
	struct map failed; /* "port address" -> int64_t until_ms */
};

struct route {
	struct route_options o;
	struct host hosts[HOSTS_MAX];
	unsigned n_hosts;
	enum { ASK_MX, ASK_A, ASK_AAAA, GIVE } step; /* for hosts[0] */
	struct dns_address found[2 * DNS_ADDRESS_MAX]; /* of hosts[0] */
	unsigned n_found, next;
	struct route_target late[ROUTE_TARGETS_MAX]; /* failed before */
	unsigned n_late, next_late;
	unsigned given;
	struct dns_query *query; /* not NULL: waiting */
	struct route_failure failure;
};

struct route_memory *
route_memory_new(void)
{
	return xcalloc(1, sizeof(struct route_memory));
}

void
route_memory_free(struct route_memory *m)
{
	if (m == NULL)
		return;
	map_clear(&m->failed, free);
	free(m);
}

static void
memory_key(const struct route_target *t, char key[64])
{
	char text[46];

	wire_print(&t->address, text);
	snprintf(key, 64, "%u %s", t->port, text);
}

void
route_memory_failed(
    struct route_memory *m, const struct route_target *t, int64_t until_ms)
{
	char key[64];
	void **slot;

	memory_key(t, key);
	slot = map_at(&m->failed, key);
	if (*slot == NULL)
		*slot = xcalloc(1, sizeof(int64_t));
	*(int64_t *)*slot = until_ms;
}

static bool
failed_before(const struct route *r, const struct route_target *t)
{
	const int64_t *until;
	char key[64];

	if (r->o.memory == NULL || r->o.memory->failed.count == 0)
		return false;
	memory_key(t, key);
	until = map_get(&r->o.memory->failed, key);
	return until != NULL && *until > r->o.now_ms;
}

static bool
is_address(const char *name)
{
	struct dns_address a;

	return wire_literal(name, &a) == 0;
}

bool
route_needs_dns(const struct conf_queue *q, const char *domain)
{
	for (size_t i = 0; i < q->n_smtp_hosts; i++)
		if (!q->smtp_hosts[i].is_address)
			return true;
	return q->n_smtp_hosts == 0 && !is_address(domain);
}

/* Put equals in random order; the list ascends by preference. */
static void
shuffle(struct host *h, unsigned n)
{
	unsigned from = 0;

	while (from < n) {
		unsigned to = from + 1;

		while (to < n && h[to].preference == h[from].preference)
			to++;
		for (unsigned i = to - 1; i > from; i--) {
			unsigned k = from + arc4random_uniform(i - from + 1);
			struct host swap = h[i];

			h[i] = h[k];
			h[k] = swap;
		}
		from = to;
	}
}

static void
begin_host(struct route *r)
{
	r->n_found = r->next = 0;
	r->step = r->n_hosts != 0 && r->hosts[0].lookup_mx ? ASK_MX : ASK_A;
}

static void
next_host(struct route *r)
{
	memmove(
	    &r->hosts[0], &r->hosts[1], (r->n_hosts - 1) * sizeof(r->hosts[0]));
	r->n_hosts--;
	begin_host(r);
}

static void
fail(struct route *r, bool dns, bool final, const char *category)
{
	r->failure.dns = dns;
	/* a host that the operator wrote down is no reason to bounce */
	r->failure.final = final && r->o.queue->n_smtp_hosts == 0;
	r->failure.category = category;
	r->failure.reply.code = 0;
}

struct route *
route_new(const struct route_options *o)
{
	struct route *r = xcalloc(1, sizeof(*r));
	const struct conf_queue *q = o->queue;

	r->o = *o;
	for (size_t i = 0; i < q->n_smtp_hosts && i < HOSTS_MAX; i++) {
		const struct conf_host *from = &q->smtp_hosts[i];
		struct host *to = &r->hosts[r->n_hosts++];

		snprintf(to->name, sizeof(to->name), "%s", from->host);
		to->port = from->port != 0 ? from->port : q->smtp_port;
		to->preference = from->preference;
		to->lookup_mx = from->lookup_mx;
	}
	if (q->n_smtp_hosts == 0) {
		struct host *to = &r->hosts[r->n_hosts++];

		snprintf(to->name, sizeof(to->name), "%s", o->domain);
		to->port = q->smtp_port;
		to->lookup_mx = !is_address(o->domain);
	}
	shuffle(r->hosts, r->n_hosts);
	begin_host(r);
	fail(r, false, false, "routing-errors");
	reply_local(&r->failure.reply, "4.4.4",
	    "no host has an address that can be reached from this source");
	return r;
}

void
route_free(struct route *r)
{
	if (r == NULL)
		return;
	if (r->query != NULL)
		dns_cancel(r->query);
	free(r);
}

/* MX hosts take the place of the first host. */
static void
insert_mx(struct route *r, const struct dns_answer *a)
{
	struct host from = r->hosts[0], list[DNS_MX_MAX];
	unsigned n = 0, rest;

	for (unsigned i = 0; i < a->n; i++) {
		list[n] = (struct host){ .port = from.port,
			.preference = a->mx[i].preference };
		memcpy(list[n].name, a->mx[i].host, sizeof(list[n].name));
		n++;
	}
	shuffle(list, n);
	next_host(r);
	rest = r->n_hosts;
	if (rest > HOSTS_MAX - n)
		rest = HOSTS_MAX - n;
	memmove(&r->hosts[n], &r->hosts[0], rest * sizeof(r->hosts[0]));
	memcpy(&r->hosts[0], list, n * sizeof(r->hosts[0]));
	r->n_hosts = rest + n;
	begin_host(r);
}

static void
no_name(struct route *r, const char *name)
{
	fail(r, false, true, "bad-domain");
	reply_local(
	    &r->failure.reply, "5.1.2", "the domain %s does not exist", name);
	next_host(r);
}

static void
dns_failed(struct route *r, const struct dns_answer *a)
{
	fail(r, true, false, "routing-errors");
	reply_local(&r->failure.reply, "4.4.3", "cannot look up %s: %s",
	    r->hosts[0].name, a->why);
}

static bool
no_mx_is_final(const struct route *r)
{
	int64_t after = r->o.queue->bounce_upon_no_mx_after_s;

	return after != SPAN_NEVER && r->o.age_s >= after;
}

static void
take_mx(struct route *r, const struct dns_answer *a)
{
	struct host *h = &r->hosts[0];

	switch (a->outcome) {
	case DNS_FOUND:
		insert_mx(r, a);
		break;
	case DNS_NULL_MX:
		fail(r, false, true, "bad-domain");
		reply_local(&r->failure.reply, "5.1.10",
		    "the domain %s accepts no mail (null MX)", h->name);
		r->failure.reply.code = 556; /* RFC 7504 */
		next_host(r);
		break;
	case DNS_NO_NAME:
		no_name(r, h->name);
		break;
	case DNS_NO_DATA:
		if (no_mx_is_final(r)) {
			fail(r, false, true, "bad-domain");
			reply_local(&r->failure.reply, "5.4.4",
			    "the domain %s has no MX record", h->name);
			next_host(r);
			break;
		}
		h->lookup_mx = false;
		h->implicit = true;
		r->step = ASK_A;
		break;
	case DNS_TEMPORARY:
		dns_failed(r, a);
		next_host(r);
		break;
	}
}

static void
take_address(struct route *r, const struct dns_answer *a)
{
	bool last = r->step == ASK_AAAA;

	if (a->outcome == DNS_TEMPORARY)
		dns_failed(r, a);
	for (unsigned i = 0; a->outcome == DNS_FOUND && i < a->n; i++)
		r->found[r->n_found++] = a->address[i];
	r->step = last ? GIVE : ASK_AAAA;
	if (!last || r->n_found != 0 || r->failure.dns)
		return;
	if (r->hosts[0].implicit && r->o.family == 0) {
		fail(r, false, true, "bad-domain");
		reply_local(&r->failure.reply, "5.4.4",
		    "the domain %s has neither an MX record nor an address",
		    r->hosts[0].name);
	}
}

static void
take(struct route *r, const struct dns_answer *a)
{
	if (r->step == ASK_MX)
		take_mx(r, a);
	else
		take_address(r, a);
}

static void
on_answer(void *arg, const struct dns_answer *a)
{
	struct route *r = arg;

	r->query = NULL;
	take(r, a);
	r->o.ready(r->o.arg);
}

/* Does the source reach addresses of a family? */
static bool
reaches(const struct route *r, int family)
{
	return r->o.family == 0 || r->o.family == family;
}

static void
take_literal(struct route *r, const struct dns_address *a)
{
	if (reaches(r, a->family))
		r->found[r->n_found++] = *a;
	r->step = GIVE;
}

/* One question about the first host.  Returns: false when it must be waited. */
static bool
look_up(struct route *r)
{
	static const enum dns_type types[] = {
		[ASK_MX] = DNS_MX, [ASK_A] = DNS_A, [ASK_AAAA] = DNS_AAAA
	};
	const struct host *h = &r->hosts[0];
	const struct dns_answer *a;
	struct dns_address literal;

	if (wire_literal(h->name, &literal) == 0) {
		take_literal(r, &literal);
		return true;
	}
	if (r->step == ASK_A && !reaches(r, AF_INET))
		r->step = ASK_AAAA;
	if (r->step == ASK_AAAA && !reaches(r, AF_INET6)) {
		r->step = GIVE;
		return true;
	}
	a = dns_ask(
	    r->o.resolver, h->name, types[r->step], on_answer, r, &r->query);
	if (a == NULL)
		return false;
	take(r, a);
	return true;
}

/* The next address of the first host, put aside if it failed before.
 * Returns: true with it in *out. */
static bool
give(struct route *r, struct route_target *out)
{
	const struct host *h = &r->hosts[0];

	while (r->next < r->n_found) {
		out->address = r->found[r->next++];
		out->port = h->port;
		if (is_address(h->name))
			memcpy(out->host, "-", 2);
		else
			memcpy(out->host, h->name, sizeof(out->host));
		if (!failed_before(r, out))
			return true;
		if (r->n_late < ROUTE_TARGETS_MAX)
			r->late[r->n_late++] = *out;
	}
	return false;
}

enum route_step
route_next(struct route *r, struct route_target *out)
{
	if (r->query != NULL)
		return ROUTE_WAIT;
	while (r->n_hosts != 0 && r->given < ROUTE_TARGETS_MAX) {
		if (r->step != GIVE) {
			if (!look_up(r))
				return ROUTE_WAIT;
		} else if (give(r, out)) {
			r->given++;
			return ROUTE_TARGET;
		} else {
			next_host(r);
		}
	}
	if (r->next_late < r->n_late && r->given < ROUTE_TARGETS_MAX) {
		*out = r->late[r->next_late++];
		r->given++;
		return ROUTE_TARGET;
	}
	return ROUTE_END;
}

const struct route_failure *
route_failure(const struct route *r)
{
	return &r->failure;
}
