/* SPDX-License-Identifier: ISC */
/*
 * Conversations as text: what a client sends, what it is told, and what the owner
 * of the session sees, the same wherever the input is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/session.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ALL                                                                    \
	(SESSION_EHLO | SESSION_PIPELINING | SESSION_SIZE | SESSION_8BITMIME | \
	    SESSION_ENHANCED)
#define HELLO "HELO c\r\n"
#define HELLO_SAID "220 s ESMTP\r\n250 s\r\n"

struct talk {
	const char *name;
	struct session_conf conf;
	const char *in;
	const char *out;
	const char *seen; /* events: "RCPT a@b;", TEXT runs joined */
};

/* Answers that are not the session's own, by stage and argument. */
struct verdict {
	enum session_stage stage;
	const char *arg;
	int code;
	const char *text;
	bool raw;
};

struct result {
	struct buf out, seen;
	bool closing;
};

static void
see(struct result *r, const struct session *s, const struct session_event *ev,
    bool *in_text)
{
	if (ev->stage == SESSION_TEXT) {
		if (!*in_text)
			buf_adds(&r->seen, "TEXT ");
		buf_add(&r->seen, ev->data, ev->len);
		*in_text = true;
		return;
	}
	if (*in_text)
		buf_addc(&r->seen, ';');
	*in_text = false;
	buf_adds(&r->seen, session_stage_names[ev->stage]);
	if (ev->len > 0)
		buf_addf(&r->seen, " %.*s", (int)ev->len, ev->data);
	if (ev->stage == SESSION_DOT)
		buf_addf(&r->seen, " %s %zu %llu", s->sender.data,
		    s->rcpt_count, (unsigned long long)s->bytes);
	buf_addc(&r->seen, ';');
}

static void
answer(struct session *s, const struct session_event *ev,
    const struct verdict *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!ev->judge || v[i].stage != ev->stage ||
		    (v[i].arg != NULL && strcmp(v[i].arg, ev->data) != 0))
			continue;
		if (v[i].raw)
			session_raw(s, v[i].code, v[i].text, strlen(v[i].text));
		else
			session_reply(s, v[i].code, NULL, v[i].text);
		return;
	}
	session_accept(s);
}

/* Play the input in pieces of at most step bytes, the first of first bytes. */
static void
play(const struct talk *t, const struct verdict *v, size_t n, size_t first,
    size_t step, struct result *r)
{
	size_t len = strlen(t->in), at = 0;
	bool in_text = false;
	struct session s;

	buf_init(&r->out, 0);
	buf_init(&r->seen, 0);
	session_init(&s, &t->conf);
	for (size_t piece = 0;; piece = at == 0 ? first : step) {
		struct session_event ev;
		char *copy;
		size_t left;

		if (piece > len - at)
			piece = len - at;
		/* a copy of its own, so that nothing is read past its end */
		copy = malloc(piece + 1);
		assert_non_null(copy);
		memcpy(copy, t->in + at, piece);
		copy = realloc(copy, piece > 0 ? piece : 1);
		assert_non_null(copy);
		session_feed(&s, copy, piece);
		while (session_next(&s, &ev)) {
			see(r, &s, &ev, &in_text);
			if (ev.stage != SESSION_TEXT)
				answer(&s, &ev, v, n);
		}
		session_rest(&s, &left);
		if (!s.closing)
			assert_int_equal(left, 0);
		session_feed(&s, NULL, 0);
		free(copy);
		at += piece;
		if (at == len && (piece > 0 || len == 0))
			break;
	}
	buf_add(&r->out, s.out.data, s.out.len);
	r->closing = s.closing;
	session_clear(&s);
}

static void
result_clear(struct result *r)
{
	buf_clear(&r->out);
	buf_clear(&r->seen);
}

static void
check(const struct talk *t, const struct verdict *v, size_t n, size_t first,
    size_t step)
{
	struct result r;

	play(t, v, n, first, step, &r);
	if (strcmp(r.out.data, t->out) != 0)
		fail_msg("%s, cut at %zu, then every %zu: said\n%s\nnot\n%s",
		    t->name, first, step, r.out.data, t->out);
	if (strcmp(r.seen.data, t->seen) != 0)
		fail_msg("%s, cut at %zu, then every %zu: saw\n%s\nnot\n%s",
		    t->name, first, step, r.seen.data, t->seen);
	result_clear(&r);
}

