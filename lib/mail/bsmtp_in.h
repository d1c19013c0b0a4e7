/* SPDX-License-Identifier: ISC */
/* The input side of mail/bsmtp.c: lines and data out of large reads.  Private. */
#ifndef VMTA_MAIL_BSMTP_IN_H
#define VMTA_MAIL_BSMTP_IN_H

#include <stdbool.h>

#include "mail/bsmtp.h"

enum { BSMTP_HALF_NONE = 2 };

/*
 * Two halves: the message that was given out last stays where it is in one of
 * them, while the next one comes together, if need be in the other.  So a
 * message is copied once at most, and only where it lies across two reads.
 */
struct bsmtp_in {
	bsmtp_read_fn *fn;
	void *arg;
	struct {
		char *mem;
		size_t cap;
	} half[2];
	unsigned cur;		/* the half that is read into */
	unsigned held;		/* the half whose text must stay, or HALF_NONE */
	size_t start, end;	/* what is not used yet, in half cur */
	bool eof;
	uint64_t line;		/* lines used */
	uint64_t bytes;		/* bytes read */
};

/* A command line. */
struct bsmtp_line {
	const char *s;		/* without its end and blanks before that */
	size_t n;
	size_t taken;		/* bytes of the stream that it was */
	bool crlf;		/* how it ends */
	bool cut;		/* the stream ends in it */
	bool too_long;		/* its end was not kept */
};

/* The data of a message, still stuffed. */
struct bsmtp_data {
	char *s;
	size_t n;
	bool dots;		/* a line begins with a dot */
	bool too_long;		/* s and n are nothing */
};

/* buffer: bytes read at once.  Ownership: ended by bsmtp_in_clear. */
void bsmtp_in_init(struct bsmtp_in *in, bsmtp_read_fn *fn, void *arg,
    size_t buffer);
void bsmtp_in_clear(struct bsmtp_in *in);

/* The next line.  Returns: 1, 0 at the end of the stream, -1 err.
 * Ownership: in's, until the next call. */
int bsmtp_in_line(struct bsmtp_in *in, struct bsmtp_line *out,
    struct err *err);
/* Put the line just taken back.  Errors: none. */
void bsmtp_in_unread(struct bsmtp_in *in, const struct bsmtp_line *line);

/*
 * Everything up to the dot; lines end in CRLF or, without crlf, in LF.  What
 * grows past max bytes is passed over in bounded memory.
 * Returns: 1, 0 when the stream ends before the dot, -1 err.
 * Ownership: in's, until the next call, or as long as its half is held.
 */
int bsmtp_in_data(struct bsmtp_in *in, bool crlf, uint64_t max,
    struct bsmtp_data *out, struct err *err);

#endif
