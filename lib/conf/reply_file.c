/* SPDX-License-Identifier: ISC */
/* Replies out of a file: one a line, or the dsnDiag of an accounting file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/xalloc.h"
#include "conf/patterns.h"

enum { MOST = 64 << 20 };

/*
 * The next field of a row of CSV (RFC 4180) at *at, without its quotes, in to.
 * Returns: false when the row has ended.
 */
static bool
next_field(const char *s, size_t n, size_t *at, struct buf *to)
{
	bool quoted = *at < n && s[*at] == '"';

	buf_reset(to);
	if (*at > n)
		return false;
	if (quoted)
		for (++*at; *at < n; ++*at) {
			if (s[*at] == '"' &&
			    (*at + 1 >= n || s[*at + 1] != '"'))
				break;
			*at += s[*at] == '"';
			buf_addc(to, s[*at]);
		}
	for (; *at < n && s[*at] != ','; ++*at)
		if (!quoted)
			buf_addc(to, s[*at]);
	++*at;
	return true;
}

/* The number of the column dsnDiag in a row of names, -1 for none. */
static int
diag_column(const char *s, size_t n)
{
	struct buf f = BUF_INIT(0);
	size_t at = 0;
	int i = 0, found = -1;

	for (; found < 0 && next_field(s, n, &at, &f); i++)
		if (strcasecmp(f.data, "dsnDiag") == 0 ||
		    strcasecmp(f.data, "dsn-diag") == 0)
			found = i;
	buf_clear(&f);
	return found;
}

static void
add(struct conf_reply_file *to, const char *text, size_t n)
{
	if (n > 5 && strncasecmp(text, "smtp;", 5) == 0) {
		text += 5;
		n -= 5;
	}
	if (n == 0)
		return;
	if ((to->n & (to->n - 1)) == 0)
		to->r = xreallocarray(to->r, to->n * 2 + 1, sizeof(*to->r));
	to->r[to->n++] = (struct conf_reply){ .provider = "file",
		.text = arena_strndup(&to->arena, text, n) };
}

static void
take_row(struct conf_reply_file *to, const char *s, size_t n, int column)
{
	struct buf f = BUF_INIT(0);
	size_t at = 0;

	for (int i = 0; next_field(s, n, &at, &f); i++)
		if (i == column) {
			add(to, f.data, f.len);
			break;
		}
	buf_clear(&f);
}

int
conf_reply_file_read(const char *path, struct conf_reply_file *out,
    struct err *err)
{
	struct buf b = BUF_INIT(0);
	int column = -1;
	size_t at = 0;

	*out = (struct conf_reply_file){ .r = NULL };
	b.max = (size_t)MOST + 65536;
	if (fd_read_file(AT_FDCWD, path, MOST, &b) < 0) {
		int e = errno;

		buf_clear(&b);
		return err_set(err, ERR_NOINPUT, "cannot read %s: %s", path,
		    strerror(e));
	}
	while (at < b.len) {
		const char *s = b.data + at;
		const char *nl = memchr(s, '\n', b.len - at);
		size_t n = nl != NULL ? (size_t)(nl - s) : b.len - at;

		if (at == 0)
			column = diag_column(s, n);
		if (column < 0 || at != 0) {
			size_t end = n;

			while (end > 0 && (s[end - 1] == '\r' ||
				s[end - 1] == ' '))
				end--;
			if (column >= 0)
				take_row(out, s, end, column);
			else
				add(out, s, end);
		}
		at += n + 1;
	}
	buf_clear(&b);
	if (out->n == 0)
		return err_set(err, ERR_INPUT, "%s has no replies", path);
	return 0;
}

void
conf_reply_file_free(struct conf_reply_file *f)
{
	free(f->r);
	arena_clear(&f->arena);
}
