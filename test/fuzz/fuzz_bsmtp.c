/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a BSMTP stream, in pieces of two sizes: both must say the same,
 * what is taken is canonical, its addresses hold no control byte, and the text
 * of a message stays in its place until the next one is asked for.
 *
 *     clang -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *         test/fuzz/fuzz_bsmtp.c lib/mail/[a-z]*.c \
 *         lib/base/{buf,err,num,xalloc}.c
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/address.h"
#include "mail/bsmtp.h"
#include "mail/header.h"
#include "mail/xfields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_MESSAGE = 300 };

struct source {
	const uint8_t *s;
	size_t n, piece;
};

static ssize_t
give(void *arg, char *to, size_t n)
{
	struct source *src = arg;

	if (n > src->piece)
		n = src->piece;
	if (n > src->n)
		n = src->n;
	memcpy(to, src->s, n);
	src->s += n;
	src->n -= n;
	return (ssize_t)n;
}

static uint64_t
hash(uint64_t h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = h * 1099511628211U + (unsigned char)s[i];
	return h;
}

static void
check_plain(const char *s)
{
	assert(s[0] != '\0');
	for (; *s != '\0'; s++)
		assert(*s >= 32 && *s < 127);
}

static void
check_text(const struct message *m)
{
	size_t line = 0, longest = 0;

	assert(m->len >= 2 && m->len <= MAX_MESSAGE);
	assert(m->header_len <= m->len);
	assert(m->header_len == header_length(m->text, m->len));
	for (size_t i = 0; i < m->len; i++) {
		assert(m->text[i] != '\0');
		assert((m->text[i] == '\r') ==
		    (i + 1 < m->len && m->text[i + 1] == '\n'));
		if (m->text[i] == '\r') {
			longest = i - line > longest ? i - line : longest;
			line = i + 2;
		}
		assert((unsigned char)m->text[i] < 128 || m->eightbit);
		assert(m->text[i] != '.' || i != line || m->dots);
	}
	assert(line == m->len && longest == m->longest);
}

static uint64_t
take(const struct bsmtp_message *m, uint64_t h)
{
	check_text(&m->message);
	check_plain(m->sender);
	assert(m->n_rcpts > 0);
	h = hash(h, m->message.text, m->message.len);
	h = hash(h, m->sender, strlen(m->sender));
	for (size_t i = 0; i < m->n_rcpts; i++) {
		const struct bsmtp_rcpt *r = &m->rcpts[i];

		check_plain(r->rcpt);
		check_plain(r->domain);
		assert(strlen(r->rcpt) <= ADDRESS_MAX);
		if (r->orcpt != NULL)
			check_plain(r->orcpt);
		h = hash(h, r->rcpt, strlen(r->rcpt));
	}
	return h;
}

static uint64_t
run(const uint8_t *data, size_t n, size_t piece, size_t buffer)
{
	struct source src = { data, n, piece };
	struct bsmtp *b = bsmtp_new(give, &src, MAX_MESSAGE, buffer);
	uint64_t h = 1, last_hash = 0;
	struct bsmtp_message m;
	struct message last = { 0 };
	struct err err;
	enum bsmtp_result r;
	struct xfields x;

	do {
		r = bsmtp_next(b, &m, &err);
		/* the one before is still there */
		if (last.text != NULL)
			assert(hash(1, last.text, last.len) == last_hash);
		if (r == BSMTP_MESSAGE) {
			h = take(&m, h);
			if (m.number % 3 == 0) {
				bsmtp_refuse(b, &m, "no", &err);
				continue;
			}
			xfields_take(&m.message, &x);
			last = m.message;
			last_hash = hash(1, last.text, last.len);
		} else if (r != BSMTP_END) {
			h = hash(h, err.msg, strlen(err.msg));
		}
		h = h * 31 + r;
	} while (r != BSMTP_END && r != BSMTP_CUT && r != BSMTP_ERROR);
	assert(r != BSMTP_ERROR);
	assert(bsmtp_bytes(b) == n);
	bsmtp_free(b);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece;

	if (size < 1)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	size--;
	assert(run(data, size, SIZE_MAX, 65536) == run(data, size, piece, 1));
	return 0;
}
