/* SPDX-License-Identifier: ISC */
/* The source addresses and their names; domains are in preflight_domain.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/xalloc.h"
#include "conf/key.h"
#include "dns/preflight_impl.h"
#include "dns/spf.h"

const struct dns_answer *
run_ask(struct run *r, const char *name, enum dns_type type)
{
	const struct dns_answer *a = lookup_ask(r->p->lookup, name, type);

	if (a == NULL)
		r->pending = true;
	return a;
}

void
run_row(struct run *r, const struct preflight_row *row)
{
	if (!r->tell)
		return;
	r->bad += row->verdict == PREFLIGHT_FAIL;
	r->p->fn(r->p->arg, row);
}

bool
run_first(struct run *r, const char *check, const char *subject)
{
	char key[512];
	void **at;

	snprintf(key, sizeof(key), "%s %s", check, subject);
	at = map_at(&r->seen, key);
	if (*at != NULL)
		return false;
	*at = r;
	return true;
}

/* One source address with its name in HELO. */
struct source {
	struct dns_address ip;
	char text[46];
	const char *helo;
};

static bool
has(const struct dns_answer *a, const struct dns_address *ip)
{
	for (unsigned i = 0; a->address != NULL && i < a->n; i++)
		if (wire_same(&a->address[i], ip))
			return true;
	return false;
}

static enum dns_type
address_type(const struct dns_address *ip)
{
	return ip->family == AF_INET ? DNS_A : DNS_AAAA;
}

/* The names that the PTR gives lead back to the address (FCrDNS). */
static void
way_back(struct run *r, const struct source *s, const struct dns_answer *ptr)
{
	struct preflight_row row = { .check = "fcrdns", .subject = s->text };
	char why[DNS_NAME + 100], publish[DNS_NAME + 100];
	const char *back = NULL;

	for (unsigned i = 0; i < ptr->n; i++) {
		const struct dns_answer *a = run_ask(r, ptr->text[i],
		    address_type(&s->ip));

		if (a == NULL)
			return;
		if (has(a, &s->ip) && (back == NULL ||
			strcasecmp(ptr->text[i], s->helo) == 0))
			back = ptr->text[i];
	}
	if (back == NULL) {
		row.verdict = PREFLIGHT_FAIL;
		snprintf(why, sizeof(why), "%s does not lead back to it",
		    ptr->text[0]);
		snprintf(publish, sizeof(publish), "%s. %s %s", ptr->text[0],
		    s->ip.family == AF_INET ? "A" : "AAAA", s->text);
		row.publish = publish;
	} else {
		snprintf(why, sizeof(why), "%s leads back to it", back);
	}
	row.why = why;
	run_row(r, &row);
}

static void
reverse(struct run *r, const struct source *s)
{
	struct preflight_row row = { .check = "ptr", .subject = s->text };
	char name[DNS_NAME + 1], why[DNS_NAME * 2 + 100];
	char publish[DNS_NAME * 2 + 100];
	const struct dns_answer *a;
	bool same = false;

	lookup_reverse(&s->ip, NULL, name);
	a = run_ask(r, name, DNS_PTR);
	if (a == NULL)
		return;
	snprintf(publish, sizeof(publish), "%s. PTR %s.", name, s->helo);
	for (unsigned i = 0; a->text != NULL && i < a->n; i++)
		same = same || strcasecmp(a->text[i], s->helo) == 0;
	if (a->outcome == DNS_TEMPORARY) {
		row.verdict = PREFLIGHT_WARN;
		snprintf(why, sizeof(why), "%s", a->why);
	} else if (a->n == 0) {
		row.verdict = PREFLIGHT_FAIL;
		row.publish = publish;
		snprintf(why, sizeof(why), "it has no name");
	} else if (!same) {
		row.verdict = PREFLIGHT_WARN;
		row.publish = publish;
		snprintf(why, sizeof(why), "it is %s, and says %s",
		    a->text[0], s->helo);
	} else {
		snprintf(why, sizeof(why), "it is %s", s->helo);
	}
	row.why = why;
	run_row(r, &row);
	if (a->n > 0)
		way_back(r, s, a);
}

static void
helo(struct run *r, const struct source *s)
{
	struct preflight_row row = { .check = "helo", .subject = s->helo };
	const struct dns_answer *a =
	    run_ask(r, s->helo, address_type(&s->ip));
	char why[200], publish[DNS_NAME + 100];

	if (a == NULL)
		return;
	snprintf(publish, sizeof(publish), "%s. %s %s", s->helo,
	    s->ip.family == AF_INET ? "A" : "AAAA", s->text);
	if (a->outcome == DNS_TEMPORARY) {
		row.verdict = PREFLIGHT_WARN;
		snprintf(why, sizeof(why), "%s", a->why);
	} else if (a->n == 0) {
		row.verdict = PREFLIGHT_FAIL;
		row.publish = publish;
		snprintf(why, sizeof(why), "the name has no address");
	} else if (!has(a, &s->ip)) {
		row.verdict = PREFLIGHT_WARN;
		row.publish = publish;
		snprintf(why, sizeof(why), "%s is not among its addresses",
		    s->text);
	} else {
		snprintf(why, sizeof(why), "it has the address %s", s->text);
	}
	row.why = why;
	run_row(r, &row);
}

