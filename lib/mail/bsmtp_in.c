/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "mail/bsmtp_in.h"

void
bsmtp_in_init(struct bsmtp_in *in, bsmtp_read_fn *fn, void *arg, size_t buffer)
{
	*in = (struct bsmtp_in){ .fn = fn, .arg = arg,
		.held = BSMTP_HALF_NONE };
	in->half[0].cap = in->half[1].cap =
	    buffer > 2 * BSMTP_LINE_MAX ? buffer : 2 * BSMTP_LINE_MAX;
	in->half[0].mem = xmalloc(in->half[0].cap);
}

void
bsmtp_in_clear(struct bsmtp_in *in)
{
	free(in->half[0].mem);
	free(in->half[1].mem);
}

/* Bring what is not used yet to the front of a half that may be written. */
static void
make_room(struct bsmtp_in *in)
{
	unsigned to = in->held == in->cur ? !in->cur : in->cur;
	size_t used = in->end - in->start, cap = in->half[to].cap;
	char *from;

	while (used > cap / 2)
		cap *= 2;
	if (cap != in->half[to].cap || in->half[to].mem == NULL)
		in->half[to].mem = xreallocarray(in->half[to].mem, cap, 1);
	in->half[to].cap = cap;
	from = in->half[in->cur].mem + in->start;
	memmove(in->half[to].mem, from, used);
	in->cur = to;
	in->start = 0;
	in->end = used;
}

/* Returns: 1 when there is more, 0 at the end, -1 err. */
static int
fill(struct bsmtp_in *in, struct err *err)
{
	ssize_t n;

	if (in->eof)
		return 0;
	if (in->end == in->half[in->cur].cap)
		make_room(in);
	do
		n = in->fn(in->arg, in->half[in->cur].mem + in->end,
		    in->half[in->cur].cap - in->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot read the stream");
	if (n == 0) {
		in->eof = true;
		return 0;
	}
	in->end += (size_t)n;
	in->bytes += (uint64_t)n;
	return 1;
}

/* Pass over the rest of a line.  Returns as bsmtp_in_line. */
static int
skip_line(struct bsmtp_in *in, struct bsmtp_line *out, struct err *err)
{
	out->too_long = true;
	out->n = 0;
	for (;;) {
		char *s = in->half[in->cur].mem + in->start;
		char *lf = memchr(s, '\n', in->end - in->start);
		int r;

		if (lf != NULL) {
			in->start += (size_t)(lf + 1 - s);
			in->line++;
			return 1;
		}
		in->start = in->end;
		if ((r = fill(in, err)) < 0)
			return -1;
		if (r == 0) {
			out->cut = true;
			return 1;
		}
	}
}

int
bsmtp_in_line(struct bsmtp_in *in, struct bsmtp_line *out, struct err *err)
{
	char *s, *lf;
	size_t have;
	int r;

	*out = (struct bsmtp_line){ 0 };
	for (;;) {
		s = in->half[in->cur].mem + in->start;
		have = in->end - in->start;
		lf = memchr(s, '\n', have);
		if (lf != NULL || have > BSMTP_LINE_MAX)
			break;
		if ((r = fill(in, err)) < 0)
			return -1;
		if (r == 0)
			break;
	}
	if (lf == NULL && have == 0)
		return 0;
	if (lf == NULL ? have > BSMTP_LINE_MAX : lf - s >= BSMTP_LINE_MAX)
		return skip_line(in, out, err);
	out->s = s;
	out->cut = lf == NULL;
	out->taken = lf != NULL ? (size_t)(lf - s) + 1 : have;
	out->crlf = lf != NULL && lf > s && lf[-1] == '\r';
	out->n = out->taken;
	while (out->n > 0 && (s[out->n - 1] == '\n' || s[out->n - 1] == '\r' ||
				 s[out->n - 1] == ' ' || s[out->n - 1] == '\t'))
		out->n--;
	in->start += out->taken;
	in->line++;
	return 1;
}

void
bsmtp_in_unread(struct bsmtp_in *in, const struct bsmtp_line *line)
{
	in->start -= line->taken;
	in->line--;
}

/* Where bsmtp_in_data stands. */
struct walk {
	size_t at;	/* begin of the line, from in->start */
	size_t seen;	/* up to here there is no LF in it */
	bool inside;	/* its begin was passed over */
	bool sound;	/* the line before ended as it should */
};

/* A whole line was seen, up to lf.  Returns true for the dot that ends all. */
static bool
take_line(struct bsmtp_in *in, struct walk *w, const char *lf, bool crlf,
    struct bsmtp_data *out)
{
	const char *s = in->half[in->cur].mem + in->start + w->at;
	size_t n = (size_t)(lf - s) + 1;
	bool ends_crlf = n >= 2 && lf[-1] == '\r';

	in->line++;
	w->at += n;
	w->seen = w->at;
	if (s[0] == '.' && !w->inside) {
		if (w->sound && n == (crlf ? 3 : 2) && ends_crlf == crlf) {
			out->n = w->at - n;
			return true;
		}
		out->dots = true;
	}
	w->inside = false;
	w->sound = !crlf || ends_crlf;
	return false;
}

/* Forget what is too long, but for the byte that shows how a line ends. */
static void
drop_seen(struct bsmtp_in *in, struct walk *w)
{
	size_t drop = w->at;

	if (w->seen - w->at > 4) {
		drop = w->seen - 1;
		w->inside = true;
		w->at = drop;
	}
	in->start += drop;
	w->at -= drop;
	w->seen -= drop;
}

int
bsmtp_in_data(struct bsmtp_in *in, bool crlf, uint64_t max,
    struct bsmtp_data *out, struct err *err)
{
	struct walk w = { .sound = true };

	*out = (struct bsmtp_data){ 0 };
	for (;;) {
		char *s = in->half[in->cur].mem + in->start;
		char *lf = memchr(s + w.seen, '\n',
		    in->end - in->start - w.seen);
		int r;

		if (lf != NULL) {
			if (take_line(in, &w, lf, crlf, out))
				break;
		} else {
			w.seen = in->end - in->start;
			/* the end of it may be part of the last line */
			if (w.at > max || w.seen > max + 3)
				out->too_long = true;
			if (out->too_long)
				drop_seen(in, &w);
			if ((r = fill(in, err)) <= 0)
				return r;
		}
	}
	out->s = in->half[in->cur].mem + in->start;
	if (out->n > max)
		out->too_long = true;
	in->start += w.at;
	return 1;
}
