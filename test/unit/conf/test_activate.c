/* SPDX-License-Identifier: ISC */
/* P15: flattening, activation, serials, the first run of many. */
#include "folder.h"

static uint32_t
activate(const struct place *p, bool *changed)
{
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };
	uint32_t serial = 0;

	if (conf_activate(p->spool, p->conf, &ds, &serial, changed, &err) < 0)
		fail_msg("%s", err.msg);
	diags_clear(&ds);
	return serial;
}

static struct conf *
running(const struct place *p, bool *newer)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };

	if (conf_running(p->spool, p->conf, &ds, &c, newer, &err) < 0)
		fail_msg("%s", err.msg);
	diags_clear(&ds);
	return c;
}

static void
test_serials(void **state)
{
	struct place *p = *state;
	struct conf *c;
	bool changed, newer;
	char path[160];

	write_file(p->top, "vmta.conf", "<virtual-mta a>\n</virtual-mta>\n");
	assert_int_equal(activate(p, &changed), 1);
	assert_true(changed);
	assert_int_equal(activate(p, &changed), 1);
	assert_false(changed);
	write_file(p->top, "vmta.conf", "<virtual-mta b>\n</virtual-mta>\n");
	c = running(p, &newer);
	assert_true(newer);
	assert_int_equal(conf_serial(c), 1);
	assert_non_null(conf_vmta(c, "a"));
	assert_null(conf_vmta(c, "b"));
	conf_free(c);
	assert_int_equal(activate(p, &changed), 2);
	/* an older text comes back: a new number all the same */
	write_file(p->top, "vmta.conf", "<virtual-mta a>\n</virtual-mta>\n");
	assert_int_equal(activate(p, &changed), 3);
	assert_true(changed);
	/* control/conf lost, or damaged: numbers go on */
	snprintf(path, sizeof(path), "%s/control/conf", p->spool);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(activate(p, &changed), 4);
	write_file(p->spool, "control/conf", "#vmta-conf 1 9 rubbish\n");
	assert_int_equal(activate(p, &changed), 5);
	c = running(p, &newer);
	assert_false(newer);
	assert_int_equal(conf_serial(c), 5);
	conf_free(c);
}

static void
test_wrong_file_leaves_the_old(void **state)
{
	struct place *p = *state;
	struct diags ds = DIAGS_INIT;
	struct err err = { 0 };
	struct conf *c;
	uint32_t serial = 77;
	bool changed, newer;

	write_file(p->top, "vmta.conf", "<virtual-mta a>\n</virtual-mta>\n");
	activate(p, &changed);
	write_file(p->top, "vmta.conf", "<virtual-mta a>\n");
	assert_int_equal(
	    conf_activate(p->spool, p->conf, &ds, &serial, &changed, &err),
	    -1);
	assert_int_equal(err.cls, ERR_CONF);
	assert_int_equal(ds.errors, 1);
	diags_clear(&ds);
	c = running(p, &newer);
	assert_true(newer);
	assert_int_equal(conf_serial(c), 1);
	conf_free(c);
	/* gone altogether: what runs goes on, and nothing is newer */
	assert_int_equal(unlink(p->conf), 0);
	c = running(p, &newer);
	assert_false(newer);
	conf_free(c);
}

static void
test_damaged(void **state)
{
	static const char *const texts[] = { "", "spool /s\n", "#vmta-conf 1 ",
		"#vmta-conf 1 0 x y\n",
		/* a checksum that is not the text's */
		"#vmta-conf 1 3 00000000000000000000000000000000000000000000000"
		"00000000000000000 /x\nspool /s\n" };
	struct place *p = *state;

	write_file(p->top, "vmta.conf", "");
	for (size_t i = 0; i < N(texts); i++) {
		struct diags ds = DIAGS_INIT;
		struct conf *c = NULL;
		struct err err = { 0 };
		bool newer;

		write_file(p->spool, "control/conf", texts[i]);
		assert_int_equal(
		    conf_running(p->spool, p->conf, &ds, &c, &newer, &err),
		    -1);
		assert_int_equal(err.cls, ERR_CONF);
		assert_null(c);
	}
}

/* The flattened text means the same, and still knows where each line stood. */
static void
test_flattened(void **state)
{
	struct place *p = *state;
	struct conf_place where;
	struct conf *c, *again;
	struct conf_queue *q;
	char want[160];
	bool newer;

	write_file(p->top, "vmta.conf",
	    "# one\ndomain-macro m a.de, # x\n\n  b.de\n"
	    "include d/x.inc\n<domain *>\nretry-after 1m, # y\n 2m\n"
	    "</domain>\n");
	write_file(p->top, "d/x.inc",
	    "\n#line 9 no such place\n<domain $m>\nmax-msg-rate 3/h\n"
	    "</domain>");
	c = running(p, &newer);
	again = running(p, &newer);
	assert_false(newer);
	q = queue_of(again, "b.de", "{default}");
	assert_rate(q->max_msg_rate, "3/h");
	assert_int_equal(q->n_retry_after, 2);
	assert_string_equal(
	    conf_queue_value(again, q, CONF_DIR_MAX_MSG_RATE, &where), "3/h");
	snprintf(want, sizeof(want), "%s/d/x.inc", p->top);
	assert_string_equal(where.file, want);
	assert_int_equal(where.line, 4);
	conf_queue_value(again, q, CONF_DIR_RETRY_AFTER, &where);
	assert_string_equal(where.file, p->conf);
	assert_int_equal(where.line, 7);
	conf_free(c);
	conf_free(again);
}

