/* SPDX-License-Identifier: ISC */
/*
 * Names of accounting files, PowerMTA's way: /x/acct.csv stands for
 * /x/acct-2026-11-23-0000.csv, -0001.csv ... (vmta-acct(5), FILES).
 */
#ifndef VMTA_ACCT_NAMES_H
#define VMTA_ACCT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "acct/daytime.h"
#include "base/buf.h"
#include "base/err.h"

struct acct_name {
	char *dir;	/* "." where the path has none */
	char *stem;	/* "acct" */
	char *ext;	/* ".csv" or "" */
};

/* Cut a configured path.  Ownership: the caller's, acct_name_clear. */
void acct_name_init(struct acct_name *n, const char *path);
void acct_name_clear(struct acct_name *n);

/* Append the path of file number of a day, in dir.  Errors: none. */
void acct_name_add(struct buf *b, const struct acct_name *n, const char *dir,
    const char *day, uint32_t number);

/*
 * Is file (a name with no folder) one of ours, compressed (.gz) or not?
 * Gives the day and the number, which may be NULL.  Pure.
 */
bool acct_name_match(const struct acct_name *n, const char *file,
    char day[DAYTIME_DAY + 1], uint32_t *number);

/*
 * The number for a new file of a day: one more than those in the folder and in
 * also (where finished files go, or NULL; it may be missing).
 * Returns: 0 or -1.  Errors: ERR_CONF when the folder isn't there.
 */
int acct_name_next(const struct acct_name *n, const char *also,
    const char *day, uint32_t *number, struct err *err);

/* The folder must be there and writable.  Returns 0, or -1 as above. */
int acct_name_check(const struct acct_name *n, struct err *err);

#endif
