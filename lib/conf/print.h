/* SPDX-License-Identifier: ISC */
/* A configuration as text, and what two of them do differently. */
#ifndef VMTA_CONF_PRINT_H
#define VMTA_CONF_PRINT_H

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/explain.h"

/*
 * Append the whole configuration in one form: includes in their places, no
 * comments, the language's own names, values in their shortest form, secrets
 * masked.  What is printed parses to the same.  Errors: over.
 */
void conf_print(struct conf *c, struct buf *out);

/* A value that is not the same in two configurations; a side that has none has
 * value NULL.  queue is "" for the top level. */
struct conf_change {
	const char *queue;
	const char *scope, *name;
	const char *old_value, *new_value;
	struct conf_place old_where, new_where;
};

/*
 * Call fn for each value that differs in a queue: of each virtual MTA, all
 * patterns that either file has, and * for all other domains.
 * Returns: the number of calls.  Errors: none.
 */
size_t conf_compare(struct conf *a, struct conf *b,
    void (*fn)(void *arg, const struct conf_change *ch), void *arg);

#endif
