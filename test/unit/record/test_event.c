/* SPDX-License-Identifier: ISC */
/* The event line: round trips, cuts, and replies that attack it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/event.h"

/* Every column filled with its own name. */
static void
fill(struct event *e)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		e->f[i] = event_names[i];
}

static void
test_columns_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_FIELDS; i++) {
		assert_non_null(event_names[i]);
		assert_int_equal(event_field(event_names[i]), i);
	}
	assert_int_equal(event_field("Time"), -1);
	assert_int_equal(event_field(""), -1);
	assert_int_equal(event_field("nothing"), -1);
}

static void
test_round_trip(void **state)
{
	struct buf b = BUF_INIT(0);
	struct event e, back;

	(void)state;
	fill(&e);
	e.f[EV_SENDER] = "<>";
	e.f[EV_DIAG] = "smtp;550 5.1.1 <a\tb>\r\nno \\such user \x01 caf\xc3\xa9";
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	assert_false(strchr(b.data, '\n') != NULL);
	assert_int_equal(event_parse(b.data, &back), 0);
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		assert_string_equal(back.f[i], e.f[i]);
	buf_clear(&b);
}

static void
test_nothing_is_a_dash(void **state)
{
	struct event e = { .f = { [EV_TIME] = "1", [EV_RCPT] = "" } }, back;
	struct buf b = BUF_INIT(0);

	(void)state;
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	assert_int_equal(event_parse(b.data, &back), 0);
	assert_string_equal(back.f[EV_TIME], "1");
	for (size_t i = 1; i < EVENT_FIELDS; i++)
		assert_string_equal(back.f[i], "-");
	buf_clear(&b);
}

static void
test_appends_after_what_is_there(void **state)
{
	struct buf b = BUF_INIT(0);
	struct event e;

	(void)state;
	fill(&e);
	buf_adds(&b, "before ");
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	assert_memory_equal(b.data, "before time\ttype\t", 17);
	buf_clear(&b);
}

/* With its newline a line is never longer than max, whatever a server says. */
static void
test_long_diagnostics_are_cut(void **state)
{
	static const char *const fillers[] = { "x", "\x01", "\t", "\\",
		"\xc3\xa9" };
	char diag[6001];

	(void)state;
	for (size_t k = 0; k < sizeof(fillers) / sizeof(fillers[0]); k++) {
		struct buf b = BUF_INIT(0);
		struct event e, back;
		size_t n = strlen(fillers[k]);

		for (size_t i = 0; i < sizeof(diag) - 1; i++)
			diag[i] = fillers[k][i % n];
		diag[sizeof(diag) - 1] = '\0';
		fill(&e);
		e.f[EV_DIAG] = diag;
		assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
		assert_true(b.len + 1 <= EVENT_LINE_MAX);
		assert_int_equal(event_parse(b.data, &back), 0);
		assert_true(strlen(back.f[EV_DIAG]) <= EVENT_DIAG_MAX);
		assert_true(strlen(back.f[EV_DIAG]) >= EVENT_DIAG_MAX / 2);
		assert_memory_equal(back.f[EV_DIAG], diag,
		    strlen(back.f[EV_DIAG]));
		assert_string_equal(back.f[EV_MTA], "mta");
		assert_string_equal(back.f[EV_NOTE], "note");
		buf_clear(&b);
	}
}

static void
test_what_can_not_fit_is_refused(void **state)
{
	struct buf b = BUF_INIT(0);
	struct event e;
	size_t full;

	(void)state;
	fill(&e);
	e.f[EV_DIAG] = NULL;
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	full = b.len;
	buf_reset(&b);
	buf_adds(&b, "kept");
	assert_int_equal(event_append(&b, &e, full), -1);
	assert_string_equal(b.data, "kept");
	assert_int_equal(event_append(&b, &e, full + 1), 0);
	buf_clear(&b);
	/* the same where the buffer is what bounds it */
	b.max = full - 1;
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), -1);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
test_every_cut(void **state)
{
	struct buf b = BUF_INIT(0);
	struct event e, back;
	size_t enough;

	(void)state;
	fill(&e);
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	/* up to and with the first byte of the recipient */
	enough = (size_t)(strstr(b.data, "\trcpt\t") - b.data) + 2;
	for (size_t n = 0; n < b.len; n++) {
		char *cut = strndup(b.data, n);
		int rc = event_parse(cut, &back);

		if (n < enough)
			assert_int_equal(rc, -1);
		else if (rc == 0)
			assert_non_null(back.f[EV_NOTE]);
		free(cut);
	}
	buf_clear(&b);
}

static void
test_broken_escapes_and_empty_columns_are_refused(void **state)
{
	static const char *const bad[] = { "", "\\", "\\q", "\\x1", "\\x00" };

	(void)state;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		for (size_t at = 0; at < EVENT_FIELDS; at++) {
			char line[200] = "";
			struct event e;

			for (size_t i = 0; i < EVENT_FIELDS; i++)
				snprintf(line + strlen(line),
				    sizeof(line) - strlen(line), "%s%s",
				    i > 0 ? "\t" : "", i == at ? bad[k] : "x");
			assert_int_equal(event_parse(line, &e), -1);
		}
}

static void
test_unknown_columns_are_ignored(void **state)
{
	struct buf b = BUF_INIT(0);
	struct event e, back;

	(void)state;
	fill(&e);
	assert_int_equal(event_append(&b, &e, EVENT_LINE_MAX), 0);
	buf_adds(&b, "\tnew\t\\q\t");
	assert_int_equal(event_parse(b.data, &back), 0);
	assert_string_equal(back.f[EV_NOTE], "note");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_have_names),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_is_a_dash),
		cmocka_unit_test(test_appends_after_what_is_there),
		cmocka_unit_test(test_long_diagnostics_are_cut),
		cmocka_unit_test(test_what_can_not_fit_is_refused),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(
		    test_broken_escapes_and_empty_columns_are_refused),
		cmocka_unit_test(test_unknown_columns_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