/* Whole, cut in two at every place, and in pieces of 1, 2 and 3 bytes. */
static void
check_all_cuts(const struct talk *t, const struct verdict *v, size_t n)
{
	size_t len = strlen(t->in);

	check(t, v, n, len, len);
	for (size_t i = 1; i < len; i++)
		check(t, v, n, i, len);
	for (size_t step = 1; step <= 3; step++)
		check(t, v, n, step, step);
}

static const struct talk talks[] = {
	{ "a pipelined transaction", { .flags = ALL, .name = "s" },
	    "EHLO c.test\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	    "RCPT TO:<e@f>\r\nDATA\r\nSubject: x\r\n\r\n..a\r\n.b\r\nc\r\n.\r\n"
	    "MAIL FROM:<> SIZE=3 BODY=8BITMIME\r\nRCPT TO:<c@d>\r\nDATA\r\n"
	    ".\r\nQUIT\r\n",
	    "220 s ESMTP\r\n250-s\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-SIZE 0\r\n250 HELP\r\n"
	    "250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n"
	    "250 2.1.5 recipient ok\r\n"
	    "354 end with a dot on a line by itself\r\n"
	    "250 2.0.0 message taken\r\n250 2.1.0 sender ok\r\n"
	    "250 2.1.5 recipient ok\r\n"
	    "354 end with a dot on a line by itself\r\n"
	    "250 2.0.0 message taken\r\n221 2.0.0 bye\r\n",
	    "CONNECT;HELO c.test;MAIL a@b;RCPT c@d;RCPT e@f;DATA;"
	    "TEXT Subject: x\r\n\r\n.a\r\nb\r\nc\r\n;DOT a@b 2 24;"
	    "MAIL <>;RCPT c@d;DATA;DOT <> 1 0;QUIT;" },
	{ "plain HELO, no enhanced codes", { .flags = 0, .name = "s" },
	    "EHLO c\r\nHELO c\r\nmail from:a@b\r\nrcpt to:<c@d>\r\ndata\r\n"
	    "x\r\n.\r\nnoop\r\n",
	    "220 s ESMTP\r\n502 no EHLO here\r\n250 s\r\n250 sender ok\r\n"
	    "250 recipient ok\r\n354 end with a dot on a line by itself\r\n"
	    "250 message taken\r\n250 ok\r\n",
	    "CONNECT;HELO;HELO c;MAIL a@b;RCPT c@d;DATA;TEXT x\r\n;"
	    "DOT a@b 1 3;OTHER;" },
	{ "out of order", { .flags = ALL, .name = "s" },
	    "MAIL FROM:<a@b>\r\n" HELLO "RCPT TO:<c@d>\r\nDATA\r\n"
	    "MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\nDATA\r\nRSET\r\n"
	    "RCPT TO:<c@d>\r\n",
	    "220 s ESMTP\r\n503 5.5.1 EHLO or HELO first\r\n250 s\r\n"
	    "503 5.5.1 MAIL first\r\n503 5.5.1 MAIL first\r\n"
	    "250 2.1.0 sender ok\r\n503 5.5.1 one sender is enough\r\n"
	    "554 5.5.1 no valid recipients\r\n250 2.0.0 forgotten\r\n"
	    "503 5.5.1 MAIL first\r\n",
	    "CONNECT;MAIL;HELO c;RCPT;DATA;MAIL a@b;MAIL;DATA;OTHER;RCPT;" },
	{ "only CRLF.CRLF ends a text", { .flags = ALL, .name = "s" },
	    HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
		  "1\n.\n2\r.\r3\n.\r\n4\r\n.\n5\r\n.\r6\r\n\r.\r\n.\r\r\n"
		  "\r\n.\r\n",
	    HELLO_SAID "250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n"
		       "354 end with a dot on a line by itself\r\n"
		       "250 2.0.0 message taken\r\n",
	    "CONNECT;HELO c;MAIL a@b;RCPT c@d;DATA;"
	    "TEXT 1\n.\n2\r.\r3\n.\r\n4\r\n\n5\r\n\r6\r\n\r.\r\n\r\r\n\r\n;"
	    "DOT a@b 1 33;" },
	{ "a size that is too much",
	    { .flags = ALL, .name = "s", .max_bytes = 4 },
	    "EHLO c\r\nMAIL FROM:<a@b> SIZE=5\r\nMAIL FROM:<a@b> SIZE=4\r\n"
	    "RCPT TO:<c@d>\r\nDATA\r\n1234\r\n.\r\n",
	    "220 s ESMTP\r\n250-s\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-SIZE 4\r\n250 HELP\r\n"
	    "552 5.3.4 message too big\r\n250 2.1.0 sender ok\r\n"
	    "250 2.1.5 recipient ok\r\n"
	    "354 end with a dot on a line by itself\r\n"
	    "552 5.3.4 message too big\r\n",
	    "CONNECT;HELO c;MAIL a@b;MAIL a@b;RCPT c@d;DATA;TEXT 1234\r\n;"
	    "DOT a@b 1 6;" },
	{ "too many recipients, empty lines, bare LF",
	    { .flags = ALL, .name = "s", .max_rcpts = 1 },
	    HELLO "MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n\r\n"
		  "FOO\r\nQUIT\r\nNOOP\r\n",
	    HELLO_SAID "250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n"
		       "452 4.5.3 too many recipients\r\n"
		       "500 5.5.2 unknown command\r\n"
		       "500 5.5.2 unknown command\r\n221 2.0.0 bye\r\n",
	    "CONNECT;HELO c;MAIL a@b;RCPT c@d;RCPT e@f;OTHER;OTHER;QUIT;" },
};

