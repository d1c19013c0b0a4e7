/* SPDX-License-Identifier: ISC */
/*
 * States are how much of CRLF.CRLF has been seen:
 *
 *     0 --CR--> 1 --LF--> 2 --.--> 3 --CR--> 4 --LF--> end
 *
 * Any other byte leads to 0 (a CR to 1).  The dot of state 3 is never part of the
 * text: it is either the end's or a stuffed one.  The CR of state 4 is text only
 * if no LF follows, and is given back then.
 *
 * In state 0 memchr(3) looks for a dot, of which base64 has none; where there is
 * one there are many, so a stretch behind it is looked through in blocks for a dot
 * that follows a LF.
 */
#include <stdint.h>
#include <string.h>

#include "smtp/server_text.h"

enum { BLOCK = 64, BLOCKS = 16 };

/* How much of CRLF the last bytes of p..end show; the byte before p is in 0. */
static unsigned
tail(const char *p, const char *end)
{
	if (end == p)
		return 0;
	if (end[-1] == '\r')
		return 1;
	return end - p >= 2 && end[-2] == '\r' && end[-1] == '\n' ? 2 : 0;
}

/* 8 bytes that are 0 where p[0..7] has that byte. */
static uint64_t
differs(const char *p, unsigned char c)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v ^ (UINT64_C(0x0101010101010101) * c);
}

/* Does LF and a dot stand anywhere in p[0..BLOCK]? */
static bool
block_has_dot(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t found = 0;

	for (size_t i = 0; i < BLOCK; i += sizeof(found)) {
		uint64_t v = differs(p + i, '\n') | differs(p + i + 1, '.');

		/* a byte of 0 borrows into its high bit, and nothing else does
		 * unless one is found below it */
		found |= (v - ones) & ~v & (ones << 7);
	}
	return found != 0;
}

/* From state 0: the dot that follows a CRLF within p..end, or NULL. */
static const char *
find_dot(const char *p, const char *end)
{
	const char *q = p;

	while ((q = memchr(q, '.', (size_t)(end - q))) != NULL) {
		if (q - p >= 2 && q[-1] == '\n' && q[-2] == '\r')
			return q;
		q++;
		for (int i = 0;
		     i < BLOCKS && end - q > BLOCK && !block_has_dot(q); i++)
			q += BLOCK;
	}
	return NULL;
}

/* States 3 and 4: behind the dot. */
static size_t
after_dot(struct server_text *t, const char *p, struct server_run *run)
{
	if (t->seen == 3 && *p == '\r') {
		t->seen = 4;
		return 1;
	}
	if (t->seen == 4 && *p == '\n') {
		t->seen = 2;
		run->end = true;
		return 1;
	}
	if (t->seen == 4) {
		/* the CR was text, and this byte may follow it as any other */
		run->data = "\r";
		run->len = 1;
		t->seen = 1;
		return 0;
	}
	t->seen = 0;
	run->len = 1;
	return 1;
}

size_t
server_text_next(
    struct server_text *t, const char *p, size_t n, struct server_run *run)
{
	const char *at = p, *end = p + n, *dot;

	*run = (struct server_run){ .data = p };
	if (n == 0)
		return 0;
	if (t->seen >= 3)
		return after_dot(t, p, run);
	while (at < end && t->seen > 0) {
		if (t->seen == 2 && *at == '.') {
			t->seen = 3;
			run->len = (size_t)(at - p);
			return run->len + 1;
		}
		if (*at == '\r')
			t->seen = 1;
		else
			t->seen = t->seen == 1 && *at == '\n' ? 2 : 0;
		at++;
	}
	if (t->seen > 0) {
		run->len = n;
		return n;
	}
	dot = find_dot(at, end);
	if (dot == NULL) {
		t->seen = tail(at, end);
		run->len = n;
		return n;
	}
	t->seen = 3;
	run->len = (size_t)(dot - p);
	return run->len + 1;
}
