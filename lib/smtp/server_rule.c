/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "smtp/server_rule.h"

enum {
	DELAY_MS_MAX = 24 * 3600 * 1000,
	TEXT_BYTES_MAX = 256 * 1024 * 1024,
};

struct row {
	struct server_rule rule;
	enum session_stage stage;
	bool any; /* no regular expression */
	regex_t re;
	struct server_limit limit;
	int64_t seen; /* matches so far */
};

struct server_rules {
	struct row *rows;
	size_t n;
	unsigned stages; /* 1 << stage that some row has */
};

struct server_rules *
server_rules_new(void)
{
	return xcalloc(1, sizeof(struct server_rules));
}

static void
row_clear(struct row *row)
{
	if (!row->any)
		regfree(&row->re);
	buf_clear(&row->rule.text);
}

void
server_rules_free(struct server_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++)
		row_clear(&r->rows[i]);
	free(r->rows);
	free(r);
}

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "{N}C" at s.  Returns: the last byte of it, or NULL. */
static const char *
repeat_byte(const char *s, struct buf *to)
{
	size_t digits = strspn(s + 1, "0123456789");
	const char *c = s + digits + 2;
	uint64_t n;
	char *room;

	if (s[digits + 1] != '}' || *c == '\0' || digits > 9 ||
	    num_parse_n(s + 1, digits, &n) != 0 ||
	    (room = buf_room(to, n)) == NULL)
		return NULL;
	memset(room, *c, n);
	to->len += n;
	to->data[to->len] = '\0';
	return c;
}

/* What follows a backslash.  Returns: the last byte of it, or NULL. */
static const char *
escape(const char *s, struct buf *to)
{
	static const char letters[] = "rnt\\0", bytes[] = "\r\n\t\\";
	const char *at;

	if (*s == '{')
		return repeat_byte(s, to);
	if (*s == 'x') {
		if (hex(s[1]) < 0 || hex(s[2]) < 0)
			return NULL;
		buf_addc(to, (char)(hex(s[1]) * 16 + hex(s[2])));
		return s + 2;
	}
	at = *s == '\0' ? NULL : strchr(letters, *s);
	if (at == NULL)
		return NULL;
	buf_addc(to, bytes[at - letters]);
	return s;
}

int
server_unescape(const char *s, struct buf *to, struct err *err)
{
	for (; *s != '\0'; s++) {
		const char *last;

		if (*s != '\\') {
			buf_addc(to, *s);
			continue;
		}
		last = escape(s + 1, to);
		if (last == NULL)
			return err_set(err, ERR_USAGE,
			    "%s: only \\r \\n \\t "
			    "\\0 \\\\ \\xHH and \\{N}C are known",
			    s);
		s = last;
	}
	return to->over ? err_set(err, ERR_USAGE, "too long") : 0;
}

