/* SPDX-License-Identifier: ISC */
/* Is the record of a job line still as the line says (P7)? */
#ifndef VMTA_THROTTLE_RECHECK_H
#define VMTA_THROTTLE_RECHECK_H

#include <stdbool.h>

#include "conf/conf.h"
#include "spool/spool.h"
#include "throttle/line.h"

struct recheck {
	struct spool *spool;
	struct conf *conf;
};

/*
 * Look at the state line and at control/: false when the record is gone, done,
 * held or changed (another version: moved, retried, another priority), its queue
 * paused or set aside until later.  arg: a struct recheck; a filter_check_fn.
 * Errors: none; what can't be read is left to the sender, which says so.
 */
bool recheck_line(void *arg, const struct job_line *line,
    const struct conf_queue *queue);

#endif
