/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/num.h"
#include "dns/spf.h"
#include "dns/wire.h"

enum { LOOKUPS = 10, DEPTH = 10 };	/* 4.6.4 */

struct spf {
	struct lookup *l;
	const struct dns_address *ip;
	unsigned lookups, depth;
	char *why;
};

static enum spf_result evaluate(struct spf *s, const char *domain);

/* A term cut in two: its name and, after ':', '=' or '/', its value. */
struct term {
	enum spf_result result;
	char name[16];
	char value[DNS_NAME + 1];
	unsigned bits4, bits6;
	bool modifier;
};

static void
say(struct spf *s, const char *domain, const char *text)
{
	snprintf(s->why, SPF_WHY, "%.120s in the record of %.60s", text,
	    domain);
}

/* Put %{d} and %{i} in place.  Returns: false for other macros. */
static bool
expand(const struct spf *s, const char *from, const char *domain,
    char to[DNS_NAME + 1])
{
	size_t n = 0;

	for (; *from != '\0' && n < DNS_NAME; from++) {
		char ip[46];
		const char *put;

		if (*from != '%') {
			to[n++] = *from;
			continue;
		}
		if (strncasecmp(from, "%{d}", 4) == 0) {
			put = domain;
		} else if (strncasecmp(from, "%{i}", 4) == 0) {
			wire_print(s->ip, ip);
			put = ip;
		} else {
			return false;
		}
		n += (size_t)snprintf(to + n, DNS_NAME + 1 - n, "%s", put);
		from += 3;
		if (n > DNS_NAME)
			return false;
	}
	to[n] = '\0';
	return *from == '\0';
}

/* "/24//64" at the end of a value is cut off. */
static void
cut_bits(struct term *t)
{
	char *slash = strchr(t->value, '/');
	int64_t v;

	t->bits4 = 32;
	t->bits6 = 128;
	if (slash == NULL)
		return;
	*slash++ = '\0';
	if (*slash != '/') {
		char *more = strchr(slash, '/');

		if (more != NULL)
			*more = '\0';
		if (num_parse(slash, 0, 128, &v) == 0) {
			t->bits4 = (unsigned)v;
			t->bits6 = (unsigned)v;
		}
		if (more == NULL)
			return;
		slash = more + 1;
	}
	if (*slash == '/' && num_parse(slash + 1, 0, 128, &v) == 0)
		t->bits6 = (unsigned)v;
}

static bool
read_term(const char *s, size_t n, struct term *t)
{
	size_t name;

	*t = (struct term){ .result = SPF_PASS };
	if (n > 0 && strchr("+-~?", *s) != NULL) {
		t->result = *s == '-' ? SPF_FAIL :
		    *s == '~' ? SPF_SOFTFAIL :
		    *s == '?' ? SPF_NEUTRAL : SPF_PASS;
		s++;
		n--;
	}
	for (name = 0; name < n && strchr(":=/", s[name]) == NULL;)
		name++;
	if (name >= sizeof(t->name) || n - name >= sizeof(t->value))
		return false;
	for (size_t i = 0; i < name; i++)
		t->name[i] = (char)tolower((unsigned char)s[i]);
	t->modifier = name < n && s[name] == '=';
	if (name < n && s[name] != '/')
		name++;
	memcpy(t->value, s + name, n - name);
	cut_bits(t);
	return true;
}

static bool
same_net(const struct dns_address *a, const struct dns_address *b,
    const struct term *t)
{
	unsigned bits = a->family == AF_INET ? t->bits4 : t->bits6;
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != b->family || bits > (a->family == AF_INET ? 32u : 128u))
		return false;
	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* Is the address among those of a host?  Returns: 1, 0, or -1 pending. */
static int
host_has(struct spf *s, const char *host, const struct term *t)
{
	const struct dns_answer *a = lookup_ask(s->l, host,
	    s->ip->family == AF_INET ? DNS_A : DNS_AAAA);

	if (a == NULL)
		return -1;
	for (unsigned i = 0; a->address != NULL && i < a->n; i++)
		if (same_net(s->ip, &a->address[i], t))
			return 1;
	return 0;
}

static int
mx_has(struct spf *s, const char *host, const struct term *t)
{
	const struct dns_answer *a = lookup_ask(s->l, host, DNS_MX);
	int found = 0;

	if (a == NULL)
		return -1;
	/* all are asked at once */
	for (unsigned i = 0; a->mx != NULL && i < a->n && i < 10; i++) {
		int rc = host_has(s, a->mx[i].host, t);

		if (rc == 1)
			return 1;
		if (rc < 0)
			found = -1;
	}
	return found;
}

/* 5: does a mechanism match?  1, 0, -1 pending, -2 an error in *error. */
static int
matches(struct spf *s, const struct term *t, const char *domain,
    enum spf_result *error)
{
	char name[DNS_NAME + 1];
	struct dns_address net;

