/* SPDX-License-Identifier: ISC */
/* CRC-32C by the vectors of RFC 3720 B.4, both ways of computing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The file itself, for its two static functions. */
#include "base/crc.c"

static uint32_t
soft(uint32_t crc, const void *data, size_t n)
{
	return ~crc_soft(~crc, data, n);
}

/* Bit by bit, from the definition. */
static uint32_t
slow(const unsigned char *p, size_t n)
{
	uint32_t c = 0xffffffff;

	for (; n > 0; n--, p++) {
		c ^= *p;
		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
	}
	return ~c;
}

static void
test_vectors(void **state)
{
	unsigned char zeros[32] = { 0 }, ones[32], up[32], down[32];
	const struct {
		const void *data;
		size_t n;
		uint32_t crc;
	} rows[] = {
		{ "", 0, 0 }, { "123456789", 9, 0xe3069283 },
		{ zeros, 32, 0x8a9136aa }, { ones, 32, 0x62a8ab43 },
		{ up, 32, 0x46dd794e }, { down, 32, 0x113fdb5c },
	};

	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		ones[i] = 0xff;
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(crc32c(0, rows[i].data, rows[i].n),
		    rows[i].crc);
		assert_int_equal(soft(0, rows[i].data, rows[i].n),
		    rows[i].crc);
		assert_int_equal(slow(rows[i].data, rows[i].n), rows[i].crc);
	}
}

/* Every length and alignment, in one piece and in two. */
static void
test_lengths_alignments_and_pieces(void **state)
{
	unsigned char data[80];
	unsigned short seed[3] = { 7, 8, 9 };

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)nrand48(seed);
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= sizeof(data); n++) {
			uint32_t want = slow(data + at, n);
			size_t cut = n / 3;

			assert_int_equal(crc32c(0, data + at, n), want);
			assert_int_equal(soft(0, data + at, n), want);
			assert_int_equal(crc32c(crc32c(0, data + at, cut),
					     data + at + cut, n - cut),
			    want);
			assert_int_equal(soft(soft(0, data + at, cut),
					     data + at + cut, n - cut),
			    want);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_lengths_alignments_and_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
