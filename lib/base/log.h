/* SPDX-License-Identifier: ISC */
/*
 * Messages to people: one line on stderr, "program: what: why".  The only file
 * in lib/ with state of its own.  A library function returns its errors; it
 * calls log_warn only for what is no error of the call (a damaged segment set
 * aside, a clock that jumped).
 */
#ifndef VMTA_BASE_LOG_H
#define VMTA_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

/* Name the program, as it stands before each line.  Ownership: name is kept. */
void log_init(const char *program);
/* -q: keep back log_note (never warnings and errors).  Errors: none. */
void log_quiet(bool quiet);
/* Returns: the name given to log_init.  Errors: none. */
const char *log_program(void);
/* One line.  Control bytes become '?'.  Errors: none. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One line unless -q.  Errors: none. */
void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The message of err as one line.  Returns: its exit status.  Errors: none. */
int log_err(const struct err *err);

#endif
