/* SPDX-License-Identifier: ISC */
/* Memory for things that die together (a parsed configuration, a message's fields). */
#ifndef VMTA_BASE_ARENA_H
#define VMTA_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

#define ARENA_INIT { 0 }

/* Zeroed memory, aligned for any type.  Ownership: the arena's.  Errors: exits 75. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy of n bytes with a NUL after them.  Ownership: the arena's.  Errors: exits 75. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
/* A copy of a string.  Ownership: the arena's.  Errors: exits 75. */
char *arena_strdup(struct arena *a, const char *s);
/* Free all of it.  Errors: none. */
void arena_clear(struct arena *a);

#endif
