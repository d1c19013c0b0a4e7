/* SPDX-License-Identifier: ISC */
/* What is printed parses to the same, and what two files do differently. */
#include "util.h"

#include "conf/explain.h"
#include "conf/print.h"

/* Print a right text, print what was read of that, compare. */
static void
round_trip(const char *text, const char *want)
{
	struct buf once = BUF_INIT(0), twice = BUF_INIT(0);
	struct conf *c = load_ok(text), *again;

	conf_print(c, &once);
	if (want != NULL)
		assert_string_equal(once.data, want);
	again = load_ok(once.data);
	conf_print(again, &twice);
	assert_string_equal(once.data, twice.data);
	conf_free(c);
	conf_free(again);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
test_print(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "<domain *>\nMAX-Conn-Rate 60/60m # why\n</DOMAIN>\n",
		    "<domain *>\n  max-connect-rate 60/h\n</domain>\n" },
		{ "<domain *>\nbounce-after 86400\nretry-after 600, 1h\n"
		  "ignore-pipelining TRUE\nmax-smtp-out unlimited\n"
		  "</domain>\n",
		    "<domain *>\n  bounce-after 1d\n  retry-after 10m,1h\n"
		    "  ignore-pipelining yes\n  max-smtp-out unlimited\n"
		    "</domain>\n" },
		{ "<domain *>\nauth-password hunter2\n</domain>\n",
		    "<domain *>\n  auth-password ****\n</domain>\n" },
		{ "domain-macro m a.example,\n  b.example\n",
		    "domain-macro m a.example, b.example\n" },
		{ "<virtual-mta a>\n<domain \"x.example\">\n</domain>\n"
		  "</virtual-mta>\n",
		    "<virtual-mta a>\n  <domain x.example>\n  </domain>\n"
		    "</virtual-mta>\n" },
		{ "<bounce-category-patterns>\n/a \"b/ other\n"
		  "</bounce-category-patterns>\n",
		    "<bounce-category-patterns>\n  /a \"b/ other\n"
		    "</bounce-category-patterns>\n" },
		/* the first spool must stay the first */
		{ "<spool /a>\n</spool>\nspool /b\n",
		    "<spool /a>\n</spool>\nspool /b\n" },
		{ "<acct-file \"/a b.csv\">\nfields \"time,type\"\n"
		  "</acct-file>\n", NULL },
		{ "<domain *>\nsmtp-hosts \"\"\nsmtp-pattern-list \"\"\n"
		  "</domain>\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		round_trip(rows[i].text, rows[i].want);
}

static void
test_long_macro(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	buf_adds(&b, "domain-macro m ");
	for (int i = 0; i < 500; i++)
		buf_addf(&b, "d%d.example%s", i, i < 499 ? "," : "\n");
	round_trip(b.data, NULL);
	buf_clear(&b);
}

struct seen {
	char text[2048];
	size_t at;
};

static void
take(void *arg, const struct conf_change *ch)
{
	struct seen *s = arg;

	s->at += (size_t)snprintf(s->text + s->at, sizeof(s->text) - s->at,
	    "%s%s %s %s>%s", s->at > 0 ? "; " : "", ch->queue, ch->name,
	    ch->old_value != NULL ? ch->old_value : "-",
	    ch->new_value != NULL ? ch->new_value : "-");
	assert_true(s->at < sizeof(s->text));
}

#define V(lines) "<virtual-mta v>\n" lines "</virtual-mta>\n"
#define D(d, lines) "<domain " d ">\n" lines "</domain>\n"

static void
test_compare(void **state)
{
	static const struct {
		const char *a, *b, *want;
	} rows[] = {
		{ "", "", "" },
		{ D("a.example", "max-msg-rate 60/h\n"),
		    "# moved\n" D("A.Example", "MAX-msg-rate 60/h\n"), "" },
		{ D("a.example", "bounce-after 1h\n"),
		    D("a.example", "bounce-after 60m\n"), "" },
		{ D("a.example", "max-msg-rate 5/h\n"),
		    D("a.example", "max-msg-rate 6/h\n"),
		    "a.example/{default} max-msg-rate 5/h>6/h" },
		{ D("a.example", "max-msg-rate 5/h\n") V(""),
		    V(""),
		    "a.example/{default} max-msg-rate 5/h>unlimited; "
		    "a.example/v max-msg-rate 5/h>unlimited" },
		/* hidden by the virtual MTA: no change there */
		{ D("a.example", "max-msg-rate 5/h\n")
			V(D("*", "max-msg-rate 1/h\n")),
		    D("a.example", "max-msg-rate 6/h\n")
			V(D("*", "max-msg-rate 1/h\n")),
		    "a.example/{default} max-msg-rate 5/h>6/h" },
		{ V("max-smtp-out 3\n"), V("max-smtp-out 4\n"),
		    "*/v max-smtp-out 3>4" },
		{ "", "spool /s\n", " spool ->/s" },
		{ "name-server 127.0.0.1\n", "name-server 127.0.0.2\n",
		    " name-server 127.0.0.1>127.0.0.2" },
		{ "domain-macro m a.example\n" D("$m", "max-smtp-out 2\n"),
		    "domain-macro m a.example\n" D("$m", "max-smtp-out 3\n"),
		    "$m/{default} max-smtp-out 2>3" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct conf *a = load_ok(rows[i].a), *b = load_ok(rows[i].b);
		struct seen s = { .at = 0 };
		size_t n = conf_compare(a, b, take, &s);

		assert_string_equal(s.text, rows[i].want);
		assert_int_equal(n == 0, s.at == 0);
		conf_free(a);
		conf_free(b);
	}
}

/* A virtual MTA that goes or comes is shown with all it had. */
static void
test_compare_vmta(void **state)
{
	struct conf *a = load_ok(""), *b = load_ok(V("max-smtp-out 4\n"));
	struct seen s = { .at = 0 };

	(void)state;
	assert_true(conf_compare(a, a, take, &s) == 0);
	assert_true(conf_compare(a, b, take, &s) > 5);
	assert_non_null(strstr(s.text, "*/v max-smtp-out ->4"));
	conf_free(a);
	conf_free(b);
}

static void
test_overrode(void **state)
{
	struct conf *c = load_ok(D("*", "max-smtp-out 5\n")
	    D("a.example", "max-smtp-out 6\n") V(D("*", "max-smtp-out 7\n")));
	struct conf_fact *f;
	size_t n = conf_explain(c, queue_of(c, "a.example", "v"), &f), i;

	(void)state;
	for (i = 0; i < n; i++)
		if (strcmp(f[i].name, "max-smtp-out") == 0)
			break;
	assert_true(i < n);
	assert_string_equal(f[i].value, "7");
	assert_string_equal(f[i].overrode,
	    "6 t.conf:5, 5 t.conf:2, 20 default");
	free(f);
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_long_macro),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_vmta),
		cmocka_unit_test(test_overrode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
