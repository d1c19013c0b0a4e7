/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acct/counters.h"
#include "acct/daytime.h"
#include "acct/histogram.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/num.h"
#include "base/tsv.h"
#include "base/xalloc.h"

enum {
	LAZY_MS = 15 * 1000,	/* fewer, larger deltas in a service */
	CROWD = 50000,		/* keys held in memory before a commit */
	KEEP_FILES = 4,		/* days named in the checkpoint */
};

const char *const counters_names[COUNTERS_COLUMNS] = {
	[COUNTERS_MINUTE] = "minute",
	[COUNTERS_SOURCE] = "source",
	[COUNTERS_VMTA] = "vmta",
	[COUNTERS_GROUP] = "group",
	[COUNTERS_DOMAIN] = "domain",
	[COUNTERS_MTA] = "mta",
	[COUNTERS_JOB] = "job",
	[COUNTERS_TYPE] = "type",
	[COUNTERS_CATEGORY] = "category",
	[COUNTERS_CLASS] = "class",
	[COUNTERS_CODE] = "code",
	[COUNTERS_STATUS] = "status",
	[COUNTERS_COUNT] = "count",
	[COUNTERS_BYTES] = "bytes",
	[COUNTERS_WAIT] = "wait",
	[COUNTERS_LATENCY] = "latency",
};

/* The event field of a column of the key, after the minute. */
static const enum event_field key_fields[] = {
	EV_SOURCE, EV_VMTA, EV_GROUP, EV_DOMAIN, EV_MTA, EV_JOB, EV_TYPE,
	EV_CATEGORY, EV_CLASS, EV_CODE, EV_STATUS,
};
enum { N_KEY_FIELDS = sizeof(key_fields) / sizeof(key_fields[0]) };
_Static_assert(N_KEY_FIELDS + 1 == COUNTERS_COUNT, "one field a column");

struct counter {
	uint64_t count, bytes;
	struct histogram wait, latency;
};

struct day {
	char name[DAYTIME_DAY + 1];
	struct map counters;	/* the line up to the count -> struct counter */
};

struct counters {
	struct target base;
	struct daytime days;
	struct day *open;	/* days with something to write */
	size_t n_open;
	size_t n_keys;
	struct buf key, rows;
};

static struct counters *
self(struct target *t)
{
	return (struct counters *)t;
}

static void
free_counter(void *value)
{
	struct counter *c = value;

	histogram_clear(&c->wait);
	histogram_clear(&c->latency);
	free(c);
}

static void
forget(struct counters *c)
{
	for (size_t i = 0; i < c->n_open; i++)
		map_clear(&c->open[i].counters, free_counter);
	free(c->open);
	c->open = NULL;
	c->n_open = c->n_keys = 0;
}

/* --- taking in --- */

static struct day *
find_day(struct counters *c, int64_t s)
{
	char name[DAYTIME_DAY + 1];
	struct day *d;

	daytime_day(&c->days, s, name);
	for (size_t i = 0; i < c->n_open; i++)
		if (strcmp(c->open[i].name, name) == 0)
			return &c->open[i];
	c->open = xreallocarray(c->open, c->n_open + 1, sizeof(c->open[0]));
	d = &c->open[c->n_open++];
	*d = (struct day){ .counters = MAP_INIT };
	memcpy(d->name, name, sizeof(name));
	return d;
}

static void
make_key(struct counters *c, const struct event *e, int64_t s)
{
	buf_reset(&c->key);
	buf_addu(&c->key, (uint64_t)(s - s % 60));
	for (size_t i = 0; i < N_KEY_FIELDS; i++) {
		buf_addc(&c->key, '\t');
		tsv_add(&c->key, e->f[key_fields[i]]);
	}
}

/* A number that an event may lack. */
static int
number(const char *text, uint64_t *out)
{
	return num_parse_n(text, strlen(text), out);
}

static int
add(struct target *t, const struct event *e)
{
	struct counters *c = self(t);
	int64_t ms = daytime_parse_ms(e->f[EV_TIME]);
	int64_t s = ms < 0 ? t->now : ms / 1000;
	struct day *d = find_day(c, s);
	struct counter *n;
	uint64_t v;
	void **at;

	make_key(c, e, s);
	at = map_at(&d->counters, c->key.data);
	if (*at == NULL) {
		*at = xcalloc(1, sizeof(*n));
		c->n_keys++;
	}
	n = *at;
	n->count++;
	if (number(e->f[EV_SIZE], &v) == 0)
		n->bytes += v;
	if (number(e->f[EV_QUEUED], &v) == 0 && (int64_t)v <= s)
		histogram_add(&n->wait,
		    histogram_bucket((uint64_t)s - v), 1);
	if (number(e->f[EV_LATENCY], &v) == 0)
		histogram_add(&n->latency, histogram_bucket(v), 1);
	t->taken++;
	t->crowded = c->n_keys >= CROWD;
	return 0;
}

/* --- files --- */

static void
lose(struct target *t, size_t i, const char *why)
{
	log_warn("%s/%s %s: the counts of that day may be incomplete",
	    spool_dir(t->spool), t->cp.files[i].path, why);
	checkpoint_file_drop(&t->cp, i);
}

