/* SPDX-License-Identifier: ISC */
/*
 * Which phase follows which, by event and the code of its answer:
 *
 *     START --CONNECT 2xx--> COMMAND --DATA 354--> IN_TEXT --DOT--> COMMAND
 *       `----CONNECT 4xx, 5xx--> REFUSED        421 or 221 anywhere: closing
 *
 * What a command needs to be in order is in its row of the table below, what its
 * argument must look like in lib/smtp/server_command.c, what its answer changes
 * in settle().
 */
#include <string.h>

#include "smtp/server_command.h"
#include "smtp/session.h"

enum {
	LINE_BYTES_MAX =
	    8192, /* RFC 5321 asks for 512 and what extensions add */
	ARG_BYTES_MAX = LINE_BYTES_MAX,
};

const char *const session_stage_names[SESSION_STAGES] = {
	"CONNECT",
	"HELO",
	"MAIL",
	"RCPT",
	"DATA",
	"TEXT",
	"DOT",
	"QUIT",
	"OTHER",
};

static void
offer(struct session *s, int code, const char *status, const char *text)
{
	s->reply = (struct session_reply){ code, status, text };
}

void
session_init(struct session *s, const struct session_conf *conf)
{
	*s = (struct session){ .conf = conf };
	buf_init(&s->line, LINE_BYTES_MAX);
	buf_init(&s->arg, ARG_BYTES_MAX);
	buf_init(&s->helo, ARG_BYTES_MAX);
	buf_init(&s->sender, ARG_BYTES_MAX);
	buf_init(&s->rcpts, 0);
	buf_init(&s->out, 0);
}

void
session_clear(struct session *s)
{
	buf_clear(&s->line);
	buf_clear(&s->arg);
	buf_clear(&s->helo);
	buf_clear(&s->sender);
	buf_clear(&s->rcpts);
	buf_clear(&s->out);
}

void
session_feed(struct session *s, const void *data, size_t n)
{
	s->in = data;
	s->in_len = n;
}

const char *
session_rest(const struct session *s, size_t *n)
{
	*n = s->in_len;
	return s->in;
}

int
session_default_code(const struct session *s)
{
	return s->reply.code;
}

static void
reset_mail(struct session *s)
{
	s->in_mail = false;
	s->rcpt_count = 0;
	s->bytes = 0;
	buf_reset(&s->sender);
	buf_reset(&s->rcpts);
}

static void
use(struct session *s, size_t n)
{
	s->in += n;
	s->in_len -= n;
}

/*
 * A whole command line without its end (CRLF, or LF from people who type), or
 * NULL.  One that is too long comes back empty, with too_long set.
 */
