/* SPDX-License-Identifier: ISC */
/* What the tests of accounting share: journals made by hand, rows counted. */
#ifndef TEST_ACCT_UTIL_H
#define TEST_ACCT_UTIL_H

#include "../spool/util.h"

#include "acct/counters.h"
#include "acct/file.h"
#include "acct/sweep.h"
#include "base/fd.h"
#include "base/num.h"
#include "spool/journal.h"
#include "spool/journal_impl.h"

/* A journal as a sender writes it: locked, lines framed, closed at the end. */
struct maker {
	struct journal_header h;
	char boot_id[BOOT_ID + 1];
	int fd;
	off_t off;
};

static inline void
maker_begin(struct maker *m, struct spool *s, uint64_t number,
    uint64_t continues, off_t at)
{
	char path[64], text[JOURNAL_HEADER];

	*m = (struct maker){ .h = { .number = number, .continues = continues,
		.continues_at = at } };
	memcpy(m->boot_id, s->boot_id, sizeof(m->boot_id));
	journal_path(number, path);
	m->fd = openat(spool_dirfd(s), path, O_RDWR | O_CREAT | O_EXCL, 0660);
	assert_true(m->fd >= 0);
	assert_int_equal(lock_try(m->fd, 0, 1), 1);
	journal_header_format(&m->h, m->boot_id, text);
	assert_int_equal(fd_pwrite_all(m->fd, text, sizeof(text), 0), 0);
	m->off = JOURNAL_HEADER;
}

/* One outcome; time in whole seconds. */
static inline void
maker_add(struct maker *m, const char *id, const char *type, int64_t time)
{
	struct buf payload = BUF_INIT(0), line = BUF_INIT(0);
	struct event e = { .f = { 0 } };
	char when[32];

	snprintf(when, sizeof(when), "%lld.500", (long long)time);
	e.f[EV_TIME] = when;
	e.f[EV_TYPE] = type;
	e.f[EV_ID] = id;
	e.f[EV_QUEUE] = "example.com/fast";
	e.f[EV_DOMAIN] = "example.com";
	e.f[EV_VMTA] = "fast";
	e.f[EV_SENDER] = "news@example.org";
	e.f[EV_RCPT] = "user@example.com";
	e.f[EV_QUEUED] = "1700000000";
	e.f[EV_CODE] = "250";
	e.f[EV_STATUS] = "2.0.0";
	e.f[EV_SIZE] = "1000";
	e.f[EV_LATENCY] = "5";
	buf_addf(&payload, "00000000000000000000.0\t%s\t%063d\t", id, 0);
	assert_int_equal(event_append(&payload, &e, EVENT_LINE_MAX), 0);
	journal_frame(&line, payload.data, payload.len);
	assert_int_equal(fd_pwrite_all(m->fd, line.data, line.len, m->off), 0);
	m->off += (off_t)line.len;
	buf_clear(&payload);
	buf_clear(&line);
}

/* Outcomes first to last, of type d but each fifth b. */
static inline void
maker_fill(struct maker *m, int first, int last, int64_t time)
{
	for (int i = first; i <= last; i++) {
		char id[NAME_ID + 1];

		snprintf(id, sizeof(id), "id%06d.0", i);
		maker_add(m, id, i % 5 == 0 ? "b" : "d", time);
	}
}

static inline void
maker_end(struct maker *m)
{
	char text[JOURNAL_HEADER];

	m->h.end = m->off;
	memcpy(m->h.closed_boot, m->boot_id, sizeof(m->h.closed_boot));
	journal_header_format(&m->h, m->boot_id, text);
	assert_int_equal(fd_pwrite_all(m->fd, text, sizeof(text), 0), 0);
	close(m->fd);
}

/* The time of a spool that is marked as a test; before it is opened. */
static inline void
util_clock(const char *dir, const char *time)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/control/test", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "%s/damaged/clock", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, time, strlen(time)), 0);
	close(fd);
	setenv("VMTA_CLOCK", path, 1);
}

static const char *const util_fields[] = { "id", "type", "time" };

/* An acct-file of three columns, PATH in the spool's own folder. */
static inline struct conf_acct
util_acct(const char *path)
{
	return (struct conf_acct){ .path = path, .records = "d,b",
		.fields = util_fields, .n_fields = 3, .format = "csv",
		.max_size = INT64_MAX, .delete_after_s = SPAN_NEVER,
		.iso_times = true };
}

/*
 * All rows of the files of a folder that end in suffix, header lines left out,
 * in the order of the names.  Each file must begin with header and end whole.
 */
static inline struct buf
util_rows(const char *dir, const char *prefix, const char *header)
{
	struct buf all = BUF_INIT(0);
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_true(n >= 0 && fd >= 0);
	for (int i = 0; i < n; i++) {
		struct buf one = BUF_INIT(0);

		if (strncmp(names[i]->d_name, prefix, strlen(prefix)) == 0) {
			assert_int_equal(fd_read_file(fd, names[i]->d_name,
			    SIZE_MAX / 4, &one), 0);
			if (strncmp(one.data, header, strlen(header)) != 0)
				fail_msg("%s: header", names[i]->d_name);
			assert_int_equal(one.data[one.len - 1], '\n');
			buf_adds(&all, one.data + strlen(header));
		}
		buf_clear(&one);
		free(names[i]);
	}
	free(names);
	close(fd);
	return all;
}

/* Are outcomes 1 to last in the rows, each once? */
static inline void
util_each_once(const struct buf *rows, int last)
{
	unsigned char *seen = calloc((size_t)last + 1, 1);
	int n = 0;

	assert_non_null(seen);
	for (const char *p = rows->data; *p != '\0'; p = strchr(p, '\n') + 1) {
		uint64_t id;

		if (strncmp(p, "id", 2) != 0 ||
		    num_parse_n(p + 2, 6, &id) < 0 || id == 0 ||
		    id > (uint64_t)last)
			fail_msg("not a row: %.40s", p);
		if (seen[id]++)
			fail_msg("row %d stands there twice", (int)id);
		n++;
	}
	free(seen);
	if (n != last)
		fail_msg("%d rows of %d", n, last);
}

/* The sum of a column of all stats files. */
static inline uint64_t
util_sum(const char *spool, int column)
{
	char dir[256];
	struct buf header = BUF_INIT(0), rows;
	uint64_t sum = 0;

	for (int i = 0; i < COUNTERS_COLUMNS; i++)
		buf_addf(&header, "%s%c", counters_names[i],
		    i + 1 < COUNTERS_COLUMNS ? '\t' : '\n');
	snprintf(dir, sizeof(dir), "%s/stats", spool);
	rows = util_rows(dir, "2", header.data);
	for (const char *p = rows.data; *p != '\0'; p = strchr(p, '\n') + 1) {
		const char *f = p;
		uint64_t v;

		for (int i = 0; i < column; i++)
			f = strchr(f, '\t') + 1;
		assert_int_equal(num_parse_n(f, strcspn(f, "\t\n"), &v), 0);
		sum += v;
	}
	buf_clear(&header);
	buf_clear(&rows);
	return sum;
}

#endif
