/* SPDX-License-Identifier: ISC */
/* LDFLAGS: -Wl,--wrap=fdatasync -Wl,--wrap=pwrite */
#include "util.h"

#include <errno.h>

#include "base/fd.h"
#include "spool/journal_impl.h"

/* The next n syncs fail, by kind. */
static int fail_sync, fail_write;
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t off);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t off);

int
__wrap_fdatasync(int fd)
{
	if (fail_sync > 0) {
		fail_sync--;
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

ssize_t
__wrap_pwrite(int fd, const void *p, size_t n, off_t off)
{
	if (fail_write > 0) {
		fail_write--;
		errno = ENOSPC;
		return -1;
	}
	return __real_pwrite(fd, p, n, off);
}

enum { RECORDS = 10 };

static const struct event event = {
	.f = { [EV_TIME] = "1764000000.000", [EV_TYPE] = "d", [EV_ID] = "x",
	    [EV_RCPT] = "r@dom.example" },
};
static const struct settlement done = { .letter = STATE_DELIVERED,
	.attempt = true, .vmta = UINT32_MAX, .priority = UINT32_MAX,
	.code = 250, .event = &event };

/* A segment of RECORDS; settles those from..to-1, without waiting. */
static void
settle(struct spool *s, const char *id, int from, int to)
{
	struct err err;

	for (int i = from; i < to; i++) {
		char loc[NAME_LOCATOR + 1];
		struct claim *c;

		snprintf(loc, sizeof(loc), "%s.%d", id, i);
		assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_OK);
		assert_non_null(claim_envelope(c, &err));
		assert_int_equal(claim_settle(c, &done, &err), 0);
	}
}

static void
start(struct spool *s, char id[NAME_SEGMENT + 1])
{
	char mid[NAME_SEGMENT + 1];
	struct err err;

	assert_int_equal(util_single(s, RECORDS, mid, &err), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	util_segment(s, id);
}

/* All lines of all journals, as a reader meets them. */
static int
count_lines(struct spool *s, uint64_t *bad)
{
	struct err err;
	uint64_t *numbers;
	size_t n;
	int lines = 0;

	*bad = 0;
	assert_int_equal(journal_list(s, &numbers, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct journal_reader *r;
		struct journal_line l;
		off_t pos;

		assert_int_equal(journal_open(s, numbers[i], &r, &err), 0);
		pos = journal_start(r);
		while (journal_next(r, &pos, &l, &err) == 1)
			lines++;
		*bad += journal_bad(r);
		journal_close(r);
	}
	free(numbers);
	return lines;
}

static void
p3_a_failed_sync_moves_to_a_new_journal(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1];
	struct err err;
	uint64_t bad;

	start(s, id);
	settle(s, id, 0, 4);
	assert_int_equal(claim_wait(s, &err), 0);
	settle(s, id, 4, 7);
	fail_sync = 1;
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(fail_sync, 0);
	settle(s, id, 7, 10);
	assert_int_equal(claim_wait(s, &err), 0);
	spool_close(s);
	s = util_open(*state);
	assert_int_equal(util_count(*state, "journal"), 2);
	/* P11: what stands in both is read once */
	assert_int_equal(count_lines(s, &bad), RECORDS);
	assert_int_equal(bad, 0);
	spool_close(s);
}

static void
p3_when_every_sync_fails_nothing_more_is_claimed(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct segment *g;
	struct state st;
	struct claim *c;
	struct err err;

	start(s, id);
	settle(s, id, 0, 2);
	fail_sync = 1000;
	assert_int_equal(claim_wait(s, &err), -1);
	assert_int_equal(err_exit(err.cls), 74);
	snprintf(loc, sizeof(loc), "%s.5", id);
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_ERROR);
	fail_sync = 0;
	/* never acknowledged: the state line still says S */
	assert_int_equal(segment_get(s, id, &g, &err), 0);
	assert_int_equal(segment_state(g, 0, &st), 0);
	assert_int_equal(st.letter, STATE_SENDING);
	segment_put(g);
	spool_close(s);
}

static void
p3_a_full_disk_stops_new_work_first(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], loc[NAME_LOCATOR + 1];
	struct claim *c;
	struct err err;

	start(s, id);
	settle(s, id, 0, 1);
	s->journal->ahead = s->journal->off + (off_t)s->journal->pending.len;
	snprintf(loc, sizeof(loc), "%s.5", id);
	fail_write = 1;
	assert_int_equal(claim_take(s, loc, 0, &c, &err), CLAIM_ERROR);
	assert_int_equal(err.cls, ERR_TEMP);
	assert_int_equal(fail_write, 0);
	s->journal->ahead = s->journal->off + JOURNAL_STEP;
	assert_int_equal(claim_wait(s, &err), 0);
	spool_close(s);
}

