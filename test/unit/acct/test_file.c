/* SPDX-License-Identifier: ISC */
/* Accounting files: when a new one is begun, and what becomes of the old. */
#include "util.h"

#include "acct/names.h"

#define HEADER "id,type,time\n"

/* One acct-file in DIR/damaged/out, swept again and again. */
struct rig {
	struct spool *s;
	char out[128], path[160];
	struct conf_acct conf;
	struct target *t;
	struct sweep w;
	struct maker m;
	int last;	/* outcomes so far */
};

static void
rig_prepare(struct rig *r, const char *dir)
{
	*r = (struct rig){ .last = 0 };
	spool_close(util_open(dir));
	snprintf(r->out, sizeof(r->out), "%s/damaged/out", dir);
	(void)mkdir(r->out, 0700);
	snprintf(r->path, sizeof(r->path), "%s/acct.csv", r->out);
	r->conf = util_acct(r->path);
}

static void
rig_up(struct rig *r, const char *dir, const char *time)
{
	struct err err = { 0 };

	util_clock(dir, time);
	r->s = util_open(dir);
	assert_int_equal(acct_file_new(r->s, &r->conf, &r->t, &err), 0);
	sweep_init(&r->w, r->s, &r->t, 1);
	r->w.retry_ms = 0;
	if (r->last == 0)
		maker_begin(&r->m, r->s, 1, 0, 0);
}

static void
rig_sweep(struct rig *r)
{
	struct err err = { 0 };

	if (sweep_run(&r->w, true, &err) < 0)
		fail_msg("%s", err.msg);
	if (r->t->state != TARGET_READY)
		fail_msg("%s", r->t->err.msg);
}

static void
rig_down(struct rig *r)
{
	target_free(r->t);
	sweep_clear(&r->w);
	spool_close(r->s);
}

/* n more outcomes, and a sweep, at a time. */
static void
rig_rows(struct rig *r, const char *dir, const char *time, int n)
{
	rig_up(r, dir, time);
	maker_fill(&r->m, r->last + 1, r->last + n, 1764000000);
	r->last += n;
	rig_sweep(r);
	rig_down(r);
}

/* Is this all that stands in the folder? */
static void
assert_files(const char *dir, const char *const *want, size_t n)
{
	struct dirent **names;
	int have = scandir(dir, &names, NULL, alphasort);
	size_t at = 0;

	assert_true(have >= 2);
	for (int i = 0; i < have; i++) {
		if (names[i]->d_name[0] == '.') {
			free(names[i]);
			continue;
		}
		if (at == n || strcmp(names[i]->d_name, want[at]) != 0)
			fail_msg("not expected: %s", names[i]->d_name);
		free(names[i]);
		at++;
	}
	free(names);
	if (at < n)
		fail_msg("missing: %s", want[at]);
}

#define FILES(dir, ...)                                               \
	do {                                                          \
		static const char *const want[] = { __VA_ARGS__ };    \
		assert_files(dir, want, sizeof(want) / sizeof(want[0])); \
	} while (0)

static void
assert_once(const struct rig *r)
{
	struct buf rows = util_rows(r->out, "acct-", HEADER);

	util_each_once(&rows, r->last);
	buf_clear(&rows);
}

/* 1764000000 is 2025-11-24 16:00:00 UTC. */
static void
test_new_day(void **state)
{
	struct rig r;

	rig_prepare(&r, *state);
	rig_rows(&r, *state, "1764000000", 3);
	rig_rows(&r, *state, "1764028799", 3);
	FILES(r.out, "acct-2025-11-24-0000.csv");
	rig_rows(&r, *state, "1764028800", 3);
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-25-0000.csv");
	assert_once(&r);
}

/* The day is that of the zone: midnight in Berlin is 23:00 UTC. */
static void
test_new_day_in_a_zone(void **state)
{
	struct rig r;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	rig_prepare(&r, *state);
	rig_rows(&r, *state, "1764025199", 1);
	rig_rows(&r, *state, "1764025200", 1);
	setenv("TZ", "UTC", 1);
	tzset();
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-25-0000.csv");
	assert_once(&r);
}

static void
test_interval(void **state)
{
	struct rig r;

	rig_prepare(&r, *state);
	r.conf.rotate_s = 3600;
	rig_rows(&r, *state, "1764001800", 1);
	rig_rows(&r, *state, "1764003599", 1);
	FILES(r.out, "acct-2025-11-24-0000.csv");
	rig_rows(&r, *state, "1764003600", 1);
	rig_rows(&r, *state, "1764003700", 1);
	rig_rows(&r, *state, "1764028800", 1);
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-24-0001.csv",
	    "acct-2025-11-25-0000.csv");
	assert_once(&r);
}

