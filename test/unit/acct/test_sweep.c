/* SPDX-License-Identifier: ISC */
/*
 * Exactly once (P11): a process that dies, or whose disk fails, at any single
 * step of a sweep leaves what the next one completes.
 *
 * LDFLAGS: -Wl,--wrap=pwrite -Wl,--wrap=write -Wl,--wrap=fdatasync
 * LDFLAGS: -Wl,--wrap=fsync -Wl,--wrap=renameat -Wl,--wrap=ftruncate
 */
#include <errno.h>

#include "util.h"

#include "acct/daytime.h"

enum fault { NONE, DIE, DIE_HALF, FAIL_IO, FAIL_SPACE };

static enum fault fault;
static int steps;	/* until it happens */

/* Returns: bytes of n to write before the fault, or -1 to go on as usual. */
static ssize_t
step(size_t n)
{
	if (fault == NONE || --steps > 0)
		return -1;
	switch (fault) {
	case DIE_HALF:
	case FAIL_SPACE:
		return (ssize_t)(n / 2);
	case NONE:
	case DIE:
	case FAIL_IO:
		break;
	}
	return 0;
}

static int
strike(void)
{
	if (fault == DIE || fault == DIE_HALF)
		_exit(9);
	errno = fault == FAIL_SPACE ? ENOSPC : EIO;
	fault = NONE;
	return -1;
}

ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);

ssize_t
__wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t half = step(n);

	if (half < 0)
		return __real_pwrite(fd, p, n, at);
	if (half > 0)
		(void)!__real_pwrite(fd, p, (size_t)half, at);
	return strike();
}

ssize_t
__wrap_write(int fd, const void *p, size_t n)
{
	ssize_t half;

	if (fd == STDERR_FILENO)
		return (ssize_t)n;	/* warnings are what is expected */
	half = step(n);
	if (half < 0)
		return __real_write(fd, p, n);
	if (half > 0)
		(void)!__real_write(fd, p, (size_t)half);
	return strike();
}

int
__wrap_fdatasync(int fd)
{
	return step(0) < 0 ? __real_fdatasync(fd) : strike();
}

int
__wrap_fsync(int fd)
{
	return step(0) < 0 ? __real_fsync(fd) : strike();
}

int
__wrap_renameat(int a, const char *from, int b, const char *to)
{
	return step(0) < 0 ? __real_renameat(a, from, b, to) : strike();
}

int
__wrap_ftruncate(int fd, off_t n)
{
	return step(0) < 0 ? __real_ftruncate(fd, n) : strike();
}

/* --- what is swept into --- */

enum { FILES = 2, TARGETS = FILES + 1 };

struct rig {
	struct spool *s;
	char dir[FILES][128], path[FILES][160];
	struct conf_acct conf[FILES];
	struct target *t[TARGETS];
	struct sweep w;
};

static void
rig_up(struct rig *r, const char *dir)
{
	static const char *const names[FILES] = { "one", "two" };
	struct err err = { 0 };

	memset(r, 0, sizeof(*r));
	r->s = util_open(dir);
	for (int i = 0; i < FILES; i++) {
		snprintf(r->dir[i], sizeof(r->dir[i]), "%s/damaged/%s", dir,
		    names[i]);
		(void)mkdir(r->dir[i], 0700);
		snprintf(r->path[i], sizeof(r->path[i]),
		    "%s/damaged/%s/acct.csv", dir, names[i]);
		r->conf[i] = util_acct(r->path[i]);
	}
	/* the second one begins a new file again and again */
	r->conf[1].max_size = 1000;
	for (int i = 0; i < FILES; i++)
		assert_int_equal(acct_file_new(r->s, &r->conf[i], &r->t[i],
		    &err), 0);
	r->t[FILES] = counters_new(r->s);
	sweep_init(&r->w, r->s, r->t, TARGETS);
	r->w.batch_bytes = 4000;
	r->w.retry_ms = 0;
}

static void
rig_down(struct rig *r)
{
	for (int i = 0; i < TARGETS; i++)
		target_free(r->t[i]);
	sweep_clear(&r->w);
	spool_close(r->s);
}

static void
rig_sweep(struct rig *r)
{
	struct err err = { 0 };

	if (sweep_run(&r->w, true, &err) < 0)
		fail_msg("%s", err.msg);
	for (int i = 0; i < TARGETS; i++)
		if (r->t[i]->state != TARGET_READY)
			fail_msg("target %d: %s", i, r->t[i]->err.msg);
}

