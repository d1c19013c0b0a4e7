/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "deliver/serials.h"

enum { WORDS = SERIALS_KEPT / 64 };

void
serials_clear(struct serials *s)
{
	free(s->bits);
	*s = (struct serials){ 0 };
}

/* The window moves up: what enters it has not been seen. */
static void
move_up(struct serials *s, uint64_t to)
{
	if (to - s->high >= SERIALS_KEPT) {
		memset(s->bits, 0, WORDS * sizeof(s->bits[0]));
		s->high = to;
		return;
	}
	while (s->high < to) {
		s->high++;
		s->bits[s->high / 64 % WORDS] &= ~(
		    (uint64_t)1 << (s->high % 64));
	}
}

bool
serials_add(struct serials *s, uint64_t serial)
{
	uint64_t bit = (uint64_t)1 << (serial % 64), *word;

	if (s->bits == NULL) {
		s->bits = xcalloc(WORDS, sizeof(s->bits[0]));
		s->high = serial;
	}
	if (serial > s->high)
		move_up(s, serial);
	else if (s->high - serial >= SERIALS_KEPT)
		return false;
	word = &s->bits[serial / 64 % WORDS];
	if ((*word & bit) != 0)
		return false;
	*word |= bit;
	return true;
}
