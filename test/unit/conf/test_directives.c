/* SPDX-License-Identifier: ISC */
/* The tables: every row is complete, its default can be read and stored. */
#include "util.h"

#include "conf/directives.h"
#include "conf/value.h"

static void
test_rows_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *d =
		    conf_directive((enum conf_dir)i);

		assert_int_equal(d->id, i);
		assert_non_null(d->name);
		assert_true(*d->name != '\0');
		assert_true(*d->doc != '\0');
		assert_true(d->sections != 0);
		if (d->fill == CONF_FILL_NONE || d->type == CONF_T_RECORD_FIELDS)
			continue;
		/* The member must be what the type stores. */
		if (d->size != value_size(d->type))
			fail_msg("%s: stores %zu bytes into %zu", d->name,
			    value_size(d->type), d->size);
	}
}

static void
test_no_two_rows_for_one_place(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_DIRECTIVES; i++)
		for (int k = i + 1; k < CONF_DIRECTIVES; k++) {
			const struct conf_directive *a =
			    conf_directive((enum conf_dir)i);
			const struct conf_directive *b =
			    conf_directive((enum conf_dir)k);

			if (strcmp(a->name, b->name) == 0 &&
			    (a->sections & b->sections) != 0)
				fail_msg("%s has two rows for one section",
				    a->name);
		}
}

static void
test_defaults_can_be_read(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *d =
		    conf_directive((enum conf_dir)i);
		struct lex_line line = LEX_LINE_INIT;
		struct lex_piece piece = { 0, 0, 1, d->dflt, 0 };
		struct diags ds = DIAGS_INIT;
		struct arena arena = ARENA_INIT;
		struct cursor c = { &line, 0, 0, d, &arena, &ds };
		union conf_value v;

		if (d->dflt == NULL)
			continue;
		buf_adds(&line.text, d->dflt);
		line.file = "table";
		line.pieces = &piece;
		line.n_pieces = 1;
		c.end = line.text.len;
		if (value_parse(&c, &v) < 0)
			fail_msg("%s: default %s: %s", d->name, d->dflt,
			    ds.n > 0 ? ds.d[0].text : "?");
		buf_clear(&line.text);
		diags_clear(&ds);
		arena_clear(&arena);
	}
}

static void
test_names_and_aliases(void **state)
{
	static const struct {
		const char *name;
		enum conf_section in;
		enum conf_dir row;
	} rows[] = {
		{ "max-msg-rate", CONF_SEC_DOMAIN, CONF_DIR_MAX_MSG_RATE },
		{ "MAX-Msg-Rate", CONF_SEC_DOMAIN, CONF_DIR_MAX_MSG_RATE },
		{ "max-msg-rate", CONF_SEC_VMTA, CONF_DIR_VMTA_MAX_MSG_RATE },
		{ "max-smtp-msg-rate", CONF_SEC_POOL,
		    CONF_DIR_VMTA_MAX_MSG_RATE },
		{ "max-conn-rate", CONF_SEC_DOMAIN, CONF_DIR_MAX_CONNECT_RATE },
		{ "max-conn-rate", CONF_SEC_VMTA,
		    CONF_DIR_VMTA_MAX_CONNECT_RATE },
		{ "route", CONF_SEC_DOMAIN, CONF_DIR_SMTP_HOSTS },
		{ "smtp-source-ip", CONF_SEC_VMTA, CONF_DIR_SMTP_SOURCE_HOST },
		{ "max-rcpt-per-transaction", CONF_SEC_DOMAIN,
		    CONF_DIR_MAX_RCPT_PER_MESSAGE },
		{ "include", CONF_SEC_SOURCE, CONF_DIR_INCLUDE },
		/* an alias of one row is none of a row of the same name */
		{ "max-smtp-msg-rate", CONF_SEC_DOMAIN, CONF_DIRECTIVES },
		{ "spool", CONF_SEC_DOMAIN, CONF_DIRECTIVES },
		{ "no-such-thing", CONF_SEC_GLOBAL, CONF_DIRECTIVES },
	};
	struct conf_index ix;

	(void)state;
	conf_index_init(&ix);
	for (size_t i = 0; i < N(rows); i++) {
		const struct conf_directive *elsewhere, *d;

		d = conf_index_find(&ix, rows[i].name, rows[i].in, &elsewhere);
		if ((d != NULL ? d->id : CONF_DIRECTIVES) != rows[i].row)
			fail_msg("%s is row %d", rows[i].name,
			    d != NULL ? (int)d->id : -1);
	}
	conf_index_clear(&ix);
}

static void
test_suggestions(void **state)
{
	static const struct {
		const char *wrong, *right;
	} rows[] = {
		{ "max-msg-rat", "max-msg-rate" },
		{ "max-mgs-rate", "max-msg-rate" },
		{ "retryafter", "retry-after" },
		{ "bounce_after", "bounce-after" },
		{ "xyzzy", NULL },
		{ "a", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *got = conf_suggest(rows[i].wrong, CONF_SEC_DOMAIN);

		if (rows[i].right == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].right);
	}
	assert_string_equal(conf_suggest_tag("virtual-mat"), "virtual-mta");
	assert_null(conf_suggest_tag("bounce-log-file"));
}

static void
test_distance(void **state)
{
	char longest[200];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(conf_distance("kitten", "sitting", 9), 3);
	assert_int_equal(conf_distance("ab", "ba", 9), 1);
	assert_int_equal(conf_distance("", "abc", 9), 3);
	assert_int_equal(conf_distance("SAME", "same", 9), 0);
	assert_int_equal(conf_distance("kitten", "sitting", 2), 3);
	assert_int_equal(conf_distance(longest, "x", 3), 4);
	assert_int_equal(conf_distance(longest, longest, 3), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_no_two_rows_for_one_place),
		cmocka_unit_test(test_defaults_can_be_read),
		cmocka_unit_test(test_names_and_aliases),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
