/* SPDX-License-Identifier: ISC */
/* Rules: how they are read, whom they strike, how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/server_rule.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct server_limit always;

static void
add(struct server_rules *r, enum server_action action, const char *spec,
    const struct server_limit *limit)
{
	struct err err = { 0 };

	if (server_rules_add(r, action, spec, limit, &err) != 0)
		fail_msg("%s", err.msg);
}

static int
code_of(struct server_rules *r, enum session_stage stage, const char *arg)
{
	int64_t delay_ms;
	const struct server_rule *rule = server_rules_ask(
	    r, stage, arg, &delay_ms);

	return rule == NULL ? 0 : rule->code;
}

static void
test_reply_is_read(void **state)
{
	static const struct {
		const char *spec;
		int code;
		const char *status, *text;
	} rows[] = {
		{ "RCPT 450 4.2.0 later", 450, "4.2.0", "later" },
		{ "rcpt /x/ 550 gone", 550, "", "gone" },
		{ "RCPT/x/550 gone", 550, "", "gone" },
		{ "RCPT 450", 450, "", "" },
		{ "RCPT 450 4.2 later", 450, "", "4.2 later" },
		{ "RCPT 450 4.2.0.1 later", 450, "", "4.2.0.1 later" },
		{ "RCPT 452 4.7.500 a\\nb\\t\\x41\\\\", 452, "4.7.500",
		    "a\nb\tA\\" },
		{ "RCPT 550 \\{5}x!", 550, "", "xxxxx!" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct server_rules *r = server_rules_new();
		const struct server_rule *rule;
		int64_t delay_ms;

		add(r, SERVER_REPLY, rows[i].spec, &always);
		rule = server_rules_ask(r, SESSION_RCPT, "x@y", &delay_ms);
		assert_non_null(rule);
		assert_int_equal(rule->code, rows[i].code);
		assert_string_equal(rule->status, rows[i].status);
		assert_string_equal(rule->text.data, rows[i].text);
		assert_int_equal(delay_ms, 0);
		server_rules_free(r);
	}
}

static void
test_raw_is_read(void **state)
{
	static const struct {
		const char *spec;
		int code;
		size_t len;
	} rows[] = {
		{ "DATA 354 go\\r\\n", 354, 8 },
		{ "DATA 250-a\\r\\n354 go\\r\\n", 354, 15 },
		{ "DATA 354\\r\\n", 354, 5 },
		{ "DATA 999 what\\r\\n", 0, 10 },
		{ "DATA 35\\r\\n", 0, 4 },
		{ "DATA \\0\\0", 0, 2 },
		{ "DATA", 0, 0 },
		{ "DATA 550 \\{1000000}x\\r\\n", 550, 1000006 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct server_rules *r = server_rules_new();
		const struct server_rule *rule;
		int64_t delay_ms;

		add(r, SERVER_RAW, rows[i].spec, &always);
		rule = server_rules_ask(r, SESSION_DATA, "", &delay_ms);
		assert_non_null(rule);
		assert_int_equal(rule->code, rows[i].code);
		assert_int_equal(rule->text.len, rows[i].len);
		server_rules_free(r);
	}
}

static void
test_repeat(void **state)
{
	static const struct server_limit many = { .repeat = 3 };
	struct server_rules *r = server_rules_new();
	int64_t delay_ms;

	(void)state;
	add(r, SERVER_RAW, "HELO 250-a\\n", &many);
	assert_string_equal(
	    server_rules_ask(r, SESSION_HELO, "c", &delay_ms)->text.data,
	    "250-a\n250-a\n250-a\n");
	server_rules_free(r);
}

static void
test_bad_specs(void **state)
{
	static const struct {
		enum server_action action;
		const char *spec, *why;
	} rows[] = {
		{ SERVER_REPLY, "", "no such stage" },
		{ SERVER_REPLY, "RCTP 450 x", "RCTP: no such stage" },
		{ SERVER_REPLY, "RCPT", "reply code" },
		{ SERVER_REPLY, "RCPT 199 x", "reply code" },
		{ SERVER_REPLY, "RCPT 600 x", "reply code" },
		{ SERVER_REPLY, "RCPT 4500 x", "reply code" },
		{ SERVER_REPLY, "RCPT /x 450 y", "/ is missing" },
		{ SERVER_REPLY, "RCPT /x\\", "/ is missing" },
		{ SERVER_REPLY, "RCPT /(/ 450 y", "bad pattern" },
		{ SERVER_REPLY, "RCPT 450 \\q", "\\q: only" },
		{ SERVER_REPLY, "RCPT 450 \\xg0", "\\xg0: only" },
		{ SERVER_REPLY, "RCPT 450 \\", "\\: only" },
		{ SERVER_REPLY, "RCPT 450 \\{3", "\\{3: only" },
		{ SERVER_REPLY, "RCPT 450 \\{}x", "\\{}x: only" },
		{ SERVER_REPLY, "RCPT 450 \\{3}", "\\{3}: only" },
		{ SERVER_REPLY, "RCPT 450 \\{999999999}x", "only" },
		{ SERVER_REPLY, "TEXT 450 x", "no reply is due at TEXT" },
		{ SERVER_RAW, "TEXT x", "no reply is due at TEXT" },
		{ SERVER_CLOSE, "RCPT 450 x", "450 x: nothing may follow" },
		{ SERVER_HANG, "DOT x", "nothing may follow" },
		{ SERVER_DELAY, "DOT", "milliseconds" },
		{ SERVER_DELAY, "DOT=-1", "milliseconds" },
		{ SERVER_DELAY, "DOT=1s", "milliseconds" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct server_rules *r = server_rules_new();
		struct err err = { 0 };

		assert_int_equal(server_rules_add(r, rows[i].action,
				     rows[i].spec, &always, &err),
		    -1);
		assert_int_equal(err.cls, ERR_USAGE);
		if (strstr(err.msg, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].spec, err.msg);
		for (int st = 0; st < SESSION_STAGES; st++)
			assert_false(
			    server_rules_has(r, (enum session_stage)st));
		server_rules_free(r);
	}
}

static void
test_pattern_and_order(void **state)
{
	struct server_rules *r = server_rules_new();

	(void)state;
	add(r, SERVER_REPLY, "RCPT /^a@/ 551 x", &always);
	add(r, SERVER_REPLY, "RCPT /@(y|z)\\.test$/ 552 x", &always);
	add(r, SERVER_REPLY, "RCPT /p\\/q/ 553 x", &always);
	add(r, SERVER_REPLY, "MAIL 554 x", &always);
	assert_int_equal(code_of(r, SESSION_RCPT, "a@y.test"), 551);
	assert_int_equal(code_of(r, SESSION_RCPT, "B@Y.TEST"), 552);
	assert_int_equal(code_of(r, SESSION_RCPT, "b@yxtest"), 0);
	assert_int_equal(code_of(r, SESSION_RCPT, "p/q@x"), 553);
	assert_int_equal(code_of(r, SESSION_MAIL, ""), 554);
	assert_int_equal(code_of(r, SESSION_DOT, "a@y.test"), 0);
	assert_true(server_rules_has(r, SESSION_MAIL));
	assert_false(server_rules_has(r, SESSION_DOT));
	server_rules_free(r);
}

static void
test_first_and_every(void **state)
{
	static const struct server_limit first2 = { .first = 2 },
					 every3 = { .every = 3 };
	static const int want[] = { 451, 451, 0, 0, 452, 0, 0, 452 };
	struct server_rules *r = server_rules_new();

	(void)state;
	add(r, SERVER_REPLY, "RCPT /^a/ 451 x", &first2);
	add(r, SERVER_REPLY, "RCPT /^a/ 452 x", &every3);
	for (size_t i = 0; i < N(want); i++) {
		/* what doesn't match is not counted */
		assert_int_equal(code_of(r, SESSION_RCPT, "b"), 0);
		assert_int_equal(code_of(r, SESSION_RCPT, "a"), want[i]);
	}
	server_rules_free(r);
}

