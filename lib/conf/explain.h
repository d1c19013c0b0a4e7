/* SPDX-License-Identifier: ISC */
/* Every effective value of a queue with the place that it comes from. */
#ifndef VMTA_CONF_EXPLAIN_H
#define VMTA_CONF_EXPLAIN_H

#include <stddef.h>

#include "conf/conf.h"

/* One value; where.file is NULL for a default. */
struct conf_fact {
	const char *scope;	/* "queue", "virtual-mta" or "global" */
	const char *name;	/* of the directive */
	const char *value;	/* in its shortest form; secrets are masked */
	struct conf_place where;
	const char *overrode;	/* "VALUE FILE:LINE, VALUE default" or NULL */
};

/*
 * All that counts for a queue: what is set of any directive, and the defaults of
 * those that act.
 * Returns: the number of facts in *out.  Ownership: the caller frees *out with
 * free(3), the strings are the configuration's.  Errors: none.
 */
size_t conf_explain(struct conf *c, const struct conf_queue *q,
    struct conf_fact **out);

/*
 * The queue that "domain/vmta" or "$group/vmta" names, where the virtual MTA
 * may be left out.  Returns: NULL with err (ERR_USAGE): no such virtual MTA, or
 * no domain.
 */
struct conf_queue *conf_queue_named(struct conf *c, const char *name,
    struct err *err);

#endif