static void
damage(const char *dir, off_t at, const char *bytes)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/journal/0000001.jnl", dir);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fd_pwrite_all(fd, bytes, strlen(bytes), at), 0);
	close(fd);
}

static void
p4_bad_lines_of_a_dead_journal_are_skipped(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], blank[65];
	struct journal_reader *r;
	struct journal_line l;
	struct err err;
	uint64_t bad;
	off_t pos, second;

	start(s, id);
	settle(s, id, 0, 5);
	assert_int_equal(claim_wait(s, &err), 0);
	spool_close(s);
	s = util_open(*state);
	assert_int_equal(journal_open(s, 1, &r, &err), 0);
	pos = journal_start(r);
	assert_int_equal(journal_next(r, &pos, &l, &err), 1);
	second = pos;
	journal_close(r);
	damage(*state, second + 40, "?");
	assert_int_equal(count_lines(s, &bad), 4);
	assert_int_equal(bad, 1);
	/* a page that power loss left as written ahead: newlines in the middle */
	memset(blank, '\n', sizeof(blank));
	blank[64] = '\0';
	damage(*state, second, blank);
	assert_int_equal(count_lines(s, &bad), 4);
	spool_close(s);
}

static void
p4_a_line_without_its_end_waits_while_the_owner_lives(void **state)
{
	struct spool *s = util_open(*state), *reader = util_open(*state);
	char id[NAME_SEGMENT + 1];
	struct journal_reader *r;
	struct journal_line l;
	struct err err;
	off_t pos;
	struct buf *pending;

	start(s, id);
	settle(s, id, 0, 2);
	/* half of the second line is written */
	pending = &s->journal->pending;
	assert_int_equal(fd_pwrite_all(s->journal->fd, pending->data,
			     pending->len - 30, s->journal->off), 0);
	assert_int_equal(journal_open(reader, 1, &r, &err), 0);
	assert_int_equal(journal_is_live(r), 1);
	pos = journal_start(r);
	assert_int_equal(journal_next(r, &pos, &l, &err), 1);
	assert_int_equal(journal_next(r, &pos, &l, &err), 0);
	assert_int_equal(journal_bad(r), 0);
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(journal_next(r, &pos, &l, &err), 1);
	assert_int_equal(journal_next(r, &pos, &l, &err), 0);
	journal_close(r);
	spool_close(reader);
	spool_close(s);
}

static void
a_journal_is_rolled_when_it_is_full(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1];
	struct err err;
	uint64_t bad;

	start(s, id);
	settle(s, id, 0, 3);
	assert_int_equal(claim_wait(s, &err), 0);
	/* as if 64 MiB stood there already: the newlines in between are no lines */
	s->journal->off = s->journal->ahead = JOURNAL_ROLL;
	settle(s, id, 3, RECORDS);
	assert_int_equal(claim_wait(s, &err), 0);
	assert_int_equal(util_count(*state, "journal"), 2);
	spool_close(s);
	s = util_open(*state);
	assert_int_equal(count_lines(s, &bad), RECORDS);
	spool_close(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(p3_a_failed_sync_moves_to_a_new_journal),
		T(p3_when_every_sync_fails_nothing_more_is_claimed),
		T(p3_a_full_disk_stops_new_work_first),
		T(p4_bad_lines_of_a_dead_journal_are_skipped),
		T(p4_a_line_without_its_end_waits_while_the_owner_lives),
		T(a_journal_is_rolled_when_it_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
