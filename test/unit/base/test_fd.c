/* SPDX-License-Identifier: ISC */
/* Whole reads and writes, durable replacement, OFD locks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

static char top[] = "/tmp/test_fd.XXXXXX";
static int root = -1;

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	root = open(top, O_RDONLY | O_DIRECTORY);
	return mkdirat(root, "tmp", 0700) | mkdirat(root, "d", 0700);
}

static int
teardown(void **state)
{
	static const char *const files[] = { "d/f", "d/big", "d/lock" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(root, files[i], 0);
	return unlinkat(root, "d", AT_REMOVEDIR) |
	    unlinkat(root, "tmp", AT_REMOVEDIR) | close(root) | rmdir(top);
}

static size_t
files_in_tmp(void)
{
	struct stat st;

	/* an empty folder can be removed and made again */
	if (unlinkat(root, "tmp", AT_REMOVEDIR) < 0)
		return 1;
	assert_int_equal(mkdirat(root, "tmp", 0700), 0);
	assert_int_equal(fstatat(root, "tmp", &st, 0), 0);
	return 0;
}

static void
test_replace_then_read(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	assert_int_equal(fd_replace_file(root, "tmp", "d/f", "d", "old", 3),
	    0);
	assert_int_equal(
	    fd_replace_file(root, "tmp", "d/f", "d", "newer", 5), 0);
	assert_int_equal(fd_read_file(root, "d/f", 100, &b), 0);
	assert_string_equal(b.data, "newer");
	/* appended, not replaced */
	assert_int_equal(fd_read_file(root, "d/f", 5, &b), 0);
	assert_string_equal(b.data, "newernewer");
	assert_int_equal(files_in_tmp(), 0);
	buf_clear(&b);
}

static void
test_replace_leaves_nothing_behind_when_it_fails(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	assert_int_equal(fd_replace_file(root, "tmp", "d/f", "d", "kept", 4),
	    0);
	assert_int_equal(
	    fd_replace_file(root, "tmp", "none/f", "none", "x", 1), -1);
	assert_int_equal(errno, ENOENT);
	/* a folder is in the way */
	assert_int_equal(fd_replace_file(root, "tmp", "d", ".", "x", 1), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(
	    fd_replace_file(root, "none", "d/f", "d", "x", 1), -1);
	assert_int_equal(files_in_tmp(), 0);
	assert_int_equal(fd_read_file(root, "d/f", 100, &b), 0);
	assert_string_equal(b.data, "kept");
	buf_clear(&b);
}

static void
test_read_file_limits(void **state)
{
	struct buf b = BUF_INIT(0);
	char *big = malloc(40000);

	(void)state;
	memset(big, 'x', 40000);
	assert_int_equal(
	    fd_replace_file(root, "tmp", "d/big", "d", big, 40000), 0);
	assert_int_equal(fd_read_file(root, "d/big", 40000, &b), 0);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.data, big, 40000);
	buf_reset(&b);
	assert_int_equal(fd_read_file(root, "d/big", 39999, &b), -1);
	assert_int_equal(errno, EFBIG);
	buf_reset(&b);
	assert_int_equal(fd_read_file(root, "d/none", 100, &b), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd_read_file(root, "d", 100, &b), -1);
	assert_int_equal(errno, EISDIR);
	buf_clear(&b);
	free(big);
}

/* A buffer's own maximum needs no more room than the file takes. */
static void
test_read_file_into_a_bounded_buffer(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(fd_replace_file(root, "tmp", "d/f", "d", "12345", 5),
	    0);
	assert_int_equal(fd_read_file(root, "d/f", 100, &b), 0);
	assert_string_equal(b.data, "12345");
	buf_reset(&b);
	assert_int_equal(fd_replace_file(root, "tmp", "d/f", "d", "123456", 6),
	    0);
	assert_int_equal(fd_read_file(root, "d/f", 100, &b), -1);
	assert_int_equal(errno, EFBIG);
	buf_clear(&b);
}

