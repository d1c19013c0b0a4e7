/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "mail/addrlist.h"

enum { DEPTH_MAX = 32, SPEC_MAX = 512 };

/* One element as it is put together. */
struct element {
	char spec[SPEC_MAX + 1];	/* the address, blanks and comments gone */
	size_t len;
	bool any;		/* something stands there */
	bool over;		/* spec is cut */
	bool gap;		/* a blank or comment since the last byte */
	bool phrase;		/* two words side by side: only a name may be so */
	bool angle;		/* inside <> */
	bool closed;		/* after <> */
	const char *why;	/* what is wrong with it already */
};

static void
start(struct element *e)
{
	e->spec[0] = '\0';
	e->len = 0;
	e->any = e->over = e->gap = e->phrase = e->angle = e->closed = false;
	e->why = NULL;
}

static void
put(struct element *e, char c)
{
	if (e->closed)
		e->why = "text after the address";
	if (e->gap && e->len > 0 && c != '.' && c != '@' &&
	    e->spec[e->len - 1] != '.' && e->spec[e->len - 1] != '@')
		e->phrase = true;
	e->gap = false;
	e->any = true;
	if (e->len == SPEC_MAX) {
		e->over = true;
		return;
	}
	e->spec[e->len++] = c;
	e->spec[e->len] = '\0';
}

static int
finish(struct element *e, addrlist_fn *fn, void *arg)
{
	struct address a;
	const char *why = e->why;
	int r;

	if (!e->any)
		return 0;
	if (why == NULL && e->angle)
		why = "a < that nothing closes";
	if (why == NULL && e->over)
		why = "address longer than 254 bytes";
	if (why == NULL && e->phrase)
		why = "blank in the address";
	if (why == NULL)
		why = address_parse(e->spec, e->len, &a);
	r = fn(arg, why == NULL ? &a : NULL, why, e->spec);
	start(e);
	return r;
}

/* Skip a comment that begins at s[i].  Returns: where it ends, or n + 1. */
static size_t
skip_comment(const char *s, size_t n, size_t i)
{
	unsigned depth = 0;

	for (; i < n; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '(' && ++depth > DEPTH_MAX)
			return n + 1;
		else if (s[i] == ')' && --depth == 0)
			return i;
	}
	return n + 1;
}

/* Copy a quoted string or a literal that begins at s[i], up to its end byte. */
static size_t
take_quoted(struct element *e, const char *s, size_t n, size_t i, char end)
{
	put(e, s[i]);
	for (i++; i < n && s[i] != end; i++) {
		if (s[i] == '\r' || s[i] == '\n')
			continue;
		e->gap = false;
		put(e, s[i]);
		if (s[i] == '\\' && i + 1 < n)
			put(e, s[++i]);
	}
	if (i >= n) {
		e->why = "a quote that nothing closes";
		return n;
	}
	put(e, end);
	return i;
}

static void
open_angle(struct element *e)
{
	bool twice = e->angle || e->closed;

	start(e);
	e->any = e->angle = true;
	if (twice)
		e->why = "a second < in one address";
}

static void
close_angle(struct element *e)
{
	if (!e->angle)
		e->why = "a > with no < before it";
	e->angle = false;
	e->closed = true;
	e->any = true;
}

int
addrlist_walk(const char *s, size_t n, addrlist_fn *fn, void *arg)
{
	struct element e;
	bool group = false;
	int r;

	start(&e);
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			e.gap = true;
		} else if (c == '(') {
			i = skip_comment(s, n, i);
			e.gap = true;
			if (i > n) {
				e.any = true;
				e.why = "a comment that nothing closes";
			}
		} else if (c == '"') {
			i = take_quoted(&e, s, n, i, '"');
		} else if (c == '[') {
			i = take_quoted(&e, s, n, i, ']');
		} else if (c == '<') {
			open_angle(&e);
		} else if (c == '>') {
			close_angle(&e);
		} else if (c == ':' && !e.angle && !group) {
			/* what came before was the name of a group */
			group = true;
			start(&e);
		} else if (c == ',' || (c == ';' && group)) {
			group = group && c == ',';
			if ((r = finish(&e, fn, arg)) != 0)
				return r;
		} else {
			put(&e, c);
		}
	}
	return finish(&e, fn, arg);
}
