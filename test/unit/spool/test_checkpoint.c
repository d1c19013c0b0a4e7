/* SPDX-License-Identifier: ISC */
/*
 * Checkpoints (P11): what was written is read back, a torn or damaged block
 * falls back to the one before, blocks grow, one writer a key.
 *
 * LDFLAGS: -Wl,--wrap=fdatasync
 */
#include <errno.h>

#include "util.h"

#include "base/fd.h"
#include "spool/checkpoint.h"

#define KEY "k"
#define PATH "control/acct/" KEY

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

static int syncs_to_fail;

int
__wrap_fdatasync(int fd)
{
	if (syncs_to_fail > 0) {
		syncs_to_fail--;
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

static void
put(struct spool *s, struct checkpoint *c)
{
	struct err err = { 0 };

	if (checkpoint_write(s, KEY, c, &err) < 0)
		fail_msg("%s", err.msg);
}

static void
get(struct spool *s, struct checkpoint *c)
{
	struct err err = { 0 };

	if (checkpoint_read(s, KEY, c, &err) != 0)
		fail_msg("%s", err.msg);
}

static struct buf
contents(struct spool *s)
{
	struct buf b = BUF_INIT(0);

	assert_int_equal(fd_read_file(spool_dirfd(s), PATH, SIZE_MAX / 4, &b),
	    0);
	return b;
}

static void
set_contents(struct spool *s, const void *data, size_t n)
{
	int fd = openat(spool_dirfd(s), PATH, O_WRONLY | O_TRUNC | O_CREAT,
	    0660);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, n), 0);
	close(fd);
}

static void
test_keys(void **state)
{
	static const struct {
		const char *path, *key;
	} rows[] = {
		{ "/var/log/acct.csv", "%2Fvar%2Flog%2Facct.csv" },
		{ "acct-1_x.csv", "acct-1_x.csv" },
		{ ".hidden", "%2Ehidden" },
		{ "a b~%\n", "a%20b%7E%25%0A" },
		{ "..", "%2E." },
		{ "\xc3\xa9", "%C3%A9" },
	};
	char key[CHECKPOINT_KEY], other[CHECKPOINT_KEY], path[600];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		checkpoint_key(rows[i].path, key);
		assert_string_equal(key, rows[i].key);
	}
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	checkpoint_key(path, key);
	path[sizeof(path) - 2] = 'x';
	checkpoint_key(path, other);
	assert_true(strlen(key) <= 200);
	assert_string_not_equal(key, other);
}

static void
test_positions(void **state)
{
	static const uint64_t left[] = { 2, 5, 7, 100 };
	struct checkpoint c = { 0 };

	(void)state;
	assert_int_equal(checkpoint_get(&c, 1), -1);
	checkpoint_set(&c, 7, 700);
	checkpoint_set(&c, 3, 300);
	checkpoint_set(&c, 100, 1);
	checkpoint_set(&c, 5, 500);
	checkpoint_set(&c, 7, 701);
	assert_int_equal(c.n_pos, 4);
	assert_int_equal(checkpoint_get(&c, 3), 300);
	assert_int_equal(checkpoint_get(&c, 7), 701);
	assert_int_equal(checkpoint_get(&c, 4), -1);
	for (size_t i = 1; i < c.n_pos; i++)
		assert_true(c.pos[i - 1].journal < c.pos[i].journal);
	checkpoint_prune(&c, left, 4);
	assert_int_equal(c.n_pos, 3);
	assert_int_equal(checkpoint_get(&c, 3), -1);
	assert_int_equal(checkpoint_get(&c, 5), 500);
	assert_int_equal(checkpoint_get(&c, 7), 701);
	assert_int_equal(checkpoint_get(&c, 100), 1);
	checkpoint_prune(&c, NULL, 0);
	assert_int_equal(c.n_pos, 0);
	checkpoint_clear(&c);
}

