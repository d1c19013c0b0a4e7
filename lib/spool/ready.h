/* SPDX-License-Identifier: ISC */
/*
 * What is in the spool, and what of it is due (P7, P12): the scan that ready,
 * list and show share.
 */
#ifndef VMTA_SPOOL_READY_H
#define VMTA_SPOOL_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "spool/control.h"
#include "spool/segment.h"

/* One record as the scan shows it. */
struct scan_record {
	struct segment *seg;	/* for segment_envelope() */
	uint32_t index;
	struct state state;	/* letter as in the file */
	bool damaged;		/* the state line can't be read: nothing else is valid */
	bool orphan;		/* S whose sender is gone: counts as Q */
	const char *domain;	/* of the recipient */
	const char *vmta, *source;	/* row of control/vmtas */
	const char *group;		/* "$name" or NULL */
	struct conf_queue *queue;	/* NULL: its virtual MTA is not configured */
	const char *queue_name;		/* never NULL */
};

/* Returns: 0 to go on, anything else ends the scan and comes back from it. */
typedef int scan_fn(void *arg, const struct scan_record *r);

enum scan_flags { SCAN_FINAL = 1 << 0 };	/* D, B and X too */

/*
 * Call fn for each record of each visible segment, in order of segment and
 * index.  Damaged segments are reported by log_warn, set aside and passed over.
 * Returns: 0, -1 (err), or what fn returned.
 */
int spool_scan(struct spool *s, struct conf *c, unsigned flags, scan_fn *fn,
    void *arg, struct err *err);

struct ready_options {
	int64_t now;		/* seconds */
	uint64_t limit;		/* lines at most; 0: all */
	const char *const *patterns;	/* canonical queue patterns, any of them; n 0: all */
	size_t n_patterns;
	const char *job;	/* only this job, or NULL */
};

/* A line with its newline.  Returns: 0 to go on, else the listing ends. */
typedef int ready_fn(void *arg, const char *line, size_t len);

/*
 * Print what is due: highest priority first, fairly over queues (round robin).
 * Packs the intake and runs recovery before.  Records too old get the grant
 * "expire" (P12).  Returns: 0, -1 (err), or what fn returned.
 */
int ready_list(struct spool *s, struct conf *c, const struct ready_options *o,
    ready_fn *fn, void *arg, struct err *err);

#endif
