/* SPDX-License-Identifier: ISC */
/* Lists of patterns, the replies they are tried on, and keys. */
#include "folder.h"

#include "conf/key.h"
#include "conf/patterns.h"

static void
test_lists(void **state)
{
	struct conf *c = load_ok("<smtp-pattern-list p>\n"
				 "reply /a\\/b/ mode=backoff, skip-mx\n"
				 "reply /(/ skip-mx\nreply x\n"
				 "</smtp-pattern-list>\n"
				 "<bounce-category-patterns>\n// other\n"
				 "</bounce-category-patterns>\n");
	struct conf_patterns ps;

	(void)state;
	conf_patterns_of(c, &ps);
	assert_int_equal(ps.n, 4);
	assert_string_equal(ps.p[0].regex, "a\\/b");
	assert_string_equal(ps.p[0].action, "mode=backoff, skip-mx");
	assert_string_equal(ps.p[0].list, "p");
	assert_int_equal(ps.p[0].where.line, 2);
	assert_null(ps.p[1].compiled);
	assert_non_null(ps.p[2].wrong);
	assert_true(ps.p[3].category);
	assert_string_equal(ps.p[3].regex, "");
	assert_true(conf_pattern_fires(&ps.p[0], "550 A/B"));
	assert_false(conf_pattern_fires(&ps.p[1], "550 ("));
	conf_patterns_free(&ps);
	conf_free(c);
}

/* A category sees the enhanced status first, one made of the code if need be. */
static void
test_status(void **state)
{
	static const struct {
		const char *reply, *status;
	} rows[] = {
		{ "550 5.1.1 no", "/^5\\.1\\.1;550 /" },
		{ "550-5.7.26 no", "/^5\\.7\\.26;/" },
		{ "421 later", "/^4\\.0\\.0;421 later$/" },
		{ "5.4.7 too old", "/^5\\.4\\.7;5/" },
		{ "connection refused", "/^5\\.0\\.0;conn/" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct conf *c;
		struct conf_patterns ps;

		snprintf(text, sizeof(text),
		    "<bounce-category-patterns>\n%s other\n"
		    "</bounce-category-patterns>\n",
		    rows[i].status);
		c = load_ok(text);
		conf_patterns_of(c, &ps);
		if (!conf_pattern_fires(&ps.p[0], rows[i].reply))
			fail_msg("%s on %s", rows[i].status, rows[i].reply);
		conf_patterns_free(&ps);
		conf_free(c);
	}
}

static void
test_builtin(void **state)
{
	size_t n, bad = 0;
	const struct conf_reply *r = conf_replies(&n);

	(void)state;
	assert_true(n >= 100);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(r[i].text) > 5);
		assert_true(r[i].text[0] >= '2' && r[i].text[0] <= '5');
		assert_int_equal(strspn(r[i].text, "0123456789"), 3);
		assert_true(strlen(r[i].provider) > 0);
		bad += strcmp(r[i].category, "bad-mailbox") == 0;
	}
	assert_true(bad >= 10);
}

static void
test_files(void **state)
{
	struct place *p = *state;
	struct conf_reply_file f;
	struct err err;
	char path[128];

	snprintf(path, sizeof(path), "%s/r", p->top);
	write_file(p->top, "r", "550 one\r\n\n421 two");
	assert_int_equal(conf_reply_file_read(path, &f, &err), 0);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.r[0].text, "550 one");
	assert_string_equal(f.r[1].text, "421 two");
	conf_reply_file_free(&f);

	write_file(p->top, "r",
	    "type,rcpt,dsnDiag,x\r\n"
	    "b,a@b.example,\"smtp;550 \"\"no\"\", never\",1\r\n"
	    "d,a@b.example,,1\r\nb,\"x,y\",smtp;421 z,2\r\n");
	assert_int_equal(conf_reply_file_read(path, &f, &err), 0);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.r[0].text, "550 \"no\", never");
	assert_string_equal(f.r[1].text, "421 z");
	conf_reply_file_free(&f);

	write_file(p->top, "r", "");
	assert_int_equal(conf_reply_file_read(path, &f, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	conf_reply_file_free(&f);
	assert_int_equal(conf_reply_file_read("/none/x", &f, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	conf_reply_file_free(&f);
}

/* Of RFC 8032 7.1, test 1. */
static void
test_key(void **state)
{
	static const char ed25519[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	    "-----END PRIVATE KEY-----\n";
	struct place *p = *state;
	struct buf pub = BUF_INIT(0);
	struct key_facts f;
	struct err err;
	char path[128];

	snprintf(path, sizeof(path), "%s/k", p->top);
	write_file(p->top, "k", ed25519);
	assert_int_equal(key_read(path, &f, &pub, &err), 0);
	assert_string_equal(f.kind, "ed25519");
	assert_string_equal(pub.data,
	    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	buf_clear(&pub);
	write_file(p->top, "k", "nothing\n");
	assert_int_equal(key_read(path, &f, NULL, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	assert_int_equal(key_read(p->top, &f, NULL, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_builtin),
		FOLDER_TEST(test_files),
		FOLDER_TEST(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
