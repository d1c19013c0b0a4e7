/* SPDX-License-Identifier: ISC */
/* domain-macros, and the groups that <domain $name> makes. */
#include "util.h"

static void
test_members(void **state)
{
	static const struct {
		const char *domain, *group;
	} rows[] = {
		{ "a.de", "$one" },
		{ "b.de", "$one" },
		{ "inner.de", "$one" },
		{ "sub.w.de", "$one" },
		{ "w.de", NULL },
		{ "v.de", "$one" },
		{ "x.y.v.de", "$one" },
		{ "xv.de", NULL },
		{ "own.de", NULL },
		{ "split.de", NULL },
		{ "unused.de", NULL },
		{ "invmta.de", "$two" },
		{ "", NULL },
		{ "de", NULL },
	};
	struct conf *c = load_ok(
	    "domain-macro inner inner.de\n"
	    "domain-macro One A.de, b.de, own.de, $inner, *.w.de, [*.]v.de\n"
	    "domain-macro two invmta.de\n"
	    "domain-macro three split.de\n"
	    "domain-macro four unused.de\n"
	    "<domain $one>\nmax-msg-rate 1/h\n</domain>\n"
	    "<domain $three>\nmacro-expands yes\nmax-msg-rate 3/h\n</domain>\n"
	    "<virtual-mta v>\n<domain $TWO>\nmax-msg-rate 2/h\n</domain>\n"
	    "<domain own.de>\nmax-smtp-out 2\n</domain>\n</virtual-mta>\n");

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *got = conf_group(c, rows[i].domain);

		if (rows[i].group == NULL ? got != NULL :
			(got == NULL || strcmp(got, rows[i].group) != 0))
			fail_msg("%s is in %s", rows[i].domain,
			    got != NULL ? got : "no group");
	}
	/* out of the group, and still with its settings */
	assert_string_equal(queue_of(c, "own.de", "{default}")->name,
	    "own.de/{default}");
	assert_rate(queue_of(c, "own.de", "{default}")->max_msg_rate, "1/h");
	assert_int_equal(queue_of(c, "own.de", "v")->max_smtp_out, 2);
	assert_rate(queue_of(c, "split.de", "v")->max_msg_rate, "3/h");
	assert_string_equal(queue_of(c, "split.de", "v")->name, "split.de/v");
	assert_rate(queue_of(c, "invmta.de", "v")->max_msg_rate, "2/h");
	assert_rate(queue_of(c, "invmta.de", "{default}")->max_msg_rate,
	    "unlimited");
	conf_free(c);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "<domain $no>\n</domain>\n", "1:1:unknown-macro" },
		{ "domain-macro a $b\ndomain-macro b $a\n",
		    "2:16:macro-loop" },
		{ "domain-macro a x.$a\n", "1:16:macro-loop" },
		{ "domain-macro a x.de,\n  $nope\n", "2:3:unknown-macro" },
		{ "domain-macro a x.de,y.de\ndomain-macro b y.de,z.de\n"
		  "<domain $a>\n</domain>\n<domain $b>\n</domain>\n",
		    "3:1:collective-group 5:1:collective-group "
		    "5:1:two-groups" },
		/* one of them is split: no conflict */
		{ "domain-macro a x.de,y.de\ndomain-macro b y.de,z.de\n"
		  "<domain $a>\n</domain>\n<domain $b>\nmacro-expands yes\n"
		  "</domain>\n",
		    "3:1:collective-group" },
		{ "domain-macro a x.de,y.de\n<domain $a>\n</domain>\n"
		  "<domain y.de>\n</domain>\n",
		    "2:1:collective-group 4:1:left-group" },
		{ "<domain x.de>\nmacro-expands yes\n</domain>\n", "" },
		{ "<domain *>\nmacro-expands yes\n</domain>\n",
		    "2:1:no-effect" },
		{ "<domain [10/33]>\n</domain>\n", "1:1:network-format" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct diags ds = DIAGS_INIT;
		struct conf *c = NULL;
		struct err err = { 0 };
		char got[512];

		conf_load_text("t", rows[i].text, strlen(rows[i].text), &ds,
		    &c, &err);
		diags_text(&ds, DIAG_NOTE, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s gave %s", rows[i].text, got);
		conf_free(c);
		diags_clear(&ds);
	}
}

/* The note has the figures that a migrating postmaster needs. */
static void
test_note(void **state)
{
	static const char text[] = "domain-macro a x.de,y.de,z.de\n"
				   "<domain $a>\nmax-msg-rate 200/h\n"
				   "</domain>\n";
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    conf_load_text("t", text, sizeof(text) - 1, &ds, &c, &err), 0);
	assert_int_equal(ds.n, 1);
	assert_int_equal(ds.d[0].level, DIAG_NOTE);
	assert_non_null(strstr(ds.d[0].text, "3 domains"));
	assert_non_null(strstr(ds.d[0].text, "200/h"));
	assert_non_null(strstr(ds.d[0].text, "macro-expands yes"));
	conf_free(c);
	diags_clear(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
