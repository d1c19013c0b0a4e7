/* SPDX-License-Identifier: ISC */
/*
 * What stands behind "MAIL FROM:" and "RCPT TO:": a path and its parameters
 * (RFC 5321 4.1.1, RFC 1870, RFC 6152, RFC 3461).
 */
#ifndef VMTA_MAIL_ESMTP_H
#define VMTA_MAIL_ESMTP_H

#include <stddef.h>
#include <stdint.h>

#include "mail/address.h"

enum { ESMTP_ENVID = 100, ESMTP_ORCPT = 500 };

struct esmtp_mail {
	struct address sender;		/* "<>": null */
	uint64_t size;			/* SIZE=, 0: not given */
	char ret[5];			/* FULL, HDRS or "" */
	char envid[ESMTP_ENVID + 1];	/* decoded, or "" */
};

struct esmtp_rcpt {
	struct address rcpt;
	char notify[24];		/* "NEVER", "SUCCESS,FAILURE,DELAY" or "" */
	char orcpt[ESMTP_ORCPT + 1];	/* type;address, decoded, or "" */
};

/*
 * Read the n bytes after the colon.  Parameters: SIZE, BODY (7BIT, 8BITMIME),
 * RET, ENVID, AUTH (ignored); NOTIFY, ORCPT.
 * Returns: NULL when it is right, else what is wrong with it (a constant text;
 * *out is then undefined).  Errors: none, pure.
 */
const char *esmtp_mail(const char *s, size_t n, struct esmtp_mail *out);
const char *esmtp_rcpt(const char *s, size_t n, struct esmtp_rcpt *out);

#endif
