/* SPDX-License-Identifier: ISC */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "reply/reply.h"

static void
classes_and_status(void **state)
{
	static const struct {
		struct reply r;
		enum reply_class class;
		const char *status;
	} cases[] = {
		{ { .code = 250 }, REPLY_SUCCESS, "2.0.0" },
		{ { .code = 299, .status = "2.1.5" }, REPLY_SUCCESS, "2.1.5" },
		{ { .code = 354 }, REPLY_GO_ON, "4.0.0" },
		{ { .code = 421 }, REPLY_TRANSIENT, "4.0.0" },
		{ { .code = 450, .status = "4.2.2" }, REPLY_TRANSIENT, "4.2.2" },
		{ { .code = 550 }, REPLY_PERMANENT, "5.0.0" },
		{ { .code = 550, .status = "5.123.456" }, REPLY_PERMANENT,
		  "5.123.456" },
		{ { .code = 0 }, REPLY_TRANSIENT, "4.0.0" },
		{ { .code = 0, .status = "5.3.4" }, REPLY_PERMANENT, "5.3.4" },
		{ { .code = 0, .status = "4.4.2" }, REPLY_TRANSIENT, "4.4.2" },
		{ { .code = 0, .status = "2.0.0" }, REPLY_SUCCESS, "2.0.0" },
	};
	char status[REPLY_STATUS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(reply_verdict(&cases[i].r), cases[i].class);
		if (cases[i].r.code != 0)
			assert_int_equal(reply_class(cases[i].r.code),
			    cases[i].class);
		reply_status(&cases[i].r, status);
		assert_string_equal(status, cases[i].status);
	}
	assert_int_equal(reply_class(0), REPLY_TRANSIENT);
	assert_int_equal(reply_class(150), REPLY_TRANSIENT);
	assert_int_equal(reply_class(600), REPLY_TRANSIENT);
}

static void
one_line(void **state)
{
	struct reply r = { .code = 550, .status = "5.1.1",
		.text = "5.1.1 caf\xc3\xa9" };
	char to[64];

	(void)state;
	assert_int_equal(reply_format(&r, to, sizeof(to)), 15);
	assert_string_equal(to, "550 5.1.1 caf\xc3\xa9");
	assert_int_equal(reply_format(&r, to, 15), 13);
	assert_string_equal(to, "550 5.1.1 caf");
	assert_int_equal(reply_format(&r, to, 3), 2);
	assert_string_equal(to, "55");
	assert_int_equal(reply_format(&r, to, 1), 0);
	assert_string_equal(to, "");
	assert_int_equal(reply_format(&r, to, 0), 0);
	r.text[0] = '\0';
	assert_int_equal(reply_format(&r, to, sizeof(to)), 3);
	assert_string_equal(to, "550");
	r.code = 0;
	assert_int_equal(reply_format(&r, to, sizeof(to)), 0);
	memcpy(r.text, "lost", 5);
	reply_format(&r, to, sizeof(to));
	assert_string_equal(to, "lost");
}

static void
replies_of_our_own(void **state)
{
	static char many[3000];
	struct reply r = { .code = 250 };
	struct reply copy;

	(void)state;
	reply_local(&r, "4.4.2", "%s\t(%s)\r\n", "lost", "MAIL");
	assert_int_equal(r.code, 0);
	assert_string_equal(r.status, "4.4.2");
	assert_string_equal(r.text, "lost (MAIL)??");
	reply_local(&r, "5.1234567890", "%s", "");
	assert_string_equal(r.status, "5.123456789");
	assert_string_equal(r.text, "");
	memset(many, 'x', sizeof(many) - 1);
	reply_local(&r, "4.0.0", "%s", many);
	assert_int_equal(strlen(r.text), REPLY_TEXT_MAX);
	memset(&copy, 0xff, sizeof(copy));
	reply_copy(&copy, &r);
	assert_int_equal(copy.code, 0);
	assert_string_equal(copy.status, r.status);
	assert_string_equal(copy.text, r.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_and_status),
		cmocka_unit_test(one_line),
		cmocka_unit_test(replies_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
