/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "smtp/server_command.h"

/* What must be so before a command. */
enum need { NEED_NOTHING, NEED_HELO, NEED_NO_MAIL, NEED_MAIL };

struct verb {
	char name[5];
	enum session_stage stage;
	enum need need;
	int (*read)(struct session *s, const char *arg, size_t len);
};

/* Settle the answer.  Returns -1. */
static int
answer(struct session *s, int code, const char *status, const char *text)
{
	s->reply = (struct session_reply){ code, status, text };
	return -1;
}

static int
bad(struct session *s, const char *text)
{
	return answer(s, 501, "5.5.4", text);
}

static int
read_name(struct session *s, const char *arg, size_t len)
{
	if (len == 0)
		return bad(s, "a name must follow");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)arg[i] <= ' ' || arg[i] == 0x7f)
			return bad(s, "not a host name");
	buf_add(&s->arg, arg, len);
	return 0;
}

static int
read_ehlo(struct session *s, const char *arg, size_t len)
{
	if (!(s->conf->flags & SESSION_EHLO))
		return answer(s, 502, "5.5.1", "no EHLO here");
	if (read_name(s, arg, len) != 0)
		return -1;
	s->esmtp = true;
	return 0;
}

static int
read_helo(struct session *s, const char *arg, size_t len)
{
	if (read_name(s, arg, len) != 0)
		return -1;
	s->esmtp = false;
	return 0;
}

/*
 * The length of a path at p, with its brackets if it has them: up to the first
 * blank or '>' that is not in quotes.
 */
static size_t
path_len(const char *p, size_t n)
{
	bool quoted = false, bracket = n > 0 && p[0] == '<';
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		else if (quoted && p[i] == '\\' && i + 1 < n)
			i++;
		else if (!quoted && p[i] == ' ')
			break;
		else if (!quoted && bracket && p[i] == '>')
			return i + 1;
	}
	return i;
}

static int
add_address(struct session *s, const char *p, size_t n)
{
	const char *colon;

	/* a source route is read and forgotten: RFC 5321 appendix C */
	if (n > 0 && p[0] == '@' && (colon = memchr(p, ':', n)) != NULL) {
		n -= (size_t)(colon + 1 - p);
		p = colon + 1;
	}
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return answer(
			    s, 501, "5.1.3", "control byte in an address");
		if ((unsigned char)p[i] >= 0x80)
			return answer(
			    s, 553, "5.6.7", "SMTPUTF8 is not offered");
	}
	buf_add(&s->arg, p, n);
	return 0;
}

/*
 * "FROM:" or "TO:" and a path.  Returns: what follows it, or NULL with the
 * answer settled.
 */
static const char *
read_path(struct session *s, const char *word, const char *arg, size_t len)
{
	size_t n = strlen(word), path;
	const char *p, *end = arg + len;

	if (len < n || strncasecmp(arg, word, n) != 0) {
		bad(s, "FROM: or TO: must follow");
		return NULL;
	}
	for (p = arg + n; p < end && *p == ' '; p++)
		;
	path = path_len(p, (size_t)(end - p));
	if (path == 0 || (p[0] == '<' && (path < 2 || p[path - 1] != '>'))) {
		bad(s, "no address");
		return NULL;
	}
	if (p[0] == '<' ? add_address(s, p + 1, path - 2) :
			  add_address(s, p, path))
		return NULL;
	if (p + path < end && p[path] != ' ') {
		bad(s, "a blank must stand after the address");
		return NULL;
	}
	return p + path;
}

static int
param_size(struct session *s, const char *value, size_t len)
{
	uint64_t size;

	if (num_parse_n(value, len, &size) != 0)
		return bad(s, "SIZE must be a number");
	if (s->conf->max_bytes > 0 && size > s->conf->max_bytes)
		return answer(s, 552, "5.3.4", "message too big");
	return 0;
}

static int
param_body(struct session *s, const char *value, size_t len)
{
	if ((len == 4 && strncasecmp(value, "7BIT", 4) == 0) ||
	    (len == 8 && strncasecmp(value, "8BITMIME", 8) == 0))
		return 0;
	return bad(s, "unknown BODY");
}

/* Parameters of MAIL; each is taken only where its extension was offered. */
static int
read_param(struct session *s, const char *p, size_t len)
{
	static const struct {
		const char *name;
		unsigned flag;
		int (*read)(struct session *s, const char *value, size_t len);
	} params[] = {
		{ "SIZE=", SESSION_SIZE, param_size },
		{ "BODY=", SESSION_8BITMIME, param_body },
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		size_t n = strlen(params[i].name);

		if (s->esmtp && (s->conf->flags & params[i].flag) && len > n &&
		    strncasecmp(p, params[i].name, n) == 0)
			return params[i].read(s, p + n, len - n);
	}
	return answer(s, 555, "5.5.4", "parameter that was not offered");
}

