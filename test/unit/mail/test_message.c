/* SPDX-License-Identifier: ISC */
/* The canonical form of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/message.h"

static void
test_taken(void **state)
{
	static const struct {
		const char *in, *out;
		size_t header, longest;
		bool dots, eightbit, copied;
	} rows[] = {
		{ "A: b\r\n\r\nx\r\n", "A: b\r\n\r\nx\r\n", 8, 4, false, false,
		    false },
		{ "A: b\n\nx\n", "A: b\r\n\r\nx\r\n", 8, 4, false, false, true },
		{ "A: b\n\nx", "A: b\r\n\r\nx\r\n", 8, 4, false, false, true },
		{ "A: b\r\n\r\nlong", "A: b\r\n\r\nlong\r\n", 8, 4, false, false,
		    true },
		{ "A: b\r\n\r\n.x\r\n", "A: b\r\n\r\n.x\r\n", 8, 4, true, false,
		    false },
		{ "A: b\n\n.", "A: b\r\n\r\n.\r\n", 8, 4, true, false, true },
		{ "x", "x\r\n", 0, 1, false, false, true },
		{ "\n", "\r\n", 0, 0, false, false, true },
		{ "\r\n", "\r\n", 0, 0, false, false, false },
		{ "A: \xc3\xbc\r\n", "A: \xc3\xbc\r\n", 7, 5, false, true,
		    false },
		{ "A: 456789012345678901234567890123456789012\xff\n",
		    "A: 456789012345678901234567890123456789012\xff\r\n", 45,
		    43, false, true, true },
	};
	struct buf b = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[200];
		struct message m;
		struct message_fault fault;

		snprintf(in, sizeof(in), "%s", rows[i].in);
		assert_int_equal(message_canonical(in, strlen(in), &b, &m,
				     &fault),
		    0);
		assert_int_equal(m.len, strlen(rows[i].out));
		assert_memory_equal(m.text, rows[i].out, m.len);
		assert_int_equal(m.header_len, rows[i].header);
		assert_int_equal(m.longest, rows[i].longest);
		assert_int_equal(m.dots, rows[i].dots);
		assert_int_equal(m.eightbit, rows[i].eightbit);
		assert_int_equal(m.text != in, rows[i].copied);
	}
	buf_clear(&b);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *why;
		uint64_t line;
	} rows[] = {
		{ "", 0, "the message is empty", 0 },
		{ "a\0b\r\n", 5, "NUL in the message", 0 },
		{ "a\r\nb\nc\r\n", 8, "LF alone where lines end in CRLF", 2 },
		{ "a\r\nb\r\nc\n", 8, "LF alone where lines end in CRLF", 3 },
		{ "a\r\nb\rc\r\n", 8, "CR that ends no line", 2 },
		{ "a\r\nb\r\r\n", 7, "CR that ends no line", 2 },
		{ "a\r\nb\r", 5, "CR that ends no line", 2 },
		{ "a\rb", 3, "CR that ends no line", 1 },
		{ "a\nb\r\nc\n", 7, "CR where lines end in LF", 2 },
		{ "a\n.\r\nc\n", 7, "CR where lines end in LF", 2 },
		{ "\n\rc\n", 4, "CR where lines end in LF", 2 },
		{ "a\r\n\n.\r\n", 7, "LF alone where lines end in CRLF", 2 },
	};
	struct buf b = BUF_INIT(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[200];
		struct message m;
		struct message_fault fault = { 0 };

		memcpy(in, rows[i].in, rows[i].n);
		assert_int_equal(message_canonical(in, rows[i].n, &b, &m,
				     &fault),
		    -1);
		assert_string_equal(fault.why, rows[i].why);
		assert_int_equal(fault.line, rows[i].line);
	}
	buf_clear(&b);
}

static void
test_too_long_for_the_buffer(void **state)
{
	struct buf b = BUF_INIT(8);
	struct message m;
	struct message_fault fault;
	char a[] = "12345\n7\n", c[] = "12\r\n5678";

	(void)state;
	assert_int_equal(message_canonical(a, 8, &b, &m, &fault), -1);
	assert_string_equal(fault.why, "the message is too long");
	assert_int_equal(message_canonical(c, 8, &b, &m, &fault), -1);
	assert_string_equal(fault.why, "the message is too long");
	buf_clear(&b);
}

/* An eighth bit is seen wherever it stands. */
static void
test_eightbit_everywhere(void **state)
{
	struct buf b = BUF_INIT(0);
	struct message m;
	struct message_fault fault;
	char in[100];

	(void)state;
	for (size_t at = 0; at < 97; at++) {
		memset(in, 'x', sizeof(in));
		memcpy(in + 97, "\r\n", 2);
		in[at] = (char)0x80;
		assert_int_equal(message_canonical(in, 99, &b, &m, &fault), 0);
		assert_true(m.eightbit);
	}
	buf_clear(&b);
}

static void
test_unstuff(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "a\r\nb\r\n", "a\r\nb\r\n" },
		{ "..\r\n", ".\r\n" },
		{ ".a\r\n..b\r\nc\r\n...\r\n", "a\r\n.b\r\nc\r\n..\r\n" },
		{ "a\n..\nb", "a\n.\nb" },
		{ ".", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[100];
		size_t n;

		snprintf(in, sizeof(in), "%s", rows[i].in);
		n = message_unstuff(in, strlen(in));
		assert_int_equal(n, strlen(rows[i].out));
		assert_memory_equal(in, rows[i].out, n);
	}
}

static void
test_advance(void **state)
{
	struct buf b = BUF_INIT(0);
	struct message m;
	struct message_fault fault;
	char in[] = "X-A: b\r\nB: c\r\n\r\nbody\r\n";

	(void)state;
	message_canonical(in, sizeof(in) - 1, &b, &m, &fault);
	message_advance(&m, 8);
	assert_memory_equal(m.text, "B: c\r\n\r\nbody\r\n", m.len);
	assert_int_equal(m.len, 14);
	assert_int_equal(m.header_len, 8);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long_for_the_buffer),
		cmocka_unit_test(test_eightbit_everywhere),
		cmocka_unit_test(test_unstuff),
		cmocka_unit_test(test_advance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
