/* SPDX-License-Identifier: ISC */
/*
 * SMTP replies (RFC 5321 4.2, RFC 3463): read from hostile bytes, kept
 * bounded.  The text of a reply is always clean: valid UTF-8 with no control
 * byte in it (each bad byte became a question mark, a tab a blank), so that
 * it may be shown.
 */
#ifndef VMTA_REPLY_REPLY_H
#define VMTA_REPLY_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REPLY_TEXT_MAX = 1024,	/* bytes of text kept, all lines joined */
	REPLY_LINE_MAX = 2048,	/* the rest of a longer line is thrown away */
	REPLY_BYTES_MAX = 65536, /* a longer reply ends the dialogue */
	REPLY_LINES_MAX = 200,	/* more lines end the dialogue */
	REPLY_STATUS_SIZE = 12,	/* "5.123.456" and a NUL */
};

struct reply {
	int code;	/* 200..599, 0: none */
	/* Enhanced status code "5.1.1" as the server gave it, "" if none. */
	char status[REPLY_STATUS_SIZE];
	/* All after the code, the enhanced status code included; lines joined
	 * by " / ". */
	char text[REPLY_TEXT_MAX + 1];
};

enum reply_class {
	REPLY_SUCCESS,
	REPLY_GO_ON,
	REPLY_TRANSIENT,
	REPLY_PERMANENT,
};

/* Returns: the class of a code (2xx, 3xx, 4xx, 5xx); 0 is transient.  Pure. */
enum reply_class reply_class(int code);

/*
 * The class of a reply, also of one made by reply_local, which has no code: by
 * its status code then.  Returns: transient when neither says.  Pure.
 */
enum reply_class reply_verdict(const struct reply *r);

/*
 * The enhanced status code: the reply's own, else X.0.0 made from its code.
 * Ownership: to is the caller's.  Errors: none (4.0.0 when there is no code).
 * Source: RFC 3463 2; what Postfix does.
 */
void reply_status(const struct reply *r, char to[REPLY_STATUS_SIZE]);

/*
 * Write a reply on one line as it came, "550 5.1.1 no such user", or the bare
 * text when there is no code; cut to size with its NUL.
 * Returns: the length written.  Ownership: to is the caller's.  Errors: none.
 */
size_t reply_format(const struct reply *r, char *to, size_t size);

/*
 * Make a reply of our own: code 0, that status, that text (cleaned and cut).
 * Ownership: r is the caller's.  Errors: none.
 */
void reply_local(struct reply *r, const char *status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Copy a reply, its text only as far as it goes.  Errors: none. */
void reply_copy(struct reply *to, const struct reply *from);

#endif
