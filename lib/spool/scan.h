/* SPDX-License-Identifier: ISC */
/* What scan.c and ready.c share: segments in order, and the place of a record. */
#ifndef VMTA_SPOOL_SCAN_H
#define VMTA_SPOOL_SCAN_H

#include "spool/internal.h"
#include "spool/ready.h"

/* What all records of one domain and one row of control/vmtas have in common. */
struct scan_place {
	const char *vmta, *source;	/* the row */
	const char *group;		/* "$name" or NULL */
	struct conf_queue *queue;	/* NULL: the virtual MTA is not configured */
	char *name;			/* of the queue */
	void *user;			/* ready.c's */
};

struct scan_last {
	uint32_t vmta;
	struct scan_place *place;
};

struct scan {
	struct spool *spool;
	struct conf *conf;		/* may be NULL */
	struct map places;		/* "domain/row" -> struct scan_place */
	const struct segment *seg;	/* that by_domain is of */
	struct scan_last *by_domain;
	size_t cap;
};

typedef int scan_segment_fn(void *arg, struct scan *sc, struct segment *g,
    uint32_t number);

/* Begin a walk; c may be NULL.  Ownership: ended by scan_clear.  Errors: none. */
void scan_init(struct scan *sc, struct spool *s, struct conf *c);
/* Free what the walk has found; places' user pointers are the caller's. */
void scan_clear(struct scan *sc);
/* Each visible segment in order; damaged ones are set aside.  Returns 0, -1, or
 * what fn returned. */
int scan_segments(struct scan *sc, scan_segment_fn *fn, void *arg,
    struct err *err);
/* The place of a record; the scan's, valid until scan_clear. */
struct scan_place *scan_place(struct scan *sc, const struct segment *g,
    const struct state *st);
/* An S line that no process has a lock on. */
bool scan_is_orphan(const struct segment *g, uint32_t i);

#endif
