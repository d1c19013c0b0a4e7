/* SPDX-License-Identifier: ISC */
/* Memory of an arena is zeroed, aligned, separate, and freed at once. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_pieces_are_aligned_zeroed_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 3, 16, 17, 1000, 16384, 16385, 65536,
		70000, 200000 };
	enum { ROUNDS = 40 };
	struct arena a = ARENA_INIT;
	unsigned char *p[ROUNDS * 10];
	size_t n = 0;

	(void)state;
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < 10; i++, n++) {
			p[n] = arena_alloc(&a, sizes[i]);
			assert_int_equal(
			    (uintptr_t)p[n] % alignof(max_align_t), 0);
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[n][j], 0);
			memset(p[n], (int)(n % 255) + 1, sizes[i]);
		}
	/* nobody wrote over another's */
	for (size_t k = 0; k < n; k++)
		for (size_t j = 0; j < sizes[k % 10]; j++)
			if (p[k][j] != k % 255 + 1)
				fail_msg("piece %zu byte %zu", k, j);
	arena_clear(&a);
}

static void
test_strings(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(arena_strdup(&a, "text"), "text");
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strndup(&a, "text", 2), "te");
	assert_memory_equal(arena_strndup(&a, "a\0b", 3), "a\0b", 4);
	arena_clear(&a);
	arena_clear(&a);
	assert_string_equal(arena_strdup(&a, "again"), "again");
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_aligned_zeroed_and_apart),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
