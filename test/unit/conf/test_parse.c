/* SPDX-License-Identifier: ISC */
/* What is wrong is named, with its place, all of it in one run. */
#include "util.h"

struct row {
	const char *text;
	const char *want;	/* diagnostics, warnings and worse */
};

static void
check(const struct row *r)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };
	char got[1024];
	int rc;

	rc = conf_load_text("t", r->text, strlen(r->text), &ds, &c, &err);
	diags_text(&ds, DIAG_WARNING, got, sizeof(got));
	if (strcmp(got, r->want) != 0)
		fail_msg("%s\n gave    %s\n not     %s", r->text, got, r->want);
	assert_int_equal(rc, ds.errors > 0 ? -1 : 0);
	if (rc < 0)
		assert_int_equal(err.cls, ERR_CONF);
	else
		assert_non_null(c);
	conf_free(c);
	diags_clear(&ds);
}

static void
check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

static void
test_directives(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "spool /s\n", "" },
		{ "frobnicate 1\n", "1:1:unknown-directive" },
		{ "  Frob 1\nspool /s\n  bar", "1:3:unknown-directive "
					       "3:3:unknown-directive" },
		{ "max-msg-rate 1/h\n", "1:1:wrong-section" },
		{ "<domain x>\nspool /s\n</domain>\n", "2:1:wrong-section" },
		{ "spool\n", "1:6:missing-argument" },
		{ "spool /a b\n", "" },
		{ "spool relative\n", "1:7:relative-path" },
		{ "spool /a\nspool /b\n", "2:7:second-spool" },
		{ "time-zone Europe/Berlin now\n", "1:25:trailing-text" },
		{ "time-zone \"open\n", "1:11:open-quote" },
		{ "http-mgmt-port 8080\nhttp-mgmt-port 8080\n",
		    "1:1:no-effect" },
		{ "http-mgmt-port eighty\n", "1:16:number-format" },
		{ "HTTP-Mgmt-PORT 80", "1:1:no-effect" },
		{ "name-server 127.0.0.1:53\nname-server [::1]:5353\n"
		  "name-server ::1\nname-server ns1\n",
		    "4:13:address-format" },
		{ "name-server 127.0.0.1:0\n", "1:13:address-format" },
		{ "postmaster me\n", "1:12:mail-address" },
	};

	(void)state;
	check_all(rows, N(rows));
}

static void
test_values(void **state)
{
	static const struct row rows[] = {
		{ "<domain x>\nmax-msg-rate 5\n</domain>",
		    "2:14:rate-format" },
		{ "<domain x>\nmax-msg-rate 5/fortnight\n</domain>",
		    "2:14:rate-format" },
		{ "<domain x>\nmax-msg-rate 0/h\n</domain>",
		    "2:14:rate-format" },
		{ "<domain x>\nmax-msg-rate 5/h 6\n</domain>",
		    "2:18:trailing-text" },
		{ "<domain x>\nmax-msg-rate 0\n</domain>", "" },
		{ "<domain x>\nmax-msg-per-hour 5/h\n</domain>",
		    "2:18:number-format" },
		{ "<domain x>\nbounce-after soon\n</domain>",
		    "2:14:interval-format" },
		{ "<domain x>\nbounce-after 4d 12h\n</domain>",
		    "2:17:trailing-text" },
		{ "<domain x>\nretry-after 5m, x, 1h,\n</domain>",
		    "2:22:trailing-comma 2:17:interval-format" },
		{ "<domain x>\nretry-after never\n</domain>",
		    "2:13:interval-format" },
		{ "<domain x>\nretry-after 5m 6m\n</domain>",
		    "2:16:missing-comma" },
		{ "<domain x>\nmax-smtp-out 0\n</domain>", "2:14:range" },
		{ "<domain x>\nmax-smtp-out -1\n</domain>",
		    "2:14:number-format" },
		{ "<domain x>\ndefault-smtp-port 65536\n</domain>",
		    "2:19:range" },
		{ "<domain x>\nconnect-timeout 2h\n</domain>", "2:17:range" },
		{ "<domain x>\nignore-pipelining on\n</domain>",
		    "2:19:flag-format" },
		{ "<domain x>\nsmtp-hosts [127.0.0.1]:2525, mx.x;last:26\n"
		  "smtp-hosts h:99999\nsmtp-hosts [300.1.1.1]\n</domain>",
		    "3:12:host-format 4:12:host-format" },
		{ "<domain x>\nsmtp-hosts a,b c\n</domain>",
		    "2:14:host-format" },
		{ "<domain x>\nsource-ip-max-msg-rate 10/8 5/h\n"
		  "source-ip-max-msg-rate 10/8\n"
		  "source-ip-max-msg-rate x 5/h\n</domain>",
		    "3:28:missing-argument 4:24:network-format" },
		{ "<acct-file /a.csv>\nmax-size 5x\nformat-text xml\n"
		  "</acct-file>",
		    "2:10:size-format 3:13:choice" },
		{ "<virtual-mta v>\nsmtp-source-host 10.0.0.1 bad_name!\n"
		  "smtp-source-host 10.0.0.1 10.0.0.2 x\n"
		  "smtp-source-host 10.0.0.0/23 a.example\n"
		  "helo-domain 10.1.1.1\n</virtual-mta>",
		    "2:27:host-name 3:36:address-format 4:18:source-range "
		    "5:13:host-name" },
	};

	(void)state;
	check_all(rows, N(rows));
}

