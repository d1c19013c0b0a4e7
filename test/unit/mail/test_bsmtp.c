/* SPDX-License-Identifier: ISC */
/* BSMTP streams: each table row is read in pieces of several sizes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/bsmtp.h"

struct source {
	const char *s;
	size_t n, piece;
	int fail;	/* errno at the end, 0: none */
	bool interrupt;	/* every other read is EINTR */
	bool next;
};

static ssize_t
give(void *arg, char *to, size_t n)
{
	struct source *src = arg;

	if (src->interrupt && (src->next = !src->next)) {
		errno = EINTR;
		return -1;
	}
	if (src->n == 0 && src->fail != 0) {
		errno = src->fail;
		return -1;
	}
	if (n > src->piece)
		n = src->piece;
	if (n > src->n)
		n = src->n;
	memcpy(to, src->s, n);
	src->s += n;
	src->n -= n;
	return (ssize_t)n;
}

/* What came out, as text: one line a result. */
static void
tell(struct buf *out, enum bsmtp_result r, const struct bsmtp_message *m,
    const struct err *err)
{
	if (r == BSMTP_END) {
		buf_adds(out, "end");
	} else if (r != BSMTP_MESSAGE) {
		static const char *const names[] = {
			[BSMTP_BAD] = "bad",
			[BSMTP_BAD_RCPT] = "rcpt",
			[BSMTP_CUT] = "cut",
			[BSMTP_ERROR] = "error",
		};

		buf_addf(out, "%s: %s\n", names[r], err->msg);
	} else {
		buf_addf(out, "%llu/%llu %s", (unsigned long long)m->number,
		    (unsigned long long)m->line, m->sender);
		if (m->envid != NULL)
			buf_addf(out, " envid=%s", m->envid);
		if (m->ret != NULL)
			buf_addf(out, " ret=%s", m->ret);
		for (size_t i = 0; i < m->n_rcpts; i++) {
			const struct bsmtp_rcpt *p = &m->rcpts[i];

			buf_addf(out, " %s(%s)", p->rcpt, p->domain);
			if (p->notify != NULL)
				buf_addf(out, "[%s]", p->notify);
			if (p->orcpt != NULL)
				buf_addf(out, "[%s]", p->orcpt);
		}
		buf_adds(out, " {");
		for (size_t i = 0; i < m->message.len; i++)
			if (m->message.text[i] == '\r')
				buf_adds(out, "\\r");
			else if (m->message.text[i] == '\n')
				buf_adds(out, "\\n");
			else
				buf_addc(out, m->message.text[i]);
		buf_adds(out, "}\n");
	}
}

static void
run(const char *s, size_t n, size_t piece, uint64_t max, struct buf *out)
{
	struct source src = { .s = s, .n = n, .piece = piece,
		.interrupt = piece == 3 };
	struct bsmtp *b = bsmtp_new(give, &src, max, 1);
	enum bsmtp_result r;

	do {
		struct bsmtp_message m;
		struct err err;

		r = bsmtp_next(b, &m, &err);
		tell(out, r, &m, &err);
	} while (r != BSMTP_END && r != BSMTP_CUT && r != BSMTP_ERROR);
	bsmtp_free(b);
}

static void
check(const char *s, size_t n, uint64_t max, const char *want)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 100, 4096, SIZE_MAX };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf out = BUF_INIT(0);

		run(s, n, pieces[i], max, &out);
		assert_string_equal(out.data, want);
		buf_clear(&out);
	}
}

#define M1 "MAIL FROM:<s@x>\r\nRCPT TO:<r@y>\r\nDATA\r\n"
#define L1 "MAIL FROM:<s@x>\nRCPT TO:<r@y>\nDATA\n"

