/* SPDX-License-Identifier: ISC */
/*
 * What a reply means: a bounce category (PowerMTA's names) and whose trouble it
 * is.  Tables in classify.c: precise enhanced codes first, then words, then the
 * general enhanced codes, then the reply code.
 */
#ifndef VMTA_REPLY_CLASSIFY_H
#define VMTA_REPLY_CLASSIFY_H

#include "reply/reply.h"

/* Whose trouble.  Only the recipient's own ever calls for suppressing it. */
enum reply_blame {
	REPLY_BLAME_NONE,	/* nobody's, or the reply doesn't say */
	REPLY_BLAME_RECIPIENT,	/* no such mailbox, full, disabled */
	REPLY_BLAME_INFRASTRUCTURE, /* we: address listed, rate, authentication,
				 * reputation, reverse DNS */
	REPLY_BLAME_CONTENT,	/* the message: spam, virus, size, form */
};

struct reply_meaning {
	const char *category;	/* "bad-mailbox"; "success" for 2xx */
	enum reply_blame blame;
};

/*
 * Judge a reply.  Words count only in the server's own text (code not 0), and
 * not in the addresses that it repeats.
 * Returns: category is one of PowerMTA's, static.  Errors: none, pure.
 * Source: RFC 3463, the registry of enhanced codes, replies of large providers.
 */
struct reply_meaning reply_meaning(const struct reply *r);

/* Returns: "recipient", "infrastructure", "content", or "-".  Pure. */
const char *reply_blame_name(enum reply_blame blame);

#endif