static void
assert_all(struct rig *r, const char *dir, int last)
{
	for (int i = 0; i < FILES; i++) {
		struct buf rows = util_rows(r->dir[i], "acct-",
		    "id,type,time\n");

		util_each_once(&rows, last);
		buf_clear(&rows);
	}
	assert_int_equal(util_sum(dir, COUNTERS_COUNT), last);
	assert_int_equal(util_sum(dir, COUNTERS_BYTES), last * 1000);
}

static void
test_each_once(void **state)
{
	struct rig r;
	struct maker a, b;

	rig_up(&r, *state);
	rig_sweep(&r);		/* nothing there yet */
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 10, 1764000000);
	rig_sweep(&r);
	assert_all(&r, *state, 10);
	rig_sweep(&r);
	assert_all(&r, *state, 10);
	maker_begin(&b, r.s, 2, 0, 0);
	maker_fill(&b, 11, 60, 1764000000);
	maker_fill(&a, 61, 100, 1764000000);
	rig_sweep(&r);
	assert_all(&r, *state, 100);
	maker_end(&a);
	maker_end(&b);
	rig_sweep(&r);
	rig_down(&r);
	/* and another process goes on */
	rig_up(&r, *state);
	maker_begin(&a, r.s, 3, 0, 0);
	maker_fill(&a, 101, 120, 1764000000);
	maker_end(&a);
	rig_sweep(&r);
	assert_all(&r, *state, 120);
	rig_down(&r);
}

/* Removed when every target has passed the end, and not before. */
static void
test_reap(void **state)
{
	struct rig r;
	struct maker a, b;
	struct err err = { 0 };
	uint64_t *numbers;
	size_t n;

	rig_up(&r, *state);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 10, 1764000000);
	maker_end(&a);
	maker_begin(&b, r.s, 2, 0, 0);
	maker_fill(&b, 11, 20, 1764000000);
	assert_int_equal(sweep_reap(&r.w, &err), 0);
	assert_int_equal(journal_list(r.s, &numbers, &n, &err), 0);
	assert_int_equal(n, 2);
	free(numbers);
	rig_sweep(&r);
	assert_int_equal(sweep_reap(&r.w, &err), 0);
	assert_int_equal(journal_list(r.s, &numbers, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(numbers[0], 2);
	free(numbers);
	rig_sweep(&r);
	assert_all(&r, *state, 20);
	maker_end(&b);
	rig_down(&r);
}

/* Two of them at once: the second waits, and finds nothing left to do. */
static void
test_two_writers(void **state)
{
	struct rig r, other;
	struct maker a;
	struct err err = { 0 };

	rig_up(&r, *state);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 10, 1764000000);
	rig_sweep(&r);
	rig_up(&other, *state);
	maker_fill(&a, 11, 30, 1764000000);
	assert_int_equal(sweep_run(&other.w, true, &err), 0);
	for (int i = 0; i < TARGETS; i++)
		assert_int_equal(other.t[i]->state, TARGET_WAITING);
	assert_all(&r, *state, 10);
	rig_down(&r);
	rig_sweep(&other);
	assert_all(&other, *state, 30);
	maker_end(&a);
	rig_down(&other);
}

/* A journal that another one continues ends there (P11). */
static void
test_continued_journal(void **state)
{
	struct rig r;
	struct maker a, b;
	off_t at;

	rig_up(&r, *state);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 5, 1764000000);
	at = a.off;
	maker_fill(&a, 6, 10, 1764000000);
	maker_begin(&b, r.s, 2, 1, at);
	maker_fill(&b, 6, 20, 1764000000);
	rig_sweep(&r);
	assert_all(&r, *state, 20);
	maker_end(&a);
	maker_end(&b);
	rig_down(&r);
}

/* A new acct-file gets what journals still hold; one that fails holds up none. */
static void
test_targets_are_apart(void **state)
{
	struct rig r;
	struct maker a;
	struct err err = { 0 };
	struct buf rows;
	char away[160];

	rig_up(&r, *state);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 10, 1764000000);
	snprintf(away, sizeof(away), "%s.away", r.dir[0]);
	assert_int_equal(rename(r.dir[0], away), 0);
	assert_int_equal(sweep_run(&r.w, true, &err), 0);
	assert_int_equal(r.t[0]->state, TARGET_FAILED);
	assert_int_equal(r.t[0]->err.cls, ERR_CONF);
	rows = util_rows(r.dir[1], "acct-", "id,type,time\n");
	util_each_once(&rows, 10);
	buf_clear(&rows);
	maker_fill(&a, 11, 20, 1764000000);
	assert_int_equal(rename(away, r.dir[0]), 0);
	rig_sweep(&r);
	assert_all(&r, *state, 20);
	maker_end(&a);
	rig_down(&r);
}