static const char *
take_line(struct session *s, size_t *len)
{
	const char *lf = memchr(s->in, '\n', s->in_len), *line = s->in;
	size_t n = lf == NULL ? s->in_len : (size_t)(lf - s->in) + 1;

	if (lf == NULL || s->line.len > 0 || n > LINE_BYTES_MAX) {
		if (buf_add(&s->line, s->in, n) != 0)
			s->too_long = true;
		line = s->line.data;
	}
	use(s, n);
	if (lf == NULL)
		return NULL;
	*len = line == s->line.data ? s->line.len : n;
	if (s->too_long)
		*len = 0;
	/* the memory stays: the line is read before the next one is begun */
	s->line.len = 0;
	s->line.over = false;
	if (*len > 0)
		--*len;
	if (*len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

static void
command(struct session *s, const char *line, size_t len)
{
	buf_reset(&s->arg);
	if (s->too_long) {
		s->too_long = false;
		s->stage = SESSION_OTHER;
		offer(s, 500, "5.5.6", "line too long");
		return;
	}
	if (server_command(s, line, len) != 0)
		return;
	switch (s->stage) {
	case SESSION_HELO:
		offer(s, 250, NULL, s->conf->name);
		break;
	case SESSION_MAIL:
		offer(s, 250, "2.1.0", "sender ok");
		break;
	case SESSION_RCPT:
		offer(s, 250, "2.1.5", "recipient ok");
		break;
	case SESSION_DATA:
		offer(s, 354, NULL, "end with a dot on a line by itself");
		break;
	case SESSION_QUIT:
		offer(s, 221, "2.0.0", "bye");
		break;
	case SESSION_OTHER:
	case SESSION_CONNECT:
	case SESSION_TEXT:
	case SESSION_DOT:
	case SESSION_STAGES:
		break;
	}
}

static bool
next_text(struct session *s, struct session_event *ev)
{
	struct server_run run = { 0 };

	while (s->in_len > 0 && !run.end) {
		use(s, server_text_next(&s->text, s->in, s->in_len, &run));
		if (run.len > 0)
			break;
	}
	if (run.len > 0 && !run.end) {
		s->bytes += run.len;
		*ev = (struct session_event){ SESSION_TEXT, true, run.data,
			run.len };
		return true;
	}
	if (!run.end)
		return false;
	s->phase = SESSION_COMMAND;
	s->stage = SESSION_DOT;
	offer(s, 250, "2.0.0", "message taken");
	if (s->conf->max_bytes > 0 && s->bytes > s->conf->max_bytes)
		offer(s, 552, "5.3.4", "message too big");
	return true;
}

bool
session_next(struct session *s, struct session_event *ev)
{
	const char *line;
	size_t len;

	if (s->waiting || s->closing)
		return false;
	if (s->phase == SESSION_START) {
		s->stage = SESSION_CONNECT;
		offer(s, 220, NULL, s->conf->banner);
	} else if (s->phase == SESSION_IN_TEXT) {
		ev->stage = SESSION_DOT;
		if (!next_text(s, ev))
			return false;
		if (ev->stage == SESSION_TEXT)
			return true;
	} else {
		if (s->in_len == 0 || (line = take_line(s, &len)) == NULL)
			return false;
		command(s, line, len);
	}
	s->waiting = true;
	*ev = (struct session_event){
		.stage = s->stage,
		.judge = s->reply.code < 400 ||
		    (s->stage == SESSION_DATA && s->in_mail),
		.data = s->arg.data,
		.len = s->arg.len,
	};
	return true;
}

/* What an answer of that code changes. */
static void
settle(struct session *s, int code)
{
	bool yes = code >= 200 && code < 300;

	s->waiting = false;
	s->closing = code == 421 || (s->stage == SESSION_QUIT && yes);
	switch (s->stage) {
	case SESSION_CONNECT:
		s->phase = yes || code == 0 ? SESSION_COMMAND : SESSION_REFUSED;
		break;
	case SESSION_HELO:
		if (!yes)
			break;
		s->greeted = true;
		reset_mail(s);
		buf_reset(&s->helo);
		buf_add(&s->helo, s->arg.data, s->arg.len);
		break;
	case SESSION_MAIL:
		if (!yes)
			break;
		reset_mail(s);
		s->in_mail = true;
		buf_add(&s->sender, s->arg.data, s->arg.len);
		break;
	case SESSION_RCPT:
		if (!yes)
			break;
		s->rcpt_count++;
		buf_add(&s->rcpts, s->arg.data, s->arg.len + 1);
		break;
	case SESSION_DATA:
		if (code != 354)
			break;
		s->phase = SESSION_IN_TEXT;
		s->text = (struct server_text)SERVER_TEXT_INIT;
		s->bytes = 0;
		break;
	case SESSION_DOT:
		reset_mail(s);
		break;
	case SESSION_QUIT:
	case SESSION_OTHER:
	case SESSION_TEXT:
	case SESSION_STAGES:
		break;
	}
}

/* One line of a reply; more: others follow. */
static void
put_line(struct session *s, int code, bool more, const char *status,
    const char *text, size_t len)
{
	char head[4] = { (char)('0' + code / 100 % 10),
		(char)('0' + code / 10 % 10), (char)('0' + code % 10),
		more ? '-' : ' ' };

	buf_add(&s->out, head, sizeof(head));
	if (status != NULL) {
		buf_adds(&s->out, status);
		buf_addc(&s->out, ' ');
	}
	buf_add(&s->out, text, len);
	buf_add(&s->out, "\r\n", 2);
}

static void
put_reply(struct session *s, int code, const char *status, const char *text)
{
	const char *nl;

	while ((nl = strchr(text, '\n')) != NULL) {
		put_line(s, code, true, status, text, (size_t)(nl - text));
		text = nl + 1;
	}
	put_line(s, code, false, status, text, strlen(text));
}

void
session_reply(struct session *s, int code, const char *status, const char *text)
{
	put_reply(s, code, status, text);
	settle(s, code);
}

void
session_raw(struct session *s, int code, const void *data, size_t n)
{
	buf_add(&s->out, data, n);
	settle(s, code);
}

static void
put_ehlo(struct session *s)
{
	static const struct {
		unsigned flag;
		const char *line;
	} offers[] = {
		{ SESSION_PIPELINING, "PIPELINING" },
		{ SESSION_8BITMIME, "8BITMIME" },
		{ SESSION_ENHANCED, "ENHANCEDSTATUSCODES" },
	};
	const struct session_conf *conf = s->conf;

	buf_addf(&s->out, "250-%s\r\n", conf->name);
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		if (conf->flags & offers[i].flag)
			buf_addf(&s->out, "250-%s\r\n", offers[i].line);
	if (conf->flags & SESSION_SIZE)
		buf_addf(&s->out, "250-SIZE %llu\r\n",
		    (unsigned long long)conf->max_bytes);
	for (size_t i = 0; i < conf->ehlo_lines; i++)
		buf_addf(&s->out, "250-X-LINE-%zu\r\n", i + 1);
	/* RFC 5321 4.2.1: the last line has a blank after its code */
	buf_adds(&s->out, "250 HELP\r\n");
}

void
session_accept(struct session *s)
{
	const char *status = s->reply.status, *text = s->reply.text;

	if (s->stage == SESSION_HELO && s->esmtp && s->reply.code == 250) {
		put_ehlo(s);
		settle(s, 250);
		return;
	}
	if (!(s->conf->flags & SESSION_ENHANCED))
		status = NULL;
	if (s->stage == SESSION_CONNECT && text == NULL) {
		buf_addf(&s->out, "220 %s ESMTP\r\n", s->conf->name);
		settle(s, 220);
		return;
	}
	session_reply(s, s->reply.code, status, text);
}
