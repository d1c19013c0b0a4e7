/* SPDX-License-Identifier: ISC */
/*
 * Mail addresses as they stand in an envelope (RFC 5321 4.1.2, 4.1.3): an
 * allow-list with one exit that says yes.
 */
#ifndef VMTA_MAIL_ADDRESS_H
#define VMTA_MAIL_ADDRESS_H

#include <stddef.h>

/* RFC 5321 4.5.3.1: local part, domain, and a path without its <>. */
enum { ADDRESS_LOCAL = 64, ADDRESS_DOMAIN = 253, ADDRESS_MAX = 254 };

struct address {
	char text[ADDRESS_MAX + 1];	/* local part as written, @, domain in
					 * lower case; "<>": the null sender */
	size_t len;
	size_t domain;			/* where the domain begins in text */
};

/*
 * Read an address of n bytes, with or without <>: local part a dot-atom or a
 * quoted string, domain a name (letters, digits, hyphen, underscore) or an
 * address literal.  ASCII only, no control bytes, no source route.
 * Returns: NULL when it is one, else why it is none (a constant text; *out is
 * then undefined).  Errors: none, pure.
 */
const char *address_parse(const char *s, size_t n, struct address *out);

/* As address_parse; "<>" and "" are the null sender, "<>".  Pure. */
const char *address_parse_sender(const char *s, size_t n, struct address *out);

/* The domain, lower case; "" for the null sender.  Ownership: a's.  Pure. */
const char *address_domain(const struct address *a);

#endif
