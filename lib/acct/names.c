/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acct/names.h"
#include "base/num.h"
#include "base/xalloc.h"

void
acct_name_init(struct acct_name *n, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(file, '.');

	if (slash == NULL)
		n->dir = xstrdup(".");
	else
		n->dir = xstrndup(path, slash == path ? 1 :
		    (size_t)(slash - path));
	if (dot == NULL || dot == file)
		dot = file + strlen(file);
	n->stem = xstrndup(file, (size_t)(dot - file));
	n->ext = xstrdup(dot);
}

void
acct_name_clear(struct acct_name *n)
{
	free(n->dir);
	free(n->stem);
	free(n->ext);
	*n = (struct acct_name){ 0 };
}

void
acct_name_add(struct buf *b, const struct acct_name *n, const char *dir,
    const char *day, uint32_t number)
{
	buf_addf(b, "%s%s%s-%s-%04u%s", dir,
	    dir[strlen(dir) - 1] == '/' ? "" : "/", n->stem, day, number,
	    n->ext);
}

/* "dddd-dd-dd" */
static bool
is_day(const char *p)
{
	for (int i = 0; i < DAYTIME_DAY; i++) {
		bool digit = p[i] >= '0' && p[i] <= '9';

		if (i == 4 || i == 7 ? p[i] != '-' : !digit)
			return false;
	}
	return true;
}

bool
acct_name_match(const struct acct_name *n, const char *file,
    char day[DAYTIME_DAY + 1], uint32_t *number)
{
	size_t stem = strlen(n->stem), digits;
	const char *p = file + stem + 1;
	uint64_t v;

	if (strncmp(file, n->stem, stem) != 0 || file[stem] != '-' ||
	    !is_day(p) || p[DAYTIME_DAY] != '-')
		return false;
	digits = strspn(p + DAYTIME_DAY + 1, "0123456789");
	if (digits < 4 || digits > 9 ||
	    num_parse_n(p + DAYTIME_DAY + 1, digits, &v) < 0)
		return false;
	if (day != NULL) {
		memcpy(day, p, DAYTIME_DAY);
		day[DAYTIME_DAY] = '\0';
	}
	if (number != NULL)
		*number = (uint32_t)v;
	p += DAYTIME_DAY + 1 + digits;
	if (strncmp(p, n->ext, strlen(n->ext)) != 0)
		return false;
	p += strlen(n->ext);
	return *p == '\0' || strcmp(p, ".gz") == 0;
}

static int
folder_err(const char *dir, struct err *err)
{
	int e = errno;

	err_sys(err, "cannot write accounting files in %s", dir);
	if (e == ENOENT || e == ENOTDIR)
		err_set(err, ERR_CONF, "cannot write accounting files in %s: "
		    "there is no such folder (make it, or change <acct-file>)",
		    dir);
	return -1;
}

int
acct_name_check(const struct acct_name *n, struct err *err)
{
	if (access(n->dir, W_OK | X_OK) < 0)
		return folder_err(n->dir, err);
	return 0;
}

static int
look(const struct acct_name *n, const char *dir, const char *day,
    uint32_t *next)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL) {
		char its[DAYTIME_DAY + 1];
		uint32_t number;

		if (acct_name_match(n, e->d_name, its, &number) &&
		    strcmp(its, day) == 0 && number >= *next)
			*next = number + 1;
	}
	closedir(d);
	return 0;
}

int
acct_name_next(const struct acct_name *n, const char *also, const char *day,
    uint32_t *number, struct err *err)
{
	*number = 0;
	if (look(n, n->dir, day, number) < 0)
		return folder_err(n->dir, err);
	if (also != NULL && look(n, also, day, number) < 0 && errno != ENOENT)
		return folder_err(also, err);
	return 0;
}
