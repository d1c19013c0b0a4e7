/* SPDX-License-Identifier: ISC */
/* The conversation ends before its time: at each stage by 421, by a lost
 * connection, by the timer and by nonsense. */
#include "stages.h"
#include "talk.h"

static const struct ending {
	const char *name;
	const char *script;
	const char *status;	/* NULL: an answer of the server's */
	const char *text;
} endings[] = {
	{ "421", "B: 421 4.3.2 bye\\r\\n\n", NULL, "421 4.3.2 bye" },
	{ "lost", "L: connection reset\n", "4.4.2", "connection reset" },
	{ "late", "T: \n", "4.4.2", "timed out" },
	{ "nonsense", "S: HTTP/1.1 400 Bad Request\n", "4.5.0",
	  "protocol error: a line without a reply code" },
};

static void
play_end(const struct stage *s, const struct ending *e)
{
	char diag[256], result[512], script[4096], name[128];
	struct talk t = { .name = name, .script = script };

	/* What the server has begun would be the beginning of its line. */
	if (strstr(s->name, "half") != NULL && e->script[0] != 'L' &&
	    e->script[0] != 'T')
		return;
	if (e->status == NULL)
		snprintf(diag, sizeof(diag), "%s", e->text);
	else
		snprintf(diag, sizeof(diag), "%s %s (%s) +local", e->status,
		    e->text, s->waiting);
	snprintf(result, sizeof(result), "R: b@x queue-failed %s %s%s%s\n",
	    s->phase, diag, s->doubt && e->status != NULL ? " +doubt" : "",
	    s->counted ? " +counted" : "");
	if (s->ahead)
		snprintf(result + strlen(result),
		    sizeof(result) - strlen(result),
		    "R: c@x not-started %s %s%s\n", s->phase, diag,
		    s->ahead_counted ? " +counted" : "");
	if (e->status == NULL)
		snprintf(diag, sizeof(diag), "%s", e->text);
	else
		snprintf(diag, sizeof(diag), "%s (%s)", e->text, s->waiting);
	/* What happens after the end changes nothing (I9). */
	snprintf(script, sizeof(script), "%sP: %s\n%sW: no\n%sF: %s %s\nD:\n"
	    "K: -1\nS: 250 ok\nL: x\nT: \nQ:\nF: %s %s\nP: closed\n",
	    s->before, s->phase, e->script, result, s->phase, diag, s->phase,
	    diag);
	snprintf(name, sizeof(name), "%s at %s", e->name, s->name);
	talk_play(&t);
}

static void
every_end_at_every_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < STAGES; i++)
		for (size_t k = 0; k < sizeof(endings) / sizeof(endings[0]);
		    k++)
			play_end(&stages[i], &endings[k]);
}

