/* SPDX-License-Identifier: ISC */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "reply/parse.h"

/* Bytes with their length: NULs are meant. */
#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *in;
	size_t n;
	int code;		/* 0: the reply is refused */
	const char *status;
	const char *text;	/* of the reply, or why it is refused */
} cases[] = {
	{ BYTES("250 ok\r\n"), 250, "", "ok" },
	{ BYTES("250\r\n"), 250, "", "" },
	{ BYTES("250 \r\n"), 250, "", "" },
	{ BYTES("250\n"), 250, "", "" },
	{ BYTES("250 ok\n"), 250, "", "ok" },
	{ BYTES("250 ok\r\r\n"), 250, "", "ok?" },
	{ BYTES("250-a\r\n250-b\n250 c\r\n"), 250, "", "a / b / c" },
	{ BYTES("250-a\r\n250-\r\n250\r\n"), 250, "", "a" },
	{ BYTES("250-\r\n250 c\r\n"), 250, "", "c" },
	{ BYTES("250   two  words \t\r\n"), 250, "", "two  words" },
	{ BYTES("299 x\r\n"), 299, "", "x" },
	{ BYTES("599 x\r\n"), 599, "", "x" },
	/* enhanced status codes */
	{ BYTES("550 5.1.1 who?\r\n"), 550, "5.1.1", "5.1.1 who?" },
	{ BYTES("550 5.1.1\r\n"), 550, "5.1.1", "5.1.1" },
	{ BYTES("550 5.123.456 x\r\n"), 550, "5.123.456", "5.123.456 x" },
	{ BYTES("550-5.7.1 a\r\n550 5.7.1 b\r\n"), 550, "5.7.1",
	  "5.7.1 a / b" },
	{ BYTES("550-5.7.1 a\r\n550 5.7.2 b\r\n"), 550, "5.7.1",
	  "5.7.1 a / 5.7.2 b" },
	{ BYTES("550-a\r\n550 5.7.1 b\r\n"), 550, "5.7.1", "a / 5.7.1 b" },
	{ BYTES("550 2.0.0 no\r\n"), 550, "", "2.0.0 no" },
	{ BYTES("450 5.1.1 no\r\n"), 450, "", "5.1.1 no" },
	{ BYTES("354 3.0.0 go\r\n"), 354, "", "3.0.0 go" },
	{ BYTES("550 5.1.1.1 no\r\n"), 550, "", "5.1.1.1 no" },
	{ BYTES("550 5.1. no\r\n"), 550, "", "5.1. no" },
	{ BYTES("550 5..1 no\r\n"), 550, "", "5..1 no" },
	{ BYTES("550 5.1.1234 no\r\n"), 550, "", "5.1.1234 no" },
	{ BYTES("550 5.1.1no\r\n"), 550, "", "5.1.1no" },
	{ BYTES("550 5\r\n"), 550, "", "5" },
	{ BYTES("550 50 of 100\r\n"), 550, "", "50 of 100" },
	{ BYTES("550 5.1.\r\n"), 550, "", "5.1." },
	/* what text may hold */
	{ BYTES("250 a\0b\x1b[2J\x7f\tc\r\n"), 250, "", "a?b?[2J? c" },
	{ BYTES("250 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\r\n"), 250, "",
	  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ BYTES("250 \xff\xc3\r\n"), 250, "", "??" },
	{ BYTES("250 \xc2\x9b" "2J\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\r\n"),
	  250, "", "??2J?????????" },
	{ BYTES("250 \xe2\x82\r\n"), 250, "", "??" },
	{ BYTES("250 \xe2\x28\xa1\r\n"), 250, "", "?(?" },
	{ BYTES("250 =cmd|'/C calc'!A0,\"x\"\r\n"), 250, "",
	  "=cmd|'/C calc'!A0,\"x\"" },
	/* refused */
	{ BYTES("\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("\n"), 0, "", "a line without a reply code" },
	{ BYTES("25\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("2x0 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("000 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("150 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("999 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("600 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES(" 250 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("-50 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("25\0 ok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("250-a\r\nok\r\n"), 0, "", "a line without a reply code" },
	{ BYTES("250ok\r\n"), 0, "",
	  "neither blank nor hyphen after a reply code" },
	{ BYTES("2500 ok\r\n"), 0, "",
	  "neither blank nor hyphen after a reply code" },
	{ BYTES("250\0ok\r\n"), 0, "",
	  "neither blank nor hyphen after a reply code" },
	{ BYTES("250\r \r\n"), 0, "",
	  "neither blank nor hyphen after a reply code" },
	{ BYTES("250-a\r\n251 b\r\n"), 0, "", "different codes in one reply" },
	{ BYTES("250-a\r\n550 b\r\n"), 0, "", "different codes in one reply" },
};

/*
 * Read n bytes in pieces of the given lengths, the last one repeated; each
 * piece in memory of its own, so that a look past its end is found.
 */
static enum reply_read
read_pieces(struct reply_parser *p, const char *in, size_t n, size_t first,
    size_t rest)
{
	enum reply_read got = REPLY_MORE;
	size_t at = 0;
	size_t step = first;
	size_t used, done;
	char *own;

	while (at < n) {
		if (step > n - at)
			step = n - at;
		own = malloc(step);
		assert_non_null(own);
		memcpy(own, in + at, step);
		for (done = 0; done < step; done += used) {
			got = reply_parse(p, own + done, step - done, &used);
			if (got == REPLY_BAD)
				break;
			assert_true(used > 0);
			if (got == REPLY_DONE)
				assert_int_equal(at + done + used, n);
		}
		free(own);
		if (got == REPLY_BAD)
			return got;
		at += step;
		step = rest;
	}
	return got;
}

static void
check_case(size_t i, size_t first, size_t rest)
{
	struct reply_parser p;
	enum reply_read got;

	reply_parser_init(&p);
	got = read_pieces(&p, cases[i].in, cases[i].n, first, rest);
	if (cases[i].code == 0) {
		assert_int_equal(got, REPLY_BAD);
		assert_string_equal(p.why, cases[i].text);
		return;
	}
	assert_int_equal(got, REPLY_DONE);
	assert_int_equal(p.reply.code, cases[i].code);
	assert_string_equal(p.reply.status, cases[i].status);
	assert_string_equal(p.reply.text, cases[i].text);
}

static void
replies_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_case(i, cases[i].n, 1);
		check_case(i, 1, 1);
		for (size_t at = 1; at < cases[i].n; at++)
			check_case(i, at, cases[i].n);
	}
}

static void
one_line_at_a_time(void **state)
{
	static const char in[] = "250-mx\r\n250-SIZE 5\n250 X\r\n220 next\r\n";
	struct reply_parser p;
	size_t used;

	(void)state;
	reply_parser_init(&p);
	assert_int_equal(reply_parse(&p, in, 0, &used), REPLY_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(reply_parse(&p, in, sizeof(in) - 1, &used),
	    REPLY_LINE);
	assert_int_equal(used, 8);
	assert_int_equal(p.lines, 1);
	assert_int_equal(p.line_len, 2);
	assert_memory_equal(p.line, "mx", 2);
	assert_int_equal(reply_parse(&p, in + 8, 5, &used), REPLY_MORE);
	assert_int_equal(used, 5);
	assert_int_equal(reply_parse(&p, in + 13, 50, &used), REPLY_LINE);
	assert_int_equal(p.line_len, 6);
	assert_memory_equal(p.line, "SIZE 5", 6);
	assert_int_equal(reply_parse(&p, in + 19, sizeof(in) - 20, &used),
	    REPLY_DONE);
	assert_int_equal(used, 7);
	assert_string_equal(p.reply.text, "mx / SIZE 5 / X");
	assert_int_equal(reply_parse(&p, in + 26, 10, &used), REPLY_DONE);
	assert_int_equal(p.reply.code, 220);
	assert_int_equal(p.lines, 1);
	assert_string_equal(p.reply.text, "next");
}

static void
bad_stays_bad(void **state)
{
	struct reply_parser p;
	size_t used;

	(void)state;
	reply_parser_init(&p);
	assert_int_equal(reply_parse(&p, "x\n", 2, &used), REPLY_BAD);
	assert_int_equal(reply_parse(&p, "250 ok\n", 7, &used), REPLY_BAD);
	assert_int_equal(used, 0);
	reply_parser_init(&p);
	assert_int_equal(reply_parse(&p, "250 ok\n", 7, &used), REPLY_DONE);
}

/* A line of code, blank and n bytes in all before its CRLF. */
static size_t
long_line(char *to, char sep, size_t n, char fill)
{
	memcpy(to, "250", 3);
	to[3] = sep;
	memset(to + 4, fill, n - 4);
	memcpy(to + n, "\r\n", 2);
	return n + 2;
}

static void
long_lines_are_cut(void **state)
{
	static char in[REPLY_BYTES_MAX + 10];
	static const size_t sizes[] = { 1027, 1028, 1029, 2046, 2047, 2048,
		2049, 5000, REPLY_BYTES_MAX - 2 };
	static const size_t pieces[] = { 1, 7, 2047, 2048, 2049, 65536 };
	struct reply_parser p;
	size_t n, kept;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		n = long_line(in, ' ', sizes[i], 'a');
		kept = sizes[i] - 4 < REPLY_TEXT_MAX ? sizes[i] - 4 :
		    REPLY_TEXT_MAX;
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]);
		    k++) {
			reply_parser_init(&p);
			assert_int_equal(read_pieces(&p, in, n, pieces[k],
			    pieces[k]), REPLY_DONE);
			assert_int_equal(strlen(p.reply.text), kept);
			assert_int_equal(p.line_len, (sizes[i] <
			    REPLY_LINE_MAX ? sizes[i] : REPLY_LINE_MAX) - 4);
			/* The same with a bare LF. */
			in[sizes[i]] = '\n';
			read_pieces(&p, in, n - 1, pieces[k], pieces[k]);
			assert_int_equal(p.line_len, (sizes[i] <
			    REPLY_LINE_MAX ? sizes[i] : REPLY_LINE_MAX) - 4);
			in[sizes[i]] = '\r';
		}
	}
}

static void
no_character_is_cut_in_two(void **state)
{
	char in[4 + 2000 + 3] = "250 ";
	struct reply_parser p;
	size_t used;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(in + 4, 'x', shift);
		for (size_t i = 4 + shift; i + 3 < 2000; i += 3)
			memcpy(in + i, "\xe2\x82\xac", 3);
		memcpy(in + 2000, "\n", 1);
		reply_parser_init(&p);
		assert_int_equal(reply_parse(&p, in, 2001, &used), REPLY_DONE);
		assert_int_equal(strlen(p.reply.text),
		    shift + (REPLY_TEXT_MAX - shift) / 3 * 3);
	}
}

/* Feed the same line until the parser has enough.  Returns: lines taken. */
static size_t
endless(struct reply_parser *p, const char *line, size_t n, size_t max)
{
	for (size_t i = 0; i < max; i++)
		if (read_pieces(p, line, n, n, n) == REPLY_BAD)
			return i;
	return max;
}

static void
too_much_is_refused(void **state)
{
	static char in[REPLY_BYTES_MAX + 10];
	struct reply_parser p;
	size_t n;

	(void)state;
	reply_parser_init(&p);
	assert_int_equal(endless(&p, "250-x\r\n", 7, 10000), REPLY_LINES_MAX);
	assert_string_equal(p.why, "a reply of too many lines");
	reply_parser_init(&p);
	n = long_line(in, '-', 1022, 'x');
	assert_int_equal(endless(&p, in, n, 10000), REPLY_BYTES_MAX / 1024);
	assert_string_equal(p.why, "a reply that is too long");
	/* 200 lines are enough, and the count begins anew. */
	reply_parser_init(&p);
	for (int k = 0; k < 2; k++) {
		assert_int_equal(endless(&p, "250-x\r\n", 7, 199), 199);
		assert_int_equal(read_pieces(&p, "250 x\r\n", 7, 7, 7),
		    REPLY_DONE);
	}
	/* A line that never ends, in one piece and in drips. */
	n = long_line(in, ' ', REPLY_BYTES_MAX - 1, 'x');
	reply_parser_init(&p);
	assert_int_equal(read_pieces(&p, in, n, n, n), REPLY_BAD);
	assert_string_equal(p.why, "a reply that is too long");
	reply_parser_init(&p);
	assert_int_equal(endless(&p, "x", 1, 1000000), REPLY_BYTES_MAX);
	assert_string_equal(p.why, "a reply that is too long");
}

static void
full_text_takes_no_more(void **state)
{
	char in[1100];
	struct reply_parser p;

	(void)state;
	for (size_t len = REPLY_TEXT_MAX - 5; len <= REPLY_TEXT_MAX; len++) {
		reply_parser_init(&p);
		read_pieces(&p, in, long_line(in, '-', len + 4, 'x'), 2000, 1);
		assert_int_equal(read_pieces(&p, "250 yyyyy\n", 10, 10, 10),
		    REPLY_DONE);
		assert_in_range(strlen(p.reply.text), len, REPLY_TEXT_MAX);
		assert_true(p.reply.text[strlen(p.reply.text) - 1] ==
		    (len <= REPLY_TEXT_MAX - 4 ? 'y' : 'x'));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_however_they_are_cut),
		cmocka_unit_test(one_line_at_a_time),
		cmocka_unit_test(bad_stays_bad),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(no_character_is_cut_in_two),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(full_text_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