static int
read_mail(struct session *s, const char *arg, size_t len)
{
	const char *p = read_path(s, "FROM:", arg, len), *end = arg + len;

	if (p == NULL)
		return -1;
	if (s->arg.len == 0)
		buf_adds(&s->arg, "<>");
	while (p < end) {
		const char *blank;

		if (*p == ' ') {
			p++;
			continue;
		}
		blank = memchr(p, ' ', (size_t)(end - p));
		if (blank == NULL)
			blank = end;
		if (read_param(s, p, (size_t)(blank - p)) != 0)
			return -1;
		p = blank;
	}
	return 0;
}

static int
read_rcpt(struct session *s, const char *arg, size_t len)
{
	const char *p = read_path(s, "TO:", arg, len), *end = arg + len;

	if (p == NULL)
		return -1;
	if (s->arg.len == 0)
		return answer(s, 501, "5.1.3", "no address");
	while (p < end && *p == ' ')
		p++;
	if (p < end)
		return answer(
		    s, 555, "5.5.4", "parameter that was not offered");
	if (s->conf->max_rcpts > 0 && s->rcpt_count >= s->conf->max_rcpts)
		return answer(s, 452, "4.5.3", "too many recipients");
	return 0;
}

static int
read_data(struct session *s, const char *arg, size_t len)
{
	(void)arg;
	if (len > 0)
		return bad(s, "DATA has no argument");
	if (s->rcpt_count == 0)
		return answer(s, 554, "5.5.1", "no valid recipients");
	return 0;
}

static int
read_quit(struct session *s, const char *arg, size_t len)
{
	(void)s;
	(void)arg;
	(void)len;
	return 0;
}

static int
read_rset(struct session *s, const char *arg, size_t len)
{
	(void)arg;
	if (len > 0)
		return bad(s, "RSET has no argument");
	s->in_mail = false;
	s->rcpt_count = 0;
	buf_reset(&s->sender);
	buf_reset(&s->rcpts);
	return answer(s, 250, "2.0.0", "forgotten");
}

static int
read_noop(struct session *s, const char *arg, size_t len)
{
	(void)arg;
	(void)len;
	return answer(s, 250, "2.0.0", "ok");
}

static int
read_vrfy(struct session *s, const char *arg, size_t len)
{
	(void)arg;
	(void)len;
	return answer(s, 252, "2.0.0", "send it and see");
}

static int
read_help(struct session *s, const char *arg, size_t len)
{
	(void)arg;
	(void)len;
	return answer(s, 214, "2.0.0", "RFC 5321");
}

static const struct verb verbs[] = {
	{ "RCPT", SESSION_RCPT, NEED_MAIL, read_rcpt },
	{ "MAIL", SESSION_MAIL, NEED_NO_MAIL, read_mail },
	{ "DATA", SESSION_DATA, NEED_MAIL, read_data },
	{ "EHLO", SESSION_HELO, NEED_NOTHING, read_ehlo },
	{ "HELO", SESSION_HELO, NEED_NOTHING, read_helo },
	{ "RSET", SESSION_OTHER, NEED_NOTHING, read_rset },
	{ "QUIT", SESSION_QUIT, NEED_NOTHING, read_quit },
	{ "NOOP", SESSION_OTHER, NEED_NOTHING, read_noop },
	{ "VRFY", SESSION_OTHER, NEED_NOTHING, read_vrfy },
	{ "HELP", SESSION_OTHER, NEED_NOTHING, read_help },
};

static const struct verb *
find_verb(const char *line, size_t len)
{
	if (len < 4 || (len > 4 && line[4] != ' '))
		return NULL;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strncasecmp(line, verbs[i].name, 4) == 0)
			return &verbs[i];
	return NULL;
}

static int
check_need(struct session *s, enum need need)
{
	if (need == NEED_NOTHING)
		return 0;
	if (!s->greeted)
		return answer(s, 503, "5.5.1", "EHLO or HELO first");
	if (need == NEED_NO_MAIL && s->in_mail)
		return answer(s, 503, "5.5.1", "one sender is enough");
	if (need == NEED_MAIL && !s->in_mail)
		return answer(s, 503, "5.5.1", "MAIL first");
	return 0;
}

int
server_command(struct session *s, const char *line, size_t len)
{
	const struct verb *v = find_verb(line, len);

	s->stage = SESSION_OTHER;
	if (s->phase == SESSION_REFUSED &&
	    (v == NULL || v->stage != SESSION_QUIT))
		return answer(s, 503, "5.5.1", "refused: QUIT is all there is");
	if (v == NULL)
		return answer(s, 500, "5.5.2", "unknown command");
	s->stage = v->stage;
	if (check_need(s, v->need) != 0)
		return -1;
	line += 4;
	len -= 4;
	while (len > 0 && *line == ' ') {
		line++;
		len--;
	}
	while (len > 0 && line[len - 1] == ' ')
		len--;
	return v->read(s, line, len);
}
