/* SPDX-License-Identifier: ISC */
/* Arguments of MAIL and RCPT, and xtext. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/esmtp.h"
#include "mail/xtext.h"

static void
test_mail(void **state)
{
	static const struct {
		const char *in, *sender, *envid, *ret;
		uint64_t size;
	} rows[] = {
		{ "<a@b>", "a@b", "", "", 0 },
		{ " <a@b>", "a@b", "", "", 0 },
		{ "<>", "<>", "", "", 0 },
		{ "a@b", "a@b", "", "", 0 },
		{ "a@b size=7", "a@b", "", "", 7 },
		{ "<\"x> y\"@b> SIZE=1", "\"x> y\"@b", "", "", 1 },
		{ "<a@b> SIZE=12345 BODY=8BITMIME", "a@b", "", "", 12345 },
		{ "<a@b> body=7bit RET=HDRS", "a@b", "", "HDRS", 0 },
		{ "<a@b>  ret=full\tENVID=QQ+2B3 AUTH=<>", "a@b", "QQ+3",
		    "FULL", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct esmtp_mail m;
		const char *why =
		    esmtp_mail(rows[i].in, strlen(rows[i].in), &m);

		if (why != NULL)
			print_message("%s: %s\n", rows[i].in, why);
		assert_null(why);
		assert_string_equal(m.sender.text, rows[i].sender);
		assert_string_equal(m.envid, rows[i].envid);
		assert_string_equal(m.ret, rows[i].ret);
		assert_int_equal(m.size, rows[i].size);
	}
}

static void
test_bad_mail(void **state)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
		{ "", "the sender is missing (<> is the null sender)" },
		{ "  ", "the sender is missing (<> is the null sender)" },
		{ "<a>", "the address has no @domain" },
		{ "<a@b", "unbalanced < or > around the address" },
		{ "<a@b>SIZE=1", "something is written right after the sender" },
		{ "<a@b> SIZE=", "bad SIZE parameter" },
		{ "<a@b> SIZE", "bad SIZE parameter" },
		{ "<a@b> SIZE=1k", "bad SIZE parameter" },
		{ "<a@b> SIZE=1234567890123456789", "bad SIZE parameter" },
		{ "<a@b> BODY=BINARYMIME",
		    "bad BODY parameter (7BIT or 8BITMIME)" },
		{ "<a@b> RET=", "bad RET parameter (FULL or HDRS)" },
		{ "<a@b> ENVID=a+0Ab", "bad ENVID parameter" },
		{ "<a@b> ENVID", "bad ENVID parameter" },
		{ "<a@b> SMTPUTF8", "unknown parameter of MAIL" },
		{ "<a@b> =1", "unknown parameter of MAIL" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct esmtp_mail m;
		const char *why =
		    esmtp_mail(rows[i].in, strlen(rows[i].in), &m);

		if (why == NULL)
			print_message("%s was taken\n", rows[i].in);
		assert_non_null(why);
		assert_string_equal(why, rows[i].why);
	}
}

static void
test_rcpt(void **state)
{
	static const struct {
		const char *in, *rcpt, *notify, *orcpt;
	} rows[] = {
		{ "<a@b>", "a@b", "", "" },
		{ "<a@b> NOTIFY=never", "a@b", "NEVER", "" },
		{ "<a@b> NOTIFY=DELAY,SUCCESS,delay", "a@b", "SUCCESS,DELAY",
		    "" },
		{ "<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;x+2Bz@y",
		    "a@b", "SUCCESS,FAILURE,DELAY", "rfc822;x+z@y" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct esmtp_rcpt r;
		const char *why =
		    esmtp_rcpt(rows[i].in, strlen(rows[i].in), &r);

		assert_null(why);
		assert_string_equal(r.rcpt.text, rows[i].rcpt);
		assert_string_equal(r.notify, rows[i].notify);
		assert_string_equal(r.orcpt, rows[i].orcpt);
	}
}

static void
test_bad_rcpt(void **state)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
		{ "", "the address is empty" },
		{ "<>", "the address is empty" },
		{ "<a@b>x", "something is written right after the recipient" },
		{ "<a@b> NOTIFY=", "bad NOTIFY parameter" },
		{ "<a@b> NOTIFY=NEVER,DELAY", "bad NOTIFY parameter" },
		{ "<a@b> NOTIFY=DELAY,", "bad NOTIFY parameter" },
		{ "<a@b> ORCPT=", "bad ORCPT parameter" },
		{ "<a@b> ORCPT=;a", "bad ORCPT parameter" },
		{ "<a@b> ORCPT=rfc822;", "bad ORCPT parameter" },
		{ "<a@b> ORCPT=rfc822;a=b", "bad ORCPT parameter" },
		{ "<a@b> ORCPT=rfc822;a+0D", "bad ORCPT parameter" },
		{ "<a@b> ORCPT=r c;a", "bad ORCPT parameter" },
		{ "<a@b> SIZE=1", "unknown parameter of RCPT" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct esmtp_rcpt r;
		const char *why =
		    esmtp_rcpt(rows[i].in, strlen(rows[i].in), &r);

		if (why == NULL)
			print_message("%s was taken\n", rows[i].in);
		assert_non_null(why);
		assert_string_equal(why, rows[i].why);
	}
}

static void
test_orcpt_at_its_length(void **state)
{
	char line[700] = "<a@b> ORCPT=rfc822;";
	size_t head = strlen(line);
	struct esmtp_rcpt r;

	(void)state;
	memset(line + head, 'x', sizeof(line) - head);
	assert_null(esmtp_rcpt(line, head + ESMTP_ORCPT - 7, &r));
	assert_int_equal(strlen(r.orcpt), ESMTP_ORCPT);
	assert_non_null(esmtp_rcpt(line, head + ESMTP_ORCPT - 6, &r));
}

static void
test_xtext_there_and_back(void **state)
{
	struct buf b = BUF_INIT(0);
	char to[100];

	(void)state;
	assert_int_equal(xtext_add(&b, "a+b=c d~!"), 0);
	assert_string_equal(b.data, "a+2Bb+3Dc+20d~!");
	assert_int_equal(xtext_decode(b.data, b.len, to, sizeof(to)), 0);
	assert_string_equal(to, "a+b=c d~!");
	buf_clear(&b);
}

static void
test_bad_xtext(void **state)
{
	static const char *const rows[] = { "", "+", "+4", "+4g", "+2b", "a b",
		"a=b", "+00", "+7F", "\x80", "a\tb" };
	char to[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(xtext_decode(rows[i], strlen(rows[i]), to,
				     sizeof(to)),
		    -1);
	assert_int_equal(xtext_decode("1234567", 7, to, sizeof(to)), 0);
	assert_int_equal(xtext_decode("12345678", 8, to, sizeof(to)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_bad_mail),
		cmocka_unit_test(test_rcpt),
		cmocka_unit_test(test_bad_rcpt),
		cmocka_unit_test(test_orcpt_at_its_length),
		cmocka_unit_test(test_xtext_there_and_back),
		cmocka_unit_test(test_bad_xtext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
