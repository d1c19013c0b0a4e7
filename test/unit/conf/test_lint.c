/* SPDX-License-Identifier: ISC */
/* Each rule of the checker on the smallest file that it is about. */
#include "folder.h"

#include "conf/codes.h"
#include "conf/lint.h"

struct row {
	const char *text;
	const char *want;	/* "line:code ..." without no-effect */
};

/* "line:code ..." of what is found. */
static void
codes_text(const struct diags *ds, char *to, size_t size)
{
	size_t at = 0;

	*to = '\0';
	for (size_t i = 0; i < ds->n && at < size; i++)
		if (strcmp(ds->d[i].code, "no-effect") != 0 &&
		    strcmp(ds->d[i].code, "collective-group") != 0)
			at += (size_t)snprintf(to + at, size - at, "%s%u:%s",
			    at > 0 ? " " : "", ds->d[i].line, ds->d[i].code);
}

static void
check_row(const struct row *r, const struct conf_options *o)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	char got[1024];

	conf_check_text("t.conf", r->text, o, &ds, &c, &err);
	codes_text(&ds, got, sizeof(got));
	if (strcmp(got, r->want) != 0)
		fail_msg("%s\n gave %s\n not  %s", r->text, got, r->want);
	conf_free(c);
	diags_clear(&ds);
}

static void
check_rows(const struct row *rows, size_t n)
{
	const struct conf_options o = { .root = NULL };

	for (size_t i = 0; i < n; i++)
		check_row(&rows[i], &o);
}

#define D(lines) "<domain a.example>\n" lines "</domain>\n"
#define V(lines) "<virtual-mta v>\n" lines "</virtual-mta>\n"

