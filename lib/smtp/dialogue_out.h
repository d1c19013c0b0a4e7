/* SPDX-License-Identifier: ISC */
/*
 * What a dialogue has to write: at most one text, and the commands after it.
 * Positions count bytes from the start of the conversation, so that a reply can
 * be held against the end of the command that asked for it.
 */
#ifndef VMTA_SMTP_DIALOGUE_OUT_H
#define VMTA_SMTP_DIALOGUE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	/* A final dot and one group of commands (RSET, MAIL, RCPT, DATA) with
	 * addresses of 254 bytes come to 600. */
	OUT_COMMANDS_MAX = 1024,
	OUT_CHUNK = 16384,	/* of dot-stuffed text at a time */
};

struct out {
	const char *text;	/* borrowed; NULL when none is to be written */
	size_t text_len;
	size_t text_off;	/* taken from text so far */
	bool stuff;		/* dots are doubled on the way through chunk */
	char *chunk;		/* OUT_CHUNK bytes, or NULL until needed */
	size_t chunk_len;
	size_t chunk_off;
	size_t command_len;
	size_t command_off;	/* written so far */
	uint64_t queued;	/* position after the last byte to be written */
	uint64_t sent;		/* position after the last byte written */
	char command[OUT_COMMANDS_MAX];
};

/* Add to the commands.  Errors: none (the callers' bounds keep it in room). */
void out_add(struct out *o, const void *data, size_t n);

/*
 * Write a text and its final dot (RFC 5321 4.5.2); only when nothing else is
 * left to be written.  Ownership: the text is borrowed until all of it was sent, or
 * out_drop.  Errors: none.
 */
void out_text(struct out *o, const char *text, size_t n, bool has_dots);

/* The pieces to be written next, text first.  Returns: how many, at most max.
 * Ownership: valid until the next call.  Errors: exits 75. */
size_t out_pieces(struct out *o, struct iovec *iov, size_t max);

/* n bytes of the pieces went out.  Errors: none. */
void out_sent(struct out *o, size_t n);

/* Forget what was not written.  Errors: none. */
void out_drop(struct out *o);

/* Give back memory that is used only while text is written.  Errors: none. */
void out_rest(struct out *o);

#endif
