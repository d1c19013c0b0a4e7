/* SPDX-License-Identifier: ISC */
/* P3, P12: what is recorded after each kind of outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "deliver/settle.h"

enum { NOW = 1764000000, DAY = 86400 };

static const struct conf_vmta vmta = { .name = "v1" };
static const struct conf_queue queue = {
	.name = "$big/v1", .domain = "$big", .group = "$big", .vmta = &vmta,
	.retry_recipients_after_s = 600, .bounce_after_s = DAY,
};

/* A reply of the server, "450 4.2.0 text", or with code 0 our own. */
static struct reply
reply_of(int code, const char *status, const char *text)
{
	struct reply r = { .code = code };

	snprintf(r.status, sizeof(r.status), "%s", status);
	snprintf(r.text, sizeof(r.text), "%s", text);
	return r;
}

static const struct envelope young = { .id = "M.0", .queued = NOW - 100,
	.sender = "<>", .rcpt = "a@example.com", .orcpt = "-", .vmta = "pool",
	.job = "j1", .envid = "-", .origin = "cli", .origin_mta = "-" };

static struct settle_facts
facts(enum settle_cause cause, const struct reply *r, const struct envelope *e)
{
	static const struct state before = { .letter = STATE_QUEUED,
		.attempts = 0, .code = 451 };

	return (struct settle_facts){ .cause = cause, .reply = r,
		.now_ms = (int64_t)NOW * 1000 + 7, .began_s = NOW - 2,
		.latency_ms = 12, .queue_due = NOW + 900, .may_expire = true,
		.queue = &queue, .domain = "example.com", .asked = "pool",
		.source = "192.0.2.1", .mta = "mx.example.com",
		.dest = "192.0.2.25", .esmtp = "SIZE", .size = 4096,
		.envelope = e, .before = &before };
}