static void
test_pread_stops_at_the_end(void **state)
{
	char to[10] = { 0 };
	int fd;

	(void)state;
	fd_replace_file(root, "tmp", "d/f", "d", "0123456789", 10);
	fd = openat(root, "d/f", O_RDWR);
	assert_int_equal(fd_pread_all(fd, to, 4, 0), 4);
	assert_memory_equal(to, "0123", 4);
	assert_int_equal(fd_pread_all(fd, to, 10, 7), 3);
	assert_memory_equal(to, "789", 3);
	assert_int_equal(fd_pread_all(fd, to, 10, 10), 0);
	assert_int_equal(fd_pwrite_all(fd, "AB", 2, 8), 0);
	assert_int_equal(fd_pread_all(fd, to, 10, 0), 10);
	assert_memory_equal(to, "01234567AB", 10);
	close(fd);
	assert_int_equal(fd_pread_all(fd, to, 1, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fd_pwrite_all(fd, "x", 1, 0), -1);
	assert_int_equal(fd_write_all(fd, "x", 1), -1);
}

/* More than a pipe holds, with a slow reader: the write goes on. */
static void
test_write_all_through_a_pipe(void **state)
{
	enum { SIZE = 300000 };
	char *data = malloc(SIZE);
	int p[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(p), 0);
	child = fork();
	if (child == 0) {
		size_t got = 0;
		char part[4096];
		ssize_t r;

		close(p[1]);
		while ((r = read(p[0], part, sizeof(part))) > 0)
			got += (size_t)r;
		_exit(got == SIZE ? 0 : 1);
	}
	close(p[0]);
	memset(data, 'y', SIZE);
	assert_int_equal(fd_write_all(p[1], data, SIZE), 0);
	close(p[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(data);
}

static void
test_sync_dir(void **state)
{
	(void)state;
	assert_int_equal(fd_sync_dir(root, "d"), 0);
	assert_int_equal(fd_sync_dir(root, "none"), -1);
	assert_int_equal(errno, ENOENT);
	fd_replace_file(root, "tmp", "d/f", "d", "x", 1);
	assert_int_equal(fd_sync_dir(root, "d/f"), -1);
	assert_int_equal(errno, ENOTDIR);
}

static void
test_locks_between_descriptions(void **state)
{
	int a = openat(root, "d/lock", O_RDWR | O_CREAT, 0600);
	int b = openat(root, "d/lock", O_RDWR);

	(void)state;
	assert_int_equal(lock_try(a, 0, 10), 1);
	assert_int_equal(lock_try(a, 0, 10), 1);
	assert_int_equal(lock_try(b, 0, 1), 0);
	assert_int_equal(lock_try(b, 9, 5), 0);
	assert_int_equal(lock_try(b, 10, 5), 1);
	assert_int_equal(lock_held(b, 0, 1), 1);
	assert_int_equal(lock_held(a, 0, 10), 0);
	assert_int_equal(lock_held(a, 0, 11), 1);
	/* one drop undoes both takes */
	assert_int_equal(lock_drop(a, 0, 10), 0);
	assert_int_equal(lock_held(b, 0, 10), 0);
	assert_int_equal(lock_try(b, 0, 1), 1);
	assert_int_equal(lock_try(a, 0, 1), 0);
	/* and so does closing */
	close(b);
	assert_int_equal(lock_try(a, 0, 15), 1);
	close(a);
	assert_int_equal(lock_try(a, 0, 1), -1);
	assert_int_equal(lock_drop(a, 0, 1), -1);
	assert_int_equal(lock_held(a, 0, 1), -1);
	assert_int_equal(lock_wait(a, 0, 1), -1);
}

/* The child waits for a lock that the parent drops after the child was seen
 * to be refused it. */
static void
test_wait_gets_it_after_the_drop(void **state)
{
	int a = openat(root, "d/lock", O_RDWR | O_CREAT, 0600);
	int told[2], status;
	char c;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(told), 0);
	assert_int_equal(lock_try(a, 3, 1), 1);
	child = fork();
	if (child == 0) {
		int b = openat(root, "d/lock", O_RDWR);

		if (lock_try(b, 3, 1) != 0 || write(told[1], "x", 1) != 1 ||
		    lock_wait(b, 3, 1) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	assert_int_equal(lock_drop(a, 3, 1), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(a);
	close(told[0]);
	close(told[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace_then_read),
		cmocka_unit_test(
		    test_replace_leaves_nothing_behind_when_it_fails),
		cmocka_unit_test(test_read_file_limits),
		cmocka_unit_test(test_read_file_into_a_bounded_buffer),
		cmocka_unit_test(test_pread_stops_at_the_end),
		cmocka_unit_test(test_write_all_through_a_pipe),
		cmocka_unit_test(test_sync_dir),
		cmocka_unit_test(test_locks_between_descriptions),
		cmocka_unit_test(test_wait_gets_it_after_the_drop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
