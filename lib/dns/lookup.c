/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "dns/lookup.h"

struct question {
	struct lookup *l;
	struct dns_query *query;	/* NULL once it is answered */
	int64_t until_ms;
	struct dns_answer a;
};

struct lookup {
	struct resolver *r;
	struct clock clock;
	int64_t limit_ms;
	size_t pending;
	struct map questions;	/* "TYPE name" -> struct question */
};

int
lookup_new(const char *const *servers, size_t n, int64_t limit_ms,
    struct lookup **out, struct err *err)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->clock = (struct clock)CLOCK_SYSTEM;
	l->limit_ms = limit_ms;
	if (resolver_new(servers, n, &l->clock, &l->r, err) < 0) {
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

static void
question_free(void *p)
{
	struct question *q = p;

	for (unsigned i = 0; q->a.text != NULL && i < q->a.n; i++)
		free(q->a.text[i]);
	free(q->a.text);
	free(q->a.mx);
	free(q->a.address);
	free(q);
}

void
lookup_free(struct lookup *l)
{
	if (l == NULL)
		return;
	resolver_free(l->r);
	map_clear(&l->questions, question_free);
	free(l);
}

static void
copy(struct dns_answer *to, const struct dns_answer *a)
{
	*to = *a;
	if (a->mx != NULL)
		to->mx = memcpy(xcalloc(a->n + 1, sizeof(*a->mx)), a->mx,
		    a->n * sizeof(*a->mx));
	if (a->address != NULL)
		to->address = memcpy(xcalloc(a->n + 1, sizeof(*a->address)),
		    a->address, a->n * sizeof(*a->address));
	if (a->text == NULL)
		return;
	to->text = xcalloc(a->n + 1, sizeof(*a->text));
	for (unsigned i = 0; i < a->n; i++)
		to->text[i] = xstrdup(a->text[i]);
}

static void
answered(void *arg, const struct dns_answer *a)
{
	struct question *q = arg;

	copy(&q->a, a);
	q->query = NULL;
	q->l->pending--;
}

const struct dns_answer *
lookup_ask(struct lookup *l, const char *name, enum dns_type type)
{
	char key[DNS_NAME + 16];
	struct question *q;
	const struct dns_answer *a;
	void **at;

	snprintf(key, sizeof(key), "%d %s", (int)type, name);
	at = map_at(&l->questions, key);
	if (*at != NULL) {
		q = *at;
		return q->query == NULL ? &q->a : NULL;
	}
	*at = q = xcalloc(1, sizeof(*q));
	q->l = l;
	q->until_ms = clock_boot_ms(&l->clock) + l->limit_ms;
	a = dns_ask(l->r, name, type, answered, q, &q->query);
	if (a == NULL) {
		l->pending++;
		return NULL;
	}
	copy(&q->a, a);
	q->query = NULL;
	return &q->a;
}

/* Give up what takes too long.  Returns: ms until the next one. */
static int64_t
expire(struct lookup *l)
{
	int64_t now = clock_boot_ms(&l->clock), next = l->limit_ms;
	const struct map_slot *slot;
	size_t at = 0;

	while ((slot = map_next(&l->questions, &at)) != NULL) {
		struct question *q = slot->value;

		if (q->query == NULL)
			continue;
		if (q->until_ms > now) {
			if (q->until_ms - now < next)
				next = q->until_ms - now;
			continue;
		}
		dns_cancel(q->query);
		q->query = NULL;
		l->pending--;
		q->a = (struct dns_answer){ .outcome = DNS_TEMPORARY };
		snprintf(q->a.why, sizeof(q->a.why), "no answer in %lld s",
		    (long long)(l->limit_ms / 1000));
	}
	return next;
}

bool
lookup_wait(struct lookup *l)
{
	if (l->pending == 0)
		return false;
	while (l->pending > 0) {
		struct pollfd p = { .fd = resolver_fd(l->r),
			.events = POLLIN };

		if (poll(&p, 1, (int)expire(l)) > 0)
			resolver_run(l->r);
	}
	return true;
}

void
lookup_reverse(const struct dns_address *a, const char *zone,
    char to[DNS_NAME + 1])
{
	const unsigned char *b = a->bytes;
	size_t at = 0;

	if (a->family == AF_INET) {
		snprintf(to, DNS_NAME + 1, "%u.%u.%u.%u.%s", b[3], b[2], b[1],
		    b[0], zone != NULL ? zone : "in-addr.arpa");
		return;
	}
	for (int i = 15; i >= 0; i--)
		at += (size_t)snprintf(to + at, DNS_NAME + 1 - at, "%x.%x.",
		    b[i] & 15, b[i] >> 4);
	snprintf(to + at, DNS_NAME + 1 - at, "%s",
	    zone != NULL ? zone : "ip6.arpa");
}