static void
listed(struct run *r, const struct source *s)
{
	for (size_t i = 0; i < r->p->n_dnsbl; i++) {
		struct preflight_row row = { .check = "dnsbl",
			.subject = s->text };
		char name[DNS_NAME + 1], why[DNS_NAME + 100];
		const struct dns_answer *a;

		lookup_reverse(&s->ip, r->p->dnsbl[i], name);
		a = run_ask(r, name, DNS_A);
		if (a == NULL)
			continue;
		if (a->outcome == DNS_FOUND) {
			row.verdict = PREFLIGHT_FAIL;
			snprintf(why, sizeof(why), "listed by %s",
			    r->p->dnsbl[i]);
		} else if (a->outcome == DNS_TEMPORARY) {
			row.verdict = PREFLIGHT_WARN;
			snprintf(why, sizeof(why), "%s: %s", r->p->dnsbl[i],
			    a->why);
		} else {
			snprintf(why, sizeof(why), "not listed by %s",
			    r->p->dnsbl[i]);
		}
		row.why = why;
		run_row(r, &row);
	}
}

static void
spf(struct run *r, const struct source *s, const char *domain)
{
	struct preflight_row row = { .check = "spf" };
	char subject[DNS_NAME + 60], why[SPF_WHY + 40], reason[SPF_WHY];
	char publish[DNS_NAME + 100];
	enum spf_result result =
	    spf_check(r->p->lookup, domain, &s->ip, reason);

	if (result == SPF_PENDING) {
		r->pending = true;
		return;
	}
	snprintf(subject, sizeof(subject), "%s %s", domain, s->text);
	snprintf(why, sizeof(why), "%s: %s", spf_result_name(result), reason);
	snprintf(publish, sizeof(publish), "%s. TXT \"v=spf1 %s:%s ~all\"",
	    domain, s->ip.family == AF_INET ? "ip4" : "ip6", s->text);
	row.subject = subject;
	row.why = why;
	if (result != SPF_PASS) {
		row.verdict = result == SPF_NEUTRAL || result == SPF_TEMPERROR ?
		    PREFLIGHT_WARN : PREFLIGHT_FAIL;
		row.publish = result == SPF_TEMPERROR ? NULL : publish;
	}
	run_row(r, &row);
}

static void
source(struct run *r, const struct conf_source *from)
{
	struct source s = { .helo = from->host_name };
	char key[DNS_NAME + 60];

	if (from->address == NULL || wire_literal(from->address, &s.ip) < 0)
		return;
	wire_print(&s.ip, s.text);
	snprintf(key, sizeof(key), "%s %s", s.text, s.helo);
	if (!run_first(r, "source", key))
		return;
	reverse(r, &s);
	helo(r, &s);
	listed(r, &s);
	for (size_t i = 0; i < r->n_from; i++)
		spf(r, &s, r->from[i]);
}

static void
key(void *arg, const struct conf_domain_key *k)
{
	struct run *r = arg;

	if (strcmp(k->domain, "*") != 0) {
		run_key(r, k->selector, k->domain, k->path);
		return;
	}
	for (size_t i = 0; i < r->n_from; i++)
		run_key(r, k->selector, r->from[i], k->path);
}

static void
all(struct run *r)
{
	size_t n;
	const struct conf_vmta *const *v = conf_vmtas(r->p->conf, &n);

	r->pending = false;
	r->bad = 0;
	map_clear(&r->seen, NULL);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i]->n_sources; k++)
			source(r, &v[i]->sources[k]);
	conf_domain_keys(r->p->conf, key, r);
	for (size_t i = 0; i < r->n_from; i++)
		run_domain(r, r->from[i]);
}

/* A domain of a key is one of senders where no others are named. */
static void
add_from(void *arg, const struct conf_domain_key *k)
{
	struct run *r = arg;

	if (strcmp(k->domain, "*") == 0)
		return;
	for (size_t i = 0; i < r->n_from; i++)
		if (strcasecmp(r->from[i], k->domain) == 0)
			return;
	r->from = xreallocarray(r->from, r->n_from + 1, sizeof(*r->from));
	r->from[r->n_from++] = k->domain;
}

size_t
preflight(const struct preflight *p)
{
	struct run r = { .p = p };

	for (size_t i = 0; i < p->n_from; i++)
		add_from(&r, &(struct conf_domain_key){ .domain = p->from[i] });
	if (p->n_from == 0)
		conf_domain_keys(p->conf, add_from, &r);
	/* each run asks what the answers of the one before led to */
	do {
		all(&r);
	} while (lookup_wait(p->lookup) || r.pending);
	r.tell = true;
	all(&r);
	map_clear(&r.seen, NULL);
	free(r.from);
	return r.bad;
}
