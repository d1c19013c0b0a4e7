/* SPDX-License-Identifier: ISC */
/* Findings about a configuration, each with its place: file:line:column. */
#ifndef VMTA_CONF_DIAG_H
#define VMTA_CONF_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	char *file;
	unsigned line, column;	/* from 1; 0: the file as a whole */
	const char *code;	/* "unknown-directive" */
	char *text;
	char *source;		/* the line that it stands in, or NULL */
};

/* The findings in the order they were made; the first 10,000 are kept, all are
 * counted. */
struct diags {
	struct diag *d;
	size_t n, cap;
	size_t errors, warnings;
};

#define DIAGS_INIT { 0 }

/* Add one; texts are copied.  Errors: none. */
void diags_add(struct diags *ds, enum diag_level level, const char *file,
    unsigned line, unsigned column, const char *code, const char *source,
    const char *fmt, ...) __attribute__((format(printf, 8, 9)));

/* As diags_add for what at says (its text is not read).  Errors: none. */
void diags_addv(struct diags *ds, const struct diag *at, const char *fmt,
    va_list ap) __attribute__((format(printf, 3, 0)));

/* May a line hold a password or a key, so that it is never shown?  Pure. */
bool diag_is_secret(const char *line);

/* "file:line:column: error: text [code]", with the source line and a caret when
 * caret is set.  Errors: those of stdio. */
void diag_print(FILE *to, const struct diag *d, int caret);

/* Free all; ds is empty again.  Errors: none. */
void diags_clear(struct diags *ds);

#endif
