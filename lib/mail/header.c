/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "mail/header.h"

/* Bytes of the line at s with its end. */
static size_t
line_length(const char *s, size_t n)
{
	const char *lf = memchr(s, '\n', n);

	return lf != NULL ? (size_t)(lf - s) + 1 : n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Bytes of the field name at s, 0 if there is none (RFC 5322 3.6.8; blanks
 * before the colon are obsolete and taken, 4.5.8). */
static size_t
name_length(const char *s, size_t line, size_t *colon)
{
	size_t n = 0, i;

	while (n < line && s[n] > 32 && s[n] < 127 && s[n] != ':')
		n++;
	for (i = n; i < line && is_blank(s[i]);)
		i++;
	if (i == line || s[i] != ':')
		return 0;
	*colon = i;
	return n;
}

bool
header_next(const char *text, size_t n, size_t *at, struct header_field *out)
{
	const char *s = text + *at;
	size_t left = n - *at, len, colon;

	if (left == 0)
		return false;
	len = line_length(s, left);
	out->name_len = name_length(s, len, &colon);
	if (out->name_len == 0)
		return false;
	while (len < left && is_blank(s[len]))
		len += line_length(s + len, left - len);
	out->start = s;
	out->len = len;
	out->value = s + colon + 1;
	out->value_len = len - colon - 1;
	if (out->value_len > 0 && s[len - 1] == '\n')
		out->value_len--;
	if (out->value_len > 0 && out->value[out->value_len - 1] == '\r')
		out->value_len--;
	*at += len;
	return true;
}

size_t
header_length(const char *text, size_t n)
{
	struct header_field f;
	size_t at = 0;

	while (header_next(text, n, &at, &f))
		;
	if (at == 0)
		return 0;
	if (n - at >= 2 && text[at] == '\r' && text[at + 1] == '\n')
		at += 2;
	return at;
}

bool
header_is(const struct header_field *f, const char *name)
{
	return f->name_len == strlen(name) &&
	    strncasecmp(f->start, name, f->name_len) == 0;
}

int
header_unfold(const struct header_field *f, struct buf *to)
{
	const char *s = f->value, *end = s + f->value_len;
	int r = 0;

	while (s < end && (is_blank(*s) || *s == '\r' || *s == '\n'))
		s++;
	while (end > s &&
	    (is_blank(end[-1]) || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	while (s < end) {
		const char *cr = memchr(s, '\r', (size_t)(end - s));
		const char *stop = cr != NULL ? cr : end;

		r |= buf_add(to, s, (size_t)(stop - s));
		s = stop;
		while (s < end && (*s == '\r' || *s == '\n'))
			s++;
	}
	return r;
}

size_t
header_remove(char *text, size_t n, header_pick_fn *pick, void *arg)
{
	struct header_field f;
	size_t at = 0, cut = 0;

	while (header_next(text + cut, n - cut, &at, &f)) {
		size_t before = at - f.len;

		if (!pick(arg, &f))
			continue;
		memmove(text + cut + f.len, text + cut, before);
		cut += f.len;
		at = before;
	}
	return cut;
}
