/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "base/fd.h"

static void
p1_a_pair_has_one_number_for_all(void **state)
{
	struct spool *a = util_open(*state), *b = util_open(*state);
	uint32_t x, y, z;
	struct err err;

	assert_int_equal(vmtas_number(a, "v1", "-", &x, &err), 0);
	assert_int_equal(vmtas_number(b, "v1", "127.0.0.2", &y, &err), 0);
	assert_int_equal(vmtas_number(b, "v1", "-", &z, &err), 0);
	assert_int_equal(x, z);
	assert_int_not_equal(x, y);
	assert_string_equal(vmtas_row(a, y)->source, "127.0.0.2");
	assert_null(vmtas_row(a, 99));
	assert_int_equal(vmtas_number(a, "a\tb", "-", &x, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	spool_close(b);
	spool_close(a);
}

static void
p1_numbers_given_at_once_by_many_agree(void **state)
{
	struct spool *s = util_open(*state);
	int status;

	for (int p = 0; p < 5; p++)
		if (fork() == 0) {
			struct spool *mine = util_open(*state);
			struct err err;
			uint32_t n;

			for (int i = 0; i < 20; i++) {
				char name[16];

				snprintf(name, sizeof(name), "v%d",
				    (i * 7 + p) % 20);
				if (vmtas_number(mine, name, "-", &n, &err) < 0 ||
				    strcmp(vmtas_row(mine, n)->vmta, name) != 0)
					_exit(1);
			}
			_exit(0);
		}
	for (int p = 0; p < 5; p++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 20; i++) {
		char name[16];
		struct err err;
		uint32_t n;

		snprintf(name, sizeof(name), "v%d", i);
		assert_int_equal(vmtas_number(s, name, "-", &n, &err), 0);
		assert_true(n < 20);
	}
	spool_close(s);
}

static void
p1_a_row_that_a_crash_cut_was_never_used(void **state)
{
	struct spool *s = util_open(*state);
	char path[512];
	struct err err;
	uint32_t n;
	int fd;

	assert_int_equal(vmtas_number(s, "v1", "-", &n, &err), 0);
	snprintf(path, sizeof(path), "%s/control/vmtas", (char *)*state);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(fd_write_all(fd, "v2\t127", 6), 0);
	close(fd);
	assert_int_equal(vmtas_number(s, "v3", "-", &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(vmtas_row(s, 1)->vmta, "v3");
	spool_close(s);
}

static const struct {
	const char *pattern, *canonical;
} patterns[] = {
	{ "gmail.com/*", "gmail.com/*" },
	{ "Gmail.COM/V1", "gmail.com/V1" },
	{ "gmail.com", "gmail.com/*" },
	{ "*", "*/*" },
	{ "*/v1", "*/v1" },
	{ "$microsoft/*", "$microsoft/*" },
	{ "group:microsoft/v1", "$microsoft/v1" },
	{ "/*", NULL },
	{ "", NULL },
	{ "group:/*", NULL },
	{ "a/", NULL },
	{ "a b/*", NULL },
	{ "[a]/*", NULL },
};

static void
patterns_are_checked(void **state)
{
	char out[256];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int rc = queue_pattern_parse(patterns[i].pattern, out, sizeof(out),
		    &err);

		assert_int_equal(rc, patterns[i].canonical != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(out, patterns[i].canonical);
		else
			assert_int_equal(err.cls, ERR_USAGE);
	}
}

static const struct {
	const char *pattern, *domain, *group, *vmta;
	bool match;
} matches[] = {
	{ "*/*", "a.example", NULL, "v1", true },
	{ "a.example/*", "a.example", NULL, "v1", true },
	{ "a.example/*", "b.example", NULL, "v1", false },
	{ "a.example/v2", "a.example", NULL, "v1", false },
	{ "a.example/V1", "a.example", NULL, "v1", true },
	{ "*.example/*", "a.example", NULL, "v1", true },
	{ "*.example/*", "example", NULL, "v1", false },
	{ "*/v*", "x", NULL, "v1", true },
	{ "$ms/*", "hotmail.com", "$ms", "v1", true },
	{ "$ms/*", "hotmail.com", NULL, "v1", false },
	{ "hotmail.com/*", "hotmail.com", "$ms", "v1", true },
	{ "*/{default}", "x", NULL, "{default}", true },
};

static void
patterns_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		assert_int_equal(queue_pattern_match(matches[i].pattern,
				     matches[i].domain, matches[i].group,
				     matches[i].vmta),
		    matches[i].match);
}

static void
pauses_are_seen_by_others_and_end(void **state)
{
	struct spool *a = util_open(*state), *b = util_open(*state);
	const struct pause *p;
	struct err err;

	assert_null(pause_match(b, "x.example", NULL, "v1", 1000));
	assert_int_equal(pause_add(a, "x.example/*", 2000, "because\tof", &err),
	    0);
	p = pause_match(b, "x.example", NULL, "v1", 1000);
	assert_non_null(p);
	assert_string_equal(p->reason, "because\tof");
	assert_null(pause_match(b, "x.example", NULL, "v1", 2000));
	assert_int_equal(pause_add(b, "*/v1", 0, NULL, &err), 0);
	assert_non_null(pause_match(a, "x.example", NULL, "v1", 3000));
	assert_int_equal(pause_remove(a, "*/v1", &err), 0);
	assert_int_equal(pause_remove(a, "*/v1", &err), 1);
	assert_null(pause_match(b, "y.example", NULL, "v1", 1000));
	spool_close(b);
	spool_close(a);
}

static void
pauses_that_cannot_be_read_hold_everything(void **state)
{
	struct spool *s = util_open(*state);
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/control/pauses", (char *)*state);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(fd_write_all(fd, "rubbish\n", 8), 0);
	close(fd);
	assert_non_null(pause_match(s, "x.example", NULL, "v1", 1000));
	spool_close(s);
}

static void
p14_queue_state(void **state)
{
	struct spool *a = util_open(*state), *b = util_open(*state);
	struct queue_state st = { .mode = QUEUE_BACKOFF, .since = 5,
		.not_before = 77, .failures = 3, .last = "421 \ttoo much\n" };
	const struct queue_state *got;
	const char *name;
	struct err err;
	size_t at = 0;

	assert_null(queue_state_get(a, "x.example/v1"));
	assert_int_equal(queue_state_set(a, "x.example/v1", &st, &err), 0);
	got = queue_state_get(b, "x.example/v1");
	assert_non_null(got);
	assert_int_equal(got->mode, QUEUE_BACKOFF);
	assert_int_equal(got->not_before, 77);
	assert_int_equal(got->failures, 3);
	assert_string_equal(got->last, st.last);
	assert_non_null(queue_state_next(b, &at, &name));
	assert_string_equal(name, "x.example/v1");
	assert_null(queue_state_next(b, &at, &name));
	assert_int_equal(queue_state_set(b, "x.example/v1", NULL, &err), 0);
	assert_null(queue_state_get(a, "x.example/v1"));
	spool_close(b);
	spool_close(a);
}

static void
write_clock(const char *dir, long long wall, long long boot, const char *id)
{
	char path[512], text[128];
	int fd, n;

	snprintf(path, sizeof(path), "%s/control/clock", dir);
	n = snprintf(text, sizeof(text), "%lld %lld %s\n", wall, boot, id);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(fd_write_all(fd, text, (size_t)n), 0);
	close(fd);
}

static void
p12_nothing_expires_after_the_clock_jumped(void **state)
{
	static const struct {
		long long wall, boot;	/* ago, seconds */
		bool same_boot, sane;
	} cases[] = {
		{ 60, 60, true, true },
		{ 7200, 60, true, false },
		{ -7200, 60, true, false },
		{ 86400, 0, false, true },
		{ 8 * 86400, 0, false, false },
		{ -7200, 0, false, false },
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool *s = util_open(*state);

		write_clock(*state,
		    clock_wall_s(spool_clock(s)) - cases[i].wall,
		    clock_boot_ms(spool_clock(s)) - cases[i].boot * 1000,
		    cases[i].same_boot ? s->boot_id :
		    "00000000-0000-0000-0000-000000000000");
		assert_int_equal(clock_is_sane(s), cases[i].sane);
		spool_close(s);
		/* it stays so until somebody says that the time is right */
		s = util_open(*state);
		assert_int_equal(clock_is_sane(s), cases[i].sane);
		assert_int_equal(clock_accept(s, &err), 0);
		assert_true(clock_is_sane(s));
		spool_close(s);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(p1_a_pair_has_one_number_for_all),
		T(p1_numbers_given_at_once_by_many_agree),
		T(p1_a_row_that_a_crash_cut_was_never_used),
		T(p12_nothing_expires_after_the_clock_jumped),
		T(p14_queue_state),
		T(patterns_are_checked),
		T(patterns_match),
		T(pauses_are_seen_by_others_and_end),
		T(pauses_that_cannot_be_read_hold_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
