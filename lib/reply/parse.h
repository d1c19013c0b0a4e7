/* SPDX-License-Identifier: ISC */
/*
 * The grammar of replies (RFC 5321 4.2): bytes in as they come, whole replies
 * out.  Bounded in memory and by count; nothing is ever read past its end; the
 * outcome doesn't depend on how the bytes were cut.
 *
 * Taken though the standard doesn't allow it: a bare LF as the end of a line, a
 * last line with a code and nothing else, text without limits of length (cut).
 * Refused: anything whose code could be read in two ways.
 */
#ifndef VMTA_REPLY_PARSE_H
#define VMTA_REPLY_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "reply/reply.h"

struct reply_parser {
	struct reply reply;	/* whole after REPLY_DONE */
	const char *line;	/* after REPLY_LINE and REPLY_DONE: the line
				 * after code and separator, raw, with no NUL */
	size_t line_len;
	const char *why;	/* after REPLY_BAD: what is wrong, else NULL */
	unsigned lines;		/* of this reply so far */
	bool done;		/* the next byte begins a new reply */
	size_t bytes;		/* of this reply so far, line ends included */
	size_t text_len;	/* of reply.text */
	size_t held;		/* bytes in hold */
	char hold[REPLY_LINE_MAX]; /* a line whose end has not come yet */
};

enum reply_read {
	REPLY_MORE,	/* all bytes were used, no line is complete */
	REPLY_LINE,	/* a line that is not the last of its reply */
	REPLY_DONE,	/* the last line: the reply is whole */
	REPLY_BAD,	/* not SMTP, or too much of it: stays so */
};

/* Set up, for the first time or again.  Errors: none. */
void reply_parser_init(struct reply_parser *p);

/*
 * Read on in n bytes, up to the end of one line.
 * Returns: see enum reply_read; *used is how many bytes were taken.
 * Ownership: p->line points into data or p and is valid until either changes.
 * Errors: REPLY_BAD with p->why.
 */
enum reply_read reply_parse(struct reply_parser *p, const char *data, size_t n,
    size_t *used);

/*
 * Copy text with every byte that is not printable UTF-8 replaced by '?' (a tab
 * by a blank), at most room bytes, no NUL added, no character cut in two.
 * Returns: the bytes written.  Ownership: to is the caller's.  Errors: none.
 */
size_t reply_clean(char *to, size_t room, const char *from, size_t n);

#endif
