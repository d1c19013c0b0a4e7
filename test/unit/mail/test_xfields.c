/* SPDX-License-Identifier: ISC */
/* The header fields that choose virtual MTA, job and envelope id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/xfields.h"

static const char *
take(const char *in, struct xfields *x, char *rest, size_t size)
{
	static char text[4000];
	struct buf b = BUF_INIT(0);
	struct message_fault fault;
	struct message m;
	const char *why;

	snprintf(text, sizeof(text), "%s", in);
	assert_int_equal(message_canonical(text, strlen(text), &b, &m, &fault),
	    0);
	why = xfields_take(&m, x);
	snprintf(rest, size, "%.*s", (int)m.len, m.text);
	buf_clear(&b);
	return why;
}

static void
test_taken_and_removed(void **state)
{
	static const struct {
		const char *in, *vmta, *job, *envid, *rest;
	} rows[] = {
		{ "A: b\n\nx\n", "", "", "", "A: b\r\n\r\nx\r\n" },
		{ "X-Virtual-MTA: fast\nA: b\nx-job:\tnov 23 \nX-ENVID: 7\n\n"
		  "X-Job: body\n",
		    "fast", "nov 23", "7", "A: b\r\n\r\nX-Job: body\r\n" },
		{ "X-Job:\n folded\nA: b\n\nx\n", "", "folded", "",
		    "A: b\r\n\r\nx\r\n" },
		/* the first that says something; all are removed */
		{ "X-Job: \nX-Job: one\nA: b\nX-Job: two\n\nx\n", "", "one", "",
		    "A: b\r\n\r\nx\r\n" },
		{ "X-Job: only\n", "", "only", "", "" },
		{ "X-Jobs: 1\n\nx\n", "", "", "", "X-Jobs: 1\r\n\r\nx\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xfields x;
		char rest[200];

		assert_null(take(rows[i].in, &x, rest, sizeof(rest)));
		assert_string_equal(x.vmta, rows[i].vmta);
		assert_string_equal(x.job, rows[i].job);
		assert_string_equal(x.envid, rows[i].envid);
		assert_string_equal(rest, rows[i].rest);
	}
}

static void
test_bad_values(void **state)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
		{ "X-Job: a\tb\n\nx\n", "bad value of X-Job" },
		{ "X-Job: m\xc3\xa4rz\n\nx\n", "bad value of X-Job" },
		{ "X-Envid: a\x01\n\nx\n", "bad value of X-Envid" },
		{ "X-Job: 12345678901234567890123456789012345678901234567890"
		  "123456789012345\n\nx\n",
		    "bad value of X-Job" },
	};
	struct xfields x;
	char rest[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(take(rows[i].in, &x, rest, sizeof(rest)),
		    rows[i].why);
}

static void
test_endless_value(void **state)
{
	char in[3000] = "X-Virtual-MTA: ";
	struct xfields x;
	char rest[200];

	(void)state;
	memset(in + 15, 'x', sizeof(in) - 20);
	assert_string_equal(take(in, &x, rest, sizeof(rest)),
	    "bad value of X-Virtual-MTA");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_and_removed),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_endless_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
