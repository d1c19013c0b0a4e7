/* SPDX-License-Identifier: ISC */
/* Where a conversation can be when it ends: scripts (talk.h) that lead there. */
#ifndef VMTA_TEST_SMTP_STAGES_H
#define VMTA_TEST_SMTP_STAGES_H

#include "talk.h"

static const struct stage {
	const char *name;
	const char *before;	/* script up to the stage */
	const char *phase;
	const char *waiting;
	bool counted;		/* b@x */
	bool doubt;		/* when there is no answer */
	bool ahead;		/* c@x was handed in as well */
	bool ahead_counted;
} stages[] = {
	{ "greeting", "M: b@x\n", "greeting", "waiting for the greeting",
	  false, false, false, false },
	{ "half a greeting", "M: b@x\nB: 220-hi\\r\\n220-h\n", "greeting",
	  "waiting for the greeting", false, false, false, false },
	{ "EHLO", "M: b@x\n" TALK_HELLO, "EHLO",
	  "waiting for the reply to EHLO", false, false, false, false },
	{ "half of EHLO's reply", "M: b@x\n" TALK_HELLO "S: 250-mx\nB: 250-SI\n",
	  "EHLO", "waiting for the reply to EHLO", false, false, false,
	  false },
	{ "HELO", "M: b@x\n" TALK_HELLO "S: 500 ?\nC: HELO me.example\n", "EHLO",
	  "waiting for the reply to HELO", false, false, false, false },
	{ "MAIL", "M: b@x\n" TALK_PLAIN TALK_MAIL, "MAIL",
	  "waiting for the reply to MAIL", true, false, false, false },
	{ "MAIL not written", "M: b@x\nK: 17\n" TALK_PLAIN, "MAIL",
	  "waiting for the reply to MAIL", false, false, false, false },
	{ "MAIL written in part", "M: b@x\nK: 18\n" TALK_PLAIN "O: M\n", "MAIL",
	  "waiting for the reply to MAIL", true, false, false, false },
	{ "RCPT", "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 250 ok\nC: RCPT TO:<b@x>\n",
	  "RCPT", "waiting for the reply to RCPT", true, false, false, false },
	{ "DATA",
	  "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 250 ok\nC: RCPT TO:<b@x>\n"
	  "S: 250 ok\nC: DATA\n",
	  "DATA", "waiting for the reply to DATA", true, false, false, false },
	{ "dot",
	  "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 250 ok\nC: RCPT TO:<b@x>\n"
	  "S: 250 ok\nC: DATA\nS: 354 go\nC: Hi\nC: .\n",
	  "dot", "waiting for the reply to the message", true, true, false,
	  false },
	{ "half of the dot's reply",
	  "M: b@x\n" TALK_PLAIN TALK_MAIL "S: 250 ok\nC: RCPT TO:<b@x>\n"
	  "S: 250 ok\nC: DATA\nS: 354 go\nC: Hi\nC: .\nB: 250-ok\\r\\n250 o\n",
	  "dot", "waiting for the reply to the message", true, true, false,
	  false },
	{ "pipelined MAIL", "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n",
	  "MAIL", "waiting for the reply to MAIL", true, false, true, false },
	{ "pipelined RCPT",
	  "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\nS: 250 ok\n", "RCPT",
	  "waiting for the reply to RCPT", true, false, true, false },
	{ "pipelined DATA",
	  "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\nS: 250 ok\nS: 250 ok\n",
	  "DATA", "waiting for the reply to DATA", true, false, true, false },
	{ "pipelined dot",
	  "M: b@x\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	  "C: Hi\nC: .\n" TALK_GROUP("c@x"),
	  "dot", "waiting for the reply to the message", true, true, true,
	  true },
	/* 17 EHLO, 32 MAIL, 15 RCPT, 6 DATA, then the text, 4 bytes, and dot. */
	{ "text not written",
	  "M: b@x\nK: 70\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES,
	  "text", "sending the message", true, false, true, false },
	{ "text in part",
	  "M: b@x\nK: 72\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	  "O: Hi\n",
	  "text", "sending the message", true, false, true, false },
	{ "dot in part",
	  "M: b@x\nK: 76\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	  "O: Hi\\r\\n.\\r\n",
	  "text", "sending the message", true, false, true, false },
	{ "dot written, the next group not",
	  "M: b@x\nK: 77\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	  "C: Hi\nC: .\n",
	  "dot", "waiting for the reply to the message", true, true, true,
	  false },
	{ "dot and a byte of the next group",
	  "M: b@x\nK: 78\n" TALK_FULL TALK_GROUP("b@x") "M: c@x\n" TALK_YES
	  "C: Hi\nC: .\nO: M\n",
	  "dot", "waiting for the reply to the message", true, true, true,
	  true },
};

enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

#endif
