/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

#include "smtp/server_header.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The length of a line without its end, and of its end. */
static size_t
line_len(const char *p, size_t n, size_t *end)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf == NULL ? n : (size_t)(lf - p);

	*end = lf != NULL;
	if (lf != NULL && len > 0 && p[len - 1] == '\r') {
		len--;
		*end = 2;
	}
	return len;
}

static bool
is_field(const char *p, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && p[n] == ':' && strncasecmp(p, name, n) == 0;
}

bool
server_header_get(const char *text, size_t n, const char *name, struct buf *to)
{
	size_t start = to->len, len, end;
	bool found = false;

	for (; n > 0; text += len + end, n -= len + end) {
		size_t skip = 0;

		len = line_len(text, n, &end);
		if (len == 0 || (found && !blank(text[0])))
			break;
		if (!found && is_field(text, len, name)) {
			found = true;
			skip = strlen(name) + 1;
		}
		if (!found)
			continue;
		while (to->len == start && skip < len && blank(text[skip]))
			skip++;
		buf_add(to, text + skip, len - skip);
	}
	while (to->len > start && blank(to->data[to->len - 1]))
		to->data[--to->len] = '\0';
	return found;
}
