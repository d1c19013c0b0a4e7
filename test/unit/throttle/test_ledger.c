/* SPDX-License-Identifier: ISC */
/*
 * The ledger's file: budgets by scope, changes of limits, growth, damage, reboot,
 * and that what a killed process leaves is whole (P8).
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "throttle/ledger_impl.h"

static char dir[64], path[96];
static struct clock hand = { .fd = -1 };	/* set by set_time */
static int64_t hand_ms;

static void
set_time(int64_t ms)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%010lld.%03lld\n",
	    (long long)(ms / 1000), (long long)(ms % 1000));

	assert_int_equal(pwrite(hand.fd, text, (size_t)n, 0), n);
	hand_ms = ms;
}

static int
set_up(void **state)
{
	char name[96];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_ledger.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/throttle/ledger", dir);
	snprintf(name, sizeof(name), "%s/clock", dir);
	hand.fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	set_time(1700000000000);
	return hand.fd < 0;
}

static int
tear_down(void **state)
{
	const struct dirent *e;
	char name[400];
	DIR *d;

	(void)state;
	close(hand.fd);
	/* one that was killed while it made the ledger leaves its draft */
	snprintf(name, sizeof(name), "%s/throttle", dir);
	d = opendir(name);
	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(name);
	snprintf(name, sizeof(name), "%s/clock", dir);
	unlink(name);
	return rmdir(dir);
}

static struct ledger *
open_boot(const char *boot)
{
	struct ledger *l;
	struct err err = { 0 };

	if (ledger_open_flags(dir, &hand, 0, boot, &l, &err) < 0)
		fail_msg("%s", err.msg);
	return l;
}

static uint32_t
budget(struct ledger *l, const char *scope, int64_t n, int64_t unit_ms,
    uint32_t stamp)
{
	struct rate rate = { n, unit_ms };
	struct err err = { 0 };
	int64_t line = ledger_budget(l, scope, &rate, stamp, &err);

	if (line < 0)
		fail_msg("%s", err.msg);
	return (uint32_t)line;
}

/* Grant until there is no room; how many. */
static int
grant_all(struct ledger *l, const uint32_t *lines, unsigned n, struct grant *g)
{
	int count = 0;

	while (ledger_room(l, lines, n) == 0) {
		ledger_grant(l, lines, n, g);
		count++;
	}
	return count;
}

static void
test_limit_holds_over_openings(void **state)
{
	struct ledger *a = open_boot(NULL), *b = open_boot(NULL);
	struct grant g;
	uint32_t line;

	(void)state;
	ledger_set_paced(a, false);
	ledger_set_paced(b, false);
	assert_int_equal(ledger_lock(a), 0);
	line = budget(a, "queue:gmail.com/v1", 7, 10000, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ledger_room(a, &line, 1), 0);
		ledger_grant(a, &line, 1, &g);
	}
	ledger_unlock(a);
	assert_int_equal(ledger_lock(b), 0);
	assert_int_equal(budget(b, "queue:gmail.com/v1", 7, 10000, 1), line);
	assert_int_equal(grant_all(b, &line, 1, &g), 4);
	ledger_unlock(b);
	ledger_close(a);
	ledger_close(b);
	a = open_boot(NULL);
	ledger_set_paced(a, false);
	ledger_lock(a);
	assert_true(ledger_room(a, &line, 1) > ledger_now(a));
	set_time(hand_ms + 15200);
	ledger_unlock(a);
	ledger_lock(a);
	assert_int_equal(ledger_room(a, &line, 1), 0);
	ledger_close(a);
}

static void
test_a_grant_of_several_has_one_stamp(void **state)
{
	struct ledger *l = open_boot(NULL);
	uint32_t lines[2];
	struct grant g;
	int64_t r, now;

	(void)state;
	ledger_lock(l);
	lines[0] = budget(l, "a", 100, 3600000, 1);
	lines[1] = budget(l, "b", 100, 10000, 1);
	ledger_grant(l, lines, 2, &g);
	now = ledger_now(l);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.expiry_ms, now + 5000);	/* L of the shorter */
	r = g.expiry_ms;
	assert_int_equal(ledger_renew_ms(l, &g), 2500);	/* H / 4 */
	assert_int_equal(ledger_start(l, &g, &r), 0);
	assert_int_equal(r, now + 10000);
	ledger_unlock(l);
	set_time(hand_ms + 4000);
	ledger_lock(l);
	ledger_renew(l, &g, &r);
	assert_int_equal(r, now + 14000);
	ledger_reply(l, &g, &r);
	assert_in_range(r, now + 4000, now + 4001);
	ledger_unlock(l);
	ledger_close(l);
}