static void
test_share(void **state)
{
	static const struct server_limit tenth = { .share = 1000 },
					 whole = { .share = 10000 };
	struct server_rules *r = server_rules_new();
	int first = 0, second = 0;

	(void)state;
	add(r, SERVER_REPLY, "RCPT 451 x", &tenth);
	add(r, SERVER_REPLY, "RCPT 452 x", &tenth);
	add(r, SERVER_REPLY, "MAIL 453 x", &whole);
	for (int i = 0; i < 10000; i++) {
		char arg[32], upper[32];
		int code;

		snprintf(arg, sizeof(arg), "user%d@example.com", i);
		snprintf(upper, sizeof(upper), "USER%d@Example.com", i);
		code = code_of(r, SESSION_RCPT, arg);
		first += code == 451;
		second += code == 452;
		assert_int_equal(code, code_of(r, SESSION_RCPT, upper));
		assert_int_equal(code_of(r, SESSION_MAIL, arg), 453);
	}
	assert_in_range(first, 900, 1100);
	assert_in_range(second, 800, 1000); /* a tenth of the rest */
	server_rules_free(r);
}

static void
test_delays_add_up(void **state)
{
	static const struct server_limit once = { .first = 1 };
	struct server_rules *r = server_rules_new();
	const struct server_rule *rule;
	int64_t delay_ms;

	(void)state;
	add(r, SERVER_REPLY, "RCPT /^a/ 451 x", &always);
	add(r, SERVER_DELAY, "RCPT=100", &always);
	add(r, SERVER_DELAY, "RCPT /^a/ 20", &once);
	rule = server_rules_ask(r, SESSION_RCPT, "a", &delay_ms);
	assert_int_equal(rule->code, 451);
	assert_int_equal(delay_ms, 120);
	assert_null(server_rules_ask(r, SESSION_RCPT, "b", &delay_ms));
	assert_int_equal(delay_ms, 100);
	server_rules_ask(r, SESSION_RCPT, "a", &delay_ms);
	assert_int_equal(delay_ms, 100);
	assert_null(server_rules_ask(r, SESSION_MAIL, "a", &delay_ms));
	assert_int_equal(delay_ms, 0);
	server_rules_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply_is_read),
		cmocka_unit_test(test_raw_is_read),
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_bad_specs),
		cmocka_unit_test(test_pattern_and_order),
		cmocka_unit_test(test_first_and_every),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_delays_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
