/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "throttle/gate.h"

enum { BATCH_MAX = 256, PLACE_BITS = 48 };

struct gate {
	struct heap_node timer;		/* key: when it opens */
	struct heap waiting;		/* key: priority, place */
	unsigned batch;			/* how many to take at the next opening */
	struct gate *again;		/* of those that one call has opened */
};

struct gates {
	struct gate **by_line;
	size_t n;
	struct heap timers;
	size_t waiting;
	int64_t places;
};

struct gates *
gates_new(void)
{
	return xcalloc(1, sizeof(struct gates));
}

void
gates_free(struct gates *gs)
{
	if (gs == NULL)
		return;
	for (size_t i = 0; i < gs->n; i++) {
		if (gs->by_line[i] != NULL)
			heap_clear(&gs->by_line[i]->waiting);
		free(gs->by_line[i]);
	}
	free(gs->by_line);
	heap_clear(&gs->timers);
	free(gs);
}

static struct gate *
gate_of(struct gates *gs, uint32_t line)
{
	if (line >= gs->n) {
		size_t n = (size_t)line + line / 2 + 16;

		gs->by_line = xreallocarray(gs->by_line, n,
		    sizeof(gs->by_line[0]));
		memset(gs->by_line + gs->n, 0,
		    (n - gs->n) * sizeof(gs->by_line[0]));
		gs->n = n;
	}
	if (gs->by_line[line] == NULL)
		gs->by_line[line] = xcalloc(1, sizeof(struct gate));
	return gs->by_line[line];
}

static int64_t
rank(const struct gate_waiter *w, uint32_t priority)
{
	return (int64_t)(100 - priority) << PLACE_BITS | w->place;
}

static struct gate *
enter(struct gates *gs, uint32_t line, struct gate_waiter *w,
    uint32_t priority)
{
	struct gate *g = gate_of(gs, line);

	if (w->place == 0)
		w->place = ++gs->places;
	w->gate = g;
	w->line = line;
	heap_push(&g->waiting, &w->node, rank(w, priority));
	gs->waiting++;
	return g;
}

void
gates_wait(struct gates *gs, uint32_t line, struct gate_waiter *w,
    uint32_t priority, int64_t wake)
{
	struct gate *g = enter(gs, line, w, priority);

	g->batch = 1;
	if (g->timer.at == 0)
		heap_push(&gs->timers, &g->timer, wake);
	else
		heap_move(&gs->timers, &g->timer, wake);
}

void
gates_served(struct gate_waiter *w)
{
	w->place = 0;
}

void
gates_again(struct gates *gs, struct gate_waiter *w, uint32_t priority,
    int64_t now)
{
	struct gate *g = enter(gs, w->line, w, priority);

	if (g->timer.at == 0)
		heap_push(&gs->timers, &g->timer, now);
}

void
gates_leave(struct gates *gs, struct gate_waiter *w)
{
	struct gate *g = w->gate;

	if (g == NULL)
		return;
	heap_remove(&g->waiting, &w->node);
	gs->waiting--;
	w->gate = NULL;
	if (heap_top(&g->waiting) == NULL)
		heap_remove(&gs->timers, &g->timer);
}

void
gates_raise(struct gates *gs, struct gate_waiter *w, uint32_t priority)
{
	(void)gs;
	if (w->gate != NULL)
		heap_move(&w->gate->waiting, &w->node, rank(w, priority));
}

int64_t
gates_due(const struct gates *gs)
{
	const struct heap_node *first = heap_top(&gs->timers);

	return first != NULL ? first->key : INT64_MAX;
}

size_t
gates_waiting(const struct gates *gs)
{
	return gs->waiting;
}

unsigned
gates_open(struct gates *gs, int64_t now, struct gate_waiter **out,
    unsigned max)
{
	struct gate *again = NULL;
	struct heap_node *node;
	unsigned n = 0;

	while (n < max && (node = heap_top(&gs->timers)) != NULL &&
	    node->key <= now) {
		struct gate *g = HEAP_OF(node, struct gate, timer);
		unsigned left = g->batch;
		struct heap_node *first;

		g->batch = left * 2 < BATCH_MAX ? left * 2 : BATCH_MAX;
		while (left-- > 0 && n < max &&
		    (first = heap_top(&g->waiting)) != NULL) {
			struct gate_waiter *w = HEAP_OF(first,
			    struct gate_waiter, node);

			heap_remove(&g->waiting, first);
			gs->waiting--;
			w->gate = NULL;
			out[n++] = w;
		}
		if (heap_top(&g->waiting) != NULL && n == max)
			break;
		heap_remove(&gs->timers, &g->timer);
		g->again = again;
		again = g;
	}
	/* each gate once a call: the next call, if it is still open */
	for (; again != NULL; again = again->again)
		if (heap_top(&again->waiting) != NULL)
			heap_push(&gs->timers, &again->timer, now);
	return n;
}