static void
test_an_expired_grant_is_not_started(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct grant g;
	uint32_t line;
	int64_t r;

	(void)state;
	ledger_set_paced(l, false);
	ledger_lock(l);
	line = budget(l, "a", 2, 10000, 1);
	ledger_grant(l, &line, 1, &g);
	r = g.expiry_ms;
	ledger_unlock(l);
	set_time(hand_ms + 5000);
	ledger_lock(l);
	assert_int_equal(ledger_start(l, &g, &r), -1);
	/* it still stands, so it may take its own place again */
	assert_int_equal(ledger_regrant(l, &g, &r), 0);
	assert_int_equal(r, g.expiry_ms);
	assert_int_equal(ledger_start(l, &g, &r), 0);
	ledger_reply(l, &g, &r);
	/* one is used, one is left */
	assert_int_equal(grant_all(l, &line, 1, &g), 1);
	ledger_close(l);
}

static void
test_no_regrant_without_room(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct grant g, h;
	uint32_t line;
	int64_t r;

	(void)state;
	ledger_set_paced(l, false);
	ledger_lock(l);
	line = budget(l, "a", 3, 10000, 1);
	ledger_grant(l, &line, 1, &g);
	r = g.expiry_ms;
	ledger_unlock(l);
	set_time(hand_ms + 30000);	/* stalled for longer than the window */
	ledger_lock(l);
	assert_int_equal(grant_all(l, &line, 1, &h), 3);
	assert_int_equal(ledger_regrant(l, &g, &r), -1);
	assert_int_equal(r, g.expiry_ms);
	ledger_credit(l, &g, &r);
	assert_true(ledger_room(l, &line, 1) > 0);
	ledger_close(l);
}

static void
test_credit_makes_room(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct grant g;
	uint32_t line;
	int64_t r;

	(void)state;
	ledger_set_paced(l, false);
	ledger_lock(l);
	line = budget(l, "a", 5, 60000, 1);
	assert_int_equal(grant_all(l, &line, 1, &g), 5);
	r = g.expiry_ms;
	ledger_credit(l, &g, &r);
	assert_int_equal(grant_all(l, &line, 1, &g), 1);
	ledger_close(l);
}

static void
test_nothing_limits(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct rate none = { RATE_UNLIMITED, 0 };
	struct grant g;
	struct err err;
	int64_t r;

	(void)state;
	ledger_lock(l);
	assert_int_equal(ledger_budget(l, "a", &none, 1, &err), LEDGER_NONE);
	assert_int_equal(ledger_room(l, NULL, 0), 0);
	ledger_grant(l, NULL, 0, &g);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.expiry_ms, ledger_now(l) + 60000);
	r = g.expiry_ms;
	assert_int_equal(ledger_start(l, &g, &r), 0);
	assert_int_equal(ledger_renew_ms(l, &g), INT64_MAX);
	ledger_close(l);
}

static void
test_the_newest_limit_holds(void **state)
{
	struct ledger *old = open_boot(NULL), *new = open_boot(NULL);
	struct grant g;
	uint32_t a, b;

	(void)state;
	ledger_set_paced(old, false);
	ledger_set_paced(new, false);
	ledger_lock(old);
	a = budget(old, "q", 10, 60000, 3);
	assert_int_equal(ledger_epoch(old), 0);
	ledger_unlock(old);
	ledger_lock(new);
	b = budget(new, "q", 4, 60000, 4);
	assert_int_equal(a, b);
	assert_int_equal(grant_all(new, &b, 1, &g), 4);
	ledger_unlock(new);
	ledger_lock(old);
	assert_true(ledger_epoch(old) != 0);
	assert_true(ledger_room(old, &a, 1) > 0);
	/* it says 10 again, but that is older */
	assert_int_equal(budget(old, "q", 10, 60000, 3), a);
	assert_true(ledger_room(old, &a, 1) > 0);
	ledger_unlock(old);
	ledger_close(old);
	ledger_close(new);
}

