/* SPDX-License-Identifier: ISC */
/*
 * One growable byte buffer.  Always NUL-terminated past its length, may hold
 * NULs, never grows past its maximum.
 */
#ifndef VMTA_BASE_BUF_H
#define VMTA_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;	/* "" until something was added */
	size_t len;
	size_t cap;	/* bytes allocated, 0 for none */
	size_t max;	/* bytes that len may not pass */
	bool over;	/* something did not fit; stays set until buf_reset */
};

/* A start value.  max_ 0 means SIZE_MAX/2. */
#define BUF_INIT(max_) { .data = (char *)"", .max = (max_) }

/* Set up.  max 0: no limit but memory.  Errors: none. */
void buf_init(struct buf *b, size_t max);
/* Free the memory; the buffer may be used again.  Errors: none. */
void buf_clear(struct buf *b);
/* As buf_clear after overwriting, for keys and passwords.  Errors: none. */
void buf_clear_secret(struct buf *b);
/* Empty it and keep the memory.  Errors: none. */
void buf_reset(struct buf *b);
/*
 * Make room for n more bytes.  Returns: where they go, or NULL when the maximum
 * would be passed (over is then set).  Exits 75 without memory.
 * Ownership: the buffer's.  Errors: NULL.
 */
char *buf_room(struct buf *b, size_t n);
/* Append n bytes.  Returns 0, or -1 when they don't fit.  Errors: over. */
int buf_add(struct buf *b, const void *data, size_t n);
/* Append a string.  Returns as buf_add.  Errors: over. */
int buf_adds(struct buf *b, const char *s);
/* Append one byte.  Returns as buf_add.  Errors: over. */
int buf_addc(struct buf *b, char c);
/* Append as printf(3).  Returns as buf_add.  Errors: over. */
int buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Append an unsigned number in decimal.  Returns as buf_add.  Errors: over. */
int buf_addu(struct buf *b, uint64_t v);
/* Remove n bytes (at most len) from the front.  Errors: none. */
void buf_cut(struct buf *b, size_t n);

#endif
