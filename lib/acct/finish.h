/* SPDX-License-Identifier: ISC */
/*
 * What becomes of accounting files that are complete (move-to, delete-after),
 * or were never begun.
 */
#ifndef VMTA_ACCT_FINISH_H
#define VMTA_ACCT_FINISH_H

#include "acct/names.h"
#include "conf/conf.h"

/*
 * Move the complete files of an acct-file to its move-to, or, where there is
 * none or it is the same folder, delete those whose day ended more than
 * delete-after ago.  current: the file that a checkpoint names, which is left
 * alone; or NULL.
 * Units: now in seconds since 1970.  Errors: told by log_warn; the files stay.
 */
void acct_finish(const struct conf_acct *conf, const struct acct_name *name,
    const char *current, int64_t now);

/*
 * Remove files that a crash left before they got a row: no more than header, or
 * the first part of it, in use by nobody.  current and lost, which may be NULL,
 * stay.  Errors: none, such files do no harm.
 */
void acct_remove_strays(const struct acct_name *name,
    const struct buf *header, const char *current, const char *lost);

#endif
