/* SPDX-License-Identifier: ISC */
/* A map from strings to pointers: open addressing, grows by itself. */
#ifndef VMTA_BASE_MAP_H
#define VMTA_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	char *key;	/* the map's own copy */
	void *value;
	uint32_t hash;
};

struct map {
	struct map_slot *slots;
	size_t cap;	/* a power of two, or 0 */
	size_t count;
};

#define MAP_INIT { 0 }

/* Returns: the value of key, or NULL.  Errors: none, pure. */
void *map_get(const struct map *m, const char *key);
/*
 * Where the value of key stands; the key is added (value NULL) if it is new.
 * Returns: never NULL; valid until the next map_at or map_del.
 * Ownership: the key is copied, the value stays the caller's.  Errors: none.
 */
void **map_at(struct map *m, const char *key);
/* Remove a key.  Returns: its value, or NULL.  Errors: none. */
void *map_del(struct map *m, const char *key);
/*
 * Walk: start with *at = 0 until NULL comes back; no changes meanwhile.
 * Returns: a slot, in no particular order.  Errors: none.
 */
const struct map_slot *map_next(const struct map *m, size_t *at);
/* Free keys and table; with free_value not NULL, values too.  Errors: none. */
void map_clear(struct map *m, void (*free_value)(void *));

#endif
