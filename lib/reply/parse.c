/* SPDX-License-Identifier: ISC */
/*
 * Reading replies.  Every step works on (pointer, length) pairs; a line that is
 * whole in the input is judged where it stands, a line that comes in parts is
 * gathered in the parser's own memory.
 */
#include <string.h>

#include "reply/parse.h"

void
reply_parser_init(struct reply_parser *p)
{
	p->why = NULL;
	p->held = 0;
	p->done = true;
	p->line = NULL;
	p->line_len = 0;
	p->reply.code = 0;
	p->reply.status[0] = '\0';
	p->reply.text[0] = '\0';
}

static void
begin_reply(struct reply_parser *p)
{
	p->done = false;
	p->lines = 0;
	p->bytes = 0;
	p->text_len = 0;
	p->reply.code = 0;
	p->reply.status[0] = '\0';
	p->reply.text[0] = '\0';
}

static enum reply_read
bad(struct reply_parser *p, const char *why)
{
	p->why = why;
	return REPLY_BAD;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The length of the character at s if it is whole, valid, and not a C1 control
 * (terminals act on those), else 0.  RFC 3629 4.
 */
static size_t
utf8_char(const unsigned char *s, size_t n)
{
	size_t len;
	unsigned min;
	unsigned long c;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	min = len == 2 ? 0xa0 : len == 3 ? 0x800 : 0x10000;
	if (n < len)
		return 0;
	c = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

size_t
reply_clean(char *to, size_t room, const char *from, size_t n)
{
	const unsigned char *s = (const unsigned char *)from;
	size_t out = 0;
	size_t len;

	for (size_t i = 0; i < n && out < room; i += len) {
		len = 1;
		if (s[i] >= ' ' && s[i] < 0x7f) {
			to[out++] = (char)s[i];
			continue;
		}
		len = s[i] < 0x80 ? 0 : utf8_char(s + i, n - i);
		if (len > room - out)
			break;
		if (len == 0) {
			to[out++] = s[i] == '\t' ? ' ' : '?';
			len = 1;
			continue;
		}
		memcpy(to + out, s + i, len);
		out += len;
	}
	return out;
}

/* The length of the enhanced status code at the start of a line, 0 for none:
 * class "." 1*3digit "." 1*3digit, then a blank or the end (RFC 2034 4).  The
 * class must be that of the reply: "550 2.0.0" says nothing. */
static size_t
status_length(const char *s, size_t n, int code)
{
	size_t i = 1;
	size_t digits;

	if (n < 5 || s[0] != '0' + code / 100 || code / 100 == 3)
		return 0;
	for (int part = 0; part < 2; part++) {
		if (i >= n || s[i++] != '.')
			return 0;
		for (digits = 0; i < n && is_digit(s[i]); i++)
			digits++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	if (i < n && s[i] != ' ' && s[i] != '\t')
		return 0;
	return i;
}

/* Add one line to the text.  The status code that servers repeat on each line
 * is kept once. */
static void
add_text(struct reply_parser *p, const char *s, size_t n)
{
	struct reply *r = &p->reply;
	size_t len = status_length(s, n, r->code);
	size_t room;

	if (len != 0 && r->status[0] == '\0') {
		memcpy(r->status, s, len);
		r->status[len] = '\0';
	} else if (len != 0 && strlen(r->status) == len &&
	    memcmp(r->status, s, len) == 0) {
		s += len;
		n -= len;
	}
	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	if (n == 0)
		return;
	room = REPLY_TEXT_MAX - p->text_len;
	if (p->text_len > 0) {
		if (room < 4)
			return;
		memcpy(r->text + p->text_len, " / ", 3);
		p->text_len += 3;
		room -= 3;
	}
	p->text_len += reply_clean(r->text + p->text_len, room, s, n);
	r->text[p->text_len] = '\0';
}

/* A whole line, without its LF. */
static enum reply_read
judge(struct reply_parser *p, const char *line, size_t n)
{
	int code;

	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (n < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) ||
	    !is_digit(line[2]))
		return bad(p, "a line without a reply code");
	if (n > 3 && line[3] != ' ' && line[3] != '-')
		return bad(p, "neither blank nor hyphen after a reply code");
	code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
	if (p->lines > 0 && code != p->reply.code)
		return bad(p, "different codes in one reply");
	if (++p->lines > REPLY_LINES_MAX)
		return bad(p, "a reply of too many lines");
	p->reply.code = code;
	p->line = line + (n > 3 ? 4 : n);
	p->line_len = n > 3 ? n - 4 : 0;
	add_text(p, p->line, p->line_len);
	p->done = n == 3 || line[3] == ' ';
	return p->done ? REPLY_DONE : REPLY_LINE;
}

static void
hold(struct reply_parser *p, const char *data, size_t n)
{
	size_t room = sizeof(p->hold) - p->held;

	if (n > room)
		n = room;
	memcpy(p->hold + p->held, data, n);
	p->held += n;
}

enum reply_read
reply_parse(struct reply_parser *p, const char *data, size_t n, size_t *used)
{
	const char *nl;
	size_t len;

	*used = 0;
	if (p->why != NULL)
		return REPLY_BAD;
	if (n == 0)
		return REPLY_MORE;
	if (p->done)
		begin_reply(p);
	/* One byte past what is allowed settles it; no need to look further. */
	if (n > REPLY_BYTES_MAX + 1 - p->bytes)
		n = REPLY_BYTES_MAX + 1 - p->bytes;
	nl = memchr(data, '\n', n);
	len = nl != NULL ? (size_t)(nl - data) + 1 : n;
	*used = len;
	p->bytes += len;
	if (p->bytes > REPLY_BYTES_MAX)
		return bad(p, "a reply that is too long");
	if (nl == NULL) {
		hold(p, data, len);
		return REPLY_MORE;
	}
	len--;
	if (p->held > 0) {
		hold(p, data, len);
		data = p->hold;
		len = p->held;
		p->held = 0;
	} else if (len > REPLY_LINE_MAX) {
		len = REPLY_LINE_MAX;
	}
	return judge(p, data, len);
}
