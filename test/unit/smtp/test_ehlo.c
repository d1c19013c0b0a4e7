/* SPDX-License-Identifier: ISC */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "smtp/ehlo.h"

static void
lines(void **state)
{
	static const struct {
		const char *line;
		unsigned offered;
		uint64_t size;
	} cases[] = {
		{ "", 0, 0 },
		{ " PIPELINING", 0, 0 },
		{ "PIPELINING", EHLO_PIPELINING, 0 },
		{ "pipelining  ", EHLO_PIPELINING, 0 },
		{ "PIPELINING\tx", EHLO_PIPELINING, 0 },
		{ "PIPELINING.", 0, 0 },
		{ "PIPELININ", 0, 0 },
		{ "8BITMIME", EHLO_8BITMIME, 0 },
		{ "AUTH PLAIN LOGIN", EHLO_AUTH, 0 },
		{ "AUTH=PLAIN", 0, 0 },
		{ "SIZE", EHLO_SIZE, 0 },
		{ "SIZE 0", EHLO_SIZE, 0 },
		{ "SIZE 52428800", EHLO_SIZE, 52428800 },
		{ "SIZE   12 34", EHLO_SIZE, 12 },
		{ "SIZE -1", EHLO_SIZE, 0 },
		{ "SIZE 12k", EHLO_SIZE, 0 },
		{ "SIZE 18446744073709551615", EHLO_SIZE, UINT64_MAX },
		{ "SIZE 18446744073709551616", EHLO_SIZE, 0 },
		{ "SIZE=5", 0, 0 },
		{ "XCLIENT NAME", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ehlo e = { 0 };

		ehlo_line(&e, cases[i].line, strlen(cases[i].line));
		assert_int_equal(e.offered, cases[i].offered);
		assert_true(e.size == cases[i].size);
	}
}

static void
a_line_ends_where_it_ends(void **state)
{
	struct ehlo e = { 0 };

	(void)state;
	ehlo_line(&e, "SIZE 123456", 8);
	assert_true(e.size == 123);
	ehlo_line(&e, "PIPELINING", 9);
	assert_int_equal(e.offered, EHLO_SIZE);
}

static void
the_list_of_names(void **state)
{
	struct ehlo e = { 0 };
	char list[EHLO_LIST_SIZE];

	(void)state;
	ehlo_list(&e, list);
	assert_string_equal(list, "-");
	e.offered = EHLO_SIZE | EHLO_8BITMIME;
	ehlo_list(&e, list);
	assert_string_equal(list, "8BITMIME,SIZE");
	e.offered = ~0u;
	ehlo_list(&e, list);
	assert_string_equal(list, "8BITMIME,AUTH,BINARYMIME,CHUNKING,"
	    "DELIVERBY,DSN,ENHANCEDSTATUSCODES,LIMITS,PIPELINING,REQUIRETLS,"
	    "SIZE,SMTPUTF8,STARTTLS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(a_line_ends_where_it_ends),
		cmocka_unit_test(the_list_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
