/* SPDX-License-Identifier: ISC */
#include "util.h"

#include "base/fd.h"
#include "base/log.h"

/* The bytes of the only segment. */
static char *
slurp(const char *dir, const char *id, size_t *n)
{
	struct buf b = BUF_INIT(0);
	char path[512];

	snprintf(path, sizeof(path), "%s/queue/%s.seg", dir, id);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &b), 0);
	*n = b.len;
	return b.data;
}

static void
spit(const char *dir, const char *id, const char *data, size_t n)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/queue/%s.seg", dir, id);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, n), 0);
	close(fd);
}

/*
 * Read everything that can be read; what is read must be what was written.
 * Returns: records that came out whole.
 */
static int
read_all(const char *dir, const char *id)
{
	struct spool *s = util_open(dir);
	struct segment *g;
	struct err err = { 0 };
	int whole = 0, rc = segment_get(s, id, &g, &err);

	if (rc < 0) {
		assert_int_equal(err.cls, ERR_INPUT);
		assert_non_null(strstr(err.msg, id));
	}
	for (uint32_t i = 0; rc == 0 && i < segment_records(g); i++) {
		struct envelope e;
		struct spool_message m;
		struct state st;
		char rcpt[40];

		if (segment_state(g, i, &st) < 0)
			continue;
		if (segment_envelope(g, i, &e, &err) < 0) {
			assert_int_equal(err.cls, ERR_INPUT);
			continue;
		}
		snprintf(rcpt, sizeof(rcpt), "r%u@dom.example", i);
		assert_string_equal(e.rcpt, rcpt);
		if (segment_message(g, e.at, &m, &err) == 0) {
			assert_int_equal(m.len, strlen(TEXT));
			assert_memory_equal(m.text, TEXT, m.len);
			whole++;
		} else {
			assert_int_equal(err.cls, ERR_INPUT);
		}
		free(e.line);
	}
	if (rc == 0)
		segment_put(g);
	spool_close(s);
	return whole;
}

static void
make(void **state, char id[NAME_SEGMENT + 1])
{
	struct spool *s = util_open(*state);
	char mid[NAME_SEGMENT + 1];
	struct err err;

	assert_int_equal(util_single(s, 3, mid, &err), 0);
	assert_int_equal(spool_pack(s, &err), 0);
	util_segment(s, id);
	spool_close(s);
}

static void
any_flipped_byte_is_seen_and_the_rest_is_read(void **state)
{
	char id[NAME_SEGMENT + 1], *data;
	size_t n, all = 0, some = 0;

	make(state, id);
	data = slurp(*state, id, &n);
	assert_int_equal(read_all(*state, id), 3);
	for (size_t at = 0; at < n; at++) {
		int whole;

		char was = data[at];

		/* the padding and the blank fields say nothing */
		if (was == ' ' && at % 7 != 0)
			continue;
		/* now and then a newline more: lines must not shift */
		data[at] = at % 5 == 0 && was != '\n' ? '\n' : was ^ 0x15;
		spit(*state, id, data, n);
		data[at] = was;
		whole = read_all(*state, id);
		assert_true(whole >= 0 && whole <= 3);
		all += whole == 3;
		some += whole == 1 || whole == 2;
	}
	/* one damaged envelope or state line leaves the two others */
	assert_true(some > 100);
	assert_true(all < n);
	free(data);
}

static void
any_cut_is_seen(void **state)
{
	char id[NAME_SEGMENT + 1], *data;
	size_t n;

	make(state, id);
	data = slurp(*state, id, &n);
	for (size_t len = 0; len < n; len += len < n - 600 ? 17 : 1) {
		spit(*state, id, data, len);
		assert_int_equal(read_all(*state, id), 0);
	}
	free(data);
}

static void
a_symbolic_link_is_no_segment(void **state)
{
	char id[NAME_SEGMENT + 1], path[512], to[512];
	struct spool *s;
	struct segment *g;
	struct err err;

	make(state, id);
	snprintf(path, sizeof(path), "%s/queue/%s.seg", (char *)*state, id);
	snprintf(to, sizeof(to), "%s/elsewhere", (char *)*state);
	assert_int_equal(rename(path, to), 0);
	assert_int_equal(symlink(to, path), 0);
	s = util_open(*state);
	assert_int_equal(segment_get(s, id, &g, &err), -1);
	spool_close(s);
}

static const struct {
	const char *text;
	int rc;
	uint32_t index;
} locators[] = {
	{ "hofypxkv5569jqq593lf.0", 0, 0 },
	{ "hofypxkv5569jqq593lf.99999", 0, 99999 },
	{ "hofypxkv5569jqq593lf.100000", -1, 0 },
	{ "hofypxkv5569jqq593lf.", -1, 0 },
	{ "hofypxkv5569jqq593lf", -1, 0 },
	{ "hofypxkv5569jqq593l.1", -1, 0 },
	{ "../../../../etc/pass.1", -1, 0 },
	{ "hofypxkv5569jqq593lF.1", -1, 0 },
	{ "hofypxkv5569jqq593lf.-1", -1, 0 },
	{ "hofypxkv5569jqq593lf.1x", -1, 0 },
	{ "", -1, 0 },
};

static void
locators_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(locators) / sizeof(locators[0]); i++) {
		char id[NAME_SEGMENT + 1];
		uint32_t index;

		assert_int_equal(locator_parse(locators[i].text, id, &index),
		    locators[i].rc);
		if (locators[i].rc == 0)
			assert_int_equal(index, locators[i].index);
	}
}

static const struct {
	const char *version;	/* NULL: no such file */
	const char *other;	/* another entry in the folder */
	unsigned flags;
	enum err_class cls;
} folders[] = {
	{ NULL, NULL, SPOOL_CREATE, ERR_NONE },
	{ NULL, NULL, 0, ERR_CONF },
	{ NULL, "mail", SPOOL_CREATE, ERR_CONF },
	{ "vmta-spool 1\n", "mail", SPOOL_CREATE, ERR_NONE },
	{ "vmta-spool 2\n", NULL, SPOOL_CREATE, ERR_CONF },
	{ "vmta-spool\n", NULL, SPOOL_CREATE, ERR_CONF },
	{ "PowerMTA 5\n", NULL, SPOOL_CREATE, ERR_CONF },
	{ "", NULL, SPOOL_CREATE, ERR_CONF },
};

static void
folders_that_are_not_ours_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct spool *s;
		struct err err = { 0 };
		char dir[256], path[300];
		int rc;

		snprintf(dir, sizeof(dir), "%s/%zu", (char *)*state, i);
		assert_int_equal(mkdir(dir, 0700), 0);
		if (folders[i].other != NULL) {
			snprintf(path, sizeof(path), "%s/%s", dir,
			    folders[i].other);
			assert_int_equal(mkdir(path, 0700), 0);
		}
		if (folders[i].version != NULL) {
			FILE *f;

			snprintf(path, sizeof(path), "%s/VERSION", dir);
			f = fopen(path, "w");
			assert_non_null(f);
			fputs(folders[i].version, f);
			fclose(f);
		}
		rc = spool_open(dir, folders[i].flags, &s, &err);
		assert_int_equal(err.cls, folders[i].cls);
		if (rc == 0)
			spool_close(s);
		else if (folders[i].other != NULL)
			/* nothing was made in somebody else's folder */
			assert_int_equal(util_count(*state, "") > 0 &&
				util_count(dir, ""), 1);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		T(any_flipped_byte_is_seen_and_the_rest_is_read),
		T(any_cut_is_seen),
		T(a_symbolic_link_is_no_segment),
		T(locators_are_checked),
		T(folders_that_are_not_ours_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