static void
test_size(void **state)
{
	struct rig r;
	struct dirent **names;
	int n;

	rig_prepare(&r, *state);
	r.conf.max_size = 500;
	rig_rows(&r, *state, "1764000000", 7);
	rig_rows(&r, *state, "1764000000", 100);
	rig_rows(&r, *state, "1764000000", 1);
	assert_once(&r);
	n = scandir(r.out, &names, NULL, alphasort);
	assert_true(n > 8);
	for (int i = 0; i < n; i++) {
		char path[512];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", r.out, names[i]->d_name);
		assert_int_equal(stat(path, &st), 0);
		if (names[i]->d_name[0] != '.') {
			assert_true(st.st_size <= 500);
			assert_true(st.st_size > (off_t)strlen(HEADER));
			/* all but the last are as full as can be */
			if (i + 1 < n)
				assert_true(st.st_size > 500 - 50);
		}
		free(names[i]);
	}
	free(names);
}

/* Rows larger than the limit still get out, a file each. */
static void
test_size_below_a_row(void **state)
{
	struct rig r;

	rig_prepare(&r, *state);
	r.conf.max_size = 1;
	rig_rows(&r, *state, "1764000000", 3);
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-24-0001.csv",
	    "acct-2025-11-24-0002.csv");
	assert_once(&r);
}

static void
test_other_columns(void **state)
{
	static const char *const fields[] = { "id", "vmta" };
	struct buf rows;
	struct rig r;

	rig_prepare(&r, *state);
	rig_rows(&r, *state, "1764000000", 2);
	r.conf.fields = fields;
	r.conf.n_fields = 2;
	rig_rows(&r, *state, "1764000000", 2);
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-24-0001.csv");
	rows = util_rows(r.out, "acct-2025-11-24-0001", "id,vmta\n");
	assert_string_equal(rows.data, "id000003.0,fast\nid000004.0,fast\n");
	buf_clear(&rows);
}

static void
test_records(void **state)
{
	struct rig r;

	rig_prepare(&r, *state);
	r.conf.records = "bounce";
	rig_rows(&r, *state, "1764000000", 11);
	assert_int_equal(r.last, 11);
	struct buf rows = util_rows(r.out, "acct-", HEADER);
	assert_string_equal(rows.data,
	    "id000005.0,b,2025-11-24 16:00:00+0000\n"
	    "id000010.0,b,2025-11-24 16:00:00+0000\n");
	buf_clear(&rows);
}

/* What was written and is no more can't be gone on with. */
static void
test_lost_files(void **state)
{
	char path[256], other[256];
	struct rig r;
	int fd;

	rig_prepare(&r, *state);
	rig_rows(&r, *state, "1764000000", 5);
	/* moved away: the name is free again, the rows are elsewhere */
	snprintf(path, sizeof(path), "%s/acct-2025-11-24-0000.csv", r.out);
	snprintf(other, sizeof(other), "%s/acct-2025-11-23-0000.csv", r.out);
	assert_int_equal(rename(path, other), 0);
	rig_rows(&r, *state, "1764000000", 5);
	FILES(r.out, "acct-2025-11-23-0000.csv", "acct-2025-11-24-0000.csv");
	assert_once(&r);
	/* another file of that name */
	snprintf(other, sizeof(other), "%s/acct-2025-11-22-0000.csv", r.out);
	assert_int_equal(rename(path, other), 0);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(fd_write_all(fd, HEADER, strlen(HEADER)), 0);
	close(fd);
	rig_rows(&r, *state, "1764000000", 5);
	FILES(r.out, "acct-2025-11-22-0000.csv", "acct-2025-11-23-0000.csv",
	    "acct-2025-11-24-0000.csv", "acct-2025-11-24-0001.csv");
	assert_once(&r);
	/* cut short: its rows are gone, those that follow are not; and a file
	 * with a header alone is no longer in anybody's way */
	snprintf(path, sizeof(path), "%s/acct-2025-11-24-0001.csv", r.out);
	assert_int_equal(truncate(path, (off_t)strlen(HEADER)), 0);
	rig_rows(&r, *state, "1764000000", 5);
	FILES(r.out, "acct-2025-11-22-0000.csv", "acct-2025-11-23-0000.csv",
	    "acct-2025-11-24-0001.csv", "acct-2025-11-24-0002.csv");
}

