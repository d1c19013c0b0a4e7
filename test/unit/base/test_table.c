/* SPDX-License-Identifier: ISC */
/* The same rows as text, TSV, CSV and JSON Lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/table.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *const cols[] = { "queue", "n", "note" };

/* What a table of these rows prints; the caller frees it. */
static char *
print(enum table_format format, bool header, const char *const (*rows)[3],
    size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	struct table *t = table_new(to, cols, 3, format, header);

	for (size_t i = 0; i < n; i++)
		table_row(t, rows[i]);
	table_end(t);
	fclose(to);
	return text;
}

static void
expect(enum table_format format, bool header, const char *const (*rows)[3],
    size_t n, const char *want)
{
	char *got = print(format, header, rows, n);

	assert_string_equal(got, want);
	free(got);
}

static const char *const plain[][3] = {
	{ "gmail.com/fast", "12", "due" },
	{ "x.test/a", "1,234", NULL },
};

static void
test_tsv(void **state)
{
	static const char *const odd[][3] = { { "a\tb", "", "c\nd\\" } };

	(void)state;
	expect(TABLE_TSV, false, plain, 2,
	    "gmail.com/fast\t12\tdue\nx.test/a\t1,234\t-\n");
	expect(TABLE_TSV, true, plain, 1,
	    "queue\tn\tnote\ngmail.com/fast\t12\tdue\n");
	expect(TABLE_TSV, true, NULL, 0, "queue\tn\tnote\n");
	expect(TABLE_TSV, false, NULL, 0, "");
	expect(TABLE_TSV, false, odd, 1, "a\\tb\t-\tc\\nd\\\\\n");
}

static void
test_auto_is_tsv_where_there_is_no_terminal(void **state)
{
	FILE *to = tmpfile();
	struct table *t = table_new(to, cols, 3, TABLE_AUTO, false);
	char line[100];

	(void)state;
	table_row(t, plain[0]);
	table_end(t);
	rewind(to);
	assert_non_null(fgets(line, sizeof(line), to));
	assert_string_equal(line, "gmail.com/fast\t12\tdue\n");
	fclose(to);
}

/* RFC 4180: quotes where needed, doubled inside. */
static void
test_csv(void **state)
{
	static const char *const odd[][3] = {
		{ "a,b", "say \"hi\"", "two\nlines" },
		{ "", NULL, "\r" },
		{ " blank ", "-", "x;y" },
	};

	(void)state;
	expect(TABLE_CSV, false, plain, 2,
	    "queue,n,note\ngmail.com/fast,12,due\nx.test/a,\"1,234\",\n");
	expect(TABLE_CSV, false, odd, 3,
	    "queue,n,note\n"
	    "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n"
	    ",,\"\r\"\n"
	    " blank ,-,x;y\n");
}

static void
test_json(void **state)
{
	static const char *const odd[][3] = {
		{ "a\"b\\", "t\tn\n\x01", "caf\xc3\xa9" },
		{ "\xff\xfe", "", NULL },
	};

	(void)state;
	expect(TABLE_JSON, true, plain, 2,
	    "{\"queue\":\"gmail.com/fast\",\"n\":\"12\",\"note\":\"due\"}\n"
	    "{\"queue\":\"x.test/a\",\"n\":\"1,234\",\"note\":null}\n");
	expect(TABLE_JSON, false, odd, 2,
	    "{\"queue\":\"a\\\"b\\\\\",\"n\":\"t\\tn\\n\\u0001\","
	    "\"note\":\"caf\xc3\xa9\"}\n"
	    "{\"queue\":\"\\\\xff\\\\xfe\",\"n\":null,\"note\":null}\n");
	expect(TABLE_JSON, true, NULL, 0, "");
}

static void
test_text_aligns_numbers_to_the_right(void **state)
{
	(void)state;
	expect(TABLE_TEXT, false, plain, 2,
	    "queue               n  note\n"
	    "gmail.com/fast     12  due\n"
	    "x.test/a        1,234  -\n");
	/* the names alone: nothing is known to be a number */
	expect(TABLE_TEXT, false, NULL, 0, "queue  n  note\n");
}

static void
test_text_counts_characters(void **state)
{
	static const char *const rows[][3] = {
		{ "caf\xc3\xa9.test", "1", "a" },
		{ "cafe.test", "2", "b" },
	};

	(void)state;
	expect(TABLE_TEXT, false, rows, 2,
	    "queue      n  note\n"
	    "caf\xc3\xa9.test  1  a\n"
	    "cafe.test  2  b\n");
}

static void
test_text_of_many_rows(void **state)
{
	const char *rows[200][3];
	char n[200][16], *got, *line;
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(n[i], sizeof(n[i]), "%d", i);
		rows[i][0] = "q";
		rows[i][1] = n[i];
		rows[i][2] = "x";
	}
	got = print(TABLE_TEXT, false, (const char *const(*)[3])rows, 200);
	for (line = got; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	assert_int_equal(lines, 201);
	assert_non_null(strstr(got, "\nq      199  x\n"));
	free(got);
}

static void
test_format_words(void **state)
{
	static const struct {
		const char *word;
		enum table_format f;
	} rows[] = { { "table", TABLE_TEXT }, { "tsv", TABLE_TSV },
		{ "csv", TABLE_CSV }, { "json", TABLE_JSON } };
	enum table_format f;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(table_format_parse(rows[i].word, &f), 0);
		assert_int_equal(f, rows[i].f);
	}
	assert_int_equal(table_format_parse("xml", &f), -1);
	assert_int_equal(table_format_parse("", &f), -1);
	assert_int_equal(table_format_parse("TSV", &f), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tsv),
		cmocka_unit_test(test_auto_is_tsv_where_there_is_no_terminal),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text_aligns_numbers_to_the_right),
		cmocka_unit_test(test_text_counts_characters),
		cmocka_unit_test(test_text_of_many_rows),
		cmocka_unit_test(test_format_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
