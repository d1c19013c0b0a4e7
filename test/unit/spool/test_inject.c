/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "base/fd.h"

static uint32_t
records(struct spool *s)
{
	struct err err;
	char **ids;
	uint32_t sum = 0;
	size_t n;

	assert_int_equal(segment_ids(s, &ids, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct segment *g;

		if (segment_get(s, ids[i], &g, &err) == 0) {
			sum += segment_records(g);
			segment_put(g);
		}
		free(ids[i]);
	}
	free(ids);
	return sum;
}

static void
p6_a_single_message_comes_out_as_it_went_in(void **state)
{
	struct spool *s = util_open(*state);
	char mid[NAME_SEGMENT + 1], id[NAME_SEGMENT + 1], want[40];
	struct spool_message m;
	struct envelope e;
	struct segment *g;
	struct state st;
	struct err err;

	assert_int_equal(util_single(s, 3, mid, &err), 0);
	assert_int_equal(util_count(*state, "queue"), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(util_count(*state, "intake"), 0);
	util_segment(s, id);
	assert_int_equal(segment_get(s, id, &g, &err), 0);
	assert_int_equal(segment_records(g), 3);
	assert_int_equal(segment_domains(g), 1);
	assert_string_equal(segment_domain(g, 0), "dom.example");
	assert_int_equal(segment_envelope(g, 2, &e, &err), 0);
	snprintf(want, sizeof(want), "%s.2", mid);
	assert_string_equal(e.id, want);
	assert_string_equal(e.rcpt, "r2@dom.example");
	assert_string_equal(e.sender, "a@b.example");
	assert_string_equal(e.vmta, "v1");
	assert_string_equal(e.job, "-");
	assert_int_equal(e.expire, 0);
	assert_int_equal(segment_first(g), e.queued);
	assert_int_equal(segment_last(g), e.queued);
	assert_int_equal(segment_message(g, e.at, &m, &err), 0);
	assert_int_equal(m.len, strlen(TEXT));
	assert_memory_equal(m.text, TEXT, m.len);
	assert_int_equal(segment_state(g, 2, &st), 0);
	assert_int_equal(st.letter, STATE_QUEUED);
	assert_int_equal(st.priority, 50);
	assert_string_equal(vmtas_row(s, st.vmta)->vmta, "v1");
	free(e.line);
	segment_put(g);
	/* packing again finds nothing and makes nothing */
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 3);
	spool_close(s);
}

static void
p6_many_processes_append_and_none_is_lost(void **state)
{
	enum { PROCS = 6, EACH = 25 };
	struct spool *s = util_open(*state);
	struct err err;
	int status;

	for (int p = 0; p < PROCS; p++)
		if (fork() == 0) {
			struct spool *mine = util_open(*state);
			char id[NAME_SEGMENT + 1];

			for (int i = 0; i < EACH; i++)
				if (util_single(mine, 1, id, &err) < 0)
					_exit(1);
			_exit(0);
		}
	/* a packer at the same time takes files away under their hands */
	for (int i = 0; i < 20; i++)
		assert_int_equal(spool_pack(s, &err), 0);
	for (int p = 0; p < PROCS; p++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), PROCS * EACH);
	spool_close(s);
}

static void
find_intake(const char *dir, char path[512])
{
	const struct dirent *e;
	DIR *d;

	snprintf(path, 512, "%s/intake", dir);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			snprintf(path, 512, "%s/intake/%s", dir, e->d_name);
	closedir(d);
}

static void
p6_a_torn_end_was_never_accepted(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], path[512];
	struct stat st;
	struct err err;

	assert_int_equal(util_single(s, 1, id, &err), 0);
	assert_int_equal(util_single(s, 1, id, &err), 0);
	find_intake(*state, path);
	assert_int_equal(stat(path, &st), 0);
	/* killed in the middle of the second append */
	assert_int_equal(truncate(path, st.st_size - 20), 0);
	/* the next one begins a new file rather than append behind it */
	assert_int_equal(util_single(s, 1, id, &err), 0);
	assert_int_equal(util_count(*state, "intake"), 2);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 2);
	assert_int_equal(util_count(*state, "damaged"), 0);
	spool_close(s);
}

static void
p6_a_damaged_entry_is_set_aside_the_others_live(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], path[512];
	struct err err;
	int fd;

	for (int i = 0; i < 3; i++)
		assert_int_equal(util_single(s, 1, id, &err), 0);
	find_intake(*state, path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	/* a byte of the first message's text */
	assert_int_equal(fd_pwrite_all(fd, "X", 1, INTAKE_HEADER +
			     INTAKE_ENTRY_LINE + SEG_MESSAGE_LINE + 3), 0);
	close(fd);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 2);
	assert_int_equal(util_count(*state, "damaged"), 1);
	spool_close(s);
}

static void
p6_a_packer_that_died_is_followed_by_another(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1], path[512], pk[512];
	struct err err;

	/* died after the renaming */
	assert_int_equal(util_single(s, 2, id, &err), 0);
	find_intake(*state, path);
	snprintf(pk, sizeof(pk), "%.*s.pk", (int)strlen(path) - 3, path);
	assert_int_equal(rename(path, pk), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 2);
	/* died after publishing: the file is only unlinked, not packed twice */
	assert_int_equal(util_single(s, 1, id, &err), 0);
	find_intake(*state, path);
	snprintf(pk, sizeof(pk), "%.*s.pk", (int)strlen(path) - 3, path);
	assert_int_equal(rename(path, pk), 0);
	snprintf(path, sizeof(path), "%s.keep", (char *)*state);
	assert_int_equal(link(pk, path), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 3);
	assert_int_equal(rename(path, pk), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(records(s), 3);
	assert_int_equal(util_count(*state, "intake"), 0);
	spool_close(s);
}

