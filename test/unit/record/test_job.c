/* SPDX-License-Identifier: ISC */
/* The job line: round trips, lines that were cut, lines that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/job.h"

static const char good[] = "0mi3k1z0a9b8c7d6e5f4.0\t0mi3k1z0a9b8c7d6e5f4.17\t3\t"
			   "-\t50\t1764000000\t0\t4096\tgmail.com/fast\t"
			   "gmail.com\tfast\tnews@sender.test\tuser@gmail.com\t"
			   "spring\t-";

static void
test_columns_have_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < JOB_FIELDS; i++) {
		assert_non_null(job_names[i]);
		assert_true(job_names[i][0] != '\0');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(job_names[i], job_names[j]);
	}
	assert_string_equal(job_names[JOB_ID], "id");
	assert_string_equal(job_names[JOB_SOURCE], "source");
}

static void
test_round_trip(void **state)
{
	char *line = strdup(good);
	struct buf b = BUF_INIT(0);
	struct job job;

	(void)state;
	assert_int_equal(job_parse(line, &job), 0);
	assert_string_equal(job.f[JOB_LOCATOR], "0mi3k1z0a9b8c7d6e5f4.17");
	assert_string_equal(job.f[JOB_RCPT], "user@gmail.com");
	assert_string_equal(job.f[JOB_SOURCE], "-");
	assert_int_equal(job_add(&b, &job), 0);
	assert_int_equal(b.len, strlen(good) + 1);
	assert_memory_equal(b.data, good, strlen(good));
	assert_int_equal(b.data[b.len - 1], '\n');
	buf_clear(&b);
	free(line);
}

/* Whatever the cut leaves off, a line is only a line when it has all columns. */
static void
test_every_cut(void **state)
{
	struct job job;

	(void)state;
	for (size_t n = 0; n < strlen(good); n++) {
		char *line = strndup(good, n);

		/* the last column starts at the last byte here */
		assert_int_equal(job_parse(line, &job), -1);
		free(line);
	}
}

static void
test_more_columns_are_ignored(void **state)
{
	char line[400];
	struct job job;

	(void)state;
	snprintf(line, sizeof(line), "%s\tnew\t\tcolumns", good);
	assert_int_equal(job_parse(line, &job), 0);
	assert_string_equal(job.f[JOB_SOURCE], "-");
}

static void
test_empty_columns_are_refused(void **state)
{
	struct job job;

	(void)state;
	for (size_t gone = 0; gone < JOB_FIELDS; gone++) {
		char line[100] = "";

		for (size_t i = 0; i < JOB_FIELDS; i++)
			snprintf(line + strlen(line),
			    sizeof(line) - strlen(line), "%s%s",
			    i > 0 ? "\t" : "", i == gone ? "" : "x");
		assert_int_equal(job_parse(line, &job), -1);
	}
}

static void
test_control_bytes_are_refused(void **state)
{
	struct job job;

	(void)state;
	for (int c = 1; c <= 0x7f; c++) {
		char line[sizeof(good)];

		memcpy(line, good, sizeof(good));
		line[3] = (char)c;
		if (c == '\t')
			continue;	/* a column more, see above */
		assert_int_equal(job_parse(line, &job),
		    c < ' ' || c == 0x7f ? -1 : 0);
	}
}

static void
test_add_says_when_it_did_not_fit(void **state)
{
	char *line = strdup(good);
	struct buf b = BUF_INIT(strlen(good));
	struct job job;

	(void)state;
	assert_int_equal(job_parse(line, &job), 0);
	assert_int_equal(job_add(&b, &job), -1);
	buf_clear(&b);
	b.max = strlen(good) + 1;
	assert_int_equal(job_add(&b, &job), 0);
	buf_clear(&b);
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_have_names),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_more_columns_are_ignored),
		cmocka_unit_test(test_empty_columns_are_refused),
		cmocka_unit_test(test_control_bytes_are_refused),
		cmocka_unit_test(test_add_says_when_it_did_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