static void
test_none(void **state)
{
	struct spool *s = util_open(*state);
	struct checkpoint c;
	struct err err = { 0 };

	assert_int_equal(checkpoint_read(s, KEY, &c, &err), 1);
	assert_int_equal(c.n_pos, 0);
	assert_int_equal(c.n_files, 0);
	assert_int_equal(c.serial, 0);
	checkpoint_clear(&c);
	spool_close(s);
}

static void
test_read_back(void **state)
{
	static const char odd[] = "/x/a b\t\n\\c";
	struct spool *s = util_open(*state);
	struct checkpoint c = { 0 }, r;
	struct checkpoint_file *f;

	for (int i = 1; i <= 5; i++) {
		checkpoint_set(&c, (uint64_t)i, i * 1000);
		f = checkpoint_file_add(&c, odd);
		f->inode = 77;
		f->len = i;
		f->since = 1764000000 + i;
		put(s, &c);
		get(s, &r);
		assert_int_equal(r.serial, i);
		assert_int_equal(r.n_pos, i);
		assert_int_equal(checkpoint_get(&r, (uint64_t)i), i * 1000);
		assert_int_equal(r.n_files, 1);
		assert_string_equal(r.files[0].path, odd);
		assert_int_equal(r.files[0].inode, 77);
		assert_int_equal(r.files[0].len, i);
		assert_int_equal(r.files[0].since, 1764000000 + i);
		checkpoint_clear(&r);
	}
	checkpoint_file_add(&c, "second")->len = 2;
	checkpoint_file_drop(&c, 0);
	put(s, &c);
	get(s, &r);
	assert_int_equal(r.n_files, 1);
	assert_non_null(checkpoint_file(&r, "second"));
	assert_null(checkpoint_file(&r, odd));
	checkpoint_clear(&r);
	checkpoint_clear(&c);
	spool_close(s);
}

/* A write that was cut anywhere leaves the state before it, or all of it. */
static void
test_torn_writes(void **state)
{
	struct spool *s = util_open(*state);
	struct checkpoint c = { 0 }, r;
	struct buf before, after, torn = BUF_INIT(0);
	size_t half;

	checkpoint_set(&c, 1, 111);
	put(s, &c);
	checkpoint_set(&c, 1, 222);
	put(s, &c);
	before = contents(s);
	checkpoint_set(&c, 1, 333);
	put(s, &c);
	after = contents(s);
	half = after.len / 2;
	assert_int_equal(before.len, after.len);
	/* serial 3 goes to the second block, serial 2 stays as it was */
	assert_memory_equal(before.data, after.data, half);
	assert_memory_not_equal(before.data + half, after.data + half, half);
	for (size_t cut = 0; cut <= half; cut += cut < 200 ? 1 : 97) {
		bool all;

		buf_reset(&torn);
		buf_add(&torn, before.data, half);
		buf_add(&torn, after.data + half, cut);
		buf_add(&torn, before.data + half + cut, half - cut);
		all = memcmp(torn.data, after.data, torn.len) == 0;
		set_contents(s, torn.data, torn.len);
		get(s, &r);
		assert_int_equal(checkpoint_get(&r, 1), all ? 333 : 222);
		assert_int_equal(r.serial, all ? 3 : 2);
		checkpoint_clear(&r);
	}
	buf_clear(&before);
	buf_clear(&after);
	buf_clear(&torn);
	checkpoint_clear(&c);
	spool_close(s);
}

static void
test_damage(void **state)
{
	struct spool *s = util_open(*state);
	struct checkpoint c = { 0 }, r;
	struct err err = { 0 };
	struct buf b;

	checkpoint_set(&c, 1, 111);
	put(s, &c);
	checkpoint_set(&c, 1, 222);
	put(s, &c);
	b = contents(s);
	/* the newest, serial 2, is the first block: one bit of its text */
	b.data[60] ^= 1;
	set_contents(s, b.data, b.len);
	get(s, &r);
	assert_int_equal(checkpoint_get(&r, 1), 111);
	checkpoint_clear(&r);
	/* and of the other */
	b.data[b.len / 2 + 30] ^= 1;
	set_contents(s, b.data, b.len);
	assert_int_equal(checkpoint_read(s, KEY, &r, &err), -1);
	assert_int_equal(err.cls, ERR_INPUT);
	assert_non_null(strstr(err.msg, "is damaged"));
	checkpoint_clear(&r);
	for (size_t n = 0; n < 4; n++) {
		set_contents(s, b.data, n);
		assert_int_equal(checkpoint_read(s, KEY, &r, &err), -1);
		checkpoint_clear(&r);
	}
	buf_clear(&b);
	checkpoint_clear(&c);
	spool_close(s);
}