static void
p6_a_batch_is_seen_at_once_or_not_at_all(void **state)
{
	struct spool *s = util_open(*state);
	struct spool_message m = util_message(TEXT);
	struct inject_envelope e = { .sender = "<>" };
	struct inject_rcpt r = { .rcpt = "x@y.example",
		.domain = "y.example", .vmta = "v1" };
	char id[NAME_SEGMENT + 1];
	struct batch *b;
	struct err err;

	assert_int_equal(batch_begin(s, "b-1", &b, &err), 0);
	assert_int_equal(batch_message(b, &m, &e, id, &err), 0);
	/* one message, more recipients than a segment holds */
	for (int i = 0; i < SEGMENT_RECORDS + 5; i++)
		assert_int_equal(batch_rcpt(b, &r, &err), 0);
	assert_int_equal(util_count(*state, "queue"), 1);
	assert_int_equal(records(s), 0);
	/* somebody else cleans up: the injector lives, nothing goes */
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(util_count(*state, "queue"), 1);
	assert_int_equal(batch_commit(b, &err), 0);
	assert_int_equal(util_count(*state, "queue"), 2);
	assert_int_equal(records(s), SEGMENT_RECORDS + 5);
	/* again: known, nothing is added */
	assert_int_equal(util_batch(s, "b-1", 5, 1, &err), 1);
	assert_int_equal(records(s), SEGMENT_RECORDS + 5);
	assert_int_equal(util_count(*state, "lock") >= 1, 1);
	spool_close(s);
}

static void
begin_and_die(const char *dir, void *arg)
{
	struct spool *s = util_open(dir);
	struct spool_message m = util_message(TEXT);
	struct inject_envelope e = { .sender = "<>" };
	struct inject_rcpt r = { .rcpt = "x@y.example",
		.domain = "y.example", .vmta = "v1" };
	char id[NAME_SEGMENT + 1];
	struct batch *b;
	struct err err;

	if (batch_begin(s, arg, &b, &err) != 0 ||
	    batch_message(b, &m, &e, id, &err) < 0)
		_exit(1);
	for (int i = 0; i < SEGMENT_RECORDS + 5; i++)
		if (batch_rcpt(b, &r, &err) < 0)
			_exit(1);
}

static void
p6_what_a_dead_injector_left_is_removed(void **state)
{
	char id[] = "b-2";
	struct spool *s = util_open(*state);
	struct err err;

	util_in_killed_child(begin_and_die, *state, id);
	assert_int_equal(util_count(*state, "queue"), 1);
	/* run again under the same id before anybody cleaned up: what is old
	 * stays unseen */
	assert_int_equal(util_batch(s, id, 7, 2, &err), 0);
	assert_int_equal(records(s), 7);
	assert_int_equal(spool_pack(s, &err), 0);
	assert_int_equal(util_count(*state, "queue"), 1);
	assert_int_equal(records(s), 7);
	spool_close(s);
}

static void
p6_batch_ids(void **state)
{
	static const char *const bad[] = { "", "a/b", "../x", ".x", "a b", "-",
		"auto-1", "x\n",
		"0123456789012345678901234567890123456789012345678901234567890"
		"1234567" };
	struct spool *s = util_open(*state);
	struct batch *b, *c;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(batch_begin(s, bad[i], &b, &err), -1);
		assert_int_equal(err.cls, ERR_USAGE);
	}
	assert_int_equal(batch_begin(s, "same", &b, &err), 0);
	assert_int_equal(batch_begin(s, "same", &c, &err), -1);
	assert_int_equal(err.cls, ERR_TEMP);
	batch_abort(b);
	assert_int_equal(batch_begin(s, "same", &c, &err), 0);
	batch_abort(c);
	assert_int_equal(util_count(*state, "queue"), 0);
	assert_int_equal(util_count(*state, "tmp"), 0);
	spool_close(s);
}

static void
p6_no_space_accepts_nothing(void **state)
{
	struct spool *s = util_open(*state);
	char id[NAME_SEGMENT + 1];
	struct err err;

	spool_set_min_free(s, INT64_MAX / 2);
	assert_int_equal(util_single(s, 1, id, &err), -1);
	assert_int_equal(err.cls, ERR_TEMP);
	assert_int_equal(util_batch(s, NULL, 1, 1, &err), -1);
	assert_int_equal(err.cls, ERR_TEMP);
	assert_int_equal(util_count(*state, "intake"), 0);
	assert_int_equal(util_count(*state, "queue"), 0);
	spool_close(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(p6_a_single_message_comes_out_as_it_went_in),
		T(p6_many_processes_append_and_none_is_lost),
		T(p6_a_torn_end_was_never_accepted),
		T(p6_a_damaged_entry_is_set_aside_the_others_live),
		T(p6_a_packer_that_died_is_followed_by_another),
		T(p6_a_batch_is_seen_at_once_or_not_at_all),
		T(p6_what_a_dead_injector_left_is_removed),
		T(p6_batch_ids),
		T(p6_no_space_accepts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