/* "/RE/" at p, if there is one.  Returns: what follows, or NULL. */
static const char *
read_re(struct row *row, const char *p, struct err *err)
{
	struct buf re = BUF_INIT(0);
	char why[128];
	int rc;

	if (*p != '/')
		return p;
	for (p++; *p != '\0' && *p != '/'; p++) {
		if (p[0] == '\\' && p[1] == '/')
			p++;
		else if (p[0] == '\\' && p[1] != '\0')
			buf_addc(&re, *p++);
		buf_addc(&re, *p);
	}
	if (*p != '/') {
		buf_clear(&re);
		err_set(err, ERR_USAGE, "/ is missing after the pattern");
		return NULL;
	}
	rc = regcomp(&row->re, re.data, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	buf_clear(&re);
	if (rc != 0) {
		regerror(rc, &row->re, why, sizeof(why));
		err_set(err, ERR_USAGE, "bad pattern: %s", why);
		return NULL;
	}
	row->any = false;
	return p + 1;
}

static const char *
read_stage(struct row *row, const char *p, struct err *err)
{
	size_t n = strcspn(p, " \t=/");

	for (size_t i = 0; i < SESSION_STAGES; i++)
		if (strlen(session_stage_names[i]) == n &&
		    strncasecmp(p, session_stage_names[i], n) == 0) {
			row->stage = (enum session_stage)i;
			return p + n;
		}
	err_set(err, ERR_USAGE, "%.*s: no such stage", (int)n, p);
	return NULL;
}

/* Three digits, the first 2 to 5, with a blank or the end of the line behind. */
static int
read_code(const char *p)
{
	if (p[0] < '2' || p[0] > '5' || !isdigit((unsigned char)p[1]) ||
	    !isdigit((unsigned char)p[2]) || strchr(" \r\n", p[3]) == NULL)
		return 0;
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
}

/* The length of an enhanced code, C.S.D (RFC 3463 2), or 0. */
static size_t
status_len(const char *p)
{
	size_t n = strspn(p, "0123456789."), dots = 0;

	for (size_t i = 0; i < n; i++)
		dots += p[i] == '.';
	if (dots != 2 || n < 5 || n > 9 || p[1] != '.' || p[2] == '.' ||
	    p[n - 1] == '.' || strchr("245", p[0]) == NULL ||
	    (p[n] != ' ' && p[n] != '\0'))
		return 0;
	return n;
}

static int
read_reply(struct row *row, const char *p, struct err *err)
{
	struct server_rule *rule = &row->rule;
	size_t n;

	rule->code = read_code(p);
	if (rule->code == 0)
		return err_set(
		    err, ERR_USAGE, "a reply code from 200 to 599 is missing");
	p = skip_blanks(p + 3);
	n = status_len(p);
	memcpy(rule->status, p, n);
	return server_unescape(skip_blanks(p + n), &rule->text, err);
}

/* Put the text down n times in all. */
static int
repeat_text(struct buf *text, int64_t n, struct err *err)
{
	size_t len = text->len;

	if (n <= 1 || len == 0)
		return 0;
	if ((uint64_t)n > TEXT_BYTES_MAX / len ||
	    buf_room(text, len * (size_t)(n - 1)) == NULL)
		return err_set(err, ERR_USAGE, "too long");
	for (; n > 1; n--)
		buf_add(text, text->data, len);
	return 0;
}

/* Raw bytes count as the reply that their last line's code says. */
static int
read_raw(struct row *row, const char *p, struct err *err)
{
	struct server_rule *rule = &row->rule;
	const char *line;
	size_t n;

	if (server_unescape(p, &rule->text, err) != 0)
		return -1;
	n = rule->text.len;
	while (n > 0 && strchr("\r\n", rule->text.data[n - 1]) != NULL)
		n--;
	line = n == 0 ? NULL : memrchr(rule->text.data, '\n', n);
	line = line == NULL ? rule->text.data : line + 1;
	if (n - (size_t)(line - rule->text.data) >= 3)
		rule->code = read_code(line);
	return repeat_text(&rule->text, row->limit.repeat, err);
}

static int
read_delay(struct row *row, const char *p, struct err *err)
{
	if (*p == '=')
		p++;
	if (num_parse(p, 0, DELAY_MS_MAX, &row->rule.delay_ms) != 0)
		return err_set(err, ERR_USAGE,
		    "%s: a delay is a number of milliseconds, up to a day", p);
	return 0;
}

static int
read_nothing(struct row *row, const char *p, struct err *err)
{
	(void)row;
	if (*p != '\0')
		return err_set(err, ERR_USAGE, "%s: nothing may follow", p);
	return 0;
}

static const struct {
	unsigned not_at; /* stages that make no sense for it */
	int (*read)(struct row *row, const char *p, struct err *err);
} actions[SERVER_ACTIONS] = {
	[SERVER_REPLY] = { 1u << SESSION_TEXT, read_reply },
	[SERVER_RAW] = { 1u << SESSION_TEXT, read_raw },
	[SERVER_CLOSE] = { 0, read_nothing },
	[SERVER_HANG] = { 0, read_nothing },
	[SERVER_DELAY] = { 0, read_delay },
};

static int
read_row(struct row *row, const char *spec, struct err *err)
{
	enum server_action action = row->rule.action;
	const char *p;

	p = read_stage(row, skip_blanks(spec), err);
	if (p == NULL)
		return -1;
	if (actions[action].not_at & (1u << row->stage))
		return err_set(err, ERR_USAGE, "no reply is due at %s",
		    session_stage_names[row->stage]);
	p = read_re(row, skip_blanks(p), err);
	if (p == NULL)
		return -1;
	return actions[action].read(row, skip_blanks(p), err);
}

int
server_rules_add(struct server_rules *r, enum server_action action,
    const char *spec, const struct server_limit *limit, struct err *err)
{
	struct row row = {
		.rule.action = action, .any = true, .limit = *limit
	};
	struct err why;

	buf_init(&row.rule.text, TEXT_BYTES_MAX);
	if (read_row(&row, spec, &why) != 0) {
		row_clear(&row);
		return err_set(err, why.cls, "'%s': %s", spec, why.msg);
	}
	r->rows = xreallocarray(r->rows, r->n + 1, sizeof(*r->rows));
	r->rows[r->n++] = row;
	r->stages |= 1u << row.stage;
	return 0;
}

/*
 * FNV-1a over the argument in lower case, begun with the number of the rule: two
 * rules with the same share don't pick the same addresses.
 */
static int64_t
share_of(size_t row, const char *arg)
{
	uint64_t h = 14695981039346656037u ^ (row + 1);

	h *= 1099511628211u;
	for (; *arg != '\0'; arg++) {
		h ^= (uint64_t)tolower((unsigned char)*arg);
		h *= 1099511628211u;
	}
	h ^= h >> 32;
	return (int64_t)(h % 10000);
}

static bool
applies(struct server_rules *r, size_t i, const char *arg)
{
	struct row *row = &r->rows[i];

	if (!row->any && regexec(&row->re, arg, 0, NULL, 0) != 0)
		return false;
	if (row->limit.share > 0 && share_of(i, arg) >= row->limit.share)
		return false;
	row->seen++;
	return (row->limit.first == 0 || row->seen <= row->limit.first) &&
	    (row->limit.every == 0 || row->seen % row->limit.every == 0);
}

const struct server_rule *
server_rules_ask(struct server_rules *r, enum session_stage stage,
    const char *arg, int64_t *delay_ms)
{
	const struct server_rule *found = NULL;

	*delay_ms = 0;
	if (!server_rules_has(r, stage))
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		const struct row *row = &r->rows[i];

		if (row->stage != stage)
			continue;
		if (row->rule.action == SERVER_DELAY) {
			if (applies(r, i, arg))
				*delay_ms += row->rule.delay_ms;
		} else if (found == NULL && applies(r, i, arg)) {
			found = &row->rule;
		}
	}
	return found;
}

bool
server_rules_has(const struct server_rules *r, enum session_stage stage)
{
	return (r->stages & (1u << stage)) != 0;
}
