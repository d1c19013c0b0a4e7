/* SPDX-License-Identifier: ISC */
/* One field of a header: found, unfolded, or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/server_header.h"

static void
test_get(void **state)
{
	static const struct {
		const char *text, *name, *value;
	} rows[] = {
		{ "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "a", "1" },
		{ "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "B", "2" },
		{ "A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "C", NULL },
		{ "AB: 1\r\nA: 2\r\n", "A", "2" },
		{ "A:1\r\nA: 2\r\n", "A", "1" },
		{ "A:\r\n  1\r\n\t2 \r\nB: 3\r\n", "A", "1\t2" },
		{ "A:  \r\nB: 3\r\n", "A", "" },
		{ "A: 1\n 2\nB: 3\n", "A", "1 2" },
		{ "X: 1\r\n A: 2\r\n", "A", NULL },
		{ "A: 1", "A", "1" },
		{ "A", "A", NULL },
		{ "", "A", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf to = BUF_INIT(0);
		bool found = server_header_get(
		    rows[i].text, strlen(rows[i].text), rows[i].name, &to);

		assert_int_equal(found, rows[i].value != NULL);
		if (strcmp(to.data, found ? rows[i].value : "") != 0)
			fail_msg("row %zu: \"%s\"", i, to.data);
		buf_clear(&to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_get) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
