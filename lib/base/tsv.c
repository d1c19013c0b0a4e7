/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/tsv.h"

size_t
tsv_split(char *line, char **f, size_t max)
{
	size_t n = 0;

	if (*line == '\0')
		return 0;
	for (;;) {
		char *tab = strchr(line, '\t');

		if (n < max)
			f[n] = line;
		n++;
		if (tab == NULL)
			return n;
		*tab = '\0';
		line = tab + 1;
	}
}

static bool
plain(unsigned char c)
{
	return c >= ' ' && c != '\\' && c != 0x7f;
}

int
tsv_add_n(struct buf *b, const char *value, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t done = 0;

	if (n == 0)
		return buf_addc(b, '-');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)value[i];
		char esc[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		size_t len = 2;

		if (plain(c))
			continue;
		buf_add(b, value + done, i - done);
		done = i + 1;
		switch (c) {
		case '\t':
			esc[1] = 't';
			break;
		case '\n':
			esc[1] = 'n';
			break;
		case '\r':
			esc[1] = 'r';
			break;
		case '\\':
			esc[1] = '\\';
			break;
		default:
			len = 4;
		}
		buf_add(b, esc, len);
	}
	buf_add(b, value + done, n - done);
	return b->over ? -1 : 0;
}

int
tsv_add(struct buf *b, const char *value)
{
	return tsv_add_n(b, value, strlen(value));
}

static int
hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

long
tsv_unescape(char *field)
{
	char *to = strchr(field, '\\');
	const char *p = to;

	if (to == NULL)
		return (long)strlen(field);
	while (*p != '\0') {
		int hi, lo;

		if (*p != '\\') {
			*to++ = *p++;
			continue;
		}
		switch (p[1]) {
		case 't':
			*to++ = '\t';
			break;
		case 'n':
			*to++ = '\n';
			break;
		case 'r':
			*to++ = '\r';
			break;
		case '\\':
			*to++ = '\\';
			break;
		case 'x':
			hi = hexdigit(p[2]);
			lo = hi < 0 ? -1 : hexdigit(p[3]);
			if (lo < 0 || hi * 16 + lo == 0)
				return -1;
			*to++ = (char)(hi * 16 + lo);
			p += 2;
			break;
		default:
			return -1;
		}
		p += 2;
	}
	*to = '\0';
	return (long)(to - field);
}

bool
tsv_has_control(const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p != 0; p++)
		if (*p < ' ' || *p == 0x7f)
			return true;
	return false;
}
