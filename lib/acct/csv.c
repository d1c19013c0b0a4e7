/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "acct/csv.h"

enum {
	ODD = 1,	/* a control byte, or above 127: look closer */
	QUOTE = 2,	/* the field must be quoted */
};

static inline unsigned
kind(unsigned char c)
{
	if (c == ',' || c == '"')
		return QUOTE;
	return c < ' ' || c >= 0x7f ? ODD : 0;
}

/* Length of the UTF-8 character at p, n bytes left; 0: none (RFC 3629 4). */
static size_t
utf8(const unsigned char *p, size_t n)
{
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned char lo = 0x80, hi = 0xbf;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
		return 0;
	switch (p[0]) {
	case 0xe0:
		lo = 0xa0;
		break;
	case 0xed:
		hi = 0x9f;
		break;
	case 0xf0:
		lo = 0x90;
		break;
	case 0xf4:
		hi = 0x8f;
		break;
	}
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Copy with bad bytes replaced and quotes doubled.  Returns: the end. */
static char *
put_clean(char *to, const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t len = 1;

		if (*p >= 0x80) {
			len = utf8(p, n);
			if (len == 0) {
				*to++ = '?';
				len = 1;
			} else {
				memcpy(to, p, len);
				to += len;
			}
		} else if (*p < ' ' || *p == 0x7f) {
			*to++ = ' ';
		} else {
			if (*p == '"')
				*to++ = '"';
			*to++ = (char)*p;
		}
		p += len;
		n -= len;
	}
	return to;
}

int
csv_add(struct buf *b, const char *value, size_t n)
{
	const unsigned char *p = (const unsigned char *)value;
	char *start, *to;
	unsigned seen = 0;

	/* both quotes, and every byte doubled */
	start = to = buf_room(b, 2 * n + 2);
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		seen |= kind(p[i]);
	if (seen == 0) {
		memcpy(to, p, n);
		to += n;
	} else {
		if (seen & QUOTE)
			*to++ = '"';
		to = put_clean(to, p, n);
		if (seen & QUOTE)
			*to++ = '"';
	}
	b->len += (size_t)(to - start);
	*to = '\0';
	return 0;
}
