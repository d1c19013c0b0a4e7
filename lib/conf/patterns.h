/* SPDX-License-Identifier: ISC */
/*
 * Reply patterns and bounce categories of a configuration, and replies to try
 * them on: those of large providers are built in.
 */
#ifndef VMTA_CONF_PATTERNS_H
#define VMTA_CONF_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pattern.h"
#include "conf/conf.h"

/* One line "/REGEX/ ACTION" of a list. */
struct conf_pattern {
	const char *list;	/* of an <smtp-pattern-list>; "bounce-category" */
	bool category;		/* action is a category */
	const char *regex;	/* without the slashes */
	const char *action;
	struct conf_place where;
	unsigned column;
	struct pattern *compiled;	/* NULL: can't be read */
	struct pattern_error error;
	const char *wrong;	/* why the line is none, NULL */
};

struct conf_patterns {
	struct conf_pattern *p;
	size_t n;
	struct arena arena;	/* of the strings */
};

/* All of them in the file's order, list after list.  Ownership: freed by
 * conf_patterns_free.  Errors: in each pattern. */
void conf_patterns_of(const struct conf *c, struct conf_patterns *out);
void conf_patterns_free(struct conf_patterns *ps);

/* A reply as a server sent it. */
struct conf_reply {
	const char *provider;	/* "google", or where it was read */
	const char *text;	/* "550 5.1.1 ..." */
	const char *category;	/* what it is, PowerMTA's word; NULL: unknown */
};

/* The built-in replies.  Ownership: static.  Errors: none, pure. */
const struct conf_reply *conf_replies(size_t *n);

/* Replies of a file. */
struct conf_reply_file {
	struct conf_reply *r;
	size_t n;
	struct arena arena;
};

/*
 * Read replies from a file: one a line, or the column dsnDiag of an accounting
 * file with a row of names.  Returns: 0, or -1 (ERR_NOINPUT, ERR_INPUT: it has
 * none).  Ownership: freed by conf_reply_file_free, also after -1.
 */
int conf_reply_file_read(const char *path, struct conf_reply_file *out,
    struct err *err);
void conf_reply_file_free(struct conf_reply_file *f);

/*
 * Does the pattern fire on a reply?  A category sees "5.1.1;550 5.1.1 text", a
 * list of replies what the server sent.  Errors: none.
 */
bool conf_pattern_fires(const struct conf_pattern *p, const char *reply);

#endif
