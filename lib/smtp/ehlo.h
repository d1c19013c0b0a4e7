/* SPDX-License-Identifier: ISC */
/* What a server offers in its reply to EHLO (RFC 5321 4.1.1.1). */
#ifndef VMTA_SMTP_EHLO_H
#define VMTA_SMTP_EHLO_H

#include <stddef.h>
#include <stdint.h>

enum ehlo_extension {
	EHLO_8BITMIME = 1 << 0,		/* RFC 6152 */
	EHLO_AUTH = 1 << 1,		/* RFC 4954 */
	EHLO_BINARYMIME = 1 << 2,	/* RFC 3030 */
	EHLO_CHUNKING = 1 << 3,		/* RFC 3030 */
	EHLO_DELIVERBY = 1 << 4,	/* RFC 2852 */
	EHLO_DSN = 1 << 5,		/* RFC 3461 */
	EHLO_ENHANCEDSTATUSCODES = 1 << 6, /* RFC 2034 */
	EHLO_LIMITS = 1 << 7,		/* RFC 9422 */
	EHLO_PIPELINING = 1 << 8,	/* RFC 2920 */
	EHLO_REQUIRETLS = 1 << 9,	/* RFC 8689 */
	EHLO_SIZE = 1 << 10,		/* RFC 1870 */
	EHLO_SMTPUTF8 = 1 << 11,	/* RFC 6531 */
	EHLO_STARTTLS = 1 << 12,	/* RFC 3207 */
};

enum { EHLO_LIST_SIZE = 160 };	/* every name, commas and a NUL */

struct ehlo {
	unsigned offered;	/* of enum ehlo_extension */
	uint64_t size;		/* largest message in bytes, 0 for not said */
};

/*
 * Take one line of the reply, after code and separator: KEYWORD [PARAMETER...].
 * Unknown keywords are left out, a SIZE that isn't a number says no limit.
 * Ownership: borrows the line.  Errors: none.  Source: RFC 1870 4.
 */
void ehlo_line(struct ehlo *e, const char *line, size_t n);

/* Write the names offered, comma-separated, "-" for none.  Errors: none. */
void ehlo_list(const struct ehlo *e, char to[EHLO_LIST_SIZE]);

#endif
