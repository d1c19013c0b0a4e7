/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pattern.h"

static void
test_matches(void **state)
{
	static const struct {
		const char *regex, *text;
		bool match;
	} rows[] = {
		{ "user unknown", "550 5.1.1 User Unknown here", true },
		{ "^550", "550 no", true },
		{ "^5\\.1", "550 5.1.1 no", false },
		{ "(?-i)user", "USER", false },
		{ "", "anything", true },
		{ "a.c", "abc", true },
		{ "\\[TS01\\]", "421 [TS01] later", true },
		{ "(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false },
		{ "caf\xe9", "caf\xe9", true },
	};
	struct pattern_error e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pattern *p =
		    pattern_new(rows[i].regex, strlen(rows[i].regex), &e);

		assert_non_null(p);
		if (pattern_match(p, rows[i].text, strlen(rows[i].text),
			NULL) != rows[i].match)
			fail_msg("/%s/ and \"%s\"", rows[i].regex,
			    rows[i].text);
		pattern_free(p);
	}
}

static void
test_place(void **state)
{
	struct pattern_error e;
	struct pattern *p = pattern_new("b+", 2, &e);
	struct pattern_hit hit;

	(void)state;
	assert_non_null(p);
	assert_true(pattern_match(p, "abbc", 4, &hit));
	assert_int_equal(hit.start, 1);
	assert_int_equal(hit.end, 3);
	/* only as many bytes as it was told of */
	assert_false(pattern_match(p, "abbc", 1, &hit));
	pattern_free(p);
}

static void
test_errors(void **state)
{
	struct pattern_error e;

	(void)state;
	assert_null(pattern_new("a(b", 3, &e));
	assert_int_equal(e.off, 3);
	assert_non_null(strstr(e.why, "parenthesis"));
	assert_null(pattern_new("*", 1, &e));
	pattern_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
