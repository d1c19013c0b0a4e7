/* SPDX-License-Identifier: ISC */
/*
 * The text of a message as it comes over the wire (RFC 5321 4.1.1.4, 4.5.2):
 * finds the end, CRLF "." CRLF and nothing else, and takes the stuffed dots
 * away.  The input may be cut anywhere.  Text is not copied: what comes back are
 * runs of the input.
 */
#ifndef VMTA_SMTP_SERVER_TEXT_H
#define VMTA_SMTP_SERVER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* How much of CRLF.CRLF the input has shown last. */
struct server_text {
	unsigned seen;
};

/* An empty text may begin with the dot: as if a CRLF had been seen. */
#define SERVER_TEXT_INIT  \
	{                 \
		.seen = 2 \
	}

struct server_run {
	const char *data; /* in the input, or one constant byte */
	size_t len; /* may be 0 */
	bool end; /* the text ends after this run */
};

/*
 * Take the next run of the text from n bytes of input.
 * Returns: the bytes used, at least 1 of n > 0 but for a run that gives back a
 * held CR; go on until all are used or run->end is set.  Without a stuffed dot or
 * the end, one call takes all.
 * Ownership: run->data points into p or at constant data.  Errors: none, pure.
 */
size_t server_text_next(
    struct server_text *t, const char *p, size_t n, struct server_run *run);

#endif
