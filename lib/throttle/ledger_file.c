/* SPDX-License-Identifier: ISC */
/*
 * The ledger's file: its lines, the index over them, and how it grows.  It is
 * never renamed and never shrinks; new lines are written as blanks first, so that
 * all of it is text and no page of it can lack a place on the disk.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "throttle/ledger_impl.h"

enum { LINES_MAX = WORD_MAX };

void
draft_blank(struct draft *d)
{
	memset(d->text, ' ', LINE_BYTES);
	d->text[LINE_BYTES - 1] = '\n';
}

void
draft_zero(struct draft *d, unsigned from, unsigned to)
{
	for (unsigned w = from; w < to; w++)
		memcpy(d->text + (size_t)w * 8, "0000000\t", 8);
	d->text[LINE_BYTES - 1] = '\n';
}

/* Text over words from..to-1, blanks and a tab after it. */
void
draft_text(struct draft *d, unsigned from, unsigned to, const char *text)
{
	char *at = d->text + (size_t)from * 8;
	size_t size = (size_t)(to - from) * 8;

	memset(at, ' ', size);
	memcpy(at, text, strnlen(text, size - 1));
	at[size - 1] = '\t';
}

void
draft_number(struct draft *d, unsigned w, int64_t v)
{
	num_put10(d->text + (size_t)w * 8, 7, (uint64_t)v);
}

void
draft_wide(struct draft *d, unsigned w, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%015lld", (long long)v);
	draft_text(d, w, w + 2, text);
}

int64_t
wide_get(const uint64_t *p)
{
	uint64_t w[2] = { word_load(p), word_load(p + 1) }, v;
	char c[16];
	bool minus;

	for (int i = 0; i < 16; i++)
		c[i] = (char)(w[i / 8] >> (i % 8 * 8) & 0xff);
	minus = c[0] == '-';
	if (c[15] != '\t' || num_parse_n(c + minus, 15U - minus, &v) < 0)
		return INT64_MIN;
	return minus ? -(int64_t)v : (int64_t)v;
}

void
wide_put(uint64_t *p, int64_t v)
{
	static const char zeros[17] = "000000000000000\t";
	char c[24];
	uint64_t w[2] = { 0, 0 }, z[2] = { 0, 0 };

	snprintf(c, sizeof(c), "%015lld\t", (long long)v);
	for (int i = 15; i >= 0; i--) {
		w[i / 8] = w[i / 8] << 8 | (unsigned char)c[i];
		z[i / 8] = z[i / 8] << 8 | (unsigned char)zeros[i];
	}
	word_store(p + 1, z[1]);
	word_store(p, z[0]);
	word_store(p, w[0]);
	word_store(p + 1, w[1]);
}

uint32_t
ledger_lines(const struct ledger *l)
{
	int64_t n = word_get(header_word(l, H_LINES));
	int64_t seen = (int64_t)(l->mapped / LINE_BYTES) - 1;

	n = n < seen ? n : seen;
	return n > 0 ? (uint32_t)n : 0;
}

int64_t
line_unit(const struct ledger *l, uint32_t line)
{
	int64_t unit;

	if (line >= ledger_lines(l))
		return -1;
	unit = wide_get(line_word(l, line, W_UNIT));
	return unit > 0 ? unit : -1;
}

int64_t
line_link(const struct ledger *l, uint32_t line, unsigned w)
{
	int64_t to = word_get(line_word(l, line, w));

	return to >= 0 && to < ledger_lines(l) ? to : -1;
}

int64_t
line_next(const struct ledger *l, uint32_t line)
{
	int64_t to = word_get(line_word(l, line, W_NEXT)) - 1;

	/* a list only ever grows at its end, by a later line */
	return to > line && to < ledger_lines(l) ? to : -1;
}

void
ledger_scope(const char *scope, char out[SCOPE_BYTES + 1])
{
	size_t n = strlen(scope), keep = n;
	bool exact = n <= SCOPE_BYTES;

	for (const unsigned char *p = (const unsigned char *)scope; *p != '\0';
	    p++)
		exact = exact && *p > ' ' && *p != 127;
	if (!exact && keep > SCOPE_BYTES - 9)
		keep = SCOPE_BYTES - 9;
	memset(out, ' ', SCOPE_BYTES);
	out[SCOPE_BYTES] = '\0';
	for (size_t i = 0; i < keep; i++) {
		unsigned char c = (unsigned char)scope[i];

		out[i] = '_';
		if (c > ' ' && c != 127)
			out[i] = scope[i];
	}
	if (!exact) {
		char sum[10];

		snprintf(sum, sizeof(sum), "~%08x", crc32c(0, scope, n));
		memcpy(out + keep, sum, 9);
	}
}

/* Index */

static void
index_put(struct ledger *l, uint32_t hash, uint32_t line)
{
	size_t i = hash & (l->index_cap - 1);

	while (l->index[i].line != 0)
		i = (i + 1) & (l->index_cap - 1);
	l->index[i] = (struct ledger_slot){ hash, line + 1 };
}

static void
index_grow(struct ledger *l)
{
	struct ledger_slot *old = l->index;
	size_t cap = l->index_cap;

	l->index_cap = cap != 0 ? cap * 2 : 256;
	l->index = xcalloc(l->index_cap, sizeof(*l->index));
	for (size_t i = 0; i < cap; i++)
		if (old[i].line != 0)
			index_put(l, old[i].hash, old[i].line - 1);
	free(old);
}