/* An old and a new pipeline never count apart, whichever way U changes, and a
 * grant from before goes on standing where it stands. */
static void
test_a_new_period_counts_the_old_ring(void **state)
{
	static const int64_t to[] = { 10000, 3600000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ledger *old = open_boot(NULL), *new = open_boot(NULL);
		char scope[8];
		struct grant before, g;
		uint32_t a, b, stamp = 10 + (uint32_t)i * 10;
		int64_t r;

		snprintf(scope, sizeof(scope), "p%zu", i);
		ledger_set_paced(old, false);
		ledger_set_paced(new, false);
		ledger_lock(old);
		a = budget(old, scope, 6, 60000, stamp);
		ledger_grant(old, &a, 1, &before);
		r = before.expiry_ms;
		assert_int_equal(ledger_start(old, &before, &r), 0);
		ledger_unlock(old);
		ledger_lock(new);
		b = budget(new, scope, 5, to[i], stamp + 1);
		assert_int_not_equal(a, b);
		ledger_grant(new, &b, 1, &g);
		ledger_grant(new, &b, 1, &g);
		ledger_unlock(new);
		/* the old pipeline debits the new ring, and sees what is in it */
		ledger_lock(old);
		assert_int_equal(ledger_room(old, &a, 1), 0);
		ledger_grant(old, &a, 1, &g);
		assert_int_equal(g.line[0], b);
		ledger_unlock(old);
		ledger_lock(new);
		assert_int_equal(grant_all(new, &b, 1, &g), 1);
		ledger_unlock(new);
		/* under way for long: still counted, by its renewals */
		for (int k = 0; k < 5; k++) {
			set_time(hand_ms + 2 * ledger_renew_ms(old, &before));
			ledger_lock(old);
			ledger_renew(old, &before, &r);
			ledger_unlock(old);
		}
		ledger_lock(new);
		if (to[i] == 10000)
			assert_int_equal(grant_all(new, &b, 1, &g), 4);
		ledger_reply(new, &before, &r);
		assert_true(ledger_room(new, &b, 1) > 0);
		ledger_unlock(new);
		set_time(hand_ms + to[i] + to[i] / 60);
		ledger_lock(new);
		assert_int_equal(ledger_room(new, &b, 1), 0);
		/* and back: the first ring serves again */
		assert_int_equal(budget(new, scope, 6, 60000, stamp + 2), a);
		ledger_close(old);
		ledger_close(new);
	}
}

static void
test_a_limit_is_lifted_and_set_again(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct rate none = { RATE_UNLIMITED, 0 };
	struct ledger_row row;
	struct grant g;
	struct err err;
	uint32_t a;

	(void)state;
	ledger_set_paced(l, false);
	ledger_lock(l);
	a = budget(l, "q", 1, 60000, 3);
	ledger_grant(l, &a, 1, &g);
	assert_true(ledger_room(l, &a, 1) > 0);
	assert_int_equal(ledger_budget(l, "q", &none, 4, &err), LEDGER_NONE);
	assert_int_equal(ledger_room(l, &a, 1), 0);
	assert_int_equal(ledger_row(l, a, &row), 2);
	/* an older pipeline knows a limit, the newest has none */
	assert_int_equal(ledger_budget(l, "q", &(struct rate){ 1, 60000 }, 3,
	    &err), LEDGER_NONE);
	assert_int_equal(budget(l, "q", 1, 60000, 5), a);
	assert_true(ledger_room(l, &a, 1) > 0);
	ledger_close(l);
}

static void
test_scopes_have_names_of_their_own(void **state)
{
	struct ledger *l = open_boot(NULL);
	char name[400], other[400];
	struct ledger_row row;
	uint32_t a, b;

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "queue:", 6);
	name[350] = '\0';
	memcpy(other, name, sizeof(other));
	other[349] = 'y';
	ledger_lock(l);
	a = budget(l, name, 1, 1000, 1);
	b = budget(l, other, 1, 1000, 1);
	assert_int_not_equal(a, b);
	assert_int_equal(budget(l, name, 1, 1000, 1), a);
	assert_int_not_equal(budget(l, "a b", 1, 1000, 1),
	    budget(l, "a_b", 1, 1000, 1));
	ledger_unlock(l);
	assert_int_equal(ledger_row(l, a, &row), 1);
	assert_int_equal(strlen(row.scope), SCOPE_BYTES);
	assert_memory_equal(row.scope, "queue:xxxx", 10);
	ledger_close(l);
}

