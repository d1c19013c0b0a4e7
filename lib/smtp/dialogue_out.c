/* SPDX-License-Identifier: ISC */
/*
 * Output pieces and dot-stuffing.  A text without lines that begin with a dot is
 * written from where it stands.  One with such lines goes through a chunk of
 * fixed size: memory stays bounded whatever the message, and a text full of dots
 * doesn't fall apart into pieces of a few bytes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "smtp/dialogue_out.h"

void
out_add(struct out *o, const void *data, size_t n)
{
	if (o->command_off == o->command_len)
		o->command_off = o->command_len = 0;
	assert(n <= sizeof(o->command) - o->command_len);
	memcpy(o->command + o->command_len, data, n);
	o->command_len += n;
	o->queued += n;
}

/* How many lines begin with a dot. */
static size_t
count_dots(const char *text, size_t n)
{
	const char *end = text + n;
	const char *p = text;
	size_t dots = n > 0 && *text == '.';

	while ((p = memmem(p, (size_t)(end - p), "\r\n.", 3)) != NULL) {
		dots++;
		p += 3;
	}
	return dots;
}

void
out_text(struct out *o, const char *text, size_t n, bool has_dots)
{
	size_t dots = has_dots ? count_dots(text, n) : 0;

	assert(o->text == NULL && o->command_off == o->command_len);
	o->text = n > 0 ? text : NULL;
	o->text_len = n;
	o->text_off = 0;
	o->stuff = dots > 0;
	o->chunk_len = o->chunk_off = 0;
	o->queued += n + dots;
	/* The text ends a line; one that doesn't must not swallow the dot. */
	if (n > 0 && (n < 2 || memcmp(text + n - 2, "\r\n", 2) != 0))
		out_add(o, "\r\n", 2);
	out_add(o, ".\r\n", 3);
}

static bool
at_line_start(const struct out *o)
{
	return o->text_off == 0 || (o->text_off >= 2 &&
	    o->text[o->text_off - 2] == '\r' &&
	    o->text[o->text_off - 1] == '\n');
}

/* Fill the empty chunk with the text's next bytes, dots doubled. */
static void
fill_chunk(struct out *o)
{
	const char *p, *nl;
	size_t n, room;

	if (o->chunk == NULL)
		o->chunk = xmalloc(OUT_CHUNK);
	o->chunk_len = o->chunk_off = 0;
	while (o->text_off < o->text_len) {
		p = o->text + o->text_off;
		room = OUT_CHUNK - o->chunk_len;
		if (room < 2)
			break;
		if (*p == '.' && at_line_start(o)) {
			o->chunk[o->chunk_len++] = '.';
			room--;
		}
		n = o->text_len - o->text_off;
		if (n > room)
			n = room;
		nl = memchr(p, '\n', n);
		if (nl != NULL)
			n = (size_t)(nl - p) + 1;
		memcpy(o->chunk + o->chunk_len, p, n);
		o->chunk_len += n;
		o->text_off += n;
	}
}

size_t
out_pieces(struct out *o, struct iovec *iov, size_t max)
{
	size_t k = 0;

	if (o->text != NULL && k < max) {
		if (!o->stuff) {
			iov[k].iov_base = (char *)(uintptr_t)o->text +
			    o->text_off;
			iov[k++].iov_len = o->text_len - o->text_off;
		} else {
			if (o->chunk_off == o->chunk_len)
				fill_chunk(o);
			iov[k].iov_base = o->chunk + o->chunk_off;
			iov[k++].iov_len = o->chunk_len - o->chunk_off;
			if (o->text_off < o->text_len)
				return k;
		}
	}
	if (o->command_off < o->command_len && k < max) {
		iov[k].iov_base = o->command + o->command_off;
		iov[k++].iov_len = o->command_len - o->command_off;
	}
	return k;
}

void
out_sent(struct out *o, size_t n)
{
	size_t part;

	assert(n <= o->queued - o->sent);
	o->sent += n;
	if (o->text != NULL) {
		part = o->stuff ? o->chunk_len - o->chunk_off :
		    o->text_len - o->text_off;
		if (part > n)
			part = n;
		n -= part;
		if (o->stuff)
			o->chunk_off += part;
		else
			o->text_off += part;
		if (o->text_off == o->text_len &&
		    (!o->stuff || o->chunk_off == o->chunk_len))
			o->text = NULL;
	}
	o->command_off += n;
}

void
out_drop(struct out *o)
{
	o->text = NULL;
	o->command_len = o->command_off = 0;
	o->queued = o->sent;
	out_rest(o);
}

void
out_rest(struct out *o)
{
	if (o->text != NULL)
		return;
	free(o->chunk);
	o->chunk = NULL;
}
