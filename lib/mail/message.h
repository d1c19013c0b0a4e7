/* SPDX-License-Identifier: ISC */
/*
 * The canonical form of a message, in which it is stored and sent: every line
 * ends in CRLF, the last one too; CR and LF never stand alone; no NUL.
 *
 * The lines of the input end in LF, all of them, or in CRLF, all of them.
 * Anything else is refused, not mended: what one server takes for the end of a
 * line and another doesn't is how mail is smuggled into mail.
 */
#ifndef VMTA_MAIL_MESSAGE_H
#define VMTA_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct message {
	char *text;
	size_t len;
	size_t header_len;	/* header_length() of it */
	size_t longest;		/* bytes of the longest line, CRLF not counted */
	bool dots;		/* a line begins with a dot */
	bool eightbit;		/* a byte above 127 */
};

/* What is wrong with an input, and in which of its lines (from 1; 0: all). */
struct message_fault {
	const char *why;	/* a constant text */
	uint64_t line;
};

/*
 * Bring the n bytes at in to canonical form.  Where they have it already,
 * nothing is copied and out->text is in; else out->text is in b, whose content
 * is replaced.  An empty message is refused.
 * Returns: 0, or -1 with *fault.  Ownership: out->text is in's or b's memory.
 * Errors: -1 (not canonical and can't be).  Source: RFC 5321 2.3.8.
 */
int message_canonical(char *in, size_t n, struct buf *b, struct message *out,
    struct message_fault *fault);

/*
 * Take the dot off each line that begins with one, in place; lines end in LF.
 * Returns: the new length.  Source: RFC 5321 4.5.2.  Pure.
 */
size_t message_unstuff(char *s, size_t n);

/* n bytes fewer at the front, out of the header (header_remove).  Pure. */
void message_advance(struct message *m, size_t n);

#endif
