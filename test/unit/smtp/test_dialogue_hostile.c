/* SPDX-License-Identifier: ISC */
/* Servers that say what they shouldn't, more than they should, or too early. */
#include "stages.h"
#include "talk.h"

/* Bytes: a beginning, and a part that comes again and again. */
static const struct fault {
	const char *name;
	const char *first;
	const char *again;
	size_t times;
} faults[] = {
	{ "a line of 1 MiB", "250 ", "xxxxxxxxxxxxxxxx", 65536 },
	{ "a MiB without a code", "", "xxxxxxxxxxxxxxxx", 65536 },
	{ "lines without end", "", "250-x\\r\\n", 300 },
	{ "long lines without end", "", "250-\\x00\\x1b[2Jxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "\\r\\n", 199 },
	{ "bare CR", "", "250 ok\\r", 20000 },
	{ "NULs", "", "\\x00", 70000 },
	{ "a NUL for a blank", "250\\x00ok\\r\\n", "", 0 },
	{ "code 000", "000 ok\\r\\n", "", 0 },
	{ "code 999", "999 ok\\r\\n", "", 0 },
	{ "code 2x0", "2x0 ok\\r\\n", "", 0 },
	{ "code 25", "25 ok\\r\\n", "", 0 },
	{ "code alone, too short", "2\\r\\n", "", 0 },
	{ "250ok", "250ok\\r\\n", "", 0 },
	{ "no code", "ok\\r\\n", "", 0 },
	{ "an empty line", "\\r\\n", "", 0 },
	{ "two codes in one reply", "250-a\\r\\n354 b\\r\\n", "", 0 },
	{ "a line without code after one with", "250-a\\r\\nb\\r\\n", "", 0 },
	{ "TLS", "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\n", "", 0 },
};

static void
feed_fault(struct dialogue *d, const struct fault *f, size_t step)
{
	struct buf bytes = BUF_INIT(0);

	talk_unescape(&bytes, f->first, strlen(f->first));
	for (size_t i = 0; i < f->times; i++)
		talk_unescape(&bytes, f->again, strlen(f->again));
	for (size_t at = 0; at < bytes.len; at += step)
		dialogue_input(d, bytes.data + at,
		    bytes.len - at < step ? bytes.len - at : step);
	buf_clear(&bytes);
}

static void
check_result(struct run *r, const struct stage *s, size_t which)
{
	struct dialogue_result x;

	if (!dialogue_result(r->d, &x))
		TALK_FAIL(r, "no result");
	assert_int_equal(x.outcome, which == 0 ? DIALOGUE_QUEUE_FAILED :
	    DIALOGUE_NOT_STARTED);
	assert_string_equal(dialogue_phase_name(x.at), s->phase);
	assert_true(x.local);
	assert_int_equal(x.reply.code, 0);
	assert_string_equal(x.reply.status, "4.5.0");
	assert_memory_equal(x.reply.text, "protocol error: ", 16);
	assert_int_equal(x.doubt, which == 0 && s->doubt);
	assert_int_equal(x.counted,
	    which == 0 ? s->counted : s->ahead_counted);
}

static void
play_fault(const struct stage *s, const struct fault *f, size_t step)
{
	struct talk t = { .name = f->name };
	struct dialogue_options o = { .helo = "me.example",
		.pipelining = true, .eightbit_mime = true };
	struct run r = { .talk = &t, .cut = { .at = -1 }, .room = -1 };
	struct dialogue_result x;
	const char *nl;

	for (size_t i = 0; i < 8; i++)
		buf_init(&r.texts[i], 0);
	buf_init(&r.pending, 0);
	buf_init(&r.server, 0);
	r.d = dialogue_new(&o);
	for (const char *p = s->before; *p != '\0'; p = nl + 1) {
		nl = strchr(p, '\n');
		r.line++;
		talk_line(&r, p, (size_t)(nl - p));
	}
	talk_feed(&r);
	talk_settle(&r);
	feed_fault(r.d, f, step);
	if (!dialogue_done(r.d))
		TALK_FAIL(&r, "goes on at %s", s->name);
	talk_settle(&r);
	check_result(&r, s, 0);
	if (s->ahead)
		check_result(&r, s, 1);
	assert_false(dialogue_result(r.d, &x));
	assert_int_equal(dialogue_under_way(r.d), 0);
	assert_non_null(dialogue_failure(r.d));
	dialogue_free(r.d);
	for (size_t i = 0; i < 8; i++)
		buf_clear(&r.texts[i]);
	buf_clear(&r.pending);
	buf_clear(&r.server);
}

static void
every_fault_at_every_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < STAGES; i++) {
		/* Half a line and the fault's first bytes make another one. */
		if (strstr(stages[i].name, "half") != NULL)
			continue;
		for (size_t k = 0; k < sizeof(faults) / sizeof(faults[0]);
		    k++) {
			play_fault(&stages[i], &faults[k], 4096);
			if (faults[k].times == 0)
				play_fault(&stages[i], &faults[k], 1);
		}
	}
}

#define ERROR(text, waiting)                                                  \
	"4.5.0 protocol error: " text " (waiting for " waiting ") +local"
#define UNASKED "a reply that nothing asked for"

