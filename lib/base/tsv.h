/* SPDX-License-Identifier: ISC */
/*
 * Tab-separated lines: the one place that knows how fields are joined, cut and
 * escaped (vmta-job(5), vmta-event(5)).  No field is empty ("-" stands for
 * nothing); a tab, newline, carriage return, backslash or other control byte in
 * a value is written as \t \n \r \\ or \xHH.
 */
#ifndef VMTA_BASE_TSV_H
#define VMTA_BASE_TSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Cut a line (no newline in it) at its tabs, in place.
 * Returns: the number of fields, of which the first max are in f[]; 0 for an
 * empty line.  Ownership: f points into line.  Errors: none, pure.
 */
size_t tsv_split(char *line, char **f, size_t max);

/* Append one value, escaped; an empty one becomes "-".  Returns as buf_add. */
int tsv_add(struct buf *b, const char *value);

/* As tsv_add for n bytes, which may hold NULs.  Returns as buf_add. */
int tsv_add_n(struct buf *b, const char *value, size_t n);

/*
 * Undo the escapes of one field in place.
 * Returns: the length, or -1 for a broken escape or an escaped NUL.  Pure.
 */
long tsv_unescape(char *field);

/* Does the value hold a control byte (below 32, or 127)?  Errors: none, pure. */
bool tsv_has_control(const char *value);

#endif
