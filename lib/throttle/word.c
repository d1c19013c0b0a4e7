/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/num.h"
#include "throttle/word.h"

#define END_BYTE UINT64_C(0xff00000000000000)
#define LAST_DIGIT 48		/* shift of the seventh byte */

/* Seven characters as the low bytes of a word. */
static uint64_t
seven(const char c[7])
{
	uint64_t bytes = 0;

	for (int i = 6; i >= 0; i--)
		bytes = bytes << 8 | (unsigned char)c[i];
	return bytes;
}

void
word_put(uint64_t *p, int64_t v)
{
	char c[7];

	num_put10(c, sizeof(c), (uint64_t)v);
	word_store(p, (word_load(p) & END_BYTE) | seven(c));
}

void
word_add(uint64_t *p, int64_t n)
{
	uint64_t bytes = word_load(p);
	int64_t v;

	/* most of the time only the last digit changes */
	if (n == 1 && (bytes >> LAST_DIGIT & 0xff) - '0' < 8) {
		word_store(p, bytes + (UINT64_C(1) << LAST_DIGIT));
		return;
	}
	v = word_get(p);
	if (v < 0)
		return;
	word_put(p, n >= WORD_MAX - v ? WORD_MAX : v + n);
}

void
word_sub(uint64_t *p, int64_t n)
{
	int64_t v = word_get(p);

	if (v < 0 || v == WORD_MAX)
		return;
	word_put(p, n >= v ? 0 : v - n);
}

int64_t
word_get36(const uint64_t *p)
{
	uint64_t bytes = word_load(p);
	int64_t v = 0;

	for (int i = 0; i < 7; i++, bytes >>= 8) {
		int c = (int)(bytes & 0xff);

		if (c >= '0' && c <= '9')
			v = v * 36 + (c - '0');
		else if (c >= 'a' && c <= 'z')
			v = v * 36 + (c - 'a' + 10);
		else
			return -1;
	}
	return v;
}

void
word_put36(uint64_t *p, int64_t v)
{
	char c[7];

	num_put36(c, sizeof(c), (uint64_t)v);
	word_store(p, (word_load(p) & END_BYTE) | seven(c));
}
