/* SPDX-License-Identifier: ISC */
/* The buffer's invariants: always terminated, never past its maximum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* What holds after every call. */
static void
check(const struct buf *b)
{
	assert_non_null(b->data);
	assert_int_equal(b->data[b->len], '\0');
	assert_true(b->cap == 0 ? b->len == 0 : b->len < b->cap);
	if (b->max != 0)
		assert_true(b->len <= b->max);
}

static void
test_starts_as_an_empty_string(void **state)
{
	struct buf a = BUF_INIT(10), b;

	(void)state;
	buf_init(&b, 0);
	check(&a);
	check(&b);
	assert_string_equal(a.data, "");
	assert_string_equal(b.data, "");
	buf_reset(&a);
	buf_cut(&a, 5);
	buf_clear(&a);
	buf_clear(&b);
	check(&a);
}

static void
test_adds(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	assert_int_equal(buf_adds(&b, "one"), 0);
	assert_int_equal(buf_addc(&b, ' '), 0);
	assert_int_equal(buf_addu(&b, 0), 0);
	assert_int_equal(buf_addc(&b, ' '), 0);
	assert_int_equal(buf_addu(&b, UINT64_MAX), 0);
	assert_int_equal(buf_addf(&b, " %s-%03d", "x", 7), 0);
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	check(&b);
	assert_string_equal(b.data, "one 0 18446744073709551615 x-007");
	buf_clear(&b);
}

static void
test_holds_nuls(void **state)
{
	struct buf b = BUF_INIT(0);

	(void)state;
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_clear(&b);
}

static void
test_maximum_is_exact_and_remembered(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(buf_adds(&b, "12345"), 0);
	assert_false(b.over);
	assert_int_equal(buf_addc(&b, '6'), -1);
	assert_true(b.over);
	check(&b);
	assert_string_equal(b.data, "12345");
	assert_int_equal(buf_add(&b, "", 0), 0);
	assert_true(b.over);
	buf_reset(&b);
	assert_false(b.over);
	assert_int_equal(buf_adds(&b, "123456"), -1);
	assert_string_equal(b.data, "");
	assert_int_equal(buf_addf(&b, "%s", "123456"), -1);
	assert_string_equal(b.data, "");
	assert_null(buf_room(&b, SIZE_MAX));
	buf_clear(&b);
}

static void
test_room_is_for_the_caller_to_fill(void **state)
{
	struct buf b = BUF_INIT(0);
	char *to;

	(void)state;
	buf_adds(&b, "ab");
	to = buf_room(&b, 1000);
	assert_ptr_equal(to, b.data + 2);
	memset(to, 'x', 1000);
	b.len += 1000;
	b.data[b.len] = '\0';
	check(&b);
	buf_clear(&b);
}

static void
test_cut(void **state)
{
	static const struct {
		size_t n;
		const char *rest;
	} rows[] = { { 0, "abcdef" }, { 1, "bcdef" }, { 5, "f" }, { 6, "" },
		{ 7, "" }, { SIZE_MAX, "" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT(0);

		buf_adds(&b, "abcdef");
		buf_cut(&b, rows[i].n);
		check(&b);
		assert_string_equal(b.data, rows[i].rest);
		buf_clear(&b);
	}
}

static void
test_clear_secret_leaves_an_empty_buffer(void **state)
{
	struct buf b = BUF_INIT(20);

	(void)state;
	buf_adds(&b, "hunter2");
	buf_clear_secret(&b);
	check(&b);
	assert_int_equal(b.cap, 0);
	assert_int_equal(b.max, 20);
	buf_clear_secret(&b);
}

/* Random calls against a plain array. */
static void
test_random_calls_agree_with_an_array(void **state)
{
	char model[600];
	size_t len = 0;
	struct buf b = BUF_INIT(500);
	unsigned short seed[3] = { 1, 2, 3 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)nrand48(seed) % 40;
		char piece[40];

		memset(piece, 'a' + i % 26, sizeof(piece));
		switch (nrand48(seed) % 4) {
		case 0:
		case 1:
			if (buf_add(&b, piece, n) == 0) {
				memcpy(model + len, piece, n);
				len += n;
			} else {
				assert_true(len + n > 500);
			}
			break;
		case 2:
			buf_cut(&b, n);
			n = n < len ? n : len;
			memmove(model, model + n, len - n);
			len -= n;
			break;
		default:
			if (n == 0) {
				buf_reset(&b);
				len = 0;
			}
		}
		check(&b);
		assert_int_equal(b.len, len);
		assert_memory_equal(b.data, model, len);
	}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_as_an_empty_string),
		cmocka_unit_test(test_adds),
		cmocka_unit_test(test_holds_nuls),
		cmocka_unit_test(test_maximum_is_exact_and_remembered),
		cmocka_unit_test(test_room_is_for_the_caller_to_fill),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_clear_secret_leaves_an_empty_buffer),
		cmocka_unit_test(test_random_calls_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
