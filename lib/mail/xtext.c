/* SPDX-License-Identifier: ISC */
#include "mail/xtext.h"

/* Upper case alone: RFC 3461 4 has no other hexchar. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
xtext_decode(const char *s, size_t n, char *to, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '=')
			return -1;
		if (c == '+') {
			int high, low;

			if (n - i < 3 || (high = hex_value(s[i + 1])) < 0 ||
			    (low = hex_value(s[i + 2])) < 0)
				return -1;
			c = high * 16 + low;
			i += 2;
		} else if (c == ' ') {
			return -1;
		}
		if (c < 32 || c > 126 || len + 1 >= size)
			return -1;
		to[len++] = (char)c;
	}
	if (len == 0)
		return -1;
	to[len] = '\0';
	return 0;
}

int
xtext_add(struct buf *b, const char *s)
{
	int r = 0;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c > 32 && c < 127 && c != '+' && c != '=')
			r |= buf_addc(b, *s);
		else
			r |= buf_addf(b, "+%02X", c);
	}
	return r;
}
