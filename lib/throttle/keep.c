/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "throttle/keep.h"

struct keep_level {
	struct keep_level *next;
	uint32_t priority;
	struct kept *first, *last;
};

void
keep_add(struct keep *k, uint32_t priority, const char *text, size_t len)
{
	struct keep_level **at = &k->levels, *l;
	struct kept *line = xmalloc(sizeof(*line) + len + 1);

	line->next = NULL;
	line->len = (uint32_t)len;
	line->priority = priority;
	memcpy(line->text, text, len);
	line->text[len] = '\0';
	while (*at != NULL && (*at)->priority > priority)
		at = &(*at)->next;
	if (*at == NULL || (*at)->priority != priority) {
		l = xcalloc(1, sizeof(*l));
		l->priority = priority;
		l->next = *at;
		*at = l;
	}
	l = *at;
	if (l->first == NULL)
		l->first = line;
	else
		l->last->next = line;
	l->last = line;
	k->n++;
}

const struct kept *
keep_first(const struct keep *k)
{
	return k->levels != NULL ? k->levels->first : NULL;
}

struct kept *
keep_pop(struct keep *k)
{
	struct keep_level *l = k->levels;
	struct kept *line;

	if (l == NULL)
		return NULL;
	line = l->first;
	l->first = line->next;
	if (l->first == NULL) {
		k->levels = l->next;
		free(l);
	}
	k->n--;
	return line;
}

size_t
keep_evict(struct keep *k, uint32_t priority)
{
	struct keep_level **at = &k->levels, *l;
	struct kept **line;
	size_t len;

	if (*at == NULL)
		return 0;
	while ((*at)->next != NULL)
		at = &(*at)->next;
	l = *at;
	if (l->priority >= priority)
		return 0;
	line = &l->first;
	l->last = NULL;
	while ((*line)->next != NULL) {
		l->last = *line;
		line = &(*line)->next;
	}
	len = (*line)->len;
	free(*line);
	*line = NULL;
	if (l->first == NULL) {
		free(l);
		*at = NULL;
	}
	k->n--;
	return len;
}

void
keep_clear(struct keep *k)
{
	struct kept *line;

	while ((line = keep_pop(k)) != NULL)
		free(line);
}
