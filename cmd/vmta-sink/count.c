/* SPDX-License-Identifier: ISC */
/* The summary: on stderr at the end, in a file while we run. */
#include <inttypes.h>
#include <stdio.h>

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

void
count_write(const struct sink *k)
{
	const struct stats *st = &k->stats;
	struct buf b = BUF_INIT(0), tmp = BUF_INIT(0);
	bool ok;
	FILE *f;

	text(k, &b);
	buf_addf(&b, " first %" PRId64 ".%03d last %" PRId64 ".%03d\n",
	    st->first_ms / 1000, (int)(st->first_ms % 1000),
	    st->last_ms / 1000, (int)(st->last_ms % 1000));
	buf_addf(&tmp, "%s.new", k->opt->count_file);
	f = fopen(tmp.data, "we");
	ok = f != NULL && fwrite(b.data, 1, b.len, f) == b.len;
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok || rename(tmp.data, k->opt->count_file) != 0)
		log_warn("cannot write %s", k->opt->count_file);
	buf_clear(&tmp);
	buf_clear(&b);
}
