/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acct/finish.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"

/* The end of a day in local time, or -1. */
static int64_t
day_end(const char *day)
{
	struct tm tm = { 0 };

	if (strptime(day, "%Y-%m-%d", &tm) == NULL)
		return -1;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

static bool
is_same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* Returns: 0, or -1 when the others would fail the same way. */
static int
move(const char *path, const char *dir, const char *file)
{
	struct buf to = BUF_INIT(0);
	int rc;

	buf_addf(&to, "%s/%s", dir, file);
	/* never over a file that is there */
	rc = renameat2(AT_FDCWD, path, AT_FDCWD, to.data, RENAME_NOREPLACE);
	if (rc < 0)
		log_warn("cannot move %s to %s: %s", path, to.data,
		    strerror(errno));
	rc = rc < 0 && errno != EEXIST ? -1 : 0;
	buf_clear(&to);
	return rc;
}

/* The next of our files: its path, its day, and its name in the path. */
static const char *
next_file(DIR *d, const struct acct_name *name, struct buf *path,
    char day[DAYTIME_DAY + 1])
{
	const struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		if (!acct_name_match(name, e->d_name, day, NULL))
			continue;
		buf_reset(path);
		buf_addf(path, "%s%s%s", name->dir,
		    strcmp(name->dir, "/") == 0 ? "" : "/", e->d_name);
		return path->data + path->len - strlen(e->d_name);
	}
	return NULL;
}

static bool
is_path(const struct buf *path, const char *other)
{
	return other != NULL && strcmp(path->data, other) == 0;
}

void
acct_finish(const struct conf_acct *conf, const struct acct_name *name,
    const char *current, int64_t now)
{
	bool moves = conf->move_to != NULL &&
	    !is_same_folder(conf->move_to, name->dir);
	struct buf path = BUF_INIT(0);
	char day[DAYTIME_DAY + 1];
	const char *file;
	bool changed = false;
	DIR *d;

	if (!moves && conf->delete_after_s == SPAN_NEVER)
		return;
	d = opendir(name->dir);
	if (d == NULL)
		return;		/* the writer says what is wrong with it */
	while ((file = next_file(d, name, &path, day)) != NULL) {
		int64_t end = day_end(day);

		if (is_path(&path, current) || (!moves &&
		    (end < 0 || now - end < conf->delete_after_s)))
			continue;
		changed = true;
		if (moves) {
			if (move(path.data, conf->move_to, file) < 0)
				break;
		} else if (unlink(path.data) < 0 && errno != ENOENT) {
			log_warn("cannot delete %s: %s", path.data,
			    strerror(errno));
			break;
		}
	}
	closedir(d);
	buf_clear(&path);
	if (changed && fd_sync_dir(AT_FDCWD, name->dir) < 0)
		log_warn("cannot sync %s: %s", name->dir, strerror(errno));
}

/* No more than the first part of a header, and nobody has it open to write? */
static bool
is_stray(const char *path, const struct buf *header)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *text;
	bool stray = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= (off_t)header->len && lock_try(fd, 0, 0) == 1) {
		text = xmalloc(header->len + 1);
		stray = fd_pread_all(fd, text, header->len + 1, 0) ==
			st.st_size &&
		    memcmp(text, header->data, (size_t)st.st_size) == 0;
		free(text);
	}
	close(fd);
	return stray;
}

void
acct_remove_strays(const struct acct_name *name, const struct buf *header,
    const char *current, const char *lost)
{
	struct buf path = BUF_INIT(0);
	char day[DAYTIME_DAY + 1];
	DIR *d = opendir(name->dir);

	if (d == NULL)
		return;
	while (next_file(d, name, &path, day) != NULL)
		if (!is_path(&path, current) && !is_path(&path, lost) &&
		    is_stray(path.data, header))
			(void)unlink(path.data);
	closedir(d);
	buf_clear(&path);
}
