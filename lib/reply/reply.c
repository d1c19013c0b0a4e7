/* SPDX-License-Identifier: ISC */
/* Replies as values: class, status code, one line of text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reply/parse.h"
#include "reply/reply.h"

enum reply_class
reply_class(int code)
{
	switch (code / 100) {
	case 2:
		return REPLY_SUCCESS;
	case 3:
		return REPLY_GO_ON;
	case 5:
		return REPLY_PERMANENT;
	default:
		return REPLY_TRANSIENT;
	}
}

enum reply_class
reply_verdict(const struct reply *r)
{
	if (r->code != 0)
		return reply_class(r->code);
	if (r->status[0] == '2')
		return REPLY_SUCCESS;
	return r->status[0] == '5' ? REPLY_PERMANENT : REPLY_TRANSIENT;
}

void
reply_status(const struct reply *r, char to[REPLY_STATUS_SIZE])
{
	if (r->status[0] != '\0') {
		memcpy(to, r->status, REPLY_STATUS_SIZE);
		return;
	}
	memcpy(to, "4.0.0", 6);
	if (reply_verdict(r) == REPLY_PERMANENT)
		to[0] = '5';
	else if (reply_verdict(r) == REPLY_SUCCESS)
		to[0] = '2';
}

size_t
reply_format(const struct reply *r, char *to, size_t size)
{
	size_t len, room;

	if (size == 0)
		return 0;
	to[0] = '\0';
	len = 0;
	if (r->code != 0) {
		snprintf(to, size, "%03d%s", r->code,
		    r->text[0] != '\0' ? " " : "");
		len = strlen(to);
	}
	room = size - 1 - len;
	len += reply_clean(to + len, room, r->text, strlen(r->text));
	to[len] = '\0';
	return len;
}

void
reply_local(struct reply *r, const char *status, const char *fmt, ...)
{
	char raw[REPLY_TEXT_MAX + 1];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	r->code = 0;
	n = strnlen(status, sizeof(r->status) - 1);
	memcpy(r->status, status, n);
	r->status[n] = '\0';
	n = reply_clean(r->text, REPLY_TEXT_MAX, raw, strlen(raw));
	r->text[n] = '\0';
}

void
reply_copy(struct reply *to, const struct reply *from)
{
	to->code = from->code;
	memcpy(to->status, from->status, sizeof(to->status));
	memcpy(to->text, from->text, strlen(from->text) + 1);
}
