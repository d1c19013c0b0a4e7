/* SPDX-License-Identifier: ISC */
/* Conversations that go well, and what the owner can see of them. */
#include "talk.h"

static const struct talk talks[] = {
	{ .name = "one message, each command in turn",
	  .script =
	      "P: greeting\nW: yes\n"
	      "M: b@x\nW: no\n"
	      TALK_PLAIN
	      "E: -\n"
	      TALK_MAIL
	      "P: MAIL\n"
	      "S: 250 2.1.0 ok\n"
	      "C: RCPT TO:<b@x>\n"
	      "P: RCPT\n"
	      "S: 250 2.1.5 ok\n"
	      "C: DATA\n"
	      "P: DATA\nW: no\n"
	      "S: 354 go ahead\n"
	      "C: Hi\nC: .\n"
	      "P: dot\nW: no\n"
	      "S: 250 2.0.0 queued as 1\n"
	      "P: idle\n"
	      "R: b@x delivered dot 250 2.0.0 queued as 1 +counted\n"
	      "W: yes\n"
	      TALK_QUIT },
	{ .name = "two messages, each command in turn, no RSET between",
	  .script =
	      "M: b@x\n"
	      TALK_PLAIN
	      TALK_MAIL "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\n"
	      "S: 354 go\nC: Hi\nC: .\nS: 250 one\n"
	      "W: yes\nM: c@x Ho\\r\\n\n"
	      TALK_MAIL
	      "R: b@x delivered dot 250 one +counted\n"
	      "S: 250 ok\nC: RCPT TO:<c@x>\nS: 251 will forward\nC: DATA\n"
	      "S: 354 go\nC: Ho\nC: .\nS: 250\n"
	      "R: c@x delivered dot 250 +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: a group in one go, one round trip a message",
	  .script =
	      "M: b@x\n"
	      TALK_FULL
	      "E: 8BITMIME,PIPELINING,SIZE\n"
	      "W: yes\n"
	      TALK_GROUP("b@x")
	      "W: yes\nM: c@x\nW: no\n"
	      "P: MAIL\n"
	      TALK_YES
	      "C: Hi\nC: .\n" TALK_GROUP("c@x")
	      "P: dot\n"
	      "S: 250 2.0.0 first\n" TALK_YES
	      "R: b@x delivered dot 250 2.0.0 first +counted\n"
	      "W: yes\nM: d@x\n"
	      "C: Hi\nC: .\n" TALK_GROUP("d@x")
	      "S: 250 2.0.0 second\n" TALK_YES
	      "R: c@x delivered dot 250 2.0.0 second +counted\n"
	      "C: Hi\nC: .\n"
	      "S: 250 2.0.0 third\n"
	      "R: d@x delivered dot 250 2.0.0 third +counted\n"
	      "P: idle\n"
	      TALK_QUIT },
	{ .name = "pipelined: the next group also behind a dot already written",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "C: Hi\nC: .\n"
	      "P: dot\nW: yes\nM: c@x\nW: no\n"
	      TALK_GROUP("c@x")
	      "S: 250 a\n" TALK_YES
	      "R: b@x delivered dot 250 a +counted\n"
	      "C: Hi\nC: .\n"
	      "S: 250 b\n"
	      "R: c@x delivered dot 250 b +counted\n"
	      TALK_QUIT },
	{ .name = "no result taken, no third message",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x")
	      "M: c@x\n" TALK_YES
	      "C: Hi\nC: .\n" TALK_GROUP("c@x")
	      "S: 250 a\n" TALK_YES
	      "W: no\n"
	      "C: Hi\nC: .\n"
	      "S: 250 b\n"
	      "P: idle\nW: no\n"
	      "R: b@x delivered dot 250 a +counted\nW: yes\n"
	      "R: c@x delivered dot 250 b +counted\nW: yes\n"
	      TALK_QUIT },
	{ .name = "a server whose name is that of an extension",
	  .script =
	      "M: b@x\n"
	      TALK_HELLO "S: 250-PIPELINING\nS: 250 SIZE\n"
	      "E: SIZE\n"
	      "C: MAIL FROM:<s@a.example> SIZE=4\n"
	      "S: 550 no\n"
	      "R: b@x rcpt-failed MAIL 550 no +counted\n"
	      TALK_QUIT },
	{ .name = "quit asked for while a message is out",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x")
	      "W: yes\nQ:\nW: no\n" TALK_YES
	      "C: Hi\nC: .\nW: no\n"
	      "S: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      "C: QUIT\nP: QUIT\nL: closed\nD:\nF: -\n" },
	{ .name = "PIPELINING offered and not wanted",
	  .no_pipelining = true,
	  .script =
	      "M: b@x\n"
	      TALK_FULL
	      "C: MAIL FROM:<s@a.example> SIZE=4\n"
	      "W: no\n"
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "HELO when EHLO is refused",
	  .script =
	      "M: b@x\n"
	      TALK_HELLO
	      "S: 502-x\nS: 502-PIPELINING\nS: 502 SIZE 3\n"
	      "C: HELO me.example\n"
	      "P: EHLO\n"
	      "S: 250 mx.example\n"
	      "E: -\n"
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "LMTP",
	  .lmtp = true,
	  .script =
	      "M: b@x\n"
	      "S: 220 hi\nC: LHLO me.example\nS: 250-hi\nS: 250 PIPELINING\n"
	      TALK_MAIL "C: RCPT TO:<b@x>\nC: DATA\n"
	      TALK_YES "C: Hi\nC: .\nS: 250 2.1.5 ok\n"
	      "R: b@x delivered dot 250 2.1.5 ok +counted\n"
	      TALK_QUIT },
	{ .name = "the null sender; quit asked for while a message waits",
	  .script =
	      "N: b@x\nQ:\nW: no\n"
	      TALK_PLAIN
	      "C: MAIL FROM:<>\n"
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      "C: QUIT\nP: QUIT\nS: 221 bye\nD:\n" },
	{ .name = "dots are doubled at the start of a line only",
	  .script =
	      "M: b@x .\\r\\n..a\\r\\nb.\\r\\n\\r\\n.c\\r\\n\n"
	      TALK_PLAIN
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: ..\nC: ...a\nC: b.\nC: \nC: ..c\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "an empty text, and one that doesn't end its line",
	  .script =
	      "M: b@x \\z\n"
	      TALK_PLAIN
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      "M: c@x Hi\n"
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "8-bit text where 8BITMIME is offered",
	  .script =
	      "M: b@x \\xc3\\xa9\\r\\n\n"
	      TALK_FULL
	      "C: MAIL FROM:<s@a.example> SIZE=4 BODY=8BITMIME\n"
	      "C: RCPT TO:<b@x>\nC: DATA\n"
	      TALK_YES
	      "C: \xc3\xa9\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "8-bit text where it isn't, or isn't wanted",
	  .no_8bit = true,
	  .script =
	      "M: b@x \\xc3\\xa9\\r\\n\n"
	      TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "C: \xc3\xa9\nC: .\nS: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted +8bit\n"
	      "M: c@x\n"
	      TALK_GROUP("c@x") TALK_YES "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "more than the server takes",
	  .script =
	      "M: b@x 123456789\\r\\n\n"
	      TALK_HELLO "S: 250-mx\nS: 250 SIZE 10\n"
	      "R: b@x rcpt-failed MAIL 5.3.4 the message has 11 bytes, the"
	      " server takes 10 +local\n"
	      "P: idle\nW: yes\n"
	      "M: c@x 12345678\\r\\n\n"
	      "C: MAIL FROM:<s@a.example> SIZE=10\n"
	      "S: 250 ok\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: 12345678\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
};

static void
conversations(void **state)
{
	(void)state;
	talk_play_all(talks, sizeof(talks) / sizeof(talks[0]));
}

static struct dialogue *
start(const char *ehlo)
{
	static const struct dialogue_options o = { .helo = "me.example",
		.pipelining = true, .eightbit_mime = true };
	struct dialogue *d = dialogue_new(&o);
	struct iovec iov[2];

	dialogue_input(d, "220 hi\r\n", 8);
	assert_int_equal(dialogue_output(d, iov, 2), 1);
	dialogue_sent(d, iov[0].iov_len);
	dialogue_input(d, ehlo, strlen(ehlo));
	return d;
}

static void
feed(struct dialogue *d, const char *s)
{
	dialogue_input(d, s, strlen(s));
}

/* Take all output into b.  Returns: how many writes it took. */
static unsigned
drain(struct dialogue *d, struct buf *b, size_t pieces)
{
	struct iovec iov[2];
	unsigned writes = 0;
	size_t n, total;

	while ((n = dialogue_output(d, iov, pieces)) > 0) {
		total = 0;
		for (size_t i = 0; i < n; i++) {
			buf_add(b, iov[i].iov_base, iov[i].iov_len);
			total += iov[i].iov_len;
		}
		dialogue_sent(d, total);
		writes++;
	}
	return writes;
}

static void
text_and_next_group_share_a_write(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nhello\r\n";
	struct dialogue_message m = { .sender = "s@a", .rcpt = "b@x",
		.text = text, .text_len = sizeof(text) - 1 };
	struct dialogue *d = start("250-mx\r\n250 PIPELINING\r\n");
	struct dialogue_result r;
	struct buf b = BUF_INIT(0);
	struct iovec iov[4];

	(void)state;
	dialogue_message(d, &m);
	assert_int_equal(drain(d, &b, 2), 1);
	dialogue_message(d, &m);
	for (int i = 0; i < 3; i++) {
		feed(d, "250 ok\r\n250 ok\r\n354 go\r\n");
		if (i > 0) {
			assert_true(dialogue_result(d, &r));
			assert_int_equal(r.outcome, DIALOGUE_DELIVERED);
			assert_true(dialogue_wants_message(d));
			dialogue_message(d, &m);
		}
		assert_int_equal(dialogue_output(d, iov, 4), 2);
		assert_ptr_equal(iov[0].iov_base, text);
		assert_int_equal(iov[0].iov_len, sizeof(text) - 1);
		buf_reset(&b);
		assert_int_equal(drain(d, &b, 4), 1);
		assert_string_equal(b.data, "Subject: x\r\n\r\nhello\r\n"
		    ".\r\nMAIL FROM:<s@a>\r\nRCPT TO:<b@x>\r\nDATA\r\n");
		feed(d, "250 queued\r\n");
	}
	dialogue_free(d);
	buf_clear(&b);
}

/* What a receiver makes of the stuffed text. */
static void
unstuff(struct buf *to, const struct buf *from)
{
	const char *s = from->data;

	buf_reset(to);
	for (size_t i = 0; i < from->len; i++)
		if (s[i] != '.' || (i > 0 && (i < 2 || s[i - 1] != '\n' ||
		    s[i - 2] != '\r')))
			buf_addc(to, s[i]);
}

static void
long_texts_with_dots(void **state)
{
	static const size_t pieces[] = { 1, 2 };
	struct buf text = BUF_INIT(0);
	struct buf got = BUF_INIT(0);
	struct buf b = BUF_INIT(0);

	(void)state;
	for (unsigned step = 1; step < 9; step++)
		for (unsigned i = 0; i < 20000; i++)
			buf_adds(&text, i % step == 0 ? ".\r\n" :
			    i % 7 == 0 ? ".long line here\r\n" : "a\r\n");
	for (unsigned i = 0; i < 20000; i++)
		buf_adds(&text, i == 10000 ? "\r\n." : ".\n.a");
	buf_adds(&text, "\r\n");
	for (size_t k = 0; k < 2; k++) {
		struct dialogue_message m = { .sender = "s@a", .rcpt = "b@x",
			.text = text.data, .text_len = text.len,
			.has_dots = true };
		struct dialogue *d = start("250 mx\r\n");
		struct dialogue_result r;

		dialogue_message(d, &m);
		drain(d, &b, 2);
		feed(d, "250 ok\r\n");
		drain(d, &b, 2);
		feed(d, "250 ok\r\n");
		drain(d, &b, 2);
		feed(d, "354 go\r\n");
		buf_reset(&b);
		assert_in_range(drain(d, &b, pieces[k]), 2,
		    text.len / 8192 + 2);
		assert_true(b.len > 5);
		assert_memory_equal(b.data + b.len - 5, "\r\n.\r\n", 5);
		b.len -= 3;
		assert_null(memmem(b.data, b.len, "\r\n.\r\n", 5));
		unstuff(&got, &b);
		assert_int_equal(got.len, text.len);
		assert_memory_equal(got.data, text.data, text.len);
		feed(d, "250 ok\r\n");
		assert_true(dialogue_result(d, &r));
		assert_int_equal(r.outcome, DIALOGUE_DELIVERED);
		dialogue_free(d);
		buf_reset(&b);
	}
	buf_clear(&text);
	buf_clear(&got);
	buf_clear(&b);
}

static void
addresses_that_would_end_path_or_line(void **state)
{
	static char over[300];
	static const struct {
		const char *sender, *rcpt, *status;	/* NULL: goes out */
	} cases[] = {
		{ "s@a", "b@x", NULL },
		{ "", "b@x", NULL },
		{ "s@a", "\"a b>\"@x", NULL },
		{ "s@a", "\"a\\\"b\"@x", NULL },
		{ "s@a", "b@x>\r\nDATA", "5.1.3" },
		{ "s@a", "b@x\r", "5.1.3" },
		{ "s@a", "\"a\nb\"@x", "5.1.3" },
		{ "s@a", "b@x> NOTIFY=NEVER", "5.1.3" },
		{ "s@a", "b c@x", "5.1.3" },
		{ "s@a", "\"b@x", "5.1.3" },
		{ "s@a", "\"b\\\"@x", "5.1.3" },
		{ "s@a", "", "5.1.3" },
		{ "s@a", over, "5.1.3" },
		{ "s@a\x7f", "b@x", "5.1.7" },
		{ "s@a> SIZE=1", "b@x", "5.1.7" },
		{ over, "b@x", "5.1.7" },
	};
	struct dialogue_result r;
	struct iovec iov[2];

	(void)state;
	memset(over, 'a', 255);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dialogue *d = start("250 mx\r\n");
		struct dialogue_message m = { .sender = cases[i].sender,
			.rcpt = cases[i].rcpt, .text = "", .user = d };

		dialogue_message(d, &m);
		assert_int_equal(dialogue_output(d, iov, 2),
		    cases[i].status == NULL);
		assert_int_equal(dialogue_result(d, &r),
		    cases[i].status != NULL);
		if (cases[i].status != NULL) {
			assert_ptr_equal(r.user, d);
			assert_int_equal(r.outcome, DIALOGUE_RCPT_FAILED);
			assert_string_equal(r.reply.status, cases[i].status);
			assert_true(r.local && !r.counted && !r.doubt);
		}
		dialogue_free(d);
	}
}

/* Two of the longest addresses, twice, and the longest HELO name. */
static void
the_longest_commands_fit(void **state)
{
	static char address[255], helo[400];
	struct dialogue_options o = { .helo = helo, .pipelining = true };
	struct dialogue_message m = { .sender = address, .rcpt = address,
		.text = "", .has_8bit = true };
	struct buf b = BUF_INIT(0);
	struct dialogue *d;

	(void)state;
	memset(address, 'a', 254);
	memset(helo, 'h', 399);
	d = dialogue_new(&o);
	feed(d, "220 hi\r\n");
	drain(d, &b, 2);
	assert_int_equal(b.len, 5 + 255 + 2);
	feed(d, "250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
	    "250 SIZE 18446744073709551615\r\n");
	assert_int_equal(dialogue_size_limit(d), UINT64_MAX);
	dialogue_message(d, &m);
	dialogue_message(d, &m);
	drain(d, &b, 2);
	/* RSET travels with the next group. */
	feed(d, "250 ok\r\n550 no\r\n554 no\r\n");
	buf_reset(&b);
	drain(d, &b, 2);
	assert_memory_equal(b.data, "RSET\r\nMAIL", 10);
	dialogue_free(d);
	buf_clear(&b);
}

static void
the_timer_starts_anew_with_replies_and_blocks(void **state)
{
	static char text[20000];
	struct dialogue_message m = { .sender = "s@a", .rcpt = "b@x",
		.text = text, .text_len = sizeof(text) };
	struct dialogue *d = start("250-mx\r\n250 PIPELINING\r\n");
	struct buf b = BUF_INIT(0);
	unsigned epoch = dialogue_epoch(d);
	unsigned grown = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	dialogue_message(d, &m);
	assert_int_not_equal(dialogue_epoch(d), epoch);
	drain(d, &b, 2);
	epoch = dialogue_epoch(d);
	feed(d, "250-drip\r\n");
	feed(d, "250-drip\r\n250");
	assert_int_equal(dialogue_epoch(d), epoch);
	feed(d, " end\r\n");
	assert_int_equal(dialogue_epoch(d), epoch + 1);
	feed(d, "250 ok\r\n354 go\r\n");
	assert_int_equal(dialogue_phase(d), DIALOGUE_TEXT);
	for (size_t i = 0; i < sizeof(text); i++) {
		struct iovec iov[2];

		epoch = dialogue_epoch(d);
		assert_int_not_equal(dialogue_output(d, iov, 2), 0);
		dialogue_sent(d, 1);
		grown += dialogue_epoch(d) != epoch;
	}
	assert_in_range(grown, 4, 5);
	epoch = dialogue_epoch(d);
	drain(d, &b, 2);
	assert_int_equal(dialogue_phase(d), DIALOGUE_DOT);
	assert_int_not_equal(dialogue_epoch(d), epoch);
	dialogue_free(d);
	dialogue_free(NULL);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations),
		cmocka_unit_test(text_and_next_group_share_a_write),
		cmocka_unit_test(long_texts_with_dots),
		cmocka_unit_test(addresses_that_would_end_path_or_line),
		cmocka_unit_test(the_longest_commands_fit),
		cmocka_unit_test(the_timer_starts_anew_with_replies_and_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
