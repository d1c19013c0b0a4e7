/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acct/columns.h"
#include "acct/daytime.h"
#include "acct/file.h"
#include "acct/finish.h"
#include "acct/names.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"

struct acct_file {
	struct target base;
	const struct conf_acct *conf;
	struct acct_name name;
	struct columns *columns;
	unsigned records;		/* bits of enum record_types */
	struct daytime days;
	struct buf header;
	struct buf rows;		/* taken, not yet written */
	/* the file that is written now */
	int fd;				/* -1: none */
	char *path;
	off_t len;
	int64_t since;			/* when it was begun, seconds */
	bool full;			/* the next row goes to a new one */
	int64_t checked;		/* the time of the look at its period */
	char *lost;			/* it can't be gone on with */
	/* files that were ended wait to be moved or deleted */
	bool finish_due;
	int64_t finished;		/* when that was last looked at */
	unsigned n_files;		/* written by this process */
	char *last_path;
};

enum { FINISH_EVERY_S = 3600 };

static struct acct_file *
self(struct target *t)
{
	return (struct acct_file *)t;
}

static void
close_file(struct acct_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->path);
	f->path = NULL;
	f->len = 0;
	f->full = false;
}

/* Is it another day, or another period of the configured length, by now? */
static bool
is_over(struct acct_file *f)
{
	char then[DAYTIME_DAY + 1], now[DAYTIME_DAY + 1];
	int64_t period = f->conf->rotate_s;

	if (period <= 0 && f->conf->move_to != NULL)
		period = f->conf->move_interval_s;
	daytime_day(&f->days, f->since, then);
	daytime_day(&f->days, f->base.now, now);
	if (strcmp(then, now) != 0)
		return true;
	if (period <= 0)
		return false;
	/* by the clock of the zone: "1h" begins a file on the hour */
	return (f->since + daytime_offset(&f->days, f->since)) / period !=
	    (f->base.now + daytime_offset(&f->days, f->base.now)) / period;
}

/* Once a sweep, the time stands still in it. */
static void
look_at_period(struct acct_file *f)
{
	if (f->checked == f->base.now || f->fd < 0)
		return;
	f->checked = f->base.now;
	if (is_over(f))
		f->full = true;
}

/* --- at the start --- */

/* What the checkpoint names can't be gone on with: a new file, and say so. */
static void
lose(struct acct_file *f, const char *why)
{
	struct checkpoint_file *was = &f->base.cp.files[0];

	log_warn("%s %s: going on in a new file", was->path, why);
	free(f->lost);
	f->lost = xstrdup(was->path);
	while (f->base.cp.n_files > 0)
		checkpoint_file_drop(&f->base.cp, f->base.cp.n_files - 1);
	close_file(f);
}

/* Does the file begin with the header that we would write? */
static bool
same_header(const struct acct_file *f)
{
	char *text = xmalloc(f->header.len);
	ssize_t n = fd_pread_all(f->fd, text, f->header.len, 0);
	bool same = n == (ssize_t)f->header.len &&
	    memcmp(text, f->header.data, f->header.len) == 0;

	free(text);
	return same;
}

