/* SPDX-License-Identifier: ISC */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "reply/classify.h"
#include "reply/parse.h"

/* Whole replies, as servers word them. */
static const struct {
	const char *reply;
	const char *category;
	const char *blame;
} cases[] = {
	{ "250 2.0.0 ok", "success", "-" },
	/* what the enhanced code alone says */
	{ "550 5.1.1 <spamtrap@x.example>: no", "bad-mailbox", "recipient" },
	{ "550 5.1.2 no", "bad-domain", "recipient" },
	{ "556 5.1.10 no", "bad-domain", "recipient" },
	{ "550 5.2.1 The email account is disabled", "inactive-mailbox",
	  "recipient" },
	{ "452 4.2.2 over quota", "quota-issues", "recipient" },
	{ "552 5.3.4 too big", "content-related", "content" },
	{ "451 4.4.7 expired", "message-expired", "-" },
	{ "553 5.1.8 no", "invalid-sender", "infrastructure" },
	{ "550 5.7.26 no", "policy-related", "infrastructure" },
	{ "421 4.7.28 unusual rate of unsolicited mail", "policy-related",
	  "infrastructure" },
	{ "550 5.7.606 Access denied, banned sending IP", "policy-related",
	  "infrastructure" },
	{ "550 5.7.13 x", "inactive-mailbox", "recipient" },
	/* words, where the code leaves it open */
	{ "550 5.7.1 likely unsolicited mail", "spam-related", "content" },
	{ "550 5.7.1 Client host blocked using zen.spamhaus.org",
	  "spam-related", "infrastructure" },
	{ "554 5.7.1 Link listed in Spamhaus DBL", "spam-related", "content" },
	{ "550 part of their network is on our block list (S3140)",
	  "spam-related", "infrastructure" },
	{ "421 4.7.0 very low reputation of the sending IP", "spam-related",
	  "infrastructure" },
	{ "451 4.7.1 Greylisted, try again", "policy-related", "-" },
	{ "421 Too many connections", "policy-related", "infrastructure" },
	{ "550 Ip frequency limited", "policy-related", "infrastructure" },
	{ "421 4.7.0 [TSS04] temporarily deferred due to unexpected volume",
	  "policy-related", "infrastructure" },
	{ "554 5.7.1 failing both SPF and DKIM", "policy-related",
	  "infrastructure" },
	{ "450 4.2.1 User is receiving mail too quickly", "quota-issues",
	  "recipient" },
	{ "450 4.2.1 try later", "inactive-mailbox", "recipient" },
	{ "550 Mailbox unavailable or access denied", "quota-issues",
	  "recipient" },
	{ "550 Requested action not taken: mailbox unavailable", "bad-mailbox",
	  "recipient" },
	{ "550 No such user here", "bad-mailbox", "recipient" },
	{ "550 5.5.0 User Unknown", "bad-mailbox", "recipient" },
	{ "554 Relay access denied", "relaying-issues", "-" },
	{ "554 5.4.6 too many hops", "routing-errors", "-" },
	{ "554 Message contains a virus", "virus-related", "content" },
	{ "552 5.7.0 illegal attachment", "content-related", "content" },
	/* an address isn't a word */
	{ "550 <no-such-spam-virus@quota.example> is refused", "other", "-" },
	/* the rest by code */
	{ "550 5.1.0 refused", "bad-mailbox", "recipient" },
	{ "451 4.3.0 try again", "other", "-" },
	{ "451 4.4.1 x", "no-answer-from-host", "-" },
	{ "451 4.4.2 x", "bad-connection", "-" },
	{ "421 4.4.5 x", "bad-connection", "infrastructure" },
	{ "502 5.5.1 what?", "protocol-errors", "-" },
	{ "550 5.7.1 refused", "policy-related", "infrastructure" },
	{ "554 5.6.0 malformed", "content-related", "content" },
	{ "500 what?", "protocol-errors", "-" },
	{ "421 bye", "bad-connection", "infrastructure" },
	{ "452 full", "quota-issues", "-" },
	{ "552 full", "quota-issues", "recipient" },
	{ "521 no mail here", "bad-domain", "recipient" },
	{ "550 refused", "other", "-" },
	{ "554 5.0.0 refused", "other", "-" },
	{ "450 later", "other", "-" },
	{ "553", "bad-mailbox", "recipient" },
};

static void
meanings(void **state)
{
	struct reply_parser p;
	struct reply_meaning m;
	char line[256];
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "%s\r\n", cases[i].reply);
		reply_parser_init(&p);
		assert_int_equal(reply_parse(&p, line, strlen(line), &used),
		    REPLY_DONE);
		m = reply_meaning(&p.reply);
		if (strcmp(m.category, cases[i].category) != 0 ||
		    strcmp(reply_blame_name(m.blame), cases[i].blame) != 0)
			fail_msg("%s: %s, %s", cases[i].reply, m.category,
			    reply_blame_name(m.blame));
	}
}

/* Our own words never decide: what we say isn't what a server said. */
static void
our_own_replies(void **state)
{
	struct reply_meaning m;
	struct reply r;

	(void)state;
	reply_local(&r, "4.4.2", "lost connection to spamhaus quota");
	m = reply_meaning(&r);
	assert_string_equal(m.category, "bad-connection");
	assert_int_equal(m.blame, REPLY_BLAME_NONE);
	reply_local(&r, "", "spam");
	m = reply_meaning(&r);
	assert_string_equal(m.category, "other");
	reply_local(&r, "4.x.1", "spam");
	m = reply_meaning(&r);
	assert_string_equal(m.category, "other");
	reply_local(&r, "5.3.4", "too large");
	m = reply_meaning(&r);
	assert_string_equal(m.category, "content-related");
	assert_int_equal(m.blame, REPLY_BLAME_CONTENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meanings),
		cmocka_unit_test(our_own_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
