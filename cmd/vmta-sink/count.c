/* SPDX-License-Identifier: ISC */
/* The summary: on stderr at the end, in a file while we run. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "sink.h"

static void
text(const struct sink *k, struct buf *b)
{
	const struct stats *st = &k->stats;

	buf_addf(b,
	    "connections %" PRIu64 " messages %" PRIu64 " recipients %" PRIu64
	    " bytes %" PRIu64 " refused %" PRIu64 " max-connections %" PRIu64
	    " max-per-connection %" PRIu64,
	    st->connections, st->messages, st->recipients, st->bytes,
	    st->refused, st->max_open, st->max_per_connection);
}

void
count_print(const struct sink *k)
{
	struct buf b = BUF_INIT(0);

	text(k, &b);
	log_warn("%s", b.data);
	buf_clear(&b);
}

/* One write(2) of a new file, then a rename: readers see whole lines. */
static int
replace_file(const char *path, const char *tmp, const struct buf *b)
{
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int rc;

	if (fd < 0)
		return -1;
	rc = fd_write_all(fd, b->data, b->len);
	if (close(fd) != 0 || rc != 0)
		return -1;
	return rename(tmp, path);
}

int
count_write(struct sink *k, struct err *err)
{
	const struct stats *st = &k->stats;
	const char *path = k->opt->count_file;
	struct buf b = BUF_INIT(0), tmp = BUF_INIT(0);
	int rc = 0;

	if (path == NULL ||
	    (k->count_ms > 0 && memcmp(st, &k->counted, sizeof(*st)) == 0))
		return 0;
	text(k, &b);
	buf_addf(&b, " first %" PRId64 ".%03d last %" PRId64 ".%03d\n",
	    st->first_ms / 1000, (int)(st->first_ms % 1000), st->last_ms / 1000,
	    (int)(st->last_ms % 1000));
	buf_addf(&tmp, "%s.new", path);
	if (replace_file(path, tmp.data, &b) != 0)
		rc = err_sys(err, "cannot write %s", path);
	else
		k->counted = *st;
	buf_clear(&tmp);
	buf_clear(&b);
	return rc;
}