	if (strcmp(t->name, "all") == 0)
		return 1;
	if (strcmp(t->name, "ip4") == 0 || strcmp(t->name, "ip6") == 0) {
		if (wire_literal(t->value, &net) < 0) {
			*error = SPF_PERMERROR;
			return -2;
		}
		return same_net(s->ip, &net, t);
	}
	if (++s->lookups > LOOKUPS) {
		say(s, domain, "more than 10 look-ups");
		*error = SPF_PERMERROR;
		return -2;
	}
	if (!expand(s, *t->value != '\0' ? t->value : domain, domain, name))
		return 0;
	if (strcmp(t->name, "a") == 0)
		return host_has(s, name, t);
	if (strcmp(t->name, "mx") == 0)
		return mx_has(s, name, t);
	if (strcmp(t->name, "exists") == 0) {
		const struct dns_answer *a = lookup_ask(s->l, name, DNS_A);

		return a == NULL ? -1 : a->outcome == DNS_FOUND;
	}
	/* 5.5: ptr is not to be used any more */
	if (strcmp(t->name, "ptr") == 0)
		return 0;
	if (strcmp(t->name, "include") != 0) {
		*error = SPF_PERMERROR;
		return -2;
	}
	switch (evaluate(s, name)) {
	case SPF_PENDING:
		return -1;
	case SPF_PASS:
		return 1;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return 0;
	case SPF_TEMPERROR:
		*error = SPF_TEMPERROR;
		return -2;
	case SPF_NONE:
	case SPF_PERMERROR:
		break;
	}
	*error = SPF_PERMERROR;
	return -2;
}

/* The one record of a domain.  NULL with *result otherwise (4.5). */
static const char *
record_of(struct spf *s, const char *domain, enum spf_result *result)
{
	const struct dns_answer *a = lookup_ask(s->l, domain, DNS_TXT);
	const char *found = NULL;

	*result = SPF_PENDING;
	if (a == NULL)
		return NULL;
	*result = a->outcome == DNS_TEMPORARY ? SPF_TEMPERROR : SPF_NONE;
	for (unsigned i = 0; a->text != NULL && i < a->n; i++) {
		const char *t = a->text[i];

		if (strncasecmp(t, "v=spf1", 6) != 0 ||
		    (t[6] != '\0' && t[6] != ' '))
			continue;
		if (found != NULL) {
			*result = SPF_PERMERROR;
			say(s, domain, "two records");
			return NULL;
		}
		found = t;
	}
	if (found == NULL && *result == SPF_NONE)
		say(s, domain, "nothing that begins with v=spf1");
	else if (found == NULL)
		snprintf(s->why, SPF_WHY, "%s: %s", domain, a->why);
	return found;
}

static enum spf_result
evaluate_record(struct spf *s, const char *domain, const char *record)
{
	char redirect[DNS_NAME + 1] = "", text[128];

	for (const char *p = record + 6; *p != '\0';) {
		size_t n = strcspn(p, " ");
		enum spf_result error = SPF_PERMERROR;
		struct term t;
		int rc;

		snprintf(text, sizeof(text), "\"%.*s\"", (int)(n < 100 ? n : 100),
		    p);
		if (n == 0) {
			p++;
			continue;
		}
		if (!read_term(p, n, &t)) {
			say(s, domain, text);
			return SPF_PERMERROR;
		}
		p += n;
		if (t.modifier) {
			if (strcmp(t.name, "redirect") == 0)
				snprintf(redirect, sizeof(redirect), "%s",
				    t.value);
			continue;
		}
		*s->why = '\0';
		rc = matches(s, &t, domain, &error);
		if (rc == -1)
			return SPF_PENDING;
		if (rc == -2 && *s->why == '\0')
			say(s, domain, text);
		if (rc == -2)
			return error;
		if (rc == 1) {
			say(s, domain, text);
			return t.result;
		}
	}
	if (*redirect == '\0') {
		say(s, domain, "no term matches");
		return SPF_NEUTRAL;
	}
	if (++s->lookups > LOOKUPS)
		return SPF_PERMERROR;
	return evaluate(s, redirect);
}

static enum spf_result
evaluate(struct spf *s, const char *domain)
{
	enum spf_result result;
	const char *record;

	if (s->depth == DEPTH) {
		say(s, domain, "it includes itself");
		return SPF_PERMERROR;
	}
	record = record_of(s, domain, &result);
	if (record == NULL)
		return result;
	s->depth++;
	result = evaluate_record(s, domain, record);
	s->depth--;
	return result;
}

enum spf_result
spf_check(struct lookup *l, const char *domain, const struct dns_address *ip,
    char why[SPF_WHY])
{
	struct spf s = { .l = l, .ip = ip, .why = why };

	why[0] = '\0';
	return evaluate(&s, domain);
}

const char *
spf_result_name(enum spf_result r)
{
	static const char *const names[] = { "pending", "none", "neutral",
		"pass", "fail", "softfail", "temperror", "permerror" };

	return names[r];
}