int64_t
ledger_find(const struct ledger *l, const char *scope)
{
	uint32_t hash = crc32c(0, scope, SCOPE_BYTES);
	size_t i;

	if (l->index_cap == 0)
		return -1;
	for (i = hash & (l->index_cap - 1); l->index[i].line != 0;
	    i = (i + 1) & (l->index_cap - 1))
		if (l->index[i].hash == hash &&
		    memcmp(line_word(l, l->index[i].line - 1, W_SCOPE), scope,
			SCOPE_BYTES) == 0)
			return l->index[i].line - 1;
	return -1;
}

int
ledger_damaged(const struct ledger *l, int64_t line, const char *what,
    struct err *err)
{
	return err_set(err, ERR_INPUT,
	    "%s: damaged: line %lld: %s; move it away while nothing runs, and "
	    "every budget counts anew", l->path, (long long)line + 2, what);
}

int
ledger_check_rings(const struct ledger *l, uint32_t root, struct err *err)
{
	for (int64_t i = root; i >= 0; i = line_next(l, (uint32_t)i)) {
		uint32_t line = (uint32_t)i;

		if (wide_get(line_word(l, line, W_N)) < 0)
			return ledger_damaged(l, line, "the limit is no number", err);
		if (word_get36(line_word(l, line, W_HEAD)) < 0)
			return ledger_damaged(l, line, "the head is no number", err);
		for (unsigned s = 0; s < RING_SLOTS; s++)
			if (word_get(line_word(l, line, W_SLOT + s)) < 0)
				return ledger_damaged(l, line,
				    "a counter is no number", err);
	}
	if (word_get(line_word(l, root, W_STAMP)) < 0)
		return ledger_damaged(l, root, "the stamp is no number", err);
	return 0;
}

int
ledger_reindex(struct ledger *l, struct err *err)
{
	uint32_t n = ledger_lines(l);

	for (; l->indexed < n; l->indexed++) {
		uint32_t i = l->indexed;

		if (line_link(l, i, W_ROOT) < 0 ||
		    line_link(l, i, W_CURRENT) < 0)
			return ledger_damaged(l, i, "it leads nowhere", err);
		if (wide_get(line_word(l, i, W_UNIT)) <= 0)
			return ledger_damaged(l, i, "the period is no number", err);
		if (line_link(l, i, W_ROOT) != i)
			continue;
		if (++l->index_count * 2 > l->index_cap)
			index_grow(l);
		index_put(l, crc32c(0, line_word(l, i, W_SCOPE), SCOPE_BYTES),
		    i);
	}
	return 0;
}

/* Growing */

int
ledger_remap(struct ledger *l)
{
	struct stat st;
	void *to;

	if (fstat(l->fd, &st) < 0)
		return -1;
	if (st.st_size < (word_get(header_word(l, H_LINES)) + 1) * LINE_BYTES) {
		errno = EIO;	/* cut short while in use */
		return -1;
	}
	to = mremap(l->map, l->mapped, (size_t)st.st_size, MREMAP_MAYMOVE);
	if (to == MAP_FAILED)
		return -1;
	l->map = to;
	l->mapped = (size_t)st.st_size;
	return 0;
}

/* Blank lines at the end, an eighth of what there is and at least 64. */
static int
grow(struct ledger *l, struct err *err)
{
	struct stat st;
	size_t n = l->mapped / LINE_BYTES / 8;
	off_t at;

	if (fstat(l->fd, &st) < 0)
		return err_sys(err, "cannot look at %s", l->path);
	at = st.st_size - st.st_size % LINE_BYTES;
	n = n < 64 ? 64 : n;
	for (size_t done = 0; done < n; done += 64) {
		struct draft d[64];

		for (int i = 0; i < 64; i++)
			draft_blank(&d[i]);
		if (fd_pwrite_all(l->fd, d, sizeof(d), at) < 0) {
			if (done > 0)
				break;	/* there is room for one all the same */
			return err_sys(err, "cannot add to %s", l->path);
		}
		at += (off_t)sizeof(d);
	}
	if (ledger_remap(l) < 0)
		return err_sys(err, "cannot map %s", l->path);
	return 0;
}

int64_t
ledger_append(struct ledger *l, const char *scope, int64_t unit_ms,
    int64_t root, struct err *err)
{
	uint32_t line = ledger_lines(l);
	struct ring ring;
	struct draft d;

	if (line >= LINES_MAX)
		return err_set(err, ERR_TEMP, "%s: it has %d budgets, no more "
		    "fit", l->path, LINES_MAX);
	if (((size_t)line + 2) * LINE_BYTES > l->mapped && grow(l, err) < 0)
		return -1;
	draft_zero(&d, 0, LINE_WORDS);
	draft_text(&d, W_SCOPE, W_KIND, scope);
	draft_text(&d, W_KIND, W_N, "window");
	draft_wide(&d, W_N, N_UNLIMITED);
	draft_wide(&d, W_UNIT, unit_ms);
	draft_number(&d, W_ROOT, root < 0 ? line : root);
	draft_number(&d, W_CURRENT, line);
	memcpy(line_word(l, line, 0), d.text, LINE_BYTES);
	ring = line_ring(l, line, unit_ms);
	ring_reset(&ring, l->now);
	/* the count makes it a line, the link a ring of its scope */
	word_put(header_word(l, H_LINES), (int64_t)line + 1);
	if (root >= 0) {
		int64_t last = root, i;

		while ((i = line_next(l, (uint32_t)last)) >= 0)
			last = i;
		word_put(line_word(l, (uint32_t)last, W_NEXT),
		    (int64_t)line + 1);
	}
	return ledger_reindex(l, err) < 0 ? -1 : (int64_t)line;
}
