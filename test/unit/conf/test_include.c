/* SPDX-License-Identifier: ISC */
/* Files within files: order, folders, cycles, what can't be read. */
#include "folder.h"

/* Load p->conf.  Returns: the diagnostics in got; *out may be NULL. */
static void
load(const struct place *p, struct conf **out, char *got, size_t size)
{
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };

	conf_load(p->conf, &ds, out, &err);
	diags_text(&ds, DIAG_WARNING, got, size);
	diags_clear(&ds);
}

static void
test_includes(void **state)
{
	struct place *p = *state;
	struct conf *c = NULL;
	const struct conf_vmta *const *all;
	char got[512];
	size_t n;

	write_file(p->top, "vmta.conf",
	    "<virtual-mta a>\ninclude d/inner.inc\n</virtual-mta>\n"
	    "include d/*.conf\n<virtual-mta z>\n</virtual-mta>\n");
	write_file(p->top, "d/2.conf", "<virtual-mta two>\n</virtual-mta>");
	write_file(p->top, "d/1.conf", "include more/3.inc\n"
				       "<virtual-mta one>\n</virtual-mta>\n");
	write_file(p->top, "d/inner.inc", "max-smtp-out 7");
	snprintf(got, sizeof(got), "%s/d/more", p->top);
	assert_int_equal(mkdir(got, 0700), 0);
	write_file(p->top, "d/more/3.inc",
	    "<virtual-mta three>\n</virtual-mta>\n");
	load(p, &c, got, sizeof(got));
	assert_string_equal(got, "");
	all = conf_vmtas(c, &n);
	assert_int_equal(n, 6);
	assert_string_equal(all[1]->name, "a");
	assert_int_equal(all[1]->max_smtp_out, 7);
	assert_string_equal(all[2]->name, "three");
	assert_string_equal(all[3]->name, "one");
	assert_string_equal(all[4]->name, "two");
	assert_string_equal(all[5]->name, "z");
	conf_free(c);
}

static void
test_bad_includes(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "include vmta.conf\n", "1:9:include" },
		{ "include d/loop.inc\n", "1:9:include" },
		{ "include none.conf\nfoo\n", "1:9:include "
					      "2:1:unknown-directive" },
		{ "include none*.conf\n", "1:9:include" },
		{ "include d\n", "1:9:include" },
		{ "include http://x.example/y\n", "1:9:include" },
		{ "include \"d/ok.inc\"\n", "" },
		{ "include d/open.inc\nspool /s\n</domain>\n",
		    "2:1:wrong-section" },
	};
	struct place *p = *state;

	write_file(p->top, "d/loop.inc", "include ../vmta.conf\n");
	write_file(p->top, "d/ok.inc", "spool /s\n");
	write_file(p->top, "d/open.inc", "<domain x>\n");
	for (size_t i = 0; i < N(rows); i++) {
		struct conf *c = NULL;
		char got[256];

		write_file(p->top, "vmta.conf", rows[i].text);
		load(p, &c, got, sizeof(got));
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s gave %s", rows[i].text, got);
		conf_free(c);
	}
}

static void
test_deep_and_many(void **state)
{
	struct place *p = *state;
	struct conf *c = NULL;
	char name[32], text[64], got[64];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d/%d.inc", i);
		snprintf(text, sizeof(text), "include %d.inc\n", i + 1);
		write_file(p->top, name, text);
	}
	write_file(p->top, "vmta.conf", "include d/0.inc\n");
	load(p, &c, got, sizeof(got));
	assert_string_equal(got, "1:9:include");
	assert_null(c);
	/* twice in each of many levels would be a million files */
	for (int i = 0; i < 14; i++) {
		snprintf(name, sizeof(name), "d/%d.inc", i);
		snprintf(text, sizeof(text),
		    "include %d.inc\ninclude %d.inc\n", i + 1, i + 1);
		write_file(p->top, name, text);
	}
	write_file(p->top, "d/14.inc", "");
	load(p, &c, got, sizeof(got));
	assert_null(c);
}

static void
test_missing_file(void **state)
{
	struct place *p = *state;
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	assert_int_equal(conf_load(p->conf, &ds, &c, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	assert_int_equal(conf_load(p->top, &ds, &c, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	assert_int_equal(ds.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_includes),
		FOLDER_TEST(test_bad_includes),
		FOLDER_TEST(test_deep_and_many),
		FOLDER_TEST(test_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
