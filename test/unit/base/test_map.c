/* SPDX-License-Identifier: ISC */
/* The map against a naive one, through collisions and deletions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The file itself, for its hash: the tests want keys that collide. */
#include "base/map.c"

static void
test_empty(void **state)
{
	struct map m = MAP_INIT;
	size_t at = 0;

	(void)state;
	assert_null(map_get(&m, "x"));
	assert_null(map_del(&m, "x"));
	assert_null(map_next(&m, &at));
	map_clear(&m, NULL);
	map_clear(&m, free);
}

static void
test_at_adds_once_and_copies_the_key(void **state)
{
	struct map m = MAP_INIT;
	char key[] = "key";
	int a = 0, b = 0;

	(void)state;
	assert_null(*map_at(&m, key));
	*map_at(&m, key) = &a;
	key[0] = 'K';
	assert_ptr_equal(map_get(&m, "key"), &a);
	assert_null(map_get(&m, "Key"));
	*map_at(&m, "key") = &b;
	assert_int_equal(m.count, 1);
	assert_ptr_equal(map_get(&m, "key"), &b);
	assert_null(*map_at(&m, ""));
	assert_int_equal(m.count, 2);
	assert_ptr_equal(map_del(&m, "key"), &b);
	assert_null(map_get(&m, "key"));
	assert_int_equal(m.count, 1);
	map_clear(&m, NULL);
	assert_int_equal(m.count, 0);
}

static void
test_clear_frees_values(void **state)
{
	struct map m = MAP_INIT;
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		*map_at(&m, key) = malloc(10);
	}
	map_clear(&m, free);	/* the sanitizers see what is left */
}

static void
test_walk_meets_each_once(void **state)
{
	struct map m = MAP_INIT;
	const struct map_slot *s;
	int seen[500] = { 0 };
	size_t at = 0, n = 0;
	char key[16];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		*map_at(&m, key) = &seen[i];
	}
	while ((s = map_next(&m, &at)) != NULL) {
		++*(int *)s->value;
		n++;
	}
	assert_int_equal(n, 500);
	for (int i = 0; i < 500; i++)
		assert_int_equal(seen[i], 1);
	map_clear(&m, NULL);
}

/* Keys whose home in a table of 64 is one of the last two or the first. */
static size_t
colliding_keys(char (*keys)[16], size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; n < max; i++) {
		size_t home;

		snprintf(keys[n], sizeof(keys[n]), "c%u", i);
		home = hash_of(keys[n]) & 63;
		if (home == 62 || home == 63 || home == 0)
			n++;
	}
	return n;
}

/* Random adding and deleting; present[] is the naive map. */
static void
agree(char (*keys)[16], size_t n, unsigned short seed[3], int rounds)
{
	struct map m = MAP_INIT;
	void **present = calloc(n, sizeof(*present));
	size_t count = 0;

	for (int i = 0; i < rounds; i++) {
		size_t k = (size_t)nrand48(seed) % n;

		if (nrand48(seed) % 2 != 0) {
			void *v = &keys[(size_t)nrand48(seed) % n];

			count += present[k] == NULL;
			*map_at(&m, keys[k]) = v;
			present[k] = v;
		} else {
			assert_ptr_equal(map_del(&m, keys[k]), present[k]);
			count -= present[k] != NULL;
			present[k] = NULL;
		}
		assert_int_equal(m.count, count);
		if (i % 16 == 0)
			for (size_t j = 0; j < n; j++)
				assert_ptr_equal(map_get(&m, keys[j]),
				    present[j]);
	}
	free(present);
	map_clear(&m, NULL);
}

static void
test_deletion_under_collisions(void **state)
{
	static char keys[40][16];
	unsigned short seed[3] = { 1, 1, 1 };

	(void)state;
	agree(keys, colliding_keys(keys, 40), seed, 20000);
}

static void
test_random_calls_agree_with_a_naive_map(void **state)
{
	static char keys[300][16];
	unsigned short seed[3] = { 2, 2, 2 };

	(void)state;
	for (size_t i = 0; i < 300; i++)
		snprintf(keys[i], sizeof(keys[i]), "d%zu.test", i);
	agree(keys, 300, seed, 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_at_adds_once_and_copies_the_key),
		cmocka_unit_test(test_clear_frees_values),
		cmocka_unit_test(test_walk_meets_each_once),
		cmocka_unit_test(test_deletion_under_collisions),
		cmocka_unit_test(test_random_calls_agree_with_a_naive_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
