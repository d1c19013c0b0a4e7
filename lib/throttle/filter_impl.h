/* SPDX-License-Identifier: ISC */
/* The filter's inside, for filter.c and filter_grant.c alone. */
#ifndef VMTA_THROTTLE_FILTER_IMPL_H
#define VMTA_THROTTLE_FILTER_IMPL_H

#include "throttle/filter.h"
#include "throttle/outlet.h"

enum {
	BATCH_LINES = 4096,
	GRANT_TEXT = 320	/* longest grant */
};

struct item {
	struct job_line line;
	uint64_t number;	/* in the input */
	struct outlet *outlet;
	uint32_t rank;		/* of its queue's lines in the batch */
};

struct filter {
	struct filter_options o;
	struct outlets *outlets;
	struct gates *gates;
	struct filter_counts counts;
	size_t kept_bytes;
	uint64_t input;		/* lines read, the column names too */
	uint64_t turn;
	char serial[16];	/* ";N;" of the configuration, in grants */
	struct item *items;
	uint32_t *order, *spare;
	size_t n_items;
};

/* The grant of a line, where it has one.  Returns 0 or -1. */
int filter_grant_of(const struct job_line *l, struct grant *out);
/* A line of the batch: granted, kept or dropped.  Under the lock. */
void filter_new_line(struct filter *f, const struct item *it, int64_t left_ms,
    struct buf *out);

#endif
