/* SPDX-License-Identifier: ISC */
/* A message is refused at each stage, and the conversation goes on. */
#include "talk.h"

static const struct talk talks[] = {
	{ .name = "in turn: MAIL refused leaves no transaction, so no RSET",
	  .script =
	      "M: b@x\n"
	      TALK_PLAIN TALK_MAIL
	      "S: 550 5.7.1 go away\n"
	      "R: b@x rcpt-failed MAIL 550 5.7.1 go away +counted\n"
	      "P: idle\nW: yes\nM: c@x\n"
	      TALK_MAIL
	      "S: 451 later\n"
	      "R: c@x rcpt-failed MAIL 451 later +counted\n"
	      TALK_QUIT },
	{ .name = "in turn: RCPT refused, RSET before the next MAIL (I8)",
	  .script =
	      "M: b@x\n"
	      TALK_PLAIN TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\n"
	      "S: 550 5.1.1 who?\n"
	      "R: b@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      "P: idle\n"
	      "M: c@x\n"
	      "C: RSET\n"
	      "P: RSET\nW: no\n"
	      "S: 250 ok\n"
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<c@x>\n"
	      "S: 450 4.2.1 later\n"
	      "R: c@x rcpt-failed RCPT 450 4.2.1 later +counted\n"
	      TALK_QUIT },
	{ .name = "in turn: DATA refused, RSET before the next MAIL (I8)",
	  .script =
	      "M: b@x\n"
	      TALK_PLAIN TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\n"
	      "S: 451 4.3.0 no space\n"
	      "R: b@x rcpt-failed DATA 451 4.3.0 no space +counted\n"
	      "M: c@x\n"
	      "C: RSET\nS: 250 ok\n"
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "in turn: refused at the dot, which ends the transaction",
	  .script =
	      "M: b@x\n"
	      TALK_PLAIN TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 554 5.7.1 spam\n"
	      "R: b@x rcpt-failed dot 554 5.7.1 spam +counted\n"
	      "M: c@x\n"
	      TALK_MAIL
	      "S: 250 ok\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	      "C: Hi\nC: .\nS: 452 4.3.1 full\n"
	      "R: c@x rcpt-failed dot 452 4.3.1 full +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: MAIL refused, and with it the rest",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 452 4.3.1 full\n"
	      "R: b@x rcpt-failed MAIL 452 4.3.1 full +counted\n"
	      "P: RCPT\n"
	      "S: 503 first MAIL\n"
	      "P: DATA\n"
	      "S: 503 first RCPT\n"
	      TALK_GROUP("c@x") TALK_YES
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: RCPT refused, DATA too: RSET in the next group",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 550 5.1.1 who?\nS: 554 no valid recipients\n"
	      "R: b@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      "C: RSET\n" TALK_GROUP("c@x")
	      "P: RSET\n"
	      "S: 250 ok\n" TALK_YES
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: RCPT refused, DATA not: a lone dot",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 550 5.1.1 who?\n"
	      "R: b@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      "S: 354 go\n"
	      "C: .\n" TALK_GROUP("c@x")
	      "S: 554 no valid recipients\n" TALK_YES
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: a lone dot that is accepted delivers nothing",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x")
	      "S: 250 ok\nS: 450 4.2.1 later\nS: 354 go\n"
	      "R: b@x rcpt-failed RCPT 450 4.2.1 later +counted\n"
	      "W: yes\n"
	      "C: .\n"
	      "S: 250 queued\n"
	      "P: idle\nM: c@x\n"
	      TALK_GROUP("c@x") TALK_YES "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: MAIL refused, the rest accepted all the same",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x")
	      "S: 550 no\nS: 250 ok\nS: 554 no\n"
	      "R: b@x rcpt-failed MAIL 550 no +counted\n"
	      "M: c@x\n"
	      "C: RSET\n" TALK_GROUP("c@x")
	      "S: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\n"
	      "R: c@x rcpt-failed MAIL 550 no +counted\n"
	      "C: .\nS: 554 no\n"
	      TALK_QUIT },
	{ .name = "pipelined: DATA refused",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 250 ok\nS: 452 4.3.1 full\n"
	      "R: b@x rcpt-failed DATA 452 4.3.1 full +counted\n"
	      "C: RSET\n" TALK_GROUP("c@x")
	      "S: 250 ok\n" TALK_YES
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: c@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: refused at the dot while the next group is out",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	      "C: Hi\nC: .\n" TALK_GROUP("c@x")
	      "S: 554 5.7.1 spam\n"
	      "R: b@x rcpt-failed dot 554 5.7.1 spam +counted\n"
	      "S: 250 ok\nS: 550 5.1.1 who?\nS: 554 none\n"
	      "R: c@x rcpt-failed RCPT 550 5.1.1 who? +counted\n"
	      TALK_QUIT },
	{ .name = "pipelined: every message refused at RCPT, one after the other",
	  .script =
	      "M: b@x\n"
	      TALK_FULL TALK_GROUP("b@x") "M: c@x\n"
	      "S: 250 ok\nS: 550 no\nS: 554 none\n"
	      "R: b@x rcpt-failed RCPT 550 no +counted\n"
	      "C: RSET\n" TALK_GROUP("c@x") "M: d@x\n"
	      "S: 250 ok\nS: 250 ok\nS: 550 no\nS: 554 none\n"
	      "R: c@x rcpt-failed RCPT 550 no +counted\n"
	      "C: RSET\n" TALK_GROUP("d@x")
	      "S: 250 ok\nS: 250 ok\nS: 550 no\nS: 554 none\n"
	      "R: d@x rcpt-failed RCPT 550 no +counted\n"
	      TALK_QUIT },
	{ .name = "too large while the one before is in the middle of its text",
	  .script =
	      "M: b@x\n"
	      TALK_HELLO "S: 250-mx\nS: 250-SIZE 4\nS: 250 PIPELINING\n"
	      TALK_GROUP("b@x") "M: c@x Hello\\r\\n\n" TALK_YES
	      "C: Hi\nC: .\n"
	      "R: c@x rcpt-failed MAIL 5.3.4 the message has 7 bytes, the"
	      " server takes 4 +local\n"
	      "M: d@x\n" TALK_GROUP("d@x")
	      "S: 250 ok\n" TALK_YES
	      "R: b@x delivered dot 250 ok +counted\n"
	      "C: Hi\nC: .\nS: 250 ok\n"
	      "R: d@x delivered dot 250 ok +counted\n"
	      TALK_QUIT },
	{ .name = "refused while the text is still going out: no way back",
	  .script =
	      "M: b@x Hello\\r\\n\n"
	      TALK_HELLO "S: 250-mx\nS: 250 PIPELINING\n"
	      TALK_MAIL "C: RCPT TO:<b@x>\nC: DATA\n"
	      "M: c@x\nK: 9\n"
	      TALK_YES
	      "C: Hello\nO: .\\r\n"
	      "P: text\n"
	      "B: 552 5.3.4 too much\\r\\n\n"
	      "R: b@x rcpt-failed text 552 5.3.4 too much +counted\n"
	      "R: c@x not-started text 552 5.3.4 too much\n"
	      "F: -\nD:\n" },
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
		cmocka_unit_test(conversations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