static void
append(const char *dir, const char *file, const char *text)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* What stands behind the checkpoint is no row. */
static void
test_tails_are_cut(void **state)
{
	char day[DAYTIME_DAY + 1], name[64];
	struct daytime days = { 0 };
	struct rig r;
	struct maker a;

	rig_up(&r, *state);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 10, 1764000000);
	rig_sweep(&r);
	daytime_day(&days, r.t[0]->now, day);
	rig_down(&r);
	snprintf(name, sizeof(name), "acct-%s-0000.csv", day);
	append(r.dir[0], name, "id000001.0,d,2026");
	append(*state, "stats/2025-11-24.tsv", "1764000000\tjunk\n");
	rig_up(&r, *state);
	rig_sweep(&r);
	assert_all(&r, *state, 10);
	maker_fill(&a, 11, 12, 1764000000);
	rig_sweep(&r);
	assert_all(&r, *state, 12);
	maker_end(&a);
	rig_down(&r);
}

/* --- a fault at every step --- */

/*
 * With rows committed, a file to be ended and a new journal: the n-th step goes
 * wrong.  The next process comes a day later and has larger batches, so that it
 * doesn't write the same bytes to the same places.
 * Returns: false when there were fewer steps.
 */
static bool
fault_at(const char *dir, enum fault which, int n)
{
	struct rig r;
	struct maker a, b;
	struct err err = { 0 };
	bool happened;
	int status;
	pid_t pid;

	spool_close(util_open(dir));
	util_clock(dir, "1764000000");
	rig_up(&r, dir);
	maker_begin(&a, r.s, 1, 0, 0);
	maker_fill(&a, 1, 20, 1764000000);
	rig_sweep(&r);
	maker_fill(&a, 21, 50, 1764000000);
	maker_end(&a);
	maker_begin(&b, r.s, 2, 0, 0);
	/* another day for the counters */
	maker_fill(&b, 51, 70, 1764000000 + 90000);
	maker_end(&b);
	rig_down(&r);

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rig_up(&r, dir);
		fault = which;
		steps = n;
		(void)sweep_run(&r.w, true, &err);
		/* what failed is tried again by the same process */
		(void)sweep_run(&r.w, true, &err);
		_exit(fault == NONE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	happened = WEXITSTATUS(status) != 1;

	util_clock(dir, "1764090000");
	rig_up(&r, dir);
	r.w.batch_bytes = 1 << 20;
	rig_sweep(&r);
	assert_all(&r, dir, 70);
	maker_begin(&a, r.s, 3, 0, 0);
	maker_fill(&a, 71, 80, 1764000000);
	maker_end(&a);
	rig_sweep(&r);
	assert_all(&r, dir, 80);
	rig_down(&r);
	unsetenv("VMTA_CLOCK");
	return happened;
}

static void
every_step(enum fault which)
{
	int n = 1;
	bool happened = true;

	for (; happened; n++) {
		/* in memory where there is such a folder: hundreds of runs */
		void *dir = strdup(access("/dev/shm", W_OK) == 0 ?
			"/dev/shm/vmta-acct-XXXXXX" : "/tmp/vmta-acct-XXXXXX");

		assert_non_null(mkdtemp(dir));
		happened = fault_at(dir, which, n);
		util_teardown(&dir);
	}
	/* rows, syncs, checkpoints of three targets, files begun on the way */
	assert_true(n > 40);
}

static void
test_killed_at_every_step(void **state)
{
	(void)state;
	every_step(DIE);
}

static void
test_killed_in_the_middle_of_every_write(void **state)
{
	(void)state;
	every_step(DIE_HALF);
}

static void
test_error_at_every_step(void **state)
{
	(void)state;
	every_step(FAIL_IO);
}

static void
test_full_disk_at_every_step(void **state)
{
	(void)state;
	every_step(FAIL_SPACE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_once),
		TEST(test_reap),
		TEST(test_two_writers),
		TEST(test_continued_journal),
		TEST(test_targets_are_apart),
		TEST(test_tails_are_cut),
		cmocka_unit_test(test_killed_at_every_step),
		cmocka_unit_test(test_killed_in_the_middle_of_every_write),
		cmocka_unit_test(test_error_at_every_step),
		cmocka_unit_test(test_full_disk_at_every_step),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