static void
test_talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(talks); i++)
		check_all_cuts(&talks[i], NULL, 0);
}

static void
test_verdicts(void **state)
{
	static const struct verdict v[] = {
		{ SESSION_RCPT, "no@d", 550, "5.1.1 no\nnobody", false },
		{ SESSION_RCPT, "raw@d", 250, "250-a\r\n250 b\r\n", true },
		{ SESSION_RCPT, "late@d", 421, "go away", false },
	};
	static const struct talk t = { "refused, raw and 421",
		{ .flags = ALL, .name = "s" },
		HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<no@d>\r\nDATA\r\n"
		      "RCPT TO:<raw@d>\r\nDATA\r\n.\r\n"
		      "MAIL FROM:<a@b>\r\nRCPT TO:<late@d>\r\nNOOP\r\n",
		HELLO_SAID
		"250 2.1.0 sender ok\r\n550-5.1.1 no\r\n550 nobody\r\n"
		"554 5.5.1 no valid recipients\r\n"
		"250-a\r\n250 b\r\n"
		"354 end with a dot on a line by itself\r\n"
		"250 2.0.0 message taken\r\n"
		"250 2.1.0 sender ok\r\n421 go away\r\n",
		"CONNECT;HELO c;MAIL a@b;RCPT no@d;DATA;RCPT raw@d;DATA;"
		"DOT a@b 1 0;MAIL a@b;RCPT late@d;" };

	(void)state;
	check_all_cuts(&t, v, N(v));
}

/* RFC 5321 3.1: after a 5xx greeting there is only QUIT. */
static void
test_refused_greeting(void **state)
{
	static const struct verdict v[] = {
		{ SESSION_CONNECT, NULL, 554, "no service", false },
	};
	static const struct talk t = { "refused greeting",
		{ .flags = ALL, .name = "s" },
		"EHLO c\r\nMAIL FROM:<a@b>\r\nQUIT\r\n",
		"554 no service\r\n503 5.5.1 refused: QUIT is all there is\r\n"
		"503 5.5.1 refused: QUIT is all there is\r\n221 2.0.0 bye\r\n",
		"CONNECT;OTHER;OTHER;QUIT;" };

	(void)state;
	check_all_cuts(&t, v, N(v));
}

/* An answer that says 354 without a recipient is believed: a hostile server. */
static void
test_354_without_recipients(void **state)
{
	static const struct verdict v[] = {
		{ SESSION_RCPT, NULL, 550, "no", false },
		{ SESSION_DATA, NULL, 354, "go", false },
	};
	static const struct talk t = { "354 without recipients",
		{ .flags = ALL, .name = "s" },
		HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n",
		HELLO_SAID "250 2.1.0 sender ok\r\n550 no\r\n354 go\r\n"
			   "250 2.0.0 message taken\r\n",
		"CONNECT;HELO c;MAIL a@b;RCPT c@d;DATA;TEXT x\r\n;"
		"DOT a@b 0 3;" };

	(void)state;
	check_all_cuts(&t, v, N(v));
}

