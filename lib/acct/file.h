/* SPDX-License-Identifier: ISC */
/*
 * One <acct-file> as a target: rows appended to a dated file, a new one at
 * midnight, at the configured interval or size (vmta-acct(5), FILES).
 *
 * A new file gets its header, is synced with its folder and named in the
 * checkpoint before its first row; a crash in between leaves at most a file
 * with a header, which the next start removes.
 */
#ifndef VMTA_ACCT_FILE_H
#define VMTA_ACCT_FILE_H

#include "acct/target.h"
#include "conf/conf.h"

/*
 * Make the target of an acct-file; nothing is opened before target_open.
 * Columns that nothing is known of are named in a note.
 * Returns: 0, or -1: ERR_CONF, it can't be written as it is configured.
 * Ownership: conf is borrowed; *out is ended by target_free.
 */
int acct_file_new(struct spool *s, const struct conf_acct *conf,
    struct target **out, struct err *err);

/* The file written last, NULL if none was, and how many there were by this
 * process.  Ownership: t's. */
const char *acct_file_path(const struct target *t, unsigned *n_files);

#endif