/* Make one file agree with the checkpoint.  Returns 0 or -1. */
static int
restore_file(struct target *t, size_t i, struct err *err)
{
	const struct checkpoint_file *was = &t->cp.files[i];
	int fd = openat(spool_dirfd(t->spool), was->path,
	    O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int rc = 0;

	if (fd < 0 && errno == ENOENT) {
		lose(t, i, "is gone");
		return 0;
	}
	if (fd < 0)
		return err_sys(err, "cannot open %s", was->path);
	if (fstat(fd, &st) < 0)
		rc = err_sys(err, "cannot look at %s", was->path);
	else if (st.st_ino != was->inode)
		lose(t, i, "is another file than the one that was written");
	else if (st.st_size < was->len)
		lose(t, i, "is shorter than what was written to it");
	else if (st.st_size > was->len && ftruncate(fd, was->len) < 0)
		rc = err_sys(err, "cannot cut %s", was->path);
	close(fd);
	return rc;
}

static int
restore(struct target *t, struct err *err)
{
	for (size_t i = t->cp.n_files; i-- > 0;)
		if (restore_file(t, i, err) < 0)
			return -1;
	return 0;
}

/* Name a file in the checkpoint with the length it has, before it grows. */
static int
name_file(struct target *t, const char *path, int fd, struct err *err)
{
	struct checkpoint_file *entry;
	struct stat st;

	if (fstat(fd, &st) < 0 || fsync(fd) < 0 ||
	    fd_sync_dir(spool_dirfd(t->spool), "stats") < 0)
		return err_sys(err, "cannot sync %s", path);
	entry = checkpoint_file_add(&t->cp, path);
	entry->inode = st.st_ino;
	entry->len = st.st_size;
	entry->since = t->now;
	return checkpoint_write(t->spool, t->key, &t->cp, err);
}

static int
by_key(const void *a, const void *b)
{
	const struct map_slot *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* The lines of a day, in order of time, into c->rows. */
static void
format_day(struct counters *c, const struct day *d, bool header)
{
	const struct map_slot **slots = xcalloc(d->counters.count + 1,
	    sizeof(slots[0]));
	const struct map_slot *s;
	size_t n = 0, at = 0;

	buf_reset(&c->rows);
	for (size_t i = 0; header && i < COUNTERS_COLUMNS; i++) {
		buf_adds(&c->rows, counters_names[i]);
		buf_addc(&c->rows, i + 1 < COUNTERS_COLUMNS ? '\t' : '\n');
	}
	while ((s = map_next(&d->counters, &at)) != NULL)
		slots[n++] = s;
	qsort(slots, n, sizeof(slots[0]), by_key);
	for (size_t i = 0; i < n; i++) {
		const struct counter *v = slots[i]->value;

		buf_adds(&c->rows, slots[i]->key);
		buf_addc(&c->rows, '\t');
		buf_addu(&c->rows, v->count);
		buf_addc(&c->rows, '\t');
		buf_addu(&c->rows, v->bytes);
		buf_addc(&c->rows, '\t');
		histogram_format(&v->wait, &c->rows);
		buf_addc(&c->rows, '\t');
		histogram_format(&v->latency, &c->rows);
		buf_addc(&c->rows, '\n');
	}
	free(slots);
}

static int
append_day(struct counters *c, const struct day *d, struct err *err)
{
	struct target *t = &c->base;
	struct checkpoint_file *entry;
	char path[32];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "stats/%s.tsv", d->name);
	fd = openat(spool_dirfd(t->spool), path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return err_sys(err, "cannot open %s/%s", spool_dir(t->spool),
		    path);
	entry = checkpoint_file(&t->cp, path);
	if (entry == NULL) {
		rc = name_file(t, path, fd, err);
		entry = checkpoint_file(&t->cp, path);
	}
	if (rc == 0) {
		format_day(c, d, entry->len == 0);
		if (fd_pwrite_all(fd, c->rows.data, c->rows.len, entry->len) <
		    0) {
			rc = err_sys(err, "cannot write %s/%s",
			    spool_dir(t->spool), path);
			if (ftruncate(fd, entry->len) < 0)
				log_warn("cannot cut %s: %s", path,
				    strerror(errno));
		} else if (fdatasync(fd) < 0) {
			rc = err_sys(err, "cannot sync %s/%s",
			    spool_dir(t->spool), path);
		} else {
			entry->len += (off_t)c->rows.len;
		}
	}
	close(fd);
	return rc;
}

static int
write_out(struct target *t, struct err *err)
{
	struct counters *c = self(t);

	for (size_t i = 0; i < c->n_open; i++)
		if (append_day(c, &c->open[i], err) < 0)
			return -1;
	/* days long past need no entry: what they have is committed */
	while (c->n_open < KEEP_FILES && t->cp.n_files > KEEP_FILES)
		checkpoint_file_drop(&t->cp, 0);
	forget(c);
	return 0;
}

static void
reset(struct target *t)
{
	forget(self(t));
}

static void
free_counters(struct target *t)
{
	struct counters *c = self(t);

	buf_clear(&c->key);
	buf_clear(&c->rows);
	free(c);
}

static const struct target_ops counters_ops = {
	.restore = restore,
	.add = add,
	.write = write_out,
	.reset = reset,
	.free = free_counters,
};

struct target *
counters_new(struct spool *s)
{
	struct counters *c = xcalloc(1, sizeof(*c));

	target_init(&c->base, &counters_ops, s, COUNTERS_KEY);
	c->base.lazy_ms = LAZY_MS;
	return &c->base;
}