static void
test_sections(void **state)
{
	static const struct row rows[] = {
		{ "<virtual-mta a>\n", "1:1:unterminated-section" },
		{ "<virtual-mta a>\n<virtual-mta b>\n</virtual-mta>\n",
		    "1:1:unterminated-section" },
		{ "<virtual-mta a>\n <domain x>\n</virtual-mta>\n",
		    "2:2:unterminated-section" },
		{ "<virtual-mta a>\n</virtual-mta b>\n", "" },
		{ "< virtual-mta   a >\n</ Virtual-MTA >\n", "" },
		{ "<virtual-mta a>\n</domain>\n</virtual-mta>\n",
		    "2:1:stray-tag" },
		{ "</domain>\n", "1:1:stray-tag" },
		{ "<virtual-mta>\n</virtual-mta>\n", "1:1:missing-argument" },
		{ "<virtual-mta a b>\n</virtual-mta>\n", "1:14:name-format" },
		{ "<virtual-mta a\n", "1:15:tag-format" },
		{ "<domain x> max-msg-rate 1/h\n</domain>\n",
		    "1:11:tag-format" },
		{ "<>\n", "1:1:tag-format" },
		{ "<virtual-mtas a>\nfoo\n<domain x>\n</domain>\n"
		  "</virtual-mtas>\n",
		    "1:2:unknown-section 1:1:unterminated-section "
		    "5:1:stray-tag" },
		{ "<route x>\nfoo bar\n</route>\nfoo\n",
		    "1:2:invented-directive 4:1:unknown-directive" },
		{ "<spool /s>\n<domain x>\n</domain>\n",
		    "1:1:unterminated-section" },
		{ "<domain a/b>\n</domain>\n", "1:9:domain-format" },
		{ "<acct-file acct.csv>\n</acct-file>\n",
		    "1:12:relative-path" },
		{ "<acct-file \"|prog > /x\">\n</acct-file>\n", "" },
		{ "<signals>\nnope 1\nlog-verbose yes\n</signals>\n",
		    "1:1:no-effect 2:1:unknown-directive" },
		{ "<smtp-pattern-list p>\nreply /a \"#b/ mode=backoff,\n"
		  "reply /c/ skip-mx\nreplay /x/\n</smtp-pattern-list>\n",
		    "1:1:no-effect 4:1:unknown-directive" },
		{ "<bounce-category-patterns>\n/^5\\.1\\.1/ bad-mailbox\n"
		  "// other\n</bounce-category-patterns>\n",
		    "1:1:no-effect" },
		{ "<pattern-list p>\nmail-from /x/ virtual-mta=a\n"
		  "<pattern-list>\n* virtual-mta=b\n</pattern-list>\n"
		  "</pattern-list>\n",
		    "1:1:no-effect" },
	};

	(void)state;
	check_all(rows, N(rows));
}

