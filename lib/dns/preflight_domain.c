/* SPDX-License-Identifier: ISC */
/* What a domain of senders publishes: MX, DKIM, DMARC, MTA-STS, TLSA. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/key.h"
#include "dns/preflight_impl.h"

/* The text that begins with a version tag; NULL for none, *n how many. */
static const char *
versioned(const struct dns_answer *a, const char *version, unsigned *n)
{
	const char *found = NULL;

	*n = 0;
	for (unsigned i = 0; a->text != NULL && i < a->n; i++)
		if (strncasecmp(a->text[i], version, strlen(version)) == 0) {
			found = a->text[i];
			++*n;
		}
	return found;
}

/* What a look-up that failed for now says.  Returns: false when it did not. */
static bool
failed(struct run *r, struct preflight_row *row, const struct dns_answer *a)
{
	if (a->outcome != DNS_TEMPORARY)
		return false;
	row->verdict = PREFLIGHT_WARN;
	row->why = a->why;
	run_row(r, row);
	return true;
}

/* Are the bytes of p= (blanks don't count) those of the key? */
static bool
same_key(const char *record, const char *public)
{
	const char *p = record;

	while (p != NULL && *p != '\0') {
		p += strspn(p, " ;\t");
		if (tolower((unsigned char)*p) == 'p' &&
		    p[1 + strspn(p + 1, " \t")] == '=')
			break;
		p = strchr(p, ';');
	}
	if (p == NULL || *p == '\0')
		return false;
	for (p = strchr(p, '=') + 1; *p != '\0' && *p != ';'; p++) {
		if (*p == ' ' || *p == '\t')
			continue;
		if (*p != *public)
			return false;
		public++;
	}
	return *public == '\0';
}

void
run_key(struct run *r, const char *selector, const char *domain,
    const char *path)
{
	struct preflight_row row = { .check = "dkim" };
	char name[DNS_NAME + 1], full[PATH_MAX];
	struct buf public = BUF_INIT(0), publish = BUF_INIT(0);
	const struct dns_answer *a;
	struct key_facts f;
	struct err err = { 0 };
	const char *record;

	snprintf(name, sizeof(name), "%s._domainkey.%s", selector, domain);
	snprintf(full, sizeof(full), "%s%s",
	    r->p->root != NULL ? r->p->root : "", path);
	row.subject = name;
	if (!run_first(r, "dkim", name) ||
	    (a = run_ask(r, name, DNS_TXT)) == NULL || failed(r, &row, a))
		return;
	record = a->text != NULL && a->n > 0 ? a->text[0] : NULL;
	if (key_read(full, &f, &public, &err) < 0) {
		row.verdict = PREFLIGHT_FAIL;
		row.why = err.msg;
	} else if (record == NULL || !same_key(record, public.data)) {
		buf_addf(&publish, "%s. TXT \"v=DKIM1; k=%s; p=", name, f.kind);
		buf_adds(&publish, public.data);
		buf_adds(&publish, "\"");
		row.verdict = PREFLIGHT_FAIL;
		row.publish = publish.data;
		row.why = record == NULL ? "there is no record" :
					   "the record has another key";
	} else {
		row.why = "the record has this key";
	}
	run_row(r, &row);
	buf_clear(&public);
	buf_clear(&publish);
}

static void
mx(struct run *r, const char *domain)
{
	struct preflight_row row = { .check = "mx", .subject = domain };
	const struct dns_answer *a = run_ask(r, domain, DNS_MX);
	char why[DNS_NAME + 60], publish[DNS_NAME * 2 + 60];

	if (a == NULL || failed(r, &row, a))
		return;
	if (a->mx == NULL || a->n == 0) {
		row.verdict = PREFLIGHT_FAIL;
		row.why = a->outcome == DNS_NULL_MX ?
		    "it takes no mail: bounces are lost" :
		    "it has no MX: bounces are lost";
		snprintf(publish, sizeof(publish), "%s. MX 10 %s.", domain,
		    conf_global(r->p->conf)->host_name);
		row.publish = publish;
	} else {
		snprintf(why, sizeof(why), "bounces go to %s", a->mx[0].host);
		row.why = why;
	}
	run_row(r, &row);
}

/* RFC 7489 6.6.3: the domain's own record, else that of a parent. */
static void
dmarc(struct run *r, const char *domain)
{
	struct preflight_row row = { .check = "dmarc", .subject = domain };
	char publish[DNS_NAME * 2 + 80], why[400];
	const char *record = NULL, *at;
	unsigned n = 0;

	for (at = domain; at != NULL && strchr(at, '.') != NULL && n == 0;
	     at = strchr(at, '.') + 1) {
		char name[DNS_NAME + 10];
		const struct dns_answer *a;

		snprintf(name, sizeof(name), "_dmarc.%.245s", at);
		a = run_ask(r, name, DNS_TXT);
		if (a == NULL || failed(r, &row, a))
			return;
		record = versioned(a, "v=DMARC1", &n);
	}
	snprintf(publish, sizeof(publish),
	    "_dmarc.%s. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"",
	    domain, domain);
	if (n == 0) {
		row.verdict = PREFLIGHT_FAIL;
		row.publish = publish;
		row.why = "there is no record; large providers want one";
	} else if (n > 1) {
		row.verdict = PREFLIGHT_FAIL;
		row.why = "there are several records: none counts";
	} else if (strcasestr(record, "p=") == NULL) {
		row.verdict = PREFLIGHT_FAIL;
		row.publish = publish;
		row.why = "the record has no policy";
	} else {
		snprintf(why, sizeof(why), "%.300s", record);
		row.why = why;
	}
	run_row(r, &row);
}

static void
mta_sts(struct run *r, const char *domain)
{
	struct preflight_row row = { .check = "mta-sts", .subject = domain };
	char name[DNS_NAME + 20], publish[DNS_NAME + 80];
	const struct dns_answer *a;
	unsigned n;

	snprintf(name, sizeof(name), "_mta-sts.%.244s", domain);
	a = run_ask(r, name, DNS_TXT);
	if (a == NULL || failed(r, &row, a))
		return;
	if (versioned(a, "v=STSv1", &n) != NULL && n == 1) {
		row.why = "there is a record";
	} else {
		snprintf(publish, sizeof(publish),
		    "_mta-sts.%s. TXT \"v=STSv1; id=1\"", domain);
		row.verdict = PREFLIGHT_WARN;
		row.publish = publish;
		row.why = n > 1 ? "there are several records" :
				  "there is no record: mail to it may be "
				  "sent in the clear";
	}
	run_row(r, &row);
}

static void
tlsa(struct run *r, const char *domain)
{
	const struct dns_answer *a = run_ask(r, domain, DNS_MX);

	for (unsigned i = 0; a != NULL && a->mx != NULL && i < a->n; i++) {
		struct preflight_row row = { .check = "tlsa" };
		char name[DNS_NAME + 20];
		const struct dns_answer *t;

		snprintf(name, sizeof(name), "_25._tcp.%.240s",
		    a->mx[i].host);
		row.subject = name;
		if (!run_first(r, "tlsa", name))
			continue;
		t = run_ask(r, name, DNS_TLSA);
		if (t == NULL || failed(r, &row, t))
			continue;
		if (t->n == 0) {
			row.verdict = PREFLIGHT_WARN;
			row.why = "there is no record (DANE)";
		} else {
			row.why = t->text[0];
		}
		run_row(r, &row);
	}
}

void
run_domain(struct run *r, const char *domain)
{
	mx(r, domain);
	dmarc(r, domain);
	mta_sts(r, domain);
	tlsa(r, domain);
}