static const struct talk talks[] = {
	{ .name = "354 to MAIL",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 354 go\n"
	      "R: b@x queue-failed MAIL " ERROR("unexpected reply 354 go",
	      "the reply to MAIL") " +counted\nD:\n" },
	{ .name = "354 to RCPT, pipelined",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "S: 250 ok\nS: 354 go\n"
	      "R: b@x queue-failed RCPT " ERROR("unexpected reply 354 go",
	      "the reply to RCPT") " +counted\nD:\n" },
	{ .name = "250 to DATA: not a byte of the text (I1)",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 250 ok\nS: 250 ok\n"
	      "R: b@x queue-failed DATA " ERROR("unexpected reply 250 ok",
	      "the reply to DATA") " +counted\n"
	      "R: c@x not-started DATA " ERROR("unexpected reply 250 ok",
	      "the reply to DATA") "\nD:\n" },
	{ .name = "250 to the DATA of a refused RCPT",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x")
	      "S: 250 ok\nS: 550 no\nS: 250 ok\n"
	      "R: b@x rcpt-failed RCPT 550 no +counted\nD:\n"
	      "F: DATA protocol error: unexpected reply 250 ok (waiting for"
	      " the reply to DATA)\n" },
	{ .name = "354 to the dot: nobody knows (I6)",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "C: Hi\nC: .\nS: 354 more\n"
	      "R: b@x queue-failed dot " ERROR("unexpected reply 354 more",
	      "the reply to the message") " +doubt +counted\nD:\n" },
	{ .name = "354, then 5xx after the dot",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "C: Hi\nC: .\nS: 554 no\n"
	      "R: b@x rcpt-failed dot 554 no +counted\n"
	      TALK_QUIT },
	{ .name = "two greetings",
	  .script =
	      "M: b@x\nS: 220 hi\nS: 220 hi again\n"
	      "R: b@x queue-failed EHLO " ERROR(UNASKED, "the reply to EHLO")
	      "\nD:\n" },
	{ .name = "two replies to MAIL",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 250 ok\nS: 250 ok\n"
	      "R: b@x queue-failed RCPT " ERROR(UNASKED, "the reply to RCPT")
	      " +counted\nD:\n" },
	{ .name = "a reply to the dot before the dot (I5)",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x")
	      TALK_YES "S: 250 queued\n"
	      "R: b@x queue-failed text 4.5.0 protocol error: unexpected reply"
	      " 250 queued (sending the message) +local +counted\nD:\n" },
	{ .name = "a 5xx before the text",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x")
	      TALK_YES "S: 554 no\n"
	      "R: b@x rcpt-failed text 554 no +counted\nD:\nF: -\n" },
	{ .name = "all replies at once, with the greeting",
	  .script =
	      "M: b@x\n"
	      "S: 220 hi\nS: 250-mx\nS: 250 PIPELINING\nS: 250 ok\nS: 250 ok\n"
	      "S: 354 go\nS: 250 delivered\n"
	      "R: b@x queue-failed EHLO " ERROR(UNASKED, "the reply to EHLO")
	      "\nD:\n" },
	{ .name = "all replies of the next message with the dot's",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "C: Hi\nC: .\n"
	      "S: 250 one\n" TALK_YES "S: 250 two\n"
	      "R: b@x delivered dot 250 one +counted\nD:\nF: -\n" },
	{ .name = "more replies than commands, while one more is out",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL
	      "S: 550 no\nS: 250 ok\n"
	      "R: b@x rcpt-failed MAIL 550 no +counted\nD:\nF: -\n" },
	{ .name = "EHLO with 198 unknown words, bare LF, and no sizes",
	  .script =
	      "M: b@x\n" TALK_HELLO
	      "B: 250-SIZE 99\\n250-SIZE\\n250-XFOO=BAR\\n\n"
	      "B: 250-SIZE 99999999999999999999999\\n250-PIPELINING \\n\n"
	      "B: 250-PIPELINING.\\n250-auth LOGIN\\n250 SIZE -1\\n\n"
	      "C: MAIL FROM:<s@a.example> SIZE=4\n"
	      "C: RCPT TO:<b@x>\nC: DATA\n"
	      "E: AUTH,PIPELINING,SIZE\n"
	      TALK_YES "C: Hi\nC: .\nB: 250\\n\n"
	      "R: b@x delivered dot 250 +counted\n"
	      TALK_QUIT },
	{ .name = "a reply full of what shouldn't be shown",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL
	      "B: 550-5.7.1 \\x1b[2J\\x00=cmd|'x'!A1,\\x22\\r\\n\n"
	      "B: 550 5.7.1 \\xff\\xc3\\xa9\\x7f\\r\\n\n"
	      "R: b@x rcpt-failed MAIL 550 5.7.1 ?[2J?=cmd|'x'!A1,\" /"
	      " ?\xc3\xa9? +counted\n"
	      TALK_QUIT },
};

static void
conversations(void **state)
{
	(void)state;
	talk_play_all(talks, sizeof(talks) / sizeof(talks[0]));
}

/* A byte a second doesn't start the timer anew. */
static void
a_drip_is_one_reply(void **state)
{
	static const struct dialogue_options o = { .helo = "me" };
	struct dialogue *d = dialogue_new(&o);
	unsigned epoch = dialogue_epoch(d);

	(void)state;
	for (size_t i = 0; i < 60000; i++) {
		dialogue_input(d, i == 0 ? "2" : i < 3 ? "2" : "-", 1);
		assert_int_equal(dialogue_epoch(d), epoch);
	}
	dialogue_timeout(d);
	assert_true(dialogue_done(d));
	dialogue_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_at_every_stage),
		cmocka_unit_test(conversations),
		cmocka_unit_test(a_drip_is_one_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