static void
test_names(void **state)
{
	static const struct row rows[] = {
		{ "<virtual-mta a>\n</virtual-mta>\n<virtual-mta-pool a>\n"
		  "virtual-mta a\n</virtual-mta-pool>\n",
		    "3:1:name-taken" },
		{ "<virtual-mta a>\n</virtual-mta>\n<virtual-mta A>\n"
		  "</virtual-mta>\n",
		    "3:1:repeated-section" },
		{ "<virtual-mta-pool p>\nvirtual-mta nope\n"
		  "</virtual-mta-pool>\n",
		    "2:1:unknown-virtual-mta 1:1:empty-pool" },
		{ "<virtual-mta a>\n</virtual-mta>\n<virtual-mta-pool p>\n"
		  "virtual-mta a\n</virtual-mta-pool>\n<virtual-mta-pool q>\n"
		  "virtual-mta p\nvirtual-mta a\n</virtual-mta-pool>\n",
		    "7:1:pool-in-pool" },
		{ "<virtual-mta a>\n</virtual-mta>\n<virtual-mta-pool p>\n"
		  "virtual-mta a\n<domain *>\n</domain>\n</virtual-mta-pool>\n"
		  "<virtual-mta-pool q>\nvirtual-mta a\n<domain *>\n</domain>\n"
		  "</virtual-mta-pool>\n",
		    "9:1:two-pools" },
		{ "default-virtual-mta a\n", "1:1:unknown-virtual-mta" },
		{ "default-virtual-mta {default}\n", "" },
		{ "<virtual-mta {default}>\nmax-smtp-out 3\n</virtual-mta>\n",
		    "" },
	};

	(void)state;
	check_all(rows, N(rows));
}

static void
test_lists_that_go_on(void **state)
{
	static const struct row rows[] = {
		{ "domain-macro a\n  x.de,\n\n # no\n  y.de\nfoo\n",
		    "6:1:unknown-directive" },
		{ "domain-macro a x.de,\ndomain-macro b y.de\n",
		    "1:20:trailing-comma" },
		{ "domain-macro a x.de,\n<domain x>\n</domain>\n",
		    "1:20:trailing-comma" },
		{ "domain-macro a\nspool /s\n", "1:15:missing-argument" },
		{ "domain-macro a x.de,,y.de\n", "1:21:empty-item" },
		{ "domain-macro a x.de,\n  y z.de\n", "2:5:missing-comma" },
		{ "domain-macro a x.de,\n  y/z\n", "2:3:domain-format" },
		{ "domain-macro a-b x\n", "1:14:macro-name" },
		{ "domain-macro a x\ndomain-macro A y\n",
		    "2:1:repeated-macro" },
	};

	(void)state;
	check_all(rows, N(rows));
}

static void
test_messages(void **state)
{
	static const char text[] = "<domain x>\nmax-mgs-rate 1/h\n</domain>\n";
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	(void)state;
	assert_non_null(f);
	assert_int_equal(
	    conf_load_text("a.conf", text, sizeof(text) - 1, &ds, &c, &err),
	    -1);
	assert_string_equal(err.msg, "a.conf: 1 error");
	diag_print(f, &ds.d[0], 0);
	diag_print(f, &ds.d[0], 1);
	fclose(f);
	assert_string_equal(out,
	    "a.conf:2:1: error: unknown directive \"max-mgs-rate\"; did you "
	    "mean \"max-msg-rate\"? [unknown-directive]\n"
	    "a.conf:2:1: error: unknown directive \"max-mgs-rate\"; did you "
	    "mean \"max-msg-rate\"? [unknown-directive]\n"
	    " max-mgs-rate 1/h\n ^\n");
	free(out);
	diags_clear(&ds);
}

/* A line that may hold a secret is not kept for showing. */
static void
test_secrets(void **state)
{
	static const char text[] = "<domain x>\nauth-password \"a b\" xyzzy\n"
				   "</domain>\n";
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    conf_load_text("a", text, sizeof(text) - 1, &ds, &c, &err), -1);
	assert_int_equal(ds.n, 1);
	assert_null(ds.d[0].source);
	assert_null(strstr(ds.d[0].text, "xyzzy"));
	diags_clear(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists_that_go_on),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
