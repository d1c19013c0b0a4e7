/* SPDX-License-Identifier: ISC */
/* P7, P15: what a grant may decide, and what is handed back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "deliver/plan.h"

static const char text[] =
    "host-name host.test\n"
    "<virtual-mta one>\n"
    "  smtp-source-host 192.0.2.1 a.test\n"
    "  smtp-source-host 192.0.2.2 b.test\n"
    "</virtual-mta>\n"
    "<virtual-mta other>\n"
    "  smtp-source-host 192.0.2.3 c.test\n"
    "</virtual-mta>\n"
    "<virtual-mta bare>\n"
    "  helo-domain bare.test\n"
    "</virtual-mta>\n"
    "<virtual-mta slow>\n"
    "  max-msg-rate 10/h\n"
    "</virtual-mta>\n"
    "<virtual-mta-pool both>\n"
    "  virtual-mta one\n"
    "  virtual-mta other\n"
    "</virtual-mta-pool>\n"
    "domain-macro big x.test, y.test\n"
    "<domain $big>\n"
    "  smtp-hosts [127.0.0.1]:25\n"
    "</domain>\n"
    "<domain limited.test>\n"
    "  max-msg-rate 10/h\n"
    "</domain>\n"
    "<domain persource.test>\n"
    "  source-ip-max-msg-rate 192.0.2.2/32 5/h\n"
    "</domain>\n";

static struct conf *conf;

static int
setup(void **state)
{
	struct diags ds = DIAGS_INIT;
	struct err err;
	int rc = conf_load_text("test", text, sizeof(text) - 1, &ds, &conf,
	    &err);

	(void)state;
	for (size_t i = 0; i < ds.n; i++)
		diag_print(stderr, &ds.d[i], 0);
	diags_clear(&ds);
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	conf_free(conf);
	return 0;
}

static struct grant
grant_of(const char *s)
{
	struct grant g;

	assert_int_equal(grant_parse(s, &g), 0);
	return g;
}

static void
test_granted(void **state)
{
	static const struct {
		const char *grant, *domain;
		enum plan_verdict verdict;
		const char *queue, *source, *helo, *route;
	} cases[] = {
		{ "one;192.0.2.2;5;0;1;", "z.test", PLAN_SEND, "z.test/one",
		    "192.0.2.2", "b.test", "z.test" },
		{ "bare;-;5;0;1;", "z.test", PLAN_SEND, "z.test/bare", "-",
		    "bare.test", "z.test" },
		{ "slow;-;5;0;1;4,5", "z.test", PLAN_SEND, "z.test/slow", "-",
		    "host.test", "z.test" },
		{ "other;192.0.2.3;5;0;1;", "x.test", PLAN_SEND, "$big/other",
		    "192.0.2.3", "c.test", NULL },
		/* what this configuration doesn't know */
		{ "gone;-;5;0;1;", "z.test", PLAN_BACK, NULL, NULL, NULL,
		    NULL },
		{ "both;-;5;0;1;", "z.test", PLAN_BACK, NULL, NULL, NULL,
		    NULL },
		{ "one;192.0.2.3;5;0;1;", "z.test", PLAN_BACK, NULL, NULL,
		    NULL, NULL },
		{ "one;-;5;0;1;", "z.test", PLAN_BACK, NULL, NULL, NULL,
		    NULL },
		{ "one;192.0.2.1;5;1;1;", "z.test", PLAN_BACK, NULL, NULL,
		    NULL, NULL },
	};
	struct plan_options o = { .conf = conf };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grant g = grant_of(cases[i].grant);
		struct plan p;

		assert_int_equal(plan_make(&o, cases[i].domain, &g, NULL, &p),
		    cases[i].verdict);
		if (cases[i].verdict != PLAN_SEND) {
			assert_non_null(p.why);
			continue;
		}
		assert_string_equal(p.queue->name, cases[i].queue);
		assert_string_equal(p.source, cases[i].source);
		assert_string_equal(p.helo, cases[i].helo);
		if (cases[i].route == NULL)
			assert_null(p.route);
		else
			assert_string_equal(p.route, cases[i].route);
	}
}

static void
test_ungranted(void **state)
{
	static const struct {
		const char *vmta, *last, *domain;
		bool no_limits;
		uint64_t turn;
		enum plan_verdict verdict;
		const char *queue, *source;
	} cases[] = {
		/* sources in turn, but a retry keeps its own */
		{ "one", "-", "z.test", false, 0, PLAN_SEND, "z.test/one",
		    "192.0.2.1" },
		{ "one", "-", "z.test", false, 1, PLAN_SEND, "z.test/one",
		    "192.0.2.2" },
		{ "one", "192.0.2.2", "z.test", false, 0, PLAN_SEND,
		    "z.test/one", "192.0.2.2" },
		{ "one", "192.0.2.9", "z.test", false, 0, PLAN_SEND,
		    "z.test/one", "192.0.2.1" },
		/* a pool's members too */
		{ "both", "-", "z.test", false, 0, PLAN_SEND, "z.test/one",
		    "192.0.2.1" },
		{ "both", "-", "z.test", false, 1, PLAN_SEND, "z.test/other",
		    "192.0.2.3" },
		{ "both", "192.0.2.3", "z.test", false, 0, PLAN_SEND,
		    "z.test/other", "192.0.2.3" },
		{ "bare", "-", "z.test", false, 0, PLAN_SEND, "z.test/bare",
		    "-" },
		/* limits of the queue, the virtual MTA, the source */
		{ "one", "-", "limited.test", false, 0, PLAN_REFUSED, NULL,
		    NULL },
		{ "one", "-", "limited.test", true, 0, PLAN_SEND,
		    "limited.test/one", "192.0.2.1" },
		{ "slow", "-", "z.test", false, 0, PLAN_REFUSED, NULL, NULL },
		{ "one", "-", "persource.test", false, 0, PLAN_SEND,
		    "persource.test/one", "192.0.2.1" },
		{ "one", "-", "persource.test", false, 1, PLAN_REFUSED, NULL,
		    NULL },
		{ "gone", "-", "z.test", false, 0, PLAN_BACK, NULL, NULL },
		{ NULL, NULL, "z.test", false, 0, PLAN_BACK, NULL, NULL },
	};
	struct grant none = grant_of("-");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_options o = { conf, cases[i].no_limits,
			cases[i].turn };
		struct vmta_row row = { cases[i].vmta, cases[i].last };
		struct plan p;

		assert_int_equal(plan_make(&o, cases[i].domain, &none,
		    cases[i].vmta != NULL ? &row : NULL, &p),
		    cases[i].verdict);
		if (cases[i].verdict != PLAN_SEND) {
			assert_non_null(p.why);
			continue;
		}
		assert_string_equal(p.queue->name, cases[i].queue);
		assert_string_equal(p.source, cases[i].source);
	}
}

static void
test_expire(void **state)
{
	struct plan_options o = { .conf = conf };
	struct grant g = grant_of("expire");
	struct vmta_row pool = { "both", "-" }, gone = { "gone", "-" };
	struct plan p;

	(void)state;
	assert_int_equal(plan_make(&o, "x.test", &g, &pool, &p), PLAN_EXPIRE);
	assert_string_equal(p.queue->name, "$big/both");
	assert_int_equal(plan_make(&o, "x.test", &g, &gone, &p), PLAN_BACK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_granted),
		cmocka_unit_test(test_ungranted),
		cmocka_unit_test(test_expire),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
