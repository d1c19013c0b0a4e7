/* SPDX-License-Identifier: ISC */
/*
 * Speed matters here: every byte of a campaign passes twice.  So lines are found
 * by memchr(3), and bytes are looked at eight together.
 */
#include <string.h>

#include "mail/header.h"
#include "mail/message.h"

static bool
has_eightbit(const char *s, size_t n)
{
	uint64_t all[4] = { 0 }, v[4];
	unsigned char rest = 0;

	for (; n >= sizeof(v); s += sizeof(v), n -= sizeof(v)) {
		memcpy(v, s, sizeof(v));
		for (int i = 0; i < 4; i++)
			all[i] |= v[i];
	}
	for (; n > 0; s++, n--)
		rest |= (unsigned char)*s;
	return ((all[0] | all[1] | all[2] | all[3]) &
		   0x8080808080808080U) != 0 ||
	    (rest & 0x80) != 0;
}

static void
see_line(struct message *m, const char *line, size_t n)
{
	if (n > m->longest)
		m->longest = n;
	if (n > 0 && *line == '.')
		m->dots = true;
}

static int
refuse(struct message_fault *fault, const char *why, uint64_t line)
{
	*fault = (struct message_fault){ why, line };
	return -1;
}

/* The whole message, all of whose lines must end in CRLF. */
static int
check_crlf(const char *s, size_t n, struct message *m,
    struct message_fault *fault)
{
	const char *end = s + n, *cr;
	uint64_t line = 1;

	for (; s < end; s = cr + 2, line++) {
		cr = memchr(s, '\r', (size_t)(end - s));
		if (cr == NULL)
			cr = end;
		if (memchr(s, '\n', (size_t)(cr - s)) != NULL)
			return refuse(fault,
			    "LF alone where lines end in CRLF", line);
		see_line(m, s, (size_t)(cr - s));
		if (cr == end)
			break;
		if (end - cr < 2 || cr[1] != '\n')
			return refuse(fault, "CR that ends no line", line);
	}
	return 0;
}

/* Does the first line say so?  Where no line ends, a CR decides. */
static bool
lines_end_in_lf(const char *s, size_t n)
{
	const char *lf = memchr(s, '\n', n);

	if (lf == NULL)
		return memchr(s, '\r', n) == NULL;
	return lf == s || lf[-1] != '\r';
}

static uint64_t
count_lines(const char *s, const char *end)
{
	uint64_t n = 0;

	while ((s = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		s++;
		n++;
	}
	return n;
}

/* Copy lines that end in LF, all of them, to b, with CRLF. */
static int
copy_lf(const char *s, size_t n, struct buf *b, struct message *m,
    struct message_fault *fault)
{
	const char *end = s + n, *lf, *cr = memchr(s, '\r', n);
	char *to;

	if (cr != NULL)
		return refuse(fault, "CR where lines end in LF",
		    1 + count_lines(s, cr));
	for (; s < end; s = lf + 1) {
		size_t len;

		lf = memchr(s, '\n', (size_t)(end - s));
		if (lf == NULL)
			lf = end;
		len = (size_t)(lf - s);
		if ((to = buf_room(b, len + 2)) == NULL)
			return refuse(fault, "the message is too long", 0);
		memcpy(to, s, len);
		to[len] = '\r';
		to[len + 1] = '\n';
		b->len += len + 2;
		see_line(m, s, len);
	}
	return 0;
}

int
message_canonical(char *in, size_t n, struct buf *b, struct message *out,
    struct message_fault *fault)
{
	*out = (struct message){ 0 };
	buf_reset(b);
	if (n == 0)
		return refuse(fault, "the message is empty", 0);
	if (memchr(in, '\0', n) != NULL)
		return refuse(fault, "NUL in the message", 0);
	if (lines_end_in_lf(in, n)) {
		if (copy_lf(in, n, b, out, fault) != 0)
			return -1;
		out->text = b->data;
		out->len = b->len;
	} else {
		if (check_crlf(in, n, out, fault) != 0)
			return -1;
		out->text = in;
		out->len = n;
		if (in[n - 1] != '\n') {
			if (buf_add(b, in, n) != 0 ||
			    buf_adds(b, "\r\n") != 0)
				return refuse(fault,
				    "the message is too long", 0);
			out->text = b->data;
			out->len = b->len;
		}
	}
	out->eightbit = has_eightbit(out->text, out->len);
	out->header_len = header_length(out->text, out->len);
	return 0;
}

size_t
message_unstuff(char *s, size_t n)
{
	char *from = s, *to = s, *end = s + n;

	while (from < end) {
		char *lf;
		size_t len;

		if (*from == '.')
			from++;
		lf = memchr(from, '\n', (size_t)(end - from));
		len = (size_t)((lf != NULL ? lf + 1 : end) - from);
		if (to != from)
			memmove(to, from, len);
		to += len;
		from += len;
	}
	return (size_t)(to - s);
}

void
message_advance(struct message *m, size_t n)
{
	m->text += n;
	m->len -= n;
	m->header_len -= n;
}
