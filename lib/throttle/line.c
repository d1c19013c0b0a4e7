/* SPDX-License-Identifier: ISC */
#include <endian.h>

#include "base/num.h"
#include "throttle/line.h"

#define EACH(b) (UINT64_C(0x0101010101010101) * (b))

/* The top bit of each byte that is b. */
static uint64_t
is_byte(uint64_t x, unsigned b)
{
	uint64_t y = x ^ EACH(b), t = (y & EACH(0x7f)) + EACH(0x7f);

	return ~(t | y | EACH(0x7f));
}

/* The top bit of each byte below 32. */
static uint64_t
is_control(uint64_t x)
{
	return ~((x | EACH(0x80)) - EACH(0x20)) & ~x & EACH(0x80);
}

/* Eight bytes at p, blanks after the end. */
static uint64_t
eight(const char *p, size_t left)
{
	char c[8] = "        ";
	uint64_t x;

	memcpy(c, p, left < 8 ? left : 8);
	memcpy(&x, c, 8);
	return le64toh(x);
}

const char *
line_cut(const char *text, size_t len, struct job_line *out)
{
	unsigned n = 0;
	uint64_t x, tabs, number;

	if (len > JOB_LINE_MAX - 1)
		return "too long";
	out->text = text;
	out->len = (uint32_t)len;
	out->at[0] = 0;
	for (size_t i = 0; i < len; i += 8) {
		x = eight(text + i, len - i);
		tabs = is_byte(x, '\t');
		if ((is_control(x) & ~tabs) != 0 || is_byte(x, 127) != 0)
			return "a control byte";
		for (; tabs != 0; tabs &= tabs - 1) {
			size_t at = i + (size_t)__builtin_ctzll(tabs) / 8;

			if (n < JOB_FIELDS) {
				if (at == out->at[n])
					return "an empty column";
				out->at[++n] = (uint16_t)(at + 1);
			}
		}
	}
	if (n == JOB_FIELDS - 1)
		out->at[++n] = (uint16_t)(len + 1);
	if (n < JOB_FIELDS)
		return "too few columns";
	if (out->at[n - 1] == len)
		return "an empty column";
	if (num_parse_n(text + out->at[JOB_PRIORITY],
		(size_t)(out->at[JOB_PRIORITY + 1] - out->at[JOB_PRIORITY]) - 1,
		&number) < 0 ||
	    number > 100)
		return "the priority is not 0 to 100";
	out->priority = (uint8_t)number;
	return NULL;
}
