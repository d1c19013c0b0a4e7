/* SPDX-License-Identifier: ISC */
/* Counters: keys, days, sums, laziness. */
#include "util.h"

#include "acct/histogram.h"

struct rig {
	struct spool *s;
	struct target *t;
	struct sweep w;
};

static void
rig_up(struct rig *r, const char *dir)
{
	r->s = util_open(dir);
	r->t = counters_new(r->s);
	sweep_init(&r->w, r->s, &r->t, 1);
}

static void
rig_down(struct rig *r)
{
	target_free(r->t);
	sweep_clear(&r->w);
	spool_close(r->s);
}

static void
rig_sweep(struct rig *r, bool last)
{
	struct err err = { 0 };

	if (sweep_run(&r->w, last, &err) < 0)
		fail_msg("%s", err.msg);
	if (r->t->state != TARGET_READY)
		fail_msg("%s", r->t->err.msg);
}

static struct buf
day_text(const struct rig *r, const char *day)
{
	struct buf b = BUF_INIT(0);
	char path[64];

	snprintf(path, sizeof(path), "stats/%s.tsv", day);
	if (fd_read_file(spool_dirfd(r->s), path, SIZE_MAX / 4, &b) < 0)
		fail_msg("no %s", path);
	return b;
}

static void
test_line(void **state)
{
	struct rig r;
	struct maker m;
	struct buf text;

	rig_up(&r, *state);
	maker_begin(&m, r.s, 1, 0, 0);
	maker_add(&m, "a.0", "d", 1764000059);
	maker_add(&m, "b.0", "b", 1764000059);
	maker_add(&m, "c.0", "d", 1764000000);
	maker_add(&m, "d.0", "d", 1764000060);
	rig_sweep(&r, true);
	text = day_text(&r, "2025-11-24");
	/* 64000000 s and more since it was injected; 5 ms */
	assert_string_equal(text.data,
	    "minute\tsource\tvmta\tgroup\tdomain\tmta\tjob\ttype\tcategory\t"
	    "class\tcode\tstatus\tcount\tbytes\twait\tlatency\n"
	    "1764000000\t-\tfast\t-\texample.com\t-\t-\tb\t-\t-\t250\t2.0.0\t"
	    "1\t1000\t99:1\t5:1\n"
	    "1764000000\t-\tfast\t-\texample.com\t-\t-\td\t-\t-\t250\t2.0.0\t"
	    "2\t2000\t99:2\t5:2\n"
	    "1764000060\t-\tfast\t-\texample.com\t-\t-\td\t-\t-\t250\t2.0.0\t"
	    "1\t1000\t99:1\t5:1\n");
	assert_int_equal(histogram_bucket(64000059), 99);
	buf_clear(&text);
	maker_end(&m);
	rig_down(&r);
}

/* By the time of the event: late ones of yesterday go to yesterday's file. */
static void
test_days(void **state)
{
	struct rig r;
	struct maker m;
	struct buf text;

	rig_up(&r, *state);
	maker_begin(&m, r.s, 1, 0, 0);
	maker_fill(&m, 1, 5, 1764028800);
	rig_sweep(&r, true);
	maker_fill(&m, 6, 10, 1764028799);
	maker_fill(&m, 11, 20, 1764028800);
	rig_sweep(&r, true);
	rig_down(&r);
	/* seven days at once, then an old one again */
	rig_up(&r, *state);
	for (int i = 0; i < 7; i++)
		maker_fill(&m, 21 + i, 21 + i, 1764028800 + i * 86400);
	rig_sweep(&r, true);
	maker_fill(&m, 28, 28, 1764028799);
	rig_sweep(&r, true);
	assert_int_equal(util_sum(*state, COUNTERS_COUNT), 28);
	text = day_text(&r, "2025-11-24");
	assert_null(strstr(text.data, "\n1764028800\t"));
	assert_non_null(strstr(text.data, "\n1764028740\t"));
	buf_clear(&text);
	maker_end(&m);
	rig_down(&r);
}

/* In a service they wait for company; at the end, or when many, they don't. */
static void
test_lazy(void **state)
{
	struct rig r;
	struct maker m;

	rig_up(&r, *state);
	maker_begin(&m, r.s, 1, 0, 0);
	maker_fill(&m, 1, 10, 1764000000);
	rig_sweep(&r, false);
	assert_int_equal(r.t->taken, 10);
	maker_fill(&m, 11, 20, 1764000000);
	rig_sweep(&r, false);
	assert_int_equal(r.t->taken, 20);
	r.t->crowded = true;
	rig_sweep(&r, false);
	assert_int_equal(r.t->taken, 0);
	assert_int_equal(util_sum(*state, COUNTERS_COUNT), 20);
	maker_fill(&m, 21, 30, 1764000000);
	rig_sweep(&r, false);
	assert_int_equal(r.t->taken, 10);
	r.t->committed_ms -= r.t->lazy_ms;
	rig_sweep(&r, false);
	assert_int_equal(r.t->taken, 0);
	maker_fill(&m, 31, 40, 1764000000);
	rig_sweep(&r, false);
	/* a process that dies now has lost nothing */
	rig_down(&r);
	rig_up(&r, *state);
	rig_sweep(&r, true);
	assert_int_equal(util_sum(*state, COUNTERS_COUNT), 40);
	assert_int_equal(util_sum(*state, COUNTERS_BYTES), 40000);
	maker_end(&m);
	rig_down(&r);
}

static void
test_lost_file(void **state)
{
	struct rig r;
	struct maker m;

	rig_up(&r, *state);
	maker_begin(&m, r.s, 1, 0, 0);
	maker_fill(&m, 1, 10, 1764000000);
	rig_sweep(&r, true);
	rig_down(&r);
	rig_up(&r, *state);
	assert_int_equal(unlinkat(spool_dirfd(r.s), "stats/2025-11-24.tsv", 0),
	    0);
	maker_fill(&m, 11, 15, 1764000000);
	rig_sweep(&r, true);
	assert_int_equal(util_sum(*state, COUNTERS_COUNT), 5);
	maker_end(&m);
	rig_down(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_line),
		TEST(test_days),
		TEST(test_lazy),
		TEST(test_lost_file),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