static void
test_grows_under_another_process(void **state)
{
	struct ledger *a = open_boot(NULL), *b = open_boot(NULL);
	struct ledger_row row;
	char scope[16];
	struct stat st;
	uint32_t line;
	int rows = 0;

	(void)state;
	ledger_lock(a);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(scope, sizeof(scope), "s%lu", (unsigned long)i);
		assert_int_equal(budget(a, scope, 5, 60000, 1), i);
	}
	ledger_unlock(a);
	ledger_lock(b);
	line = budget(b, "s999", 5, 60000, 1);
	assert_int_equal(line, 999);
	assert_int_equal(ledger_room(b, &line, 1), 0);
	ledger_unlock(b);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size % LINE_BYTES, 0);
	while (ledger_row(b, (uint32_t)rows, &row) != 0)
		rows++;
	assert_int_equal(rows, 1000);
	ledger_close(a);
	ledger_close(b);
}

static void
test_serials_never_repeat(void **state)
{
	uint64_t last = 0;
	struct grant g;

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct ledger *l = open_boot(i < 25 ? "one" : "two");

		ledger_lock(l);
		/* one word is full: the other goes on */
		if (i == 10)
			word_put36(header_word(l, H_SERIAL), WORD36_MAX - 3);
		for (int k = 0; k < 5; k++) {
			ledger_grant(l, NULL, 0, &g);
			assert_true(g.serial > last);
			last = g.serial;
		}
		ledger_unlock(l);
		ledger_close(l);
	}
}

static void
test_text_that_grep_reads(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct buf text = BUF_INIT(0);
	struct grant g;
	uint32_t line;

	(void)state;
	ledger_lock(l);
	line = budget(l, "queue:gmail.com/v1", 60, 10000, 7);
	ledger_grant(l, &line, 1, &g);
	ledger_close(l);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &text), 0);
	assert_int_equal(strlen(text.data), text.len);	/* no NUL */
	assert_memory_equal(text.data, "vmta-ledger    \t0000001\t", 24);
	for (size_t i = LINE_BYTES - 1; i < text.len; i += LINE_BYTES)
		assert_int_equal(text.data[i], '\n');
	assert_non_null(strstr(text.data, "\nqueue:gmail.com/v1 "));
	assert_non_null(strstr(text.data,
	    "\twindow \t000000000000060\t000000000010000\t0000007\t"));
	buf_clear(&text);
}