/* Go on with the file that the checkpoint names.  Returns 0 or -1. */
static int
reopen(struct acct_file *f, struct err *err)
{
	const struct checkpoint_file *was = f->base.cp.files;
	struct stat st;

	f->fd = open(was->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (f->fd < 0 && errno != ENOENT && errno != ELOOP)
		return err_sys(err, "cannot open %s", was->path);
	if (f->fd < 0) {
		lose(f, "is gone");
		return 0;
	}
	if (fstat(f->fd, &st) < 0)
		return err_sys(err, "cannot look at %s", was->path);
	if (!S_ISREG(st.st_mode) || st.st_ino != was->inode) {
		lose(f, "is another file than the one that was written");
	} else if (st.st_size < was->len) {
		lose(f, "is shorter than what was written to it");
	} else if (lock_try(f->fd, 0, 0) != 1) {
		lose(f, "is in use by another process");
	} else {
		/* rows that a crash left, and their positions didn't (P11) */
		if (st.st_size > was->len && ftruncate(f->fd, was->len) < 0)
			return err_sys(err, "cannot cut %s", was->path);
		f->path = xstrdup(was->path);
		f->len = was->len;
		f->since = was->since;
		f->full = !same_header(f);
	}
	return 0;
}

static int
restore(struct target *t, struct err *err)
{
	struct acct_file *f = self(t);

	if (acct_name_check(&f->name, err) < 0 ||
	    (t->cp.n_files > 0 && reopen(f, err) < 0))
		return -1;
	acct_remove_strays(&f->name, &f->header, f->path, f->lost);
	f->finish_due = true;
	return 0;
}

/* --- writing --- */

static int
add(struct target *t, const struct event *e)
{
	struct acct_file *f = self(t);
	size_t start = f->rows.len;
	off_t header = (off_t)f->header.len, end;

	if (!(record_type(e->f[EV_TYPE]) & f->records))
		return 0;
	look_at_period(f);
	columns_row(f->columns, e, &f->rows);
	end = f->fd >= 0 && !f->full ? f->len : header;
	if (end + (off_t)f->rows.len > f->conf->max_size) {
		if (start > 0) {
			f->rows.len = start;
			return 1;
		}
		if (end > header)
			f->full = true;
	}
	t->taken++;
	return 0;
}

/* End the file; it stays named in the checkpoint until the next is written. */
static void
end_file(struct acct_file *f)
{
	close_file(f);
	while (f->base.cp.n_files > 0)
		checkpoint_file_drop(&f->base.cp, f->base.cp.n_files - 1);
	f->finish_due = true;
}

/* A new name and its descriptor, in f.  Returns 0 or -1. */
static int
open_new(struct acct_file *f, struct err *err)
{
	char day[DAYTIME_DAY + 1];
	struct buf path = BUF_INIT(0);
	mode_t mode = f->conf->world_readable ? 0644 : 0640;
	uint32_t number;

	daytime_day(&f->days, f->base.now, day);
	if (acct_name_next(&f->name, f->conf->move_to, day, &number, err) < 0)
		return -1;
	while (f->fd < 0) {
		buf_reset(&path);
		acct_name_add(&path, &f->name, f->name.dir, day, number++);
		f->fd = open(path.data,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (f->fd < 0 && errno != EEXIST) {
			err_sys(err, "cannot make %s", path.data);
			buf_clear(&path);
			return -1;
		}
	}
	if (f->conf->world_readable)
		(void)fchmod(f->fd, mode);
	(void)lock_try(f->fd, 0, 0);
	f->path = xstrdup(path.data);
	buf_clear(&path);
	return 0;
}

static int
begin_file(struct acct_file *f, struct err *err)
{
	struct checkpoint_file *entry;
	struct stat st;

	if (open_new(f, err) < 0)
		return -1;
	if (fd_pwrite_all(f->fd, f->header.data, f->header.len, 0) < 0) {
		err_sys(err, "cannot write %s", f->path);
		unlink(f->path);
		return -1;
	}
	if (fsync(f->fd) < 0 || fd_sync_dir(AT_FDCWD, f->name.dir) < 0 ||
	    fstat(f->fd, &st) < 0)
		return err_sys(err, "cannot sync %s", f->path);
	f->len = (off_t)f->header.len;
	f->since = f->checked = f->base.now;
	entry = checkpoint_file_add(&f->base.cp, f->path);
	entry->inode = st.st_ino;
	entry->len = f->len;
	entry->since = f->since;
	/* with the positions from before the rows that follow */
	return checkpoint_write(f->base.spool, f->base.key, &f->base.cp, err);
}

static void
remember_file(struct acct_file *f)
{
	if (f->last_path != NULL && strcmp(f->last_path, f->path) == 0)
		return;
	free(f->last_path);
	f->last_path = xstrdup(f->path);
	f->n_files++;
}

static int
write_rows(struct acct_file *f, struct err *err)
{
	if (fd_pwrite_all(f->fd, f->rows.data, f->rows.len, f->len) < 0) {
		err_sys(err, "cannot write %s", f->path);
		/* no partial row stays, and what it took is free again */
		if (ftruncate(f->fd, f->len) < 0)
			log_warn("cannot cut %s: %s", f->path, strerror(errno));
		return -1;
	}
	if (fdatasync(f->fd) < 0)
		return err_sys(err, "cannot sync %s", f->path);
	f->len += (off_t)f->rows.len;
	f->base.cp.files[0].len = f->len;
	remember_file(f);
	buf_reset(&f->rows);
	return 0;
}

static int
write_out(struct target *t, struct err *err)
{
	struct acct_file *f = self(t);

	/* what was ended before the last commit is named no more */
	if (f->finish_due || t->now - f->finished >= FINISH_EVERY_S) {
		acct_finish(f->conf, &f->name,
		    t->cp.n_files > 0 ? t->cp.files[0].path : NULL, t->now);
		f->finish_due = false;
		f->finished = t->now;
	}
	look_at_period(f);
	if (f->fd >= 0 && f->full) {
		end_file(f);
		if (f->rows.len == 0)
			return checkpoint_write(t->spool, t->key, &t->cp, err);
	}
	if (f->rows.len == 0)
		return 0;
	if (f->fd < 0 && begin_file(f, err) < 0)
		return -1;
	return write_rows(f, err);
}

static void
reset(struct target *t)
{
	struct acct_file *f = self(t);

	close_file(f);
	buf_reset(&f->rows);
}

static void
free_file(struct target *t)
{
	struct acct_file *f = self(t);

	acct_name_clear(&f->name);
	columns_free(f->columns);
	buf_clear(&f->header);
	buf_clear(&f->rows);
	free(f->lost);
	free(f->last_path);
	free(f);
}

static const struct target_ops file_ops = {
	.restore = restore,
	.add = add,
	.write = write_out,
	.reset = reset,
	.free = free_file,
};

int
acct_file_new(struct spool *s, const struct conf_acct *conf,
    struct target **out, struct err *err)
{
	struct acct_file *f;
	char key[CHECKPOINT_KEY];
	const char *unknown;
	unsigned records = records_parse(conf->records, err);

	if (records == 0)
		return -1;
	if (conf->path[0] == '|')
		return err_set(err, ERR_CONF, "<acct-file %s>: rows go to "
		    "files, not to commands; read them with tail -F",
		    conf->path);
	f = xcalloc(1, sizeof(*f));
	checkpoint_key(conf->path, key);
	target_init(&f->base, &file_ops, s, key);
	f->conf = conf;
	f->fd = -1;
	f->records = records;
	acct_name_init(&f->name, conf->path);
	f->columns = columns_new(conf->fields, conf->n_fields, records,
	    !conf->iso_times);
	columns_header(f->columns, &f->header);
	for (size_t i = 0; (unknown = columns_unknown(f->columns, i)) != NULL;
	    i++)
		log_note("%s: nothing is recorded for the column %s, it stays "
		    "empty", conf->path, unknown);
	*out = &f->base;
	return 0;
}

const char *
acct_file_path(const struct target *t, unsigned *n_files)
{
	const struct acct_file *f = (const struct acct_file *)t;

	*n_files = f->n_files;
	return f->last_path;
}