static void
test_growth(void **state)
{
	struct spool *s = util_open(*state);
	struct checkpoint c = { 0 }, r;
	struct buf small, large;

	checkpoint_set(&c, 1, 1);
	put(s, &c);
	small = contents(s);
	for (uint64_t i = 1; i <= 2000; i++) {
		checkpoint_set(&c, i, (off_t)i * 7);
		if (i % 400 == 0)
			put(s, &c);
	}
	put(s, &c);
	large = contents(s);
	assert_true(large.len > small.len);
	get(s, &r);
	assert_int_equal(r.n_pos, 2000);
	for (uint64_t i = 1; i <= 2000; i++)
		assert_int_equal(checkpoint_get(&r, i), i * 7);
	checkpoint_clear(&r);
	/* small again: the blocks keep their size, and still take turns */
	checkpoint_prune(&c, NULL, 0);
	for (int i = 0; i < 3; i++) {
		checkpoint_set(&c, 9, i);
		put(s, &c);
		get(s, &r);
		assert_int_equal(r.n_pos, 1);
		assert_int_equal(checkpoint_get(&r, 9), i);
		checkpoint_clear(&r);
	}
	buf_clear(&small);
	small = contents(s);
	assert_int_equal(small.len, large.len);
	buf_clear(&small);
	buf_clear(&large);
	checkpoint_clear(&c);
	spool_close(s);
}

/* A file whose sync failed is not written again: a new one takes its place. */
static void
test_failed_sync(void **state)
{
	struct spool *s = util_open(*state);
	struct checkpoint c = { 0 }, r;
	struct err err = { 0 };
	struct stat before, after;

	checkpoint_set(&c, 1, 111);
	put(s, &c);
	assert_int_equal(fstatat(spool_dirfd(s), PATH, &before, 0), 0);
	checkpoint_set(&c, 1, 222);
	syncs_to_fail = 1;
	put(s, &c);
	assert_int_equal(fstatat(spool_dirfd(s), PATH, &after, 0), 0);
	assert_true(before.st_ino != after.st_ino);
	get(s, &r);
	assert_int_equal(checkpoint_get(&r, 1), 222);
	checkpoint_clear(&r);

	checkpoint_set(&c, 1, 333);
	syncs_to_fail = 2;
	assert_int_equal(checkpoint_write(s, KEY, &c, &err), -1);
	assert_int_equal(err.cls, ERR_IO);
	assert_int_equal(syncs_to_fail, 0);

	/* nor is one believed that can't be made durable */
	syncs_to_fail = 1;
	assert_int_equal(checkpoint_read(s, KEY, &r, &err), -1);
	assert_int_equal(err.cls, ERR_IO);
	checkpoint_clear(&r);
	checkpoint_clear(&c);
	spool_close(s);
}

static void
test_lock(void **state)
{
	struct spool *s = util_open(*state);
	struct err err = { 0 };
	int a, b;

	a = checkpoint_lock(s, KEY, &err);
	assert_true(a >= 0);
	assert_int_equal(checkpoint_lock(s, KEY, &err), -2);
	b = checkpoint_lock(s, "other", &err);
	assert_true(b >= 0);
	close(b);
	close(a);
	a = checkpoint_lock(s, KEY, &err);
	assert_true(a >= 0);
	close(a);
	spool_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_positions),
		TEST(test_none),
		TEST(test_read_back),
		TEST(test_torn_writes),
		TEST(test_damage),
		TEST(test_growth),
		TEST(test_failed_sync),
		TEST(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