/* Eight first runs at once: one activation, the same text for all. */
static void
test_race(void **state)
{
	enum { CHILDREN = 8 };
	struct place *p = *state;
	int status, ok = 0;
	bool newer;
	struct conf *c;

	write_file(p->top, "vmta.conf", "<virtual-mta a>\n</virtual-mta>\n");
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct diags ds = DIAGS_INIT;
			struct err err;

			c = NULL;
			if (conf_running(p->spool, p->conf, &ds, &c, &newer,
				&err) < 0)
				_exit(100);
			_exit((int)conf_serial(c));
		}
	}
	for (int i = 0; i < CHILDREN; i++)
		if (wait(&status) > 0 && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 1)
			ok++;
	assert_int_equal(ok, CHILDREN);
}

/* Two texts activated against each other: serials rise, none is given twice. */
static void
test_activations_race(void **state)
{
	enum { CHILDREN = 2, TIMES = 20 };
	struct place *p = *state;
	int fds[2], seen[CHILDREN * TIMES + 2] = { 0 };
	int32_t serial;
	int twice = 0;

	assert_int_equal(pipe(fds), 0);
	write_file(p->top, "d/a.conf", "<virtual-mta a>\n</virtual-mta>\n");
	write_file(p->top, "d/b.conf", "<virtual-mta b>\n</virtual-mta>\n");
	for (int i = 0; i < CHILDREN; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/d/%c.conf", p->top, 'a' + i);
		if (fork() != 0)
			continue;
		for (int k = 0; k < TIMES; k++) {
			struct diags ds = DIAGS_INIT;
			struct err err;
			uint32_t got = 0;
			bool changed = false;

			if (conf_activate(p->spool, path, &ds, &got, &changed,
				&err) < 0)
				_exit(1);
			serial = changed ? (int32_t)got : 0;
			if (write(fds[1], &serial, sizeof(serial)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0; i < CHILDREN * TIMES; i++) {
		assert_int_equal(read(fds[0], &serial, sizeof(serial)),
		    sizeof(serial));
		assert_in_range(serial, 0, CHILDREN * TIMES);
		twice += serial > 0 && seen[serial]++ > 0;
	}
	close(fds[0]);
	while (wait(NULL) > 0)
		continue;
	assert_int_equal(twice, 0);
	assert_int_equal(seen[1], 1);
}

static void
test_no_spool(void **state)
{
	struct place *p = *state;
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err = { 0 };
	char none[128];
	bool newer;

	write_file(p->top, "vmta.conf", "");
	snprintf(none, sizeof(none), "%s/none", p->top);
	assert_int_equal(
	    conf_running(none, p->conf, &ds, &c, &newer, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	assert_int_equal(
	    conf_running(p->top, p->conf, &ds, &c, &newer, &err), -1);
	assert_int_equal(err.cls, ERR_CONF);
}

static void
test_find_spool(void **state)
{
	static const struct {
		const char *text, *want;	/* want NULL: ERR_CONF */
	} rows[] = {
		{ "spool /a/b\n", "/a/b" },
		{ "nonsense here\n<open\n<domain x>\n  SPOOL \"/a b\" # x\n",
		    "/a b" },
		{ "< spool  /c >\nmin-free-space 5x\n", "/c" },
		{ "<spool \"/d e\">\n", "/d e" },
		{ "include d/s.inc\nspool /later\n", "/included" },
		{ "include d/none.inc\nspool /later\n", "/later" },
		{ "spool /first\nspool /second\n", "/first" },
		{ "spool relative\nspool /abs\n", "/abs" },
		{ "# spool /a\nspools /b\n", NULL },
		{ "", NULL },
	};
	struct place *p = *state;

	write_file(p->top, "d/s.inc", "spool /included\n");
	for (size_t i = 0; i < N(rows); i++) {
		char out[64] = "";
		struct err err = { 0 };
		int rc;

		write_file(p->top, "vmta.conf", rows[i].text);
		rc = conf_find_spool(NULL, p->conf, out, sizeof(out), &err);
		if (rc != (rows[i].want != NULL ? 0 : -1) ||
		    (rc == 0 && strcmp(out, rows[i].want) != 0))
			fail_msg("%s gave %d %s", rows[i].text, rc, out);
		if (rc < 0)
			assert_int_equal(err.cls, ERR_CONF);
		assert_int_equal(conf_find_spool("/given", p->conf, out,
				     sizeof(out), &err),
		    0);
		assert_string_equal(out, "/given");
	}
	{
		char out[64];
		struct err err = { 0 };

		assert_int_equal(conf_find_spool(NULL, "/nonexistent/x", out,
				     sizeof(out), &err),
		    -1);
		assert_int_equal(err.cls, ERR_NOINPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_serials),
		FOLDER_TEST(test_wrong_file_leaves_the_old),
		FOLDER_TEST(test_damaged),
		FOLDER_TEST(test_flattened),
		FOLDER_TEST(test_race),
		FOLDER_TEST(test_activations_race),
		FOLDER_TEST(test_no_spool),
		FOLDER_TEST(test_find_spool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
