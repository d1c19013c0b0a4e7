/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/xalloc.h"
#include "throttle/heap.h"

/* h->v[0] is place 1. */
static void
set(struct heap *h, size_t at, struct heap_node *node)
{
	h->v[at - 1] = node;
	node->at = at;
}

static void
sift_up(struct heap *h, struct heap_node *node, size_t at)
{
	for (; at > 1 && node->key < h->v[at / 2 - 1]->key; at /= 2)
		set(h, at, h->v[at / 2 - 1]);
	set(h, at, node);
}

static void
sift_down(struct heap *h, struct heap_node *node, size_t at)
{
	for (;;) {
		size_t child = at * 2;

		if (child > h->n)
			break;
		if (child < h->n && h->v[child]->key < h->v[child - 1]->key)
			child++;
		if (node->key <= h->v[child - 1]->key)
			break;
		set(h, at, h->v[child - 1]);
		at = child;
	}
	set(h, at, node);
}

void
heap_push(struct heap *h, struct heap_node *node, int64_t key)
{
	if (h->n == h->cap) {
		h->cap = h->cap * 2 + 4;
		h->v = xreallocarray(h->v, h->cap, sizeof(*h->v));
	}
	node->key = key;
	sift_up(h, node, ++h->n);
}

struct heap_node *
heap_top(const struct heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;
	size_t at = node->at;

	if (at == 0)
		return;
	node->at = 0;
	last = h->v[--h->n];
	if (last == node)
		return;
	sift_down(h, last, at);
	sift_up(h, last, last->at);
}

void
heap_move(struct heap *h, struct heap_node *node, int64_t key)
{
	node->key = key;
	sift_down(h, node, node->at);
	sift_up(h, node, node->at);
}

void
heap_clear(struct heap *h)
{
	free(h->v);
	*h = (struct heap){ 0 };
}
