/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/map.h"
#include "base/xalloc.h"

static uint32_t
hash_of(const char *key)
{
	uint32_t h = crc32c(0x9e3779b9u, key, strlen(key));

	return (h ^ h >> 15) * 0x85ebca6bu;
}

/* The slot of key, or the free one where it would go; cap is not 0. */
static size_t
find(const struct map *m, const char *key, uint32_t hash)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key != NULL &&
	    (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *
map_get(const struct map *m, const char *key)
{
	size_t i;

	if (m->cap == 0)
		return NULL;
	i = find(m, key, hash_of(key));
	return m->slots[i].key != NULL ? m->slots[i].value : NULL;
}

static void
grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap != 0 ? old.cap * 2 : 16;
	m->slots = xcalloc(m->cap, sizeof(m->slots[0]));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key != NULL)
			m->slots[find(m, old.slots[i].key, old.slots[i].hash)] =
			    old.slots[i];
	free(old.slots);
}

void **
map_at(struct map *m, const char *key)
{
	uint32_t hash = hash_of(key);
	size_t i;

	if (m->count * 4 >= m->cap * 3)
		grow(m);
	i = find(m, key, hash);
	if (m->slots[i].key == NULL) {
		m->slots[i] = (struct map_slot){ xstrdup(key), NULL, hash };
		m->count++;
	}
	return &m->slots[i].value;
}

void *
map_del(struct map *m, const char *key)
{
	size_t i, hole;
	void *value;

	if (m->cap == 0)
		return NULL;
	i = find(m, key, hash_of(key));
	if (m->slots[i].key == NULL)
		return NULL;
	value = m->slots[i].value;
	free(m->slots[i].key);
	m->slots[i].key = NULL;
	m->count--;
	/* Close the gap, so that probing never stops short of a key. */
	hole = i;
	for (i = (i + 1) & (m->cap - 1); m->slots[i].key != NULL;
	    i = (i + 1) & (m->cap - 1)) {
		size_t home = m->slots[i].hash & (m->cap - 1);

		if (((i - home) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		m->slots[hole] = m->slots[i];
		m->slots[i].key = NULL;
		hole = i;
	}
	return value;
}

const struct map_slot *
map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap) {
		const struct map_slot *s = &m->slots[(*at)++];

		if (s->key != NULL)
			return s;
	}
	return NULL;
}

void
map_clear(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key == NULL)
			continue;
		if (free_value != NULL)
			free_value(m->slots[i].value);
		free(m->slots[i].key);
	}
	free(m->slots);
	*m = (struct map)MAP_INIT;
}
