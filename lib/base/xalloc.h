/* SPDX-License-Identifier: ISC */
/*
 * Allocation that can't fail.  When memory is exhausted the program says so and
 * exits 75: every program is crash-only, its state is on disk and a claim is a
 * lock that dies with the process.
 */
#ifndef VMTA_BASE_XALLOC_H
#define VMTA_BASE_XALLOC_H

#include <stddef.h>

/* Say "out of memory" and exit 75, as the functions below do.  Errors: exits. */
_Noreturn void xalloc_exhausted(void);
/* Errors: exits 75.  Ownership: the caller frees with free(3). */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
/* Zeroed.  Errors: exits 75 (also on overflow).  Ownership: the caller's. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
/* Errors: exits 75 (also on overflow).  Ownership: replaces old, the caller's. */
void *xreallocarray(void *old, size_t n, size_t size)
    __attribute__((returns_nonnull));
/* Errors: exits 75.  Ownership: the caller frees. */
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* The first n bytes of s.  Errors: exits 75.  Ownership: the caller frees. */
char *xstrndup(const char *s, size_t n)
    __attribute__((malloc, returns_nonnull));

#endif