static void
test_strays(void **state)
{
	static const char *const texts[] = { "", "id,ty", HEADER,
		HEADER "x", "other" };
	struct rig r;

	rig_prepare(&r, *state);
	for (int i = 0; i < 5; i++) {
		char path[256];
		int fd;

		snprintf(path, sizeof(path), "%s/acct-2025-11-2%d-0000.csv",
		    r.out, i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_int_equal(fd_write_all(fd, texts[i], strlen(texts[i])),
		    0);
		close(fd);
	}
	rig_rows(&r, *state, "1764000000", 1);
	FILES(r.out, "acct-2025-11-23-0000.csv", "acct-2025-11-24-0000.csv",
	    "acct-2025-11-24-0001.csv");
}

static void
test_modes(void **state)
{
	char path[256];
	struct stat st;
	struct rig r;
	mode_t mask = umask(077);

	rig_prepare(&r, *state);
	rig_rows(&r, *state, "1764000000", 1);
	snprintf(path, sizeof(path), "%s/acct-2025-11-24-0000.csv", r.out);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	r.conf.world_readable = true;
	rig_rows(&r, *state, "1764090000", 1);
	snprintf(path, sizeof(path), "%s/acct-2025-11-25-0000.csv", r.out);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	umask(mask);
}

/* Complete files go to move-to; names there are counted on. */
static void
test_move_to(void **state)
{
	char to[256];
	struct rig r;

	rig_prepare(&r, *state);
	snprintf(to, sizeof(to), "%s/done", r.out);
	assert_int_equal(mkdir(to, 0700), 0);
	r.conf.move_to = to;
	r.conf.move_interval_s = 600;
	rig_rows(&r, *state, "1764000000", 1);
	FILES(r.out, "acct-2025-11-24-0000.csv", "done");
	/* the period is over: ended at once, moved by the next sweep */
	rig_rows(&r, *state, "1764000600", 0);
	rig_rows(&r, *state, "1764000601", 0);
	FILES(r.out, "done");
	FILES(to, "acct-2025-11-24-0000.csv");
	rig_rows(&r, *state, "1764000602", 1);
	FILES(r.out, "acct-2025-11-24-0001.csv", "done");
	rig_rows(&r, *state, "1764001300", 1);
	rig_rows(&r, *state, "1764001301", 0);
	FILES(r.out, "acct-2025-11-24-0002.csv", "done");
	FILES(to, "acct-2025-11-24-0000.csv", "acct-2025-11-24-0001.csv");
}

static void
test_delete_after(void **state)
{
	struct rig r;
	char path[256];
	int fd;

	rig_prepare(&r, *state);
	r.conf.delete_after_s = (int64_t)2 * 86400;
	rig_rows(&r, *state, "1764000000", 1);
	rig_rows(&r, *state, "1764090000", 1);
	snprintf(path, sizeof(path), "%s/other-2025-01-01-0000.csv", r.out);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	/* the 24th ended at 1764028800 */
	rig_rows(&r, *state, "1764201599", 1);
	FILES(r.out, "acct-2025-11-24-0000.csv", "acct-2025-11-25-0000.csv",
	    "acct-2025-11-26-0000.csv", "other-2025-01-01-0000.csv");
	rig_rows(&r, *state, "1764201600", 1);
	FILES(r.out, "acct-2025-11-25-0000.csv", "acct-2025-11-26-0000.csv",
	    "acct-2025-11-27-0000.csv", "other-2025-01-01-0000.csv");
}

static void
test_refused(void **state)
{
	struct spool *s = util_open(*state);
	struct conf_acct conf = util_acct("|gzip");
	struct target *t = NULL;
	struct err err = { 0 };

	assert_int_equal(acct_file_new(s, &conf, &t, &err), -1);
	assert_int_equal(err.cls, ERR_CONF);
	conf = util_acct("/x/acct.csv");
	conf.records = "d,nonsense";
	assert_int_equal(acct_file_new(s, &conf, &t, &err), -1);
	assert_int_equal(err.cls, ERR_CONF);
	assert_non_null(strstr(err.msg, "nonsense"));
	assert_null(t);
	spool_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new_day),
		TEST(test_new_day_in_a_zone),
		TEST(test_interval),
		TEST(test_size),
		TEST(test_size_below_a_row),
		TEST(test_other_columns),
		TEST(test_records),
		TEST(test_lost_files),
		TEST(test_strays),
		TEST(test_modes),
		TEST(test_move_to),
		TEST(test_delete_after),
		TEST(test_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
