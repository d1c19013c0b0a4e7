/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "acct/histogram.h"
#include "base/num.h"
#include "base/xalloc.h"

enum {
	EXACT = 8,	/* numbers below have a bucket each */
	FIRST_BITS = 3,	/* log2 of it */
	STEPS = 4,	/* buckets to a doubling */
};

void
histogram_clear(struct histogram *h)
{
	free(h->buckets);
	*h = (struct histogram){ 0 };
}

uint32_t
histogram_bucket(uint64_t v)
{
	unsigned bits = FIRST_BITS;
	uint64_t bucket;

	if (v < EXACT)
		return (uint32_t)v;
	while (bits < 63 && v >> (bits + 1) != 0)
		bits++;
	bucket = EXACT + (uint64_t)(bits - FIRST_BITS) * STEPS +
	    (v >> (bits - 2) & (STEPS - 1));
	return bucket < HISTOGRAM_BUCKETS ? (uint32_t)bucket :
					    HISTOGRAM_BUCKETS - 1;
}

uint64_t
histogram_low(uint32_t bucket)
{
	unsigned bits;

	if (bucket < EXACT)
		return bucket;
	bits = FIRST_BITS + (bucket - EXACT) / STEPS;
	return (UINT64_C(1) << bits) +
	    ((uint64_t)((bucket - EXACT) % STEPS) << (bits - 2));
}

void
histogram_add(struct histogram *h, uint32_t bucket, uint64_t count)
{
	size_t i = h->n;

	while (i > 0 && h->buckets[i - 1].number > bucket)
		i--;
	if (i > 0 && h->buckets[i - 1].number == bucket) {
		h->buckets[i - 1].count += count;
		return;
	}
	h->buckets = xreallocarray(h->buckets, h->n + 1,
	    sizeof(h->buckets[0]));
	memmove(h->buckets + i + 1, h->buckets + i,
	    (h->n - i) * sizeof(h->buckets[0]));
	h->n++;
	h->buckets[i] = (struct histogram_bucket){ bucket, count };
}

int
histogram_format(const struct histogram *h, struct buf *b)
{
	if (h->n == 0)
		return buf_addc(b, '-');
	for (size_t i = 0; i < h->n; i++) {
		if (i > 0)
			buf_addc(b, ',');
		buf_addu(b, h->buckets[i].number);
		buf_addc(b, ':');
		buf_addu(b, h->buckets[i].count);
	}
	return b->over ? -1 : 0;
}

int
histogram_parse(struct histogram *h, const char *text)
{
	if (strcmp(text, "-") == 0)
		return 0;
	for (const char *p = text;; p++) {
		size_t n = strspn(p, "0123456789"), m;
		uint64_t bucket, count;

		if (n == 0 || p[n] != ':' || num_parse_n(p, n, &bucket) < 0 ||
		    bucket >= HISTOGRAM_BUCKETS)
			return -1;
		p += n + 1;
		m = strspn(p, "0123456789");
		if (m == 0 || num_parse_n(p, m, &count) < 0)
			return -1;
		p += m;
		histogram_add(h, (uint32_t)bucket, count);
		if (*p == '\0')
			return 0;
		if (*p != ',')
			return -1;
	}
}
