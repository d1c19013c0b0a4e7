/* SPDX-License-Identifier: ISC */
/*
 * The header fields that speak to the mail server and not to the recipient:
 * X-Virtual-MTA, X-Job and X-Envid (vmta-queue(1), HEADER FIELDS).
 */
#ifndef VMTA_MAIL_XFIELDS_H
#define VMTA_MAIL_XFIELDS_H

#include "mail/message.h"

enum { XFIELDS_VMTA = 64, XFIELDS_JOB = 64, XFIELDS_ENVID = 100 };

/* "": not given. */
struct xfields {
	char vmta[XFIELDS_VMTA + 1];
	char job[XFIELDS_JOB + 1];
	char envid[XFIELDS_ENVID + 1];
};

/*
 * Read the fields and take them out of the message; of several of one name the
 * first that says something counts.
 * Returns: NULL, or why one of them can't be used (a constant text): too long, or
 * other than printable ASCII.  Errors: as returned.
 */
const char *xfields_take(struct message *m, struct xfields *out);

/*
 * Is s a value for one of them: printable ASCII, blanks inside, 1 to max bytes?
 * Pure.
 */
bool xfields_is_value(const char *s, size_t max);

#endif
