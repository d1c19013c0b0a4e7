/* SPDX-License-Identifier: ISC */
/* Error classes, their text and their exit statuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* The table that vmta(7), EXIT STATUS, prints. */
static void
test_exit_statuses(void **state)
{
	static const struct {
		enum err_class cls;
		int status;
	} rows[] = {
		{ ERR_NONE, 0 }, { ERR_NO, 1 }, { ERR_USAGE, 64 },
		{ ERR_INPUT, 65 }, { ERR_NOINPUT, 66 }, { ERR_BUG, 70 },
		{ ERR_IO, 74 }, { ERR_TEMP, 75 }, { ERR_PROTO, 76 },
		{ ERR_PERM, 77 }, { ERR_CONF, 78 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(err_exit(rows[i].cls), rows[i].status);
}

static void
test_set_formats_and_masks_control_bytes(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_INPUT, "bad %s: %d", "a\tb\n\x7f", 7),
	    -1);
	assert_int_equal(e.cls, ERR_INPUT);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.msg, "bad a?b??: 7");
}

static void
test_set_keeps_bytes_above_127(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_INPUT, "%s", "caf\xc3\xa9");
	assert_string_equal(e.msg, "caf\xc3\xa9");
}

static void
test_text_is_cut_to_the_field(void **state)
{
	char text[2000];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_BUG, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	errno = EIO;
	err_sys(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(e.sys, EIO);
}

static void
test_sys_classes(void **state)
{
	static const struct {
		int e;
		enum err_class cls;
	} rows[] = {
		{ ENOSPC, ERR_TEMP }, { EDQUOT, ERR_TEMP },
		{ ENOMEM, ERR_TEMP }, { EMFILE, ERR_TEMP },
		{ ENFILE, ERR_TEMP }, { EAGAIN, ERR_TEMP },
		{ EACCES, ERR_PERM }, { EPERM, ERR_PERM }, { EIO, ERR_IO },
		{ ENOENT, ERR_IO }, { EROFS, ERR_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e;

		errno = rows[i].e;
		assert_int_equal(err_sys(&e, "cannot open %s", "/x"), -1);
		assert_int_equal(e.cls, rows[i].cls);
		assert_int_equal(e.sys, rows[i].e);
	}
}

static void
test_sys_adds_the_reason(void **state)
{
	struct err e;

	(void)state;
	errno = ENOENT;
	err_sys(&e, "cannot open %s", "/x");
	assert_string_equal(e.msg,
	    "cannot open /x: No such file or directory");
}

static void
test_null_is_allowed(void **state)
{
	(void)state;
	errno = EIO;
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_statuses),
		cmocka_unit_test(test_set_formats_and_masks_control_bytes),
		cmocka_unit_test(test_set_keeps_bytes_above_127),
		cmocka_unit_test(test_text_is_cut_to_the_field),
		cmocka_unit_test(test_sys_classes),
		cmocka_unit_test(test_sys_adds_the_reason),
		cmocka_unit_test(test_null_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