static void
test_decisions(void **state)
{
	static const struct {
		enum settle_cause cause;
		int code;
		const char *status, *text;
		int64_t age;
		bool may_expire;
		/* what comes of it */
		char letter;
		const char *type, *action, *out_status, *category, *class;
		int64_t wait;
	} cases[] = {
		{ SETTLE_DELIVERED, 250, "2.0.0", "2.0.0 ok", 100, true,
		    'D', "d", "relayed", "2.0.0", "-", "-", 0 },
		/* delivered is delivered, however old */
		{ SETTLE_DELIVERED, 250, "", "ok", 2 * DAY, true,
		    'D', "d", "relayed", "2.0.0", "-", "-", 0 },
		{ SETTLE_RECIPIENT, 550, "5.1.1", "5.1.1 unknown", 100, true,
		    'B', "b", "failed", "5.1.1", "bad-mailbox", "recipient",
		    0 },
		{ SETTLE_RECIPIENT, 554, "", "no", 100, true,
		    'B', "b", "failed", "5.0.0", "other", "-", 0 },
		{ SETTLE_RECIPIENT, 450, "4.2.2", "4.2.2 full", 100, true,
		    'Q', "t", "delayed", "4.2.2", "quota-issues", "recipient",
		    600 },
		/* our own refusal, by its status code alone */
		{ SETTLE_RECIPIENT, 0, "5.3.4", "too big", 100, true,
		    'B', "b", "failed", "5.3.4", "content-related", "content",
		    0 },
		/* a 5xx that is the queue's trouble is not final */
		{ SETTLE_QUEUE, 554, "5.7.1", "5.7.1 go away", 100, true,
		    'Q', "t", "delayed", "5.7.1", "policy-related",
		    "infrastructure", 900 },
		{ SETTLE_QUEUE, 421, "4.3.2", "4.3.2 closing", 100, true,
		    'Q', "t", "delayed", "4.3.2", "other", "-", 900 },
		{ SETTLE_ROUTE, 0, "5.1.2", "no such domain", 100, true,
		    'B', "b", "failed", "5.1.2", "bad-domain", "recipient",
		    0 },
		{ SETTLE_ROUTE, 0, "4.4.4", "no address", 100, true,
		    'Q', "t", "delayed", "4.4.4", "routing-errors",
		    "infrastructure", 600 },
		/* past its deadline, at the end of a failed attempt */
		{ SETTLE_RECIPIENT, 450, "4.2.2", "4.2.2 full", DAY, true,
		    'B', "b", "failed", "4.4.7", "message-expired",
		    "infrastructure", 0 },
		{ SETTLE_QUEUE, 0, "4.4.1", "refused", 2 * DAY, true,
		    'B', "b", "failed", "4.4.7", "message-expired",
		    "infrastructure", 0 },
		/* not while it is paused, nor by a clock that jumped */
		{ SETTLE_RECIPIENT, 450, "4.2.2", "4.2.2 full", 2 * DAY, false,
		    'Q', "t", "delayed", "4.2.2", "quota-issues", "recipient",
		    600 },
		{ SETTLE_RECIPIENT, 450, "4.2.2", "4.2.2 full", DAY - 1, true,
		    'Q', "t", "delayed", "4.2.2", "quota-issues", "recipient",
		    600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply r = reply_of(cases[i].code, cases[i].status,
		    cases[i].text);
		struct envelope e = young;
		struct settle_facts f = facts(cases[i].cause, &r, &e);
		struct settle_out out;
		const char **ev = out.event.f;

		e.queued = NOW - cases[i].age;
		f.may_expire = cases[i].may_expire;
		f.local = cases[i].code == 0;
		settle_make(&f, &out);
		assert_int_equal(out.settlement.letter, cases[i].letter);
		assert_true(out.settlement.attempt);
		assert_int_equal(out.settlement.code, cases[i].code);
		assert_int_equal(out.settlement.vmta, UINT32_MAX);
		assert_ptr_equal(out.settlement.event, &out.event);
		assert_string_equal(ev[EV_TYPE], cases[i].type);
		assert_string_equal(ev[EV_ACTION], cases[i].action);
		assert_string_equal(ev[EV_STATUS], cases[i].out_status);
		assert_string_equal(ev[EV_CATEGORY] != NULL ? ev[EV_CATEGORY] :
		    "-", cases[i].category);
		assert_string_equal(ev[EV_CLASS] != NULL ? ev[EV_CLASS] : "-",
		    cases[i].class);
		if (cases[i].letter == 'Q') {
			char next[24];

			assert_int_equal(out.settlement.due,
			    NOW + cases[i].wait);
			snprintf(next, sizeof(next), "%lld",
			    (long long)(NOW + cases[i].wait));
			assert_string_equal(ev[EV_NEXT], next);
		} else {
			assert_null(ev[EV_NEXT]);
		}
	}
}

static void
test_columns(void **state)
{
	struct reply r = reply_of(250, "2.0.0", "2.0.0 queued as 7");
	struct settle_facts f = facts(SETTLE_DELIVERED, &r, &young);
	struct settle_out out;
	struct buf b;

	(void)state;
	f.doubt = true;
	settle_make(&f, &out);
	buf_init(&b, EVENT_LINE_MAX);
	assert_int_equal(event_append(&b, &out.event, EVENT_LINE_MAX), 0);
	assert_string_equal(b.data,
	    "1764000000.007\td\tM.0\t$big/v1\texample.com\tv1\tpool\t$big\t"
	    "192.0.2.1\t<>\ta@example.com\t-\tj1\t-\t1763999900\t1763999998\t1\t"
	    "relayed\t2.0.0\t250\tsmtp;250 2.0.0 queued as 7\tmx.example.com\t"
	    "192.0.2.25\t-\t-\tSIZE\t-\t-\t4096\t12\tcli\t-\t-\tdoubt");
	buf_clear(&b);
}

static void
test_diagnostics(void **state)
{
	static const struct {
		enum settle_cause cause;
		bool local;
		int code;
		const char *status, *text;
		int64_t age;
		const char *diag, *note;
	} cases[] = {
		{ SETTLE_RECIPIENT, false, 550, "5.1.1", "5.1.1 no / way", 1,
		    "smtp;550 5.1.1 no / way", "-" },
		{ SETTLE_QUEUE, true, 0, "4.4.1", "Connection refused", 1,
		    "x-vmta;Connection refused", "queue" },
		{ SETTLE_RECIPIENT, false, 450, "4.2.0", "4.2.0 later", DAY,
		    "x-vmta;delivery time expired: 450 4.2.0 later", "-" },
		{ SETTLE_EXPIRED, true, 0, "4.4.7", "", DAY,
		    "x-vmta;delivery time expired", "-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply r = reply_of(cases[i].code, cases[i].status,
		    cases[i].text);
		struct envelope e = young;
		struct settle_facts f = facts(cases[i].cause, &r, &e);
		struct settle_out out;

		e.queued = NOW - cases[i].age;
		f.local = cases[i].local;
		settle_make(&f, &out);
		assert_string_equal(out.event.f[EV_DIAG], cases[i].diag);
		assert_string_equal(out.event.f[EV_NOTE], cases[i].note);
	}
}

/* No connection was made: no attempt is counted, the last code stays. */
static void
test_expired_without_attempt(void **state)
{
	struct reply r = reply_of(0, "", "");
	struct settle_facts f = facts(SETTLE_EXPIRED, &r, &young);
	const struct state before = { .letter = STATE_QUEUED, .attempts = 3,
		.code = 451 };
	struct settle_out out;

	(void)state;
	f.before = &before;
	f.latency_ms = -1;
	f.local = true;
	settle_make(&f, &out);
	assert_int_equal(out.settlement.letter, STATE_BOUNCED);
	assert_false(out.settlement.attempt);
	assert_int_equal(out.settlement.code, 451);
	assert_string_equal(out.event.f[EV_ATTEMPTS], "3");
	assert_string_equal(out.event.f[EV_STATUS], "4.4.7");
	assert_null(out.event.f[EV_FIRST]);
	assert_null(out.event.f[EV_LATENCY]);
}

static void
test_too_old(void **state)
{
	static const struct {
		int64_t queued, after, expire;
		bool old;
	} cases[] = {
		{ NOW - 10, 10, 0, true },
		{ NOW - 9, 10, 0, false },
		{ NOW - 9, SPAN_NEVER, 0, false },
		{ NOW - 9, SPAN_NEVER, NOW, true },
		{ NOW - 99, 10, NOW + 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_queue q = queue;
		struct envelope e = young;

		q.bounce_after_s = cases[i].after;
		e.queued = cases[i].queued;
		e.expire = cases[i].expire;
		assert_int_equal(settle_too_old(&q, &e, NOW), cases[i].old);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_diagnostics),
		cmocka_unit_test(test_expired_without_attempt),
		cmocka_unit_test(test_too_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
