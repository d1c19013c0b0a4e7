/* SPDX-License-Identifier: ISC */
/* A binary heap of nodes that stand in other structures: least key first. */
#ifndef VMTA_THROTTLE_HEAP_H
#define VMTA_THROTTLE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key;
	size_t at;	/* place in the heap, from 1; 0: in none */
};

struct heap {
	struct heap_node **v;
	size_t n, cap;
};

#define HEAP_INIT { 0 }

/* The structure that a node is a member of. */
#define HEAP_OF(node, type, member) \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Put a node in.  It must not be in a heap.  Ownership: the caller's.
 * Errors: exits 75. */
void heap_push(struct heap *h, struct heap_node *node, int64_t key);
/* Returns: the node with the least key, which stays; NULL when empty.  Pure. */
struct heap_node *heap_top(const struct heap *h);
/* Take a node out; one that is in no heap is left alone.  Errors: none. */
void heap_remove(struct heap *h, struct heap_node *node);
/* Give it another key.  Errors: none. */
void heap_move(struct heap *h, struct heap_node *node, int64_t key);
/* Free the heap, not the nodes.  Errors: none. */
void heap_clear(struct heap *h);

#endif
