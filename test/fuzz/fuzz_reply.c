/* SPDX-License-Identifier: ISC */
/*
 * Any bytes to the reply parser, whole and cut in two: both must say the same,
 * nothing is read past its end, and text is always fit to be shown.
 *
 *     clang -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *         test/fuzz/fuzz_reply.c lib/reply/[a-z]*.c lib/base/num.c
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reply/classify.h"
#include "reply/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct reply_parser *p)
{
	char line[256];
	char status[REPLY_STATUS_SIZE];
	size_t len = strlen(p->reply.text);
	struct reply_meaning m;

	assert(p->reply.code >= 200 && p->reply.code <= 599);
	assert(len <= REPLY_TEXT_MAX);
	for (size_t i = 0; i < len; i++)
		assert((unsigned char)p->reply.text[i] >= ' ' &&
		    p->reply.text[i] != 0x7f);
	reply_status(&p->reply, status);
	assert(strlen(status) >= 5);
	m = reply_meaning(&p->reply);
	assert(m.category != NULL && reply_blame_name(m.blame) != NULL);
	assert(reply_format(&p->reply, line, sizeof(line)) < sizeof(line));
}

/* A number for all that came out of n bytes in memory of their own. */
static uint64_t
read_all(struct reply_parser *p, const uint8_t *data, size_t n, uint64_t h)
{
	char *own = malloc(n > 0 ? n : 1);
	enum reply_read r = REPLY_MORE;
	size_t used;

	assert(own != NULL);
	memcpy(own, data, n);
	for (size_t at = 0; at < n && r != REPLY_BAD; at += used) {
		r = reply_parse(p, own + at, n - at, &used);
		assert(used <= n - at);
		if (r == REPLY_DONE) {
			check(p);
			h = h * 31 + (uint64_t)p->reply.code;
			for (const char *s = p->reply.text; *s != '\0'; s++)
				h = h * 31 + (unsigned char)*s;
		}
		if (r == REPLY_LINE || r == REPLY_DONE)
			for (size_t i = 0; i < p->line_len; i++)
				h = h * 31 + (unsigned char)p->line[i];
	}
	free(own);
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply_parser whole, parts;
	uint64_t a, b;
	size_t cut;

	if (size < 2)
		return 0;
	cut = ((size_t)data[0] << 8 | data[1]) % (size - 1);
	data += 2;
	size -= 2;
	reply_parser_init(&whole);
	reply_parser_init(&parts);
	a = read_all(&whole, data, size, 1);
	b = read_all(&parts, data, cut, 1);
	if (parts.why == NULL)
		b = read_all(&parts, data + cut, size - cut, b);
	assert(a == b);
	assert((whole.why == NULL) == (parts.why == NULL));
	assert(whole.why == NULL || strcmp(whole.why, parts.why) == 0);
	return 0;
}
