/* SPDX-License-Identifier: ISC */
/* Names of accounting files: made, recognised, counted up. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "acct/names.h"

static void
test_made(void **state)
{
	static const struct {
		const char *path, *made;
	} rows[] = {
		{ "/var/log/acct.csv", "/var/log/acct-2026-11-23-0007.csv" },
		{ "/acct.csv", "/acct-2026-11-23-0007.csv" },
		{ "acct.csv", "./acct-2026-11-23-0007.csv" },
		{ "/x/acct", "/x/acct-2026-11-23-0007" },
		{ "/x.d/a.b.csv", "/x.d/a.b-2026-11-23-0007.csv" },
		{ "/x/.acct", "/x/.acct-2026-11-23-0007" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acct_name n;
		struct buf b = BUF_INIT(0);

		acct_name_init(&n, rows[i].path);
		acct_name_add(&b, &n, n.dir, "2026-11-23", 7);
		assert_string_equal(b.data, rows[i].made);
		buf_clear(&b);
		acct_name_clear(&n);
	}
}

static void
test_recognised(void **state)
{
	static const struct {
		const char *file;
		bool ours;
		uint32_t number;
	} rows[] = {
		{ "acct-2026-11-23-0007.csv", true, 7 },
		{ "acct-2026-11-23-0007.csv.gz", true, 7 },
		{ "acct-2026-11-23-12345.csv", true, 12345 },
		{ "acct.csv", false, 0 },
		{ "acct-2026-11-23-007.csv", false, 0 },
		{ "acct-2026-11-23-0007.csv.bak", false, 0 },
		{ "acct-2026-11-23-0007.tsv", false, 0 },
		{ "acct-2026-11-23-0007", false, 0 },
		{ "acct-2026-1-23-0007.csv", false, 0 },
		{ "acct-2026-11-23-0007x.csv", false, 0 },
		{ "acct-2026-11-23", false, 0 },
		{ "xacct-2026-11-23-0007.csv", false, 0 },
		{ "acct2-2026-11-23-0007.csv", false, 0 },
		{ "acct-", false, 0 },
		{ "acct", false, 0 },
	};
	struct acct_name n;

	(void)state;
	acct_name_init(&n, "/x/acct.csv");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char day[DAYTIME_DAY + 1];
		uint32_t number = 99;

		if (acct_name_match(&n, rows[i].file, day, &number) !=
		    rows[i].ours)
			fail_msg("%s", rows[i].file);
		if (!rows[i].ours)
			continue;
		assert_int_equal(number, rows[i].number);
		assert_string_equal(day, "2026-11-23");
	}
	acct_name_clear(&n);
}

static void
make(const char *dir, const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void
test_counted_up(void **state)
{
	char dir[] = "/tmp/vmta-names-XXXXXX", path[64], command[96];
	struct acct_name n;
	struct err err = { 0 };
	uint32_t next;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/acct.csv", dir);
	acct_name_init(&n, path);
	assert_int_equal(acct_name_next(&n, NULL, "2026-11-23", &next, &err), 0);
	assert_int_equal(next, 0);
	make(dir, "acct-2026-11-23-0000.csv");
	make(dir, "acct-2026-11-23-0003.csv.gz");
	make(dir, "acct-2026-11-22-0009.csv");
	make(dir, "other-2026-11-23-0009.csv");
	assert_int_equal(acct_name_next(&n, NULL, "2026-11-23", &next, &err), 0);
	assert_int_equal(next, 4);
	/* those that were moved away count too; a missing folder doesn't */
	snprintf(path, sizeof(path), "%s/moved", dir);
	assert_int_equal(acct_name_next(&n, path, "2026-11-23", &next, &err), 0);
	assert_int_equal(next, 4);
	snprintf(command, sizeof(command), "%s/moved", dir);
	assert_int_equal(mkdir(command, 0700), 0);
	make(path, "acct-2026-11-23-0010.csv");
	assert_int_equal(acct_name_next(&n, path, "2026-11-23", &next, &err), 0);
	assert_int_equal(next, 11);
	acct_name_clear(&n);

	acct_name_init(&n, "/nonexistent/acct.csv");
	assert_int_equal(acct_name_next(&n, NULL, "2026-11-23", &next, &err),
	    -1);
	assert_int_equal(err.cls, ERR_CONF);
	assert_int_equal(acct_name_check(&n, &err), -1);
	assert_int_equal(err.cls, ERR_CONF);
	assert_non_null(strstr(err.msg, "/nonexistent"));
	acct_name_clear(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_counted_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