static void
test_good_streams(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "end" },
		{ "QUIT\r\n", "end" },
		{ "QUIT", "end" },
		{ "helo me\n\nnoop\nrset\nquit\n", "end" },
		{ "EHLO me\r\n" M1 "A: b\r\n\r\nc\r\n.\r\nQUIT\r\n",
		    "1/2 s@x r@y(y) {A: b\\r\\n\\r\\nc\\r\\n}\nend" },
		{ L1 "A: b\n\nc\n.\n",
		    "1/1 s@x r@y(y) {A: b\\r\\n\\r\\nc\\r\\n}\nend" },
		/* commands in LF, the message in CRLF */
		{ L1 "A: b\r\n\r\nc\r\n.\nQUIT\n",
		    "1/1 s@x r@y(y) {A: b\\r\\n\\r\\nc\\r\\n}\nend" },
		/* dots */
		{ M1 "..\r\n..a\r\n...\r\n.b\r\n.\r\n",
		    "1/1 s@x r@y(y) {.\\r\\n.a\\r\\n..\\r\\nb\\r\\n}\nend" },
		/* two messages, several recipients, parameters */
		{ "mail from: <> ret=hdrs envid=a+20b size=5\n"
		  "rcpt to:<a@B> notify=never\nRCPT TO:<c@d> orcpt=rfc822;e\n"
		  "data\nx\n.\n" L1 "y\n.\nQUIT\n",
		    "1/1 <> envid=a b ret=HDRS a@b(b)[NEVER] c@d(d)[rfc822;e]"
		    " {x\\r\\n}\n2/7 s@x r@y(y) {y\\r\\n}\nend" },
		/* RSET drops a transaction, good or bad */
		{ "MAIL FROM:<s@x>\nRSET\n" L1 "y\n.\n",
		    "2/3 s@x r@y(y) {y\\r\\n}\nend" },
		/* streams one after the other */
		{ L1 "y\n.\nQUIT\nHELO b\n" L1 "z\n.\nQUIT\n",
		    "1/1 s@x r@y(y) {y\\r\\n}\n2/8 s@x r@y(y) {z\\r\\n}\nend" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].in, strlen(rows[i].in), 1000, rows[i].out);
}

static void
test_bad_messages_are_named_and_passed_over(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "MAIL FROM:<s>\nRCPT TO:<r@y>\nDATA\nMAIL FROM:<no@no>\n.\n" L1
		  "y\n.\n",
		    "bad: line 1: message 1: the address has no @domain\n"
		    "2/6 s@x r@y(y) {y\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nRCPT TO:<r>\nDATA\nx\n.\n" L1 "y\n.\n",
		    "rcpt: line 2: message 1: recipient <r>: the address has no "
		    "@domain\nbad: line 3: message 1: no valid recipient\n"
		    "2/6 s@x r@y(y) {y\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nRCPT TO:<r\x01@y>\nRCPT TO:<q@y>\nDATA\nx\n"
		  ".\n",
		    "rcpt: line 2: message 1: recipient <r?@y>: control "
		    "character in the address\n1/1 s@x q@y(y) {x\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nDATA\nx\n.\nQUIT\n",
		    "bad: line 2: message 1: no recipient\nend" },
		{ "RCPT TO:<r@y>\nDATA\nx\n.\n" L1 "y\n.\n",
		    "bad: line 1: message 1: RCPT before MAIL\n"
		    "2/5 s@x r@y(y) {y\\r\\n}\nend" },
		{ "DATA\nx\n.\n" L1 "y\n.\n",
		    "bad: line 1: message 1: DATA before MAIL\n"
		    "2/4 s@x r@y(y) {y\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nRCPT TO:<r@y>\nMAIL FROM:<s@x>\n"
		  "RCPT TO:<r@y>\nDATA\ny\n.\n",
		    "bad: line 1: message 1: no DATA before the next command\n"
		    "2/3 s@x r@y(y) {y\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nQUIT\n",
		    "bad: line 1: message 1: no DATA before the next command\n"
		    "end" },
		{ "MAIL TO:<s@x>\nRSET\n",
		    "bad: line 1: message 1: MAIL without FROM:\nend" },
		{ "MAIL FROM:<s@x>\nRCPT FROM:<r@y>\nRSET\n",
		    "rcpt: line 2: message 1: recipient FROM:<r@y>: RCPT without"
		    " TO:\nend" },
		{ "MAIL FROM:<s@x> SIZE=1001\n",
		    "bad: line 1: message 1: SIZE is above max-message-size\n"
		    "cut: line 1: the stream ends in the middle of message 1, "
		    "which begins on line 1\n" },
		/* a dot that was not stuffed: what follows is no command */
		{ L1 "y\n.\nmore\nof it\n.\n" L1 "z\n.\n",
		    "1/1 s@x r@y(y) {y\\r\\n}\n"
		    "bad: line 6: message 2: not a command of BSMTP: more\n"
		    "3/9 s@x r@y(y) {z\\r\\n}\nend" },
		{ "VRFY a\n" L1 "z\n.\n",
		    "bad: line 1: message 1: not a command of BSMTP: VRFY a\n"
		    "2/2 s@x r@y(y) {z\\r\\n}\nend" },
		{ "MAIL FROM:<s@x>\nDATA now\nRSET\n",
		    "bad: line 2: message 1: not a command of BSMTP: DATA now\n"
		    "end" },
		{ L1 ".\n" L1 "z\n.\n",
		    "bad: line 4: message 1: the message is empty\n"
		    "2/5 s@x r@y(y) {z\\r\\n}\nend" },
		/* line ends: no dot after a wrong one ends anything */
		{ M1 "a\n.\nMAIL FROM:<evil@x>\r\n.\r\n" M1 "z\r\n.\r\n",
		    "bad: line 6: message 1: CR where lines end in LF\n"
		    "2/8 s@x r@y(y) {z\\r\\n}\nend" },
		{ M1 "a\r\nb\n.\r\nMAIL FROM:<evil@x>\r\n.\r\n" M1
		  "z\r\n.\r\n",
		    "bad: line 5: message 1: LF alone where lines end in CRLF\n"
		    "2/9 s@x r@y(y) {z\\r\\n}\nend" },
		{ M1 "a\r\n.\nMAIL FROM:<evil@x>\r\n.\r\n" M1 "z\r\n.\r\n",
		    "bad: line 5: message 1: LF alone where lines end in CRLF\n"
		    "2/8 s@x r@y(y) {z\\r\\n}\nend" },
		{ L1 "a\n.\r\nMAIL FROM:<evil@x>\n.\n" L1 "z\n.\n",
		    "bad: line 5: message 1: CR where lines end in LF\n"
		    "2/8 s@x r@y(y) {z\\r\\n}\nend" },
		{ M1 "a\r.\rb\r\n.\r\n" M1 "z\r\n.\r\n",
		    "bad: line 4: message 1: CR that ends no line\n"
		    "2/6 s@x r@y(y) {z\\r\\n}\nend" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].in, strlen(rows[i].in), 1000, rows[i].out);
}