static void
test_values(void **state)
{
	static const struct row rows[] = {
		{ D("max-msg-rate 5/h\nmax-msg-rate 6/h\n"),
		    "3:repeated-directive" },
		{ D("max-msg-rate 5/h\nMax-Msg-Rate 5/h\n"),
		    "3:repeated-directive" },
		{ D("max-connect-rate 5/h\nmax-conn-rate 600/h\n"),
		    "3:repeated-directive" },
		{ V("smtp-source-host 192.0.2.1 a.example.com\n"
		    "smtp-source-host 192.0.2.2 b.example.com\n"), "" },
		{ D("source-ip-max-msg-rate 10/8 5/h\n"
		    "source-ip-max-msg-rate 0/0 5/h\n"), "" },
		{ D("max-msg-rate 500000000/h\n"), "2:absurd-value" },
		{ D("max-msg-rate 5000000/h\n"), "" },
		{ D("max-msg-rate unlimited\n"), "" },
		{ D("source-ip-max-msg-rate 0/0 90000000/m\n"),
		    "2:absurd-value" },
		{ D("retry-after 1s\n"), "2:absurd-value" },
		{ D("bounce-after 90d\n"), "2:absurd-value" },
		{ D("max-smtp-out 50000\n"), "2:absurd-value" },
		{ D("max-msg-rate 5/hour\n"), "2:rate-unit" },
		{ D("max-msg-rate 5/30minute\n"), "2:rate-unit" },
		{ D("max-msg-rate 5/hr\n"), "" },
		{ D("smtp-greeting-timeout 30s\n"), "2:short-timeout" },
		{ D("smtp-greeting-timeout 5m\n"), "" },
		{ "host-name mail\n", "1:helo-name" },
		{ "host-name mail.local\n", "1:helo-name" },
		{ "host-name ma_il.example.com\n", "1:helo-name" },
		{ "host-name -a.example.com\n", "1:helo-name" },
		{ "host-name mail.example.com\n", "" },
		{ V("helo-domain localhost\n"), "2:helo-name" },
		{ V("smtp-source-host 192.0.2.1 mx\n"), "2:helo-name" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

static void
test_sections(void **state)
{
	static const struct row rows[] = {
		{ D("") D(""), "3:repeated-section" },
		{ D("") V(D("")), "" },
		{ "<domain a.*>\n</domain>\n", "1:unreachable-domain" },
		{ "<domain *a.example>\n</domain>\n", "1:unreachable-domain" },
		{ "<domain *.a.example>\n</domain>\n", "" },
		{ "<domain [*.]a.example>\n</domain>\n", "" },
		{ "<domain [10/8]>\n</domain>\n", "" },
		{ "<domain a.example.>\n</domain>\n", "1:unreachable-domain" },
		{ "<domain default>\n</domain>\n", "1:unreachable-domain" },
		{ "<domain x>\n</domain>\ndomain-macro x a.example\n",
		    "1:unreachable-domain" },
		{ "<domain {bounce}>\n</domain>\n", "" },
		{ "<domain big.rollup>\n</domain>\n", "1:unreachable-domain" },
		{ "domain-macro x a.example\n<domain $x>\n</domain>\n" D(""),
		    "2:unreachable-domain 4:left-group" },
		{ D("max-msg-rate 5/h\n") V("<domain *>\nmax-msg-rate 9/h\n"
					    "</domain>\n"), "6:shadowed" },
		{ D("max-smtp-out 5\n") V("<domain *>\nmax-msg-rate 9/h\n"
					  "</domain>\n"), "" },
		/* nothing leaves by {default} */
		{ "default-virtual-mta v\n" D("max-msg-rate 5/h\n")
		    V("<domain *>\nmax-msg-rate 9/h\n</domain>\n"),
		    "3:shadowed 7:shadowed" },
		{ V("smtp-source-host 192.0.2.1 a.example.com\n")
		  "<virtual-mta w>\nsmtp-source-host 192.0.2.1 b.example.com\n"
		  "</virtual-mta>\n", "5:source-twice" },
		{ D("smtp-pattern-list nine\n") "<smtp-pattern-list nein>\n"
		  "</smtp-pattern-list>\n", "2:unknown-list" },
		{ D("smtp-pattern-list Nine\n") "<smtp-pattern-list nine>\n"
		  "</smtp-pattern-list>\n", "" },
		{ D("smtp-pattern-list \"\"\n"), "" },
		{ D("reroute-to-virtual-mta x\n"), "2:unknown-virtual-mta" },
		{ V("cold-virtual-mta x\n"), "2:unknown-virtual-mta" },
		{ "<source 0/0>\ndefault-virtual-mta by-smtp-source-ip\n"
		  "</source>\n", "" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

static void
test_limits(void **state)
{
	static const struct row rows[] = {
		{ V("max-msg-rate 100/h\n<domain *>\nmax-msg-rate 200/h\n"
		    "</domain>\n"), "4:rate-above-virtual-mta" },
		{ V("max-msg-rate 100/h\n<domain *>\nmax-msg-rate 1/m\n"
		    "</domain>\n"), "" },
		{ V("max-msg-per-hour 100\n<domain *>\nmax-msg-per-hour 101\n"
		    "</domain>\n"), "4:rate-above-virtual-mta" },
		{ V("max-msg-rate 1/h\n") "<virtual-mta-pool p>\n"
		  "virtual-mta v\n<domain *>\nmax-msg-rate 2/h\n</domain>\n"
		  "</virtual-mta-pool>\n", "7:rate-above-virtual-mta" },
		{ D("max-connect-rate 1/m\nmax-msg-per-connection 10\n"
		    "max-msg-rate 601/h\n"), "2:rate-unreachable" },
		{ D("max-connect-rate 1/m\nmax-msg-per-connection 10\n"
		    "max-msg-rate 600/h\n"), "" },
		{ D("max-connect-rate 1/m\nmax-msg-per-connection 0\n"
		    "max-msg-rate 6000/h\n"), "3:zero-is-unlimited" },
		/* the parts may come from different sections */
		{ "<domain *>\nmax-connect-rate 1/m\n</domain>\n"
		  D("max-msg-rate 5000/h\n"), "5:rate-unreachable" },
		{ D("max-msg-rate 1/5d\n"), "2:rate-past-expiry" },
		{ D("max-msg-rate 1/4d\n"), "" },
		{ D("retry-after 5d\n"), "2:retry-past-expiry" },
		{ D("retry-after 1d\nbounce-after 12h\n"),
		    "2:retry-past-expiry" },
		{ D("retry-recipients-after 1h\nbounce-after 30m\n"),
		    "2:retry-past-expiry" },
		{ D("retry-after 5d\nbounce-after never\n"), "" },
		{ D("max-cold-virtual-mta-msg 50/d\n"),
		    "2:cold-without-virtual-mta" },
		{ V("max-cold-virtual-mta-msg 50/d\n"), "" },
		{ V(D("max-cold-virtual-mta-msg 50/d\n")),
		    "3:cold-without-virtual-mta" },
		{ V("cold-virtual-mta w\n" D("max-cold-virtual-mta-msg 5/d\n"))
		  "<virtual-mta w>\n</virtual-mta>\n", "" },
		{ V("max-cold-virtual-mta-msg 50/d,100/d,300/d\n"),
		    "2:warmup-jump" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

#define W(lines) "<warmup w>\n" lines "</warmup>\n"

static void
test_warmup(void **state)
{
	static const struct row rows[] = {
		{ W("day 1 50\nday 2 100\nday 4 400\n"), "" },
		{ W("day 1 50\nday 2 101\n"), "3:warmup-jump" },
		{ W("day 1 5000\n"), "2:warmup-jump" },
		{ W("day 2 50\nday 1 60\n"), "3:warmup-order" },
		{ W("ramp 20 factor 1.5 until 9000\n"), "" },
		{ W("ramp 20 factor 2.5 until 9000\n"), "2:warmup-jump" },
		{ W("virtual-mta x\n"), "2:unknown-virtual-mta" },
		{ W("overflow wait\n"), "" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

#define R(line) "<smtp-pattern-list p>\n" line "\n</smtp-pattern-list>\n"
#define B(line) "<bounce-category-patterns>\n" line \
	"\n</bounce-category-patterns>\n"

static void
test_patterns(void **state)
{
	static const struct row rows[] = {
		{ R("reply /^421 .*RP-001/ mode=backoff"), "" },
		{ R("reply /a(b/ mode=backoff"), "2:pattern-format" },
		{ R("reply a mode=backoff"), "2:pattern-format" },
		{ R("reply /^2.d+.d+;/ mode=backoff"), "2:lost-backslash" },
		{ R("reply /S+@S+/ mode=backoff"), "2:lost-backslash" },
		{ R("reply /^4\\d+ x/ mode=backoff"), "" },
		{ R("reply /\\\\d+ x/ mode=backoff"), "2:doubled-backslash" },
		{ R("reply /user* unknown/ skip-mx"), "2:glob-star" },
		{ R("reply /user ?x*y/ skip-mx"), "" },
		{ R("reply /[TS01] Messages/ mode=backoff"),
		    "2:character-class" },
		{ R("reply /\\[TS01\\] Messages/ mode=backoff"), "" },
		{ R("reply /550 ^5/ skip-mx"), "2:misplaced-anchor" },
		{ R("reply /(^550|^551) x$/ skip-mx"), "" },
		{ R("reply /^WSAECONNREFUSED/ skip-mx"), "" },
		{ R("reply /^User unknown/ skip-mx"), "2:misplaced-anchor" },
		{ R("reply /zyx/ mode=backof"), "2:unknown-action" },
		{ R("reply /x/"), "2:unknown-action" },
		{ R("reply /zyx/ mode=backoff,mode=normal"), "2:unknown-action" },
		{ R("reply /x/ skip-mx,bounce-queue"), "2:unknown-action" },
		{ R("reply /zyx/ disable-source-ip, reenable-after=1h"), "" },
		{ R("reply /user unknown/ mode=backoff"),
		    "2:backoff-user-unknown" },
		{ R("reply /No such user/ disable-source-ip"),
		    "2:backoff-user-unknown" },
		{ R("reply /user unknown/ bounce-rcpt"), "" },
		{ R("reply /zyx/ skip-mx\nreply /zyx/ mode=backoff"),
		    "3:hidden-pattern" },
		{ R("reply // skip-mx\nreply /zyx/ mode=backoff"),
		    "3:hidden-pattern" },
		{ B("/^[45]\\.1\\.[1346];/ bad-mailbox\n// other"), "" },
		{ B("/x/ ploicy-related"), "2:unknown-category" },
		{ B("/x/ our-own-word"), "" },
		{ B("/x/"), "2:unknown-category" },
		{ B("/(user|box\n)/ bad-mailbox"), "2:broken-line" },
		{ B("/(user|box)\n/ bad-mailbox"), "2:broken-line" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

static void
test_language(void **state)
{
	static const struct row rows[] = {
		{ "job-class x\n", "1:invented-directive" },
		{ "<route a>\nx\n</route>\n", "1:invented-directive" },
		{ V("smtp-source-host {{ip}} {{name}}\n"), "2:template" },
		{ "http-mgmt-port __PORT__\n", "1:template" },
		{ "{{#each x}}\n", "1:template" },
		{ "host-name caf\xe9.example\n", "1:host-name 1:not-utf8" },
		{ "# caf\xe9\nfrob\n", "1:not-utf8 2:unknown-directive" },
		{ "# caf\xc3\xa9\n", "" },
		{ "\x01\x02\xff\xfe\x80 garbage\nfrob\n", "1:not-utf8" },
	};

	(void)state;
	check_rows(rows, N(rows));
}

/* Findings come in the order of places, whatever made them. */
static void
test_order(void **state)
{
	static const struct row row = {
		"max-mgs 1\n" D("max-msg-rate 900000000/h\nfrob\n"
				"max-msg-rate 5/h\n") "<domain a.*>\n</domain>\n",
		"1:unknown-directive 3:absurd-value 4:unknown-directive "
		"5:repeated-directive 7:unreachable-domain"
	};

	(void)state;
	check_rows(&row, 1);
}

static void
test_disabled(void **state)
{
	static const char *const words[] = { "values", "unknown-directive",
		"repeated-directive" };
	const struct conf_options o = { .root = NULL };
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	char got[256];

	(void)state;
	conf_check_text("t", D("max-msg-rate 5/hour\nmax-msg-rate 5/h\nfrob\n"),
	    &o, &ds, &c, &err);
	assert_int_equal(ds.warnings, 1);
	conf_codes_disable(&ds, words, N(words));
	codes_text(&ds, got, sizeof(got));
	/* an error stays */
	assert_string_equal(got, "4:unknown-directive");
	assert_int_equal(ds.warnings, 0);
	assert_int_equal(ds.errors, 1);
	assert_true(conf_code_known("host"));
	assert_true(conf_code_known("source-not-here"));
	assert_false(conf_code_known("sources"));
	conf_free(c);
	diags_clear(&ds);
}

static void
test_host(void **state)
{
	struct place *p = *state;
	const struct conf_options o = { .root = p->top, .host = true };
	const struct conf_options here = { .host = true };
	static const struct row rows[] = {
		{ "<acct-file /d/a.csv>\n</acct-file>\n", "" },
		{ "<acct-file /none/a.csv>\n</acct-file>\n",
		    "1:missing-folder" },
		{ "<acct-file /d/a.csv>\nmove-to /old\n</acct-file>\n",
		    "2:missing-folder" },
		{ "domain-key s,a.example,/none.pem\n", "1:key-unreadable" },
		{ "domain-key s,a.example,/d/no.pem\n", "1:key-invalid" },
		{ "include /d/part.conf\n", "1:unknown-directive" },
		{ D("smtp-tls-ca-file /d/none\n"), "2:missing-file" },
	};
	static const struct row addresses[] = {
		{ V("smtp-source-host 127.0.0.77 a.example.com\n"), "" },
		{ V("smtp-source-host 203.0.113.9 a.example.com\n"),
		    "2:source-not-here" },
	};
	char path[128];

	write_file(p->top, "d/no.pem", "no key\n");
	write_file(p->top, "d/part.conf", "frob\n");
	snprintf(path, sizeof(path), "%s/d/no.pem", p->top);
	assert_int_equal(chmod(path, 0600), 0);
	for (size_t i = 0; i < N(rows); i++)
		check_row(&rows[i], &o);
	for (size_t i = 0; i < N(addresses); i++)
		check_row(&addresses[i], &here);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_warmup),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_disabled),
		FOLDER_TEST(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