static void
expect_refused(const char *part)
{
	struct ledger *l;
	struct err err = { 0 };

	assert_int_equal(ledger_open(dir, &hand, &l, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	if (strstr(err.msg, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err.msg, part);
}

static void
overwrite(off_t at, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	close(fd);
}

static void
test_damage_is_refused(void **state)
{
	static const struct {
		off_t at;
		const char *text, *says;
	} rows[] = {
		{ 0, "something else", "not a ledger" },
		{ H_VERSION * 8, "0000002", "of version 2" },
		{ H_LAST * 8, "..", "header" },
		{ H_LINES * 8, "0009999", "ends before it" },
		{ LINE_BYTES + W_UNIT * 8, "xx", "line 2: the period" },
		{ LINE_BYTES + W_ROOT * 8, "0000777", "line 2: it leads" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger *l;

		unlink(path);
		l = open_boot(NULL);
		ledger_lock(l);
		budget(l, "q", 1, 1000, 1);
		ledger_close(l);
		overwrite(rows[i].at, rows[i].text);
		expect_refused(i == 2 ? "can't be read" : rows[i].says);
	}
	assert_int_equal(truncate(path, 100), 0);
	expect_refused("cut short");
}

static void
test_a_damaged_counter_is_refused_for_its_scope(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct rate rate = { 1, 1000 };
	struct err err = { 0 };

	(void)state;
	ledger_lock(l);
	budget(l, "good", 1, 1000, 1);
	budget(l, "bad", 1, 1000, 1);
	ledger_close(l);
	overwrite(2 * LINE_BYTES + (W_SLOT + 50) * 8, "12x");
	l = open_boot(NULL);
	ledger_lock(l);
	budget(l, "good", 1, 1000, 1);
	assert_int_equal(ledger_budget(l, "bad", &rate, 1, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	assert_non_null(strstr(err.msg, "line 3: a counter"));
	ledger_close(l);
}

static void
test_reading_makes_nothing(void **state)
{
	struct ledger *l;
	struct err err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(
	    ledger_open_flags(dir, &hand, LEDGER_READ, NULL, &l, &err), -1);
	assert_int_equal(err.cls, ERR_NOINPUT);
	assert_int_equal(stat(path, &st), -1);
}

static void
test_a_rehearsal_leaves_no_trace(void **state)
{
	struct ledger *l = open_boot(NULL), *copy;
	struct err err = { 0 };
	struct grant g;
	uint32_t line;

	(void)state;
	ledger_lock(l);
	line = budget(l, "q", 2, 60000, 1);
	ledger_unlock(l);
	assert_int_equal(ledger_open_flags(dir, &hand, LEDGER_REHEARSE, NULL,
	    &copy, &err), 0);
	ledger_set_paced(copy, false);
	ledger_lock(copy);
	assert_int_equal(grant_all(copy, &line, 1, &g), 2);
	for (int i = 0; i < 200; i++) {
		char scope[16];

		snprintf(scope, sizeof(scope), "s%d", i);
		budget(copy, scope, 1, 1000, 1);
	}
	ledger_close(copy);
	ledger_set_paced(l, false);
	ledger_lock(l);
	assert_int_equal(grant_all(l, &line, 1, &g), 2);
	ledger_close(l);
}

/* Reboot: time goes on from where the disk knows it, budgets are charged. */
static void
test_reboot(void **state)
{
	static const struct {
		int64_t n, unit_ms, charge;
	} rows[] = {
		{ 100, 1000, 100 },		/* all of it */
		{ 100, 5000, 100 },
		{ 100, 10000, 26 },		/* 2.5 s, and one */
		{ 3600, 3600000, 4 },
		{ 1, 86400000, 1 },
		{ 500000, 60000, 20835 },
	};
	int64_t before;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger *l;
		struct ledger_row row;

		unlink(path);
		l = open_boot("first");
		ledger_lock(l);
		budget(l, "q", rows[i].n, rows[i].unit_ms, 1);
		ledger_unlock(l);
		set_time(hand_ms + 200000);
		ledger_lock(l);
		ledger_unlock(l);
		before = ledger_now(l);
		ledger_close(l);
		set_time(5000);		/* up for five seconds */
		l = open_boot("second");
		assert_true(ledger_now(l) >= before + 2000);
		assert_true(ledger_now(l) <= before + 4000);
		assert_int_equal(ledger_row(l, 0, &row), 1);
		assert_int_equal(row.used, rows[i].charge);
		ledger_close(l);
		/* once for each boot */
		l = open_boot("second");
		assert_int_equal(ledger_row(l, 0, &row), 1);
		assert_int_equal(row.used, rows[i].charge);
		ledger_close(l);
		set_time(1700000000000);
	}
}

static void
test_time_never_steps_back(void **state)
{
	struct ledger *l = open_boot(NULL);
	int64_t now;

	(void)state;
	set_time(hand_ms + 50000);
	ledger_lock(l);
	ledger_unlock(l);
	now = ledger_now(l);
	set_time(hand_ms - 40000);
	assert_true(ledger_now(l) >= now - 1000);
	ledger_close(l);
}

static void
test_sync_is_asked_of_one_a_second(void **state)
{
	struct ledger *a = open_boot(NULL), *b = open_boot(NULL);

	(void)state;
	set_time(hand_ms + 5000);
	ledger_lock(a);
	budget(a, "q", 1, 1000, 1);
	ledger_unlock(a);
	assert_true(ledger_sync_due(a));
	assert_int_equal(ledger_sync(a), 0);
	assert_false(ledger_sync_due(a));
	assert_false(ledger_sync_due(b));
	set_time(hand_ms + 1000);
	ledger_lock(b);
	ledger_unlock(b);
	assert_true(ledger_sync_due(b));
	assert_false(ledger_sync_due(a));
	ledger_close(a);
	ledger_close(b);
}

/* Given at once, more than a reboot would charge: on disk before it is seen. */
static void
test_a_burst_is_synced_at_once(void **state)
{
	struct ledger *l = open_boot(NULL);
	struct grant g;
	uint32_t line;

	(void)state;
	ledger_sync_due(l);
	ledger_set_paced(l, false);
	ledger_lock(l);
	line = budget(l, "q", 1000, 10000, 1);
	for (int i = 0; i < 50; i++)
		ledger_grant(l, &line, 1, &g);
	ledger_unlock(l);
	assert_false(ledger_sync_due(l));
	ledger_lock(l);
	ledger_grant(l, &line, 1, &g);
	ledger_unlock(l);
	assert_true(ledger_sync_due(l));
	assert_false(ledger_sync_due(l));
	ledger_close(l);
}

static void
test_runs_are_kept(void **state)
{
	struct ledger *l = open_boot(NULL);
	uint32_t start;

	(void)state;
	ledger_lock(l);
	start = ledger_runs(l, "gmail.com/v1");
	ledger_runs_add(l, "gmail.com/v1", 3);
	ledger_unlock(l);
	ledger_close(l);
	l = open_boot(NULL);
	assert_int_equal(ledger_runs(l, "gmail.com/v1"), start + 3);
	ledger_close(l);
}

/* Killed at any instant: every number is whole, and nobody gets more than N. */
static void
kill_me(int out)
{
	struct ledger *l = open_boot("boot");

	ledger_set_paced(l, false);
	for (;;) {
		uint32_t lines[2];
		struct grant g;
		int n = 0;

		ledger_lock(l);
		lines[0] = budget(l, "kill:a", 50000, 86400000, 1);
		lines[1] = budget(l, "kill:b", 70000, 86400000, 1);
		while (n < 20 && ledger_room(l, lines, 2) == 0) {
			ledger_grant(l, lines, 2, &g);
			n++;
		}
		ledger_unlock(l);
		/* printed: whoever reads it may send */
		if (n == 0 || write(out, "xxxxxxxxxxxxxxxxxxxx", (size_t)n) < 0)
			break;
	}
	_exit(0);
}

static void
test_kills_leave_it_whole(void **state)
{
	struct ledger *l;
	struct ledger_row row;
	int64_t printed = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) > 0);
	for (int i = 0; i < 60; i++) {
		char text[65536];
		pid_t pid[3];
		ssize_t n;

		for (int k = 0; k < 3; k++) {
			pid[k] = fork();
			assert_true(pid[k] >= 0);
			if (pid[k] == 0)
				kill_me(fds[1]);
		}
		usleep(2000 + (useconds_t)(random() % 3000));
		for (int k = 0; k < 3; k++) {
			kill(pid[k], SIGKILL);
			waitpid(pid[k], NULL, 0);
		}
		while ((n = read(fds[0], text, sizeof(text))) > 0)
			printed += n;
	}
	l = open_boot("boot");
	ledger_lock(l);
	budget(l, "kill:a", 50000, 86400000, 1);	/* counters can be read */
	budget(l, "kill:b", 70000, 86400000, 1);
	ledger_unlock(l);
	assert_int_equal(ledger_row(l, 0, &row), 1);
	assert_true(row.used > 0);
	assert_true(row.used <= 50000);
	assert_true(printed <= row.used);
	ledger_close(l);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_limit_holds_over_openings),
		T(test_a_grant_of_several_has_one_stamp),
		T(test_an_expired_grant_is_not_started),
		T(test_no_regrant_without_room),
		T(test_credit_makes_room),
		T(test_nothing_limits),
		T(test_the_newest_limit_holds),
		T(test_a_new_period_counts_the_old_ring),
		T(test_a_limit_is_lifted_and_set_again),
		T(test_scopes_have_names_of_their_own),
		T(test_grows_under_another_process),
		T(test_serials_never_repeat),
		T(test_text_that_grep_reads),
		T(test_damage_is_refused),
		T(test_a_damaged_counter_is_refused_for_its_scope),
		T(test_reading_makes_nothing),
		T(test_a_rehearsal_leaves_no_trace),
		T(test_reboot),
		T(test_time_never_steps_back),
		T(test_sync_is_asked_of_one_a_second),
		T(test_a_burst_is_synced_at_once),
		T(test_runs_are_kept),
		T(test_kills_leave_it_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
