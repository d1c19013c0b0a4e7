/* SPDX-License-Identifier: ISC */
/* Job lines cut in place: the same judgement as job_parse, with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "throttle/line.h"

#define HEAD "id.0\tsegment.17\t3\t-\t"
#define TAIL "\t1795477736\t0\t4096\tgmail.com/v1\tgmail.com\tv1\t<>\tu@gmail.com\tjob"

static void
test_columns(void **state)
{
	static const char text[] = HEAD "50" TAIL "\t127.0.0.2";
	struct job_line l;
	size_t n;

	(void)state;
	assert_null(line_cut(text, strlen(text), &l));
	assert_int_equal(l.priority, 50);
	assert_int_equal(l.len, strlen(text));
	assert_true(line_is(&l, JOB_ID, "id.0"));
	assert_true(line_is(&l, JOB_GRANT, "-"));
	assert_true(line_is(&l, JOB_VMTA, "v1"));
	assert_false(line_is(&l, JOB_VMTA, "v"));
	assert_true(line_is(&l, JOB_SOURCE, "127.0.0.2"));
	assert_ptr_equal(line_field(&l, JOB_DOMAIN, &n), strstr(text,
	    "gmail.com\t"));
	assert_int_equal(n, 9);
}

static void
test_more_columns_than_we_know(void **state)
{
	static const char text[] = HEAD "0" TAIL "\t-\tnew\tnewer";
	struct job_line l;

	(void)state;
	assert_null(line_cut(text, strlen(text), &l));
	assert_true(line_is(&l, JOB_SOURCE, "-"));
	assert_int_equal(l.len, strlen(text));
}

static void
test_bad_lines(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "too few columns" },
		{ "hello", "too few columns" },
		{ HEAD "50" TAIL, "too few columns" },
		{ HEAD "50" TAIL "\t", "an empty column" },
		{ HEAD "" TAIL "\t-", "an empty column" },
		{ "\t" HEAD "50" TAIL "\t-", "an empty column" },
		{ HEAD "50" TAIL "\t-\r", "a control byte" },
		{ HEAD "50" TAIL "\t\033-", "a control byte" },
		{ HEAD "50" TAIL "\t-\x7f", "a control byte" },
		{ HEAD "101" TAIL "\t-", "the priority is not 0 to 100" },
		{ HEAD "-1" TAIL "\t-", "the priority is not 0 to 100" },
		{ HEAD "5x" TAIL "\t-", "the priority is not 0 to 100" },
		{ HEAD "99999999999999999999" TAIL "\t-",
		    "the priority is not 0 to 100" },
	};
	struct job_line l;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = line_cut(rows[i].text, strlen(rows[i].text),
		    &l);

		assert_non_null(why);
		assert_string_equal(why, rows[i].why);
	}
}

static void
test_length(void **state)
{
	char text[JOB_LINE_MAX + 8];
	struct job_line l;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, HEAD "50" TAIL "\t", strlen(HEAD "50" TAIL "\t"));
	assert_null(line_cut(text, JOB_LINE_MAX - 1, &l));
	assert_string_equal(line_cut(text, JOB_LINE_MAX, &l), "too long");
}

/* Bytes of every kind at every place: never read beyond, the same as job_parse. */
static void
test_agrees_with_job_parse(void **state)
{
	static const char good[] = HEAD "50" TAIL "\t-";
	static const char bytes[] = { 0, 1, '\t', 31, ' ', 'a', 126, 127,
		(char)128, (char)160, (char)255 };
	size_t n = sizeof(good) - 1;
	struct job_line l;
	struct job job;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t b = 0; b < sizeof(bytes); b++) {
			char *exact = malloc(n), copy[sizeof(good)];
			int bad;

			assert_non_null(exact);
			memcpy(copy, good, sizeof(good));
			copy[i] = bytes[b];
			memcpy(exact, copy, n);
			bad = line_cut(exact, n, &l) != NULL;
			if (bytes[b] == 0)
				assert_true(bad);
			else if (job_parse(copy, &job) < 0)
				assert_true(bad);
			else if (bad)	/* by its priority alone */
				assert_string_equal(line_cut(exact, n, &l),
				    "the priority is not 0 to 100");
			free(exact);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_more_columns_than_we_know),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_agrees_with_job_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
