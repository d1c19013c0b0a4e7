/* SPDX-License-Identifier: ISC */
/*
 * A grant: the throttle's permission for one record (vmta-job(5), GRANT).
 *
 *     vmta;source;expiry;conf-serial;serial;line,line,...
 *
 * expiry is in ledger milliseconds (throttle/ledger.h) and is also the stamp
 * that stands in each ledger line named, until the sender moves it (PROTOCOL P9).
 * The words "-" (none) and "expire" (bounce for age) are grants too.
 */
#ifndef VMTA_RECORD_GRANT_H
#define VMTA_RECORD_GRANT_H

#include <stdint.h>

#include "base/buf.h"
#include "record/names.h"

enum { GRANT_LINES = 12 };	/* ledger lines that one record can debit */

enum grant_kind { GRANT_NONE, GRANT_EXPIRE, GRANT_GIVEN };

struct grant {
	enum grant_kind kind;
	char vmta[NAME_VMTA + 1];
	char source[NAME_SOURCE + 1];	/* "-": the system chooses (no source configured) */
	int64_t expiry_ms;
	uint32_t conf_serial;
	uint64_t serial;		/* never given twice by a ledger */
	unsigned n;			/* 0: nothing limits */
	uint32_t line[GRANT_LINES];
};

/* Read one.  Returns 0, or -1 for anything but the exact form.  Pure. */
int grant_parse(const char *text, struct grant *out);
/* Append its text.  Returns as buf_add. */
int grant_add(struct buf *b, const struct grant *g);

#endif