static void
test_nul_in_a_message_and_a_command(void **state)
{
	static const char in[] = L1 "a\0b\n.\nMA\0IL\n" L1 "z\n.\n";

	(void)state;
	check(in, sizeof(in) - 1, 1000,
	    "bad: line 4: message 1: NUL in the message\n"
	    "bad: line 6: message 2: not a command of BSMTP: MA\n"
	    "3/7 s@x r@y(y) {z\\r\\n}\nend");
}

/* Wherever a stream is cut within a message, that is seen. */
static void
test_cut_anywhere(void **state)
{
	static const char in[] = "HELO a\r\n" M1 "A: b\r\n\r\n..c\r\n.\r\n";
	size_t head = strlen("HELO a\r\n");

	(void)state;
	for (size_t n = head + 1; n < sizeof(in) - 1; n++) {
		static const size_t pieces[] = { 1, 5, 4096 };

		for (size_t i = 0; i < 3; i++) {
			struct buf out = BUF_INIT(0);

			run(in, n, pieces[i], 1000, &out);
			assert_memory_equal(out.data, "cut: ", 5);
			assert_non_null(strstr(out.data, "message 1"));
			buf_clear(&out);
		}
	}
}

static void
test_length_at_its_limit(void **state)
{
	/* the second group: where the rest is not kept any more */
	static const size_t lens[] = { 90, 98, 99, 100, 210, 211, 212, 213,
		214, 215, 216, 20000 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (int crlf = 0; crlf < 2; crlf++) {
			struct buf in = BUF_INIT(0), want = BUF_INIT(0);

			buf_adds(&in, crlf ? M1 : L1);
			buf_adds(&want, "1/1 s@x r@y(y) {");
			for (size_t j = 0; j < lens[i]; j++) {
				buf_addc(&in, 'x');
				buf_addc(&want, 'x');
			}
			buf_adds(&in, crlf ? "\r\n.\r\n" : "\n.\n");
			buf_adds(&want, "\\r\\n}\n");
			if (lens[i] + 2 > 100) {
				buf_reset(&want);
				buf_adds(&want, "bad: line 3: message 1: the "
				    "message is longer than "
				    "max-message-size\n");
			}
			buf_adds(&in, L1 "z\n.\n");
			buf_adds(&want, "2/6 s@x r@y(y) {z\\r\\n}\nend");
			check(in.data, in.len, 100, want.data);
			buf_clear(&in);
			buf_clear(&want);
		}
}

static void
test_long_command_line(void **state)
{
	struct buf in = BUF_INIT(0);

	(void)state;
	buf_adds(&in, "MAIL FROM:<");
	for (size_t i = 0; i < 100000; i++)
		buf_addc(&in, 'x');
	buf_adds(&in, "@y>\nRCPT TO:<a@b>\nDATA\nx\n.\n" L1 "z\n.\n");
	check(in.data, in.len, 1000,
	    "bad: line 1: message 1: the line is too long\n"
	    "2/6 s@x r@y(y) {z\\r\\n}\nend");
	buf_clear(&in);
}

/* More messages than the buffer holds, good and bad ones in turn: the text of
 * the good one before is still there when the next one is given out. */
static void
test_text_stays_until_the_next_message(void **state)
{
	for (int crlf = 0; crlf < 2; crlf++) {
		const char *nl = crlf ? "\r\n" : "\n";
		struct buf in = BUF_INIT(0);
		struct source src = { .piece = 1000 };
		struct bsmtp *b;
		struct message last = { 0 };
		struct bsmtp_message m;
		struct err err;
		enum bsmtp_result r;
		unsigned good = 0;
		char first = 0;

		for (unsigned i = 0; i < 400; i++) {
			buf_addf(&in, "MAIL FROM:<s@x>%s%sDATA%s", nl,
			    i % 7 == 3 ? "" : "RCPT TO:<r@y>\r\n", nl);
			for (unsigned j = 0; j < i % 90; j++)
				buf_addf(&in, "%c%053u%s", 'a' + (int)(i % 26),
				    j, nl);
			buf_addf(&in, "%c%s.%s", 'a' + (int)(i % 26), nl, nl);
		}
		src.s = in.data;
		src.n = in.len;
		b = bsmtp_new(give, &src, 100000, 1);
		while ((r = bsmtp_next(b, &m, &err)) != BSMTP_END) {
			assert_true(r == BSMTP_MESSAGE || r == BSMTP_BAD);
			if (r == BSMTP_BAD)
				continue;
			for (size_t i = 0; i < last.len; i++)
				if (i == 0 || last.text[i - 1] == '\n')
					assert_int_equal(last.text[i], first);
			/* every fifth is refused by the one who asked */
			if (m.number % 5 == 0) {
				bsmtp_refuse(b, &m, "no", &err);
				continue;
			}
			last = m.message;
			first = last.text[0];
			good++;
		}
		assert_int_equal(good, 274);
		bsmtp_free(b);
		buf_clear(&in);
	}
	(void)state;
}

static void
test_refuse_names_the_message(void **state)
{
	struct source src = { .s = L1 "z\n.\n", .n = strlen(L1 "z\n.\n"),
		.piece = 9 };
	struct bsmtp *b = bsmtp_new(give, &src, 100, BSMTP_BUFFER);
	struct bsmtp_message m;
	struct err err;

	(void)state;
	assert_int_equal(bsmtp_next(b, &m, &err), BSMTP_MESSAGE);
	bsmtp_refuse(b, &m, "not today", &err);
	assert_string_equal(err.msg, "line 1: message 1: not today");
	assert_int_equal(err.cls, ERR_INPUT);
	assert_int_equal(bsmtp_next(b, &m, &err), BSMTP_END);
	assert_int_equal(bsmtp_bytes(b), strlen(L1 "z\n.\n"));
	bsmtp_free(b);
}

static void
test_read_error(void **state)
{
	static const char *const heads[] = { "HELO a\n", "MAIL FROM:<s@x", L1,
		L1 "z\n.\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct source src = { .s = heads[i], .n = strlen(heads[i]),
			.piece = 100, .fail = EIO };
		struct bsmtp *b = bsmtp_new(give, &src, 100, 1);
		struct bsmtp_message m;
		struct err err;
		enum bsmtp_result r;

		while ((r = bsmtp_next(b, &m, &err)) == BSMTP_MESSAGE)
			;
		assert_int_equal(r, BSMTP_ERROR);
		assert_int_equal(err.cls, ERR_IO);
		bsmtp_free(b);
	}
}

static void
test_too_many_recipients(void **state)
{
	struct buf in = BUF_INIT(0);
	struct buf out = BUF_INIT(0);

	(void)state;
	buf_adds(&in, "MAIL FROM:<s@x>\n");
	for (int i = 0; i <= BSMTP_RCPT_MAX; i++)
		buf_adds(&in, "RCPT TO:<r@y>\n");
	buf_adds(&in, "DATA\nz\n.\n");
	run(in.data, in.len, SIZE_MAX, 100, &out);
	assert_string_equal(out.data,
	    "bad: line 100002: message 1: too many recipients\nend");
	buf_clear(&in);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_streams),
		cmocka_unit_test(test_bad_messages_are_named_and_passed_over),
		cmocka_unit_test(test_nul_in_a_message_and_a_command),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_length_at_its_limit),
		cmocka_unit_test(test_long_command_line),
		cmocka_unit_test(test_text_stays_until_the_next_message),
		cmocka_unit_test(test_refuse_names_the_message),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_too_many_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
