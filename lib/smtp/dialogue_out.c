/* SPDX-License-Identifier: ISC */
/*
 * Output pieces and dot-stuffing.  A text without lines that begin with a
 * dot is written from where it stands.  One with such lines goes through a
 * chunk of fixed size: memory stays bounded whatever the message, and a
 * text full of dots doesn't fall apart into pieces of a few bytes.
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

static bool
at_line_start(const char *text, size_t off)
{
	return off == 0 ||
	    (off >= 2 && text[off - 2] == '\r' && text[off - 1] == '\n');
}

/* How many lines of the text begin with a dot, at or after off. */
static size_t
count_dots(const char *text, size_t n, size_t off)
{
	const char *nl;
	size_t dots = 0;

	while (off < n) {
		dots += text[off] == '.' && at_line_start(text, off);
		nl = memchr(text + off, '\n', n - off);
		if (nl == NULL)
			break;
		off = (size_t)(nl - text) + 1;
	}
	return dots;
}

/*
 * Fill the empty chunk with the text's next bytes, dots doubled.  Only the dots
 * cost a copy of their own: what lies between goes in one.
 */
static void
fill_chunk(struct out *o)
{
	const char *text = o->text;
	size_t at = o->text_off;	/* all before it is in the chunk */
	size_t end = at;		/* all before it was looked at */
	size_t room = OUT_CHUNK;
	const char *nl;
	size_t n;

	if (o->chunk == NULL)
		o->chunk = xmalloc(OUT_CHUNK);
	o->chunk_len = o->chunk_off = 0;
	while (end < o->text_len && end - at + 2 <= room) {
		if (text[end] == '.' && at_line_start(text, end)) {
			memcpy(o->chunk + o->chunk_len, text + at, end - at);
			o->chunk_len += end - at;
			o->chunk[o->chunk_len++] = '.';
			room -= end - at + 1;
			at = end;
		}
		n = o->text_len - end < room ? o->text_len - end : room;
		nl = memchr(text + end, '\n', n);
		end = nl != NULL ? (size_t)(nl - text) + 1 : end + n;
	}
	if (end - at > room)
		end = at + room;
	memcpy(o->chunk + o->chunk_len, text + at, end - at);
	o->chunk_len += end - at;
	o->text_off = end;
}

void
out_text(struct out *o, const char *text, size_t n, bool has_dots)
{
	assert(o->text == NULL && o->command_off == o->command_len);
	o->text = n > 0 ? text : NULL;
	o->text_len = n;
	o->text_off = 0;
	o->stuff = has_dots && n > 0;
	o->queued += n;
	if (o->stuff) {
		fill_chunk(o);
		o->queued += o->chunk_len - o->text_off +
		    count_dots(text, n, o->text_off);
	}
	/* The text ends a line; one that doesn't must not swallow the dot. */
	if (n > 0 && (n < 2 || memcmp(text + n - 2, "\r\n", 2) != 0))
		out_add(o, "\r\n", 2);
	out_add(o, ".\r\n", 3);
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
	assert(o->text == NULL);
	free(o->chunk);
	o->chunk = NULL;
}
