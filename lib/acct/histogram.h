/* SPDX-License-Identifier: ISC */
/*
 * A histogram of whole numbers in buckets that grow with the number: exact
 * below 8, then four to each doubling, so that a percentile is right within
 * 25 %.  Two are added by adding their counts.  As text: "3:12,17:1", bucket
 * and count (vmta-acct(5), STATISTICS).
 */
#ifndef VMTA_ACCT_HISTOGRAM_H
#define VMTA_ACCT_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HISTOGRAM_BUCKETS = 128 };

struct histogram_bucket {
	uint32_t number;
	uint64_t count;
};

/* Starts as { 0 }. */
struct histogram {
	struct histogram_bucket *buckets;	/* those in use, ascending */
	size_t n;
};

/* Free and empty.  Errors: none. */
void histogram_clear(struct histogram *h);
/* Returns: the bucket of a number; the last holds all larger ones.  Pure. */
uint32_t histogram_bucket(uint64_t v);
/* Returns: the smallest number of a bucket.  Pure. */
uint64_t histogram_low(uint32_t bucket);
/* Count a bucket.  Errors: none. */
void histogram_add(struct histogram *h, uint32_t bucket, uint64_t count);
/* Append the text, "-" for an empty one.  Returns as buf_add. */
int histogram_format(const struct histogram *h, struct buf *b);
/* Add what a text says.  Returns: 0, or -1 for what is none.  Errors: -1. */
int histogram_parse(struct histogram *h, const char *text);

#endif
