/* SPDX-License-Identifier: ISC */
/* Grants: exactly the form of vmta-job(5), and nothing else (P16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/grant.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void
test_round_trip(void **state)
{
	static const char *const rows[] = {
		"-",
		"expire",
		"fast;198.51.100.25;1764000060000;7;42;3,17,250",
		"fast;-;0;0;0;",
		("{default};2001:db8::1;9223372036854775807;4294967295;"
		 "18446744073709551615;0"),
		"v;s;1;1;1;1,2,3,4,5,6,7,8,9,10,11,4294967295",
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct buf b = BUF_INIT(0);
		struct grant g;

		assert_int_equal(grant_parse(rows[i], &g), 0);
		assert_int_equal(grant_add(&b, &g), 0);
		assert_string_equal(b.data, rows[i]);
		buf_clear(&b);
	}
}

static void
test_fields(void **state)
{
	struct grant g;

	(void)state;
	assert_int_equal(grant_parse("-", &g), 0);
	assert_int_equal(g.kind, GRANT_NONE);
	assert_int_equal(grant_parse("expire", &g), 0);
	assert_int_equal(g.kind, GRANT_EXPIRE);
	assert_int_equal(grant_parse("fast;10.0.0.1;99;7;42;3,17", &g), 0);
	assert_int_equal(g.kind, GRANT_GIVEN);
	assert_string_equal(g.vmta, "fast");
	assert_string_equal(g.source, "10.0.0.1");
	assert_int_equal(g.expiry_ms, 99);
	assert_int_equal(g.conf_serial, 7);
	assert_int_equal(g.serial, 42);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.line[0], 3);
	assert_int_equal(g.line[1], 17);
}

static void
test_refused(void **state)
{
	static const char *const rows[] = {
		"", "--", "Expire", "expired", "expire;", ";",
		"fast", "fast;s", "fast;s;1;1;1",	/* no list */
		";s;1;1;1;", "fast;;1;1;1;", "fast;s;;1;1;", "fast;s;1;;1;",
		"fast;s;1;1;;",
		"fast;s;-1;1;1;", "fast;s;1x;1;1;", "fast;s; 1;1;1;",
		"fast;s;9223372036854775808;1;1;",
		"fast;s;1;4294967296;1;",
		"fast;s;1;1;18446744073709551616;",
		"fast;s;1;1;1;1,", "fast;s;1;1;1;,1", "fast;s;1;1;1;1,,2",
		"fast;s;1;1;1;x", "fast;s;1;1;1;1;2", "fast;s;1;1;1;1 ",
		"fast;s;1;1;1;4294967296", "fast;s;1;1;1;-1",
		"fast;s;1;1;1;1,2,3,4,5,6,7,8,9,10,11,12,13",
		"fast;s;1;1;000000000000000000000000000000001;",
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct grant g = { .kind = GRANT_EXPIRE, .serial = 77 };

		if (grant_parse(rows[i], &g) == 0)
			fail_msg("\"%s\" was taken", rows[i]);
		/* untouched */
		assert_int_equal(g.kind, GRANT_EXPIRE);
		assert_int_equal(g.serial, 77);
	}
}

static void
test_every_cut_in_the_list_or_before(void **state)
{
	static const char text[] = "fast;10.0.0.1;1764000060000;7;42;3,17";
	const size_t list = strlen(text) - strlen("3,17");
	struct grant g;

	(void)state;
	for (size_t n = 0; n < list; n++) {
		char *cut = strndup(text, n);

		assert_int_equal(grant_parse(cut, &g), -1);
		free(cut);
	}
}

/* Names as long as they may be, and one byte longer. */
static void
test_longest_names(void **state)
{
	char text[300];
	struct grant g;

	(void)state;
	snprintf(text, sizeof(text), "%0*d;%0*d;1;1;1;", NAME_VMTA, 7,
	    NAME_SOURCE, 8);
	assert_int_equal(grant_parse(text, &g), 0);
	assert_int_equal(strlen(g.vmta), NAME_VMTA);
	assert_int_equal(strlen(g.source), NAME_SOURCE);
	snprintf(text, sizeof(text), "%0*d;s;1;1;1;", NAME_VMTA + 1, 7);
	assert_int_equal(grant_parse(text, &g), -1);
	snprintf(text, sizeof(text), "v;%0*d;1;1;1;", NAME_SOURCE + 1, 7);
	assert_int_equal(grant_parse(text, &g), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_cut_in_the_list_or_before),
		cmocka_unit_test(test_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
