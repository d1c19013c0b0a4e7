/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acct/finish.h"
#include "base/fd.h"
#include "base/log.h"

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

/* One file of the folder.  Returns: 0, or -1 to stop. */
static int
finish_one(const struct conf_acct *conf, const char *path, const char *file,
    bool moves, int64_t end)
{
	if (moves)
		return move(path, conf->move_to, file);
	if (end < 0)
		return 0;
	if (unlink(path) < 0 && errno != ENOENT) {
		log_warn("cannot delete %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

void
acct_finish(const struct conf_acct *conf, const struct acct_name *name,
    const char *current, int64_t now)
{
	bool moves = conf->move_to != NULL &&
	    !is_same_folder(conf->move_to, name->dir);
	struct buf path = BUF_INIT(0);
	const struct dirent *e;
	bool changed = false;
	DIR *d;

	if (!moves && conf->delete_after_s == SPAN_NEVER)
		return;
	d = opendir(name->dir);
	if (d == NULL)
		return;		/* the writer says what is wrong with it */
	while ((e = readdir(d)) != NULL) {
		char day[DAYTIME_DAY + 1];
		int64_t end;

		if (!acct_name_match(name, e->d_name, day, NULL))
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s%s%s", name->dir,
		    strcmp(name->dir, "/") == 0 ? "" : "/", e->d_name);
		if (current != NULL && strcmp(path.data, current) == 0)
			continue;
		end = day_end(day);
		if (!moves && (end < 0 || now - end < conf->delete_after_s))
			continue;
		changed = true;
		if (finish_one(conf, path.data, e->d_name, moves, end) < 0)
			break;
	}
	closedir(d);
	buf_clear(&path);
	if (changed && fd_sync_dir(AT_FDCWD, name->dir) < 0)
		log_warn("cannot sync %s: %s", name->dir, strerror(errno));
}