static const struct talk talks[] = {
	{ .name = "greeting 554: QUIT all the same (RFC 5321 3.1)",
	  .script =
	      "M: b@x\n"
	      "S: 554-5.7.1 no\nS: 554 5.7.1 really no\n"
	      "R: b@x queue-failed greeting 554 5.7.1 no / really no\n"
	      "W: no\n"
	      "C: QUIT\nF: greeting 554 5.7.1 no / really no\nP: QUIT\nS: 221 bye\nD:\n" },
	{ .name = "greeting 450",
	  .script =
	      "M: b@x\nS: 450 busy\n"
	      "R: b@x queue-failed greeting 450 busy\n"
	      "C: QUIT\nL: closed\nD:\nF: greeting 450 busy\n" },
	{ .name = "greeting 554 with no message in hand",
	  .script = "S: 554 no\nC: QUIT\nT: \nD:\nF: greeting 554 no\n" },
	{ .name = "a greeting with another code than 220",
	  .script =
	      "M: b@x\nS: 250 hi\n"
	      "R: b@x queue-failed greeting 4.5.0 protocol error: unexpected"
	      " reply 250 hi (waiting for the greeting) +local\nD:\n" },
	{ .name = "EHLO 4xx",
	  .script =
	      "M: b@x\n" TALK_HELLO "S: 451 4.3.0 later\n"
	      "R: b@x queue-failed EHLO 451 4.3.0 later\n"
	      "C: QUIT\nS: 221 bye\nD:\nF: EHLO 451 4.3.0 later\n" },
	{ .name = "EHLO and HELO refused",
	  .script =
	      "M: b@x\n" TALK_HELLO
	      "S: 550 no\nC: HELO me.example\nS: 550 5.7.1 never\n"
	      "R: b@x queue-failed EHLO 550 5.7.1 never\n"
	      "C: QUIT\nS: 221 bye\nD:\nF: EHLO 550 5.7.1 never\n" },
	{ .name = "LHLO refused: no HELO",
	  .lmtp = true,
	  .script =
	      "M: b@x\nS: 220 hi\nC: LHLO me.example\nS: 500 ?\n"
	      "R: b@x queue-failed EHLO 500 ?\nC: QUIT\nS: 221 bye\nD:\n" },
	{ .name = "quit before the greeting",
	  .script = "Q:\nS: 220 hi\nC: QUIT\nS: 221 bye\nD:\nF: -\n" },
	{ .name = "quit while EHLO is out",
	  .script = TALK_HELLO "Q:\nS: 250 hi\nC: QUIT\nL: closed\nD:\nF: -\n" },
	{ .name = "idle: the timer says QUIT, and another time closes",
	  .script = TALK_PLAIN "P: idle\nT: \nC: QUIT\nT: \nD:\nF: -\n" },
	{ .name = "idle: 421 is no failure",
	  .script = TALK_PLAIN "S: 421 4.4.2 idle too long\nD:\nF: -\n" },
	{ .name = "idle: closed is no failure",
	  .script = TALK_PLAIN "L: closed\nD:\nF: -\n" },
	{ .name = "idle: a reply out of nothing closes",
	  .script = TALK_PLAIN "S: 250 ok\nD:\nF: -\n" },
	{ .name = "QUIT: whatever is answered",
	  .script = TALK_PLAIN "Q:\nC: QUIT\nS: garbage\nD:\nF: -\n" },
	{ .name = "closed instead of a reply to the second MAIL: not started",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL
	      "S: 550 no\nR: b@x rcpt-failed MAIL 550 no +counted\n"
	      "M: c@x\n" TALK_MAIL
	      "L: lost connection\n"
	      "R: c@x not-started MAIL 4.4.2 lost connection (waiting for the"
	      " reply to MAIL) +local +counted\n"
	      "D:\nF: -\n" },
	{ .name = "closed instead of a reply to RSET: not started, not counted",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 550 no\n"
	      "R: b@x rcpt-failed RCPT 550 no +counted\n"
	      "M: c@x\nC: RSET\n"
	      "L: lost connection\n"
	      "R: c@x not-started RSET 4.4.2 lost connection (waiting for the"
	      " reply to RSET) +local\n"
	      "D:\nF: -\n" },
	{ .name = "pipelined: closed after the dot's reply (20 a connection)",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	      "C: Hi\nC: .\n" TALK_GROUP("c@x")
	      "S: 250 ok\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      "M: d@x\n"
	      "L: closed\n"
	      "R: c@x not-started MAIL 4.4.2 closed (waiting for the reply to"
	      " MAIL) +local +counted\n"
	      "R: d@x not-started MAIL 4.4.2 closed (waiting for the reply to"
	      " MAIL) +local\n"
	      "D:\nF: -\n" },
	{ .name = "421 to the second MAIL is the queue's trouble",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	      "C: Hi\nC: .\n" TALK_GROUP("c@x")
	      "S: 250 ok\nS: 421 too many messages\n"
	      "R: b@x delivered dot 250 ok +counted\n"
	      "R: c@x queue-failed MAIL 421 too many messages +counted\n"
	      "D:\nF: MAIL 421 too many messages\n" },
	{ .name = "closed after a refused RCPT, pipelined: known is known",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 550 5.1.1 who?\n"
	      "L: closed\n"
	      "R: b@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      "R: c@x not-started DATA 4.4.2 closed (waiting for the reply to"
	      " DATA) +local\n"
	      "D:\nF: -\n" },
	{ .name = "421 after a refused RCPT, pipelined",
	  .script =
	      "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 550 5.1.1 who?\nS: 421 too many errors\n"
	      "R: b@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      "R: c@x not-started DATA 421 too many errors\n"
	      "D:\nF: DATA 421 too many errors\n" },
	{ .name = "RSET refused: nobody knows what the next MAIL would be",
	  .script =
	      "M: b@x\n" TALK_PLAIN TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 550 no\n"
	      "R: b@x rcpt-failed RCPT 550 no +counted\n"
	      "M: c@x\nC: RSET\nS: 502 no such command\n"
	      "R: c@x queue-failed RSET 502 no such command\n"
	      "D:\nF: RSET 502 no such command\n" },
	{ .name = "421 while the text goes out",
	  .script =
	      "M: b@x\nK: 72\n" TALK_FULL TALK_GROUP("b@x") TALK_YES
	      "O: Hi\n"
	      "B: 421 gone\\r\\n\n"
	      "R: b@x queue-failed text 421 gone +counted\n"
	      "D:\nF: text 421 gone\n" },
};

static void
conversations(void **state)
{
	(void)state;
	talk_play_all(talks, sizeof(talks) / sizeof(talks[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_at_every_stage),
		cmocka_unit_test(conversations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
