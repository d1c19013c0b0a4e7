/* SPDX-License-Identifier: ISC */
/* The codes of findings and their classes, for --disable and the manual page. */
#ifndef VMTA_CONF_CODES_H
#define VMTA_CONF_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/diag.h"

/* Walk the table.  Returns: false after the last.  Ownership: static.  Pure. */
bool conf_code(size_t i, const char **code, const char **class_name);

/* Is the word a code, or the name of a class?  Errors: none, pure. */
bool conf_code_known(const char *word);

/* Does a finding belong to the word, a code or a class?  Errors: none, pure. */
bool conf_code_is(const struct diag *d, const char *word);

/*
 * Take out the warnings and notes of n codes and classes, and what the class
 * "host" has errors of; other errors stay.  The counts follow.  Errors: none.
 */
void conf_codes_disable(struct diags *ds, const char *const *words, size_t n);

/*
 * Put findings in the order of files and lines; what is of one place stays as
 * it was found.  Errors: none.
 */
void conf_diags_sort(struct diags *ds);

#endif