/* One command after HELO, with what it is told. */
static void
test_grammar(void **state)
{
	static const struct {
		const char *line, *reply;
	} rows[] = {
		{ "MAIL FROM:<a@b>", "250 2.1.0 sender ok" },
		{ "MAIL FROM: <a@b>  ", "250 2.1.0 sender ok" },
		{ "MAIL FROM:<>", "250 2.1.0 sender ok" },
		{ "MAIL FROM:<@r,@s:a@b>", "250 2.1.0 sender ok" },
		{ "MAIL FROM:<\"a> b\"@c>", "250 2.1.0 sender ok" },
		{ "MAIL FROM:<\"a\\\"> b\"@c>", "250 2.1.0 sender ok" },
		{ "MAIL FROM:", "501 5.5.4 no address" },
		{ "MAIL FROM:<a@b", "501 5.5.4 no address" },
		{ "MAIL FROM:<a@b>x",
		    "501 5.5.4 a blank must stand after the address" },
		{ "MAIL TO:<a@b>", "501 5.5.4 FROM: or TO: must follow" },
		{ "MAIL", "501 5.5.4 FROM: or TO: must follow" },
		{ "MAIL FROM:<a\tb@c>",
		    "501 5.1.3 control byte in an address" },
		{ "MAIL FROM:<\xc3\xa4@c>",
		    "553 5.6.7 SMTPUTF8 is not offered" },
		{ "MAIL FROM:<a@b> SIZE=x",
		    "555 5.5.4 parameter that was not offered" },
		{ "MAIL FROM:<a@b> RET=HDRS",
		    "555 5.5.4 parameter that was not offered" },
		{ "MAILFROM:<a@b>", "500 5.5.2 unknown command" },
		{ "EHLO", "501 5.5.4 a name must follow" },
		{ "EHLO a b", "501 5.5.4 not a host name" },
		{ "DATA x", "503 5.5.1 MAIL first" },
		{ "RSET x", "501 5.5.4 RSET has no argument" },
		{ "VRFY a", "252 2.0.0 send it and see" },
		{ "HELP", "214 2.0.0 RFC 5321" },
		{ "QUIT", "221 2.0.0 bye" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct talk t = { rows[i].line, { .flags = ALL, .name = "s" },
			NULL, NULL, NULL };
		char in[256], out[256];
		struct result r;

		snprintf(in, sizeof(in), HELLO "%s\r\n", rows[i].line);
		snprintf(out, sizeof(out), HELLO_SAID "%s\r\n", rows[i].reply);
		t.in = in;
		play(&t, NULL, 0, strlen(in), 1, &r);
		if (strcmp(r.out.data, out) != 0)
			fail_msg("%s: %s", rows[i].line, r.out.data);
		result_clear(&r);
	}
}

static void
test_params_after_ehlo(void **state)
{
	static const struct {
		unsigned flags;
		const char *params, *reply;
	} rows[] = {
		{ ALL, "SIZE=10", "250 2.1.0 sender ok" },
		{ ALL, "size=10 body=7bit", "250 2.1.0 sender ok" },
		{ ALL, "SIZE=x", "501 5.5.4 SIZE must be a number" },
		{ ALL, "BODY=9BIT", "501 5.5.4 unknown BODY" },
		{ ALL, "SIZE=", "555 5.5.4 parameter that was not offered" },
		{ ALL & ~SESSION_SIZE, "SIZE=1",
		    "555 5.5.4 parameter that was not offered" },
		{ ALL & ~SESSION_8BITMIME, "BODY=7BIT",
		    "555 5.5.4 parameter that was not offered" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct talk t = { rows[i].params,
			{ .flags = rows[i].flags, .name = "s" }, NULL, NULL,
			NULL };
		const char *last;
		struct result r;
		char in[256];

		snprintf(in, sizeof(in), "EHLO c\r\nMAIL FROM:<a@b> %s\r\n",
		    rows[i].params);
		t.in = in;
		play(&t, NULL, 0, 3, 5, &r);
		r.out.data[r.out.len - 2] = '\0';
		last = strrchr(r.out.data, '\n');
		assert_non_null(last);
		assert_string_equal(last + 1, rows[i].reply);
		result_clear(&r);
	}
}

/* A line past any reason is answered once, and the next one is read. */
static void
test_long_line(void **state)
{
	struct talk t = { "a long line", { .flags = ALL, .name = "s" }, NULL,
		"220 s ESMTP\r\n500 5.5.6 line too long\r\n250 2.0.0 ok\r\n",
		"CONNECT;OTHER;OTHER;" };
	struct buf in = BUF_INIT(0);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addc(&in, 'x');
	buf_adds(&in, "\r\nNOOP\r\n");
	t.in = in.data;
	check(&t, NULL, 0, in.len, in.len);
	check(&t, NULL, 0, 1, 1);
	check(&t, NULL, 0, 8191, 1000);
	check(&t, NULL, 0, 8192, 8192);
	buf_clear(&in);
}

/* A reply that comes later holds up what stands behind it, and loses nothing. */
static void
test_waits_for_the_answer(void **state)
{
	static const struct session_conf conf = { .flags = ALL, .name = "s" };
	static const char in[] = "HELO c\r\nNOOP\r\n";
	struct session_event ev;
	struct session s;
	size_t left;

	(void)state;
	session_init(&s, &conf);
	session_feed(&s, in, sizeof(in) - 1);
	assert_true(session_next(&s, &ev));
	assert_int_equal(ev.stage, SESSION_CONNECT);
	assert_int_equal(session_default_code(&s), 220);
	assert_false(session_next(&s, &ev));
	session_accept(&s);
	assert_true(session_next(&s, &ev));
	assert_int_equal(ev.stage, SESSION_HELO);
	assert_false(session_next(&s, &ev));
	assert_ptr_equal(session_rest(&s, &left), in + 8);
	assert_int_equal(left, 6);
	assert_string_equal(s.out.data, "220 s ESMTP\r\n");
	session_accept(&s);
	assert_true(session_next(&s, &ev));
	session_accept(&s);
	assert_string_equal(s.out.data, HELLO_SAID "250 2.0.0 ok\r\n");
	session_clear(&s);
}

/* Random dialogues, wrong ones too: the cuts make no difference. */
static void
test_random_dialogues(void **state)
{
	static const char *const words[] = { "EHLO c\r\n", "HELO c\r\n",
		"MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\n",
		"DATA\r\nx\r\n.\r\n", ".\r\n", "\r\n", "\n", "\r", ".", "..",
		"x", "RSET\r\n", "NOOP\r\n", "MAIL FROM:<> SIZE=1\r\n",
		"RCPT TO:<\"a b\"@c>\r\n", " ", "<", "\"" };
	static const struct verdict v[] = {
		{ SESSION_RCPT, "\"a b\"@c", 550, "no", false },
	};
	uint32_t x = 12345;

	(void)state;
	for (int i = 0; i < 400; i++) {
		struct talk t = { "random", { .flags = ALL, .name = "s" }, NULL,
			NULL, NULL };
		struct buf in = BUF_INIT(0);
		struct result whole;

		buf_adds(&in, "EHLO c\r\nMAIL FROM:<a@b>\r\n");
		for (int n = 0; n < 30; n++) {
			x = x * 1664525 + 1013904223;
			buf_adds(&in, words[(x >> 16) % N(words)]);
		}
		t.in = in.data;
		play(&t, v, N(v), in.len, in.len, &whole);
		t.out = whole.out.data;
		t.seen = whole.seen.data;
		check(&t, v, N(v), 1, 1);
		check(&t, v, N(v), 1 + x % in.len, 1 + (x >> 8) % 7);
		result_clear(&whole);
		buf_clear(&in);
	}
}

static void
test_ehlo_lines_and_banner(void **state)
{
	static const struct talk t = { "EHLO lines",
		{ .flags = SESSION_EHLO,
		    .name = "s",
		    .banner = "one\ntwo",
		    .ehlo_lines = 2 },
		"EHLO c\r\n",
		"220-one\r\n220 two\r\n250-s\r\n250-X-LINE-1\r\n"
		"250-X-LINE-2\r\n250 HELP\r\n",
		"CONNECT;HELO c;" };

	(void)state;
	check_all_cuts(&t, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refused_greeting),
		cmocka_unit_test(test_354_without_recipients),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_params_after_ehlo),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_waits_for_the_answer),
		cmocka_unit_test(test_ehlo_lines_and_banner),
		cmocka_unit_test(test_random_dialogues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
