/* SPDX-License-Identifier: ISC */
/*
 * Rows for people and for scripts, from one call: an aligned table on a terminal,
 * TSV in a pipe, CSV or JSON Lines on request (vmta(7), OUTPUT).  TSV rows are
 * written at once; a table is written at its end, when the widths are known.
 */
#ifndef VMTA_BASE_TABLE_H
#define VMTA_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_format {
	TABLE_AUTO,	/* TABLE_TEXT on a terminal, else TABLE_TSV */
	TABLE_TEXT,
	TABLE_TSV,
	TABLE_CSV,
	TABLE_JSON,
};

struct table;

/* Read a --format word.  Returns 0 or -1 (unknown).  Errors: -1, pure. */
int table_format_parse(const char *word, enum table_format *out);

/*
 * Begin.  cols: n column names, kept by reference.  header: print the names in
 * TSV too (text and CSV always have them, JSON never).
 * Ownership: the caller ends it with table_end.  Errors: exits 75.
 */
struct table *table_new(FILE *to, const char *const *cols, size_t n,
    enum table_format format, bool header);
/* One row of n values (NULL or "" is nothing); they are copied.  Errors: none here. */
void table_row(struct table *t, const char *const *values);
/* Print what waits, and free.  Errors: those of stdio, seen by out_close. */
void table_end(struct table *t);

#endif
