/* SPDX-License-Identifier: ISC */
/* The table of types, and the words that all of them are made of. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf/value.h"

enum store {
	STORE_NOTHING,
	STORE_FLAG,
	STORE_NUM,
	STORE_PORT,
	STORE_RATE,
	STORE_NET_RATE,	/* as STORE_RATE, only of 0/0 */
	STORE_TEXT,
	STORE_LIST,	/* pointer and count, two members in a row */
};

struct type_row {
	const char *syntax;
	int (*parse)(struct cursor *c, union conf_value *out);
	enum store store;
};

static const struct type_row types[CONF_TYPES] = {
	[CONF_T_FLAG] = { "yes|no", value_flag, STORE_FLAG },
	[CONF_T_NOT_FLAG] = { "yes|no", value_flag, STORE_FLAG },
	[CONF_T_INT] = { "N", value_int, STORE_NUM },
	[CONF_T_LIMIT] = { "N|unlimited", value_limit, STORE_NUM },
	[CONF_T_PORT] = { "PORT", value_int, STORE_PORT },
	[CONF_T_PERCENT] = { "N%", value_percent, STORE_NOTHING },
	[CONF_T_SPAN] = { "INTERVAL", value_span, STORE_NUM },
	[CONF_T_SPANS] = { "INTERVAL[,INTERVAL...]", value_spans, STORE_LIST },
	[CONF_T_FLAG_SPAN] = { "yes|no|INTERVAL|never", value_flag_span,
	    STORE_NUM },
	[CONF_T_SIZE] = { "SIZE", value_size_of, STORE_NUM },
	[CONF_T_RATE] = { "RATE", value_rate, STORE_RATE },
	[CONF_T_PER_HOUR] = { "N|unlimited", value_per_hour, STORE_RATE },
	[CONF_T_DATA_RATE] = { "SIZE/[M]unit", value_data_rate,
	    STORE_NOTHING },
	[CONF_T_DAYS] = { "N/day[,N/day...]", value_days, STORE_NOTHING },
	[CONF_T_CHOICE] = { "", value_choice, STORE_TEXT },
	[CONF_T_WORD] = { "WORD", value_word, STORE_TEXT },
	[CONF_T_TEXT] = { "TEXT", value_text, STORE_TEXT },
	[CONF_T_SECRET] = { "TEXT", value_text, STORE_NOTHING },
	[CONF_T_LINE] = { "...", value_line, STORE_NOTHING },
	[CONF_T_NAME] = { "NAME", value_name, STORE_TEXT },
	[CONF_T_NAMES] = { "NAME[,NAME...]", value_names, STORE_LIST },
	[CONF_T_PATH] = { "PATH", value_path, STORE_TEXT },
	[CONF_T_MAILBOX] = { "ADDRESS", value_mailbox, STORE_TEXT },
	[CONF_T_HOST_NAME] = { "HOST-NAME", value_host_name, STORE_TEXT },
	[CONF_T_SERVER] = { "ADDRESS[:PORT]", value_server, STORE_NOTHING },
	[CONF_T_SOURCES] = { "ADDRESS HOST-NAME | ADDRESS...", value_sources,
	    STORE_NOTHING },
	[CONF_T_HOSTS] = { "HOST[:PORT][,...][;...]", value_hosts,
	    STORE_LIST },
	[CONF_T_NET_RATE] = { "NETWORK RATE", value_net_rate,
	    STORE_NET_RATE },
	[CONF_T_NET_PER_HOUR] = { "NETWORK N", value_net_per_hour,
	    STORE_NET_RATE },
	[CONF_T_NET_LIMIT] = { "NETWORK N", value_net_limit, STORE_NOTHING },
	[CONF_T_MACRO] = { "NAME DOMAIN[,DOMAIN...]", value_macro,
	    STORE_NOTHING },
	[CONF_T_RECORD_FIELDS] = { "TYPE COLUMN[,COLUMN...]",
	    value_record_fields, STORE_NOTHING },
	[CONF_T_KEY] = { "SELECTOR,DOMAIN|*,FILE", value_key, STORE_NOTHING },
	[CONF_T_INCLUDE] = { "FILE|PATTERN", value_text, STORE_NOTHING },
	[CONF_T_FILE] = { "FILE", value_text, STORE_NOTHING },
};

const char *
value_syntax(const struct conf_directive *row)
{
	return row->type == CONF_T_CHOICE ? row->range :
					    types[row->type].syntax;
}

size_t
value_size(enum conf_type type)
{
	static const size_t size[] = {
		[STORE_NOTHING] = 0,
		[STORE_FLAG] = sizeof(bool),
		[STORE_NUM] = sizeof(int64_t),
		[STORE_PORT] = sizeof(uint16_t),
		[STORE_RATE] = sizeof(struct rate),
		[STORE_NET_RATE] = sizeof(struct rate),
		[STORE_TEXT] = sizeof(const char *),
		[STORE_LIST] = sizeof(const void *),
	};

	return size[types[type].store];
}

static bool
has_comment(const struct lex_line *line)
{
	const struct lex_piece *p = &line->pieces[line->n_pieces - 1];

	return p->raw_n > 0 && memchr(p->raw, '#', p->raw_n) != NULL;
}

int
value_parse(struct cursor *c, union conf_value *out)
{
	size_t off;

	memset(out, 0, sizeof(*out));
	if (!cursor_more(c) && c->row->type != CONF_T_LINE)
		return cursor_bad(c, c->end, "missing-argument",
		    "\"%s\" needs a value: %s%s", c->row->name,
		    value_syntax(c->row),
		    has_comment(c->line) ? "; what follows # is a comment" :
					   "");
	if (types[c->row->type].parse(c, out) < 0)
		return -1;
	if (cursor_more(c)) {
		off = c->at;
		if (c->row->type == CONF_T_SECRET)
			return cursor_bad(c, off, "trailing-text",
			    "text after the value of \"%s\"", c->row->name);
		return cursor_bad(c, off, "trailing-text",
		    "\"%.*s\" after the value of \"%s\"",
		    (int)(c->end - off < 60 ? c->end - off : 60),
		    c->line->text.data + off, c->row->name);
	}
	return 0;
}

void
value_default(const struct conf_directive *row, struct arena *arena,
    union conf_value *out)
{
	struct lex_line line = LEX_LINE_INIT;
	struct lex_piece piece = { 0, 0, 0, row->dflt, 0 };
	struct diags diags = DIAGS_INIT;
	struct cursor c = { &line, 0, 0, row, arena, &diags };

	memset(out, 0, sizeof(*out));
	if (row->dflt == NULL)
		return;
	buf_adds(&line.text, row->dflt);
	line.file = row->name;
	line.pieces = &piece;
	line.n_pieces = 1;
	c.end = line.text.len;
	value_parse(&c, out);
	buf_clear(&line.text);
	diags_clear(&diags);
}

void
value_store(const struct conf_directive *row, const union conf_value *v,
    void *base)
{
	char *to = (char *)base + row->offset;
	uint16_t port;
	bool flag;

	switch (types[row->type].store) {
	case STORE_NOTHING:
		break;
	case STORE_FLAG:
		flag = row->type == CONF_T_NOT_FLAG ? !v->flag : v->flag;
		memcpy(to, &flag, sizeof(flag));
		break;
	case STORE_NUM:
		memcpy(to, &v->num, sizeof(v->num));
		break;
	case STORE_PORT:
		port = (uint16_t)v->num;
		memcpy(to, &port, sizeof(port));
		break;
	case STORE_RATE:
		memcpy(to, &v->rate, sizeof(v->rate));
		break;
	case STORE_NET_RATE:
		if (v->net->net.bits == 0)
			memcpy(to, &v->net->rate, sizeof(v->net->rate));
		break;
	case STORE_TEXT:
		memcpy(to, &v->text, sizeof(v->text));
		break;
	case STORE_LIST:
		memcpy(to, &v->list.items, sizeof(v->list.items));
		memcpy(to + sizeof(v->list.items), &v->list.n,
		    sizeof(v->list.n));
		break;
	}
}

int
cursor_bad(const struct cursor *c, size_t off, const char *code,
    const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lex_diag(c->diags, c->line, off, DIAG_ERROR, code, "%s", text);
	return -1;
}

static void
skip_blanks(struct cursor *c)
{
	while (c->at < c->end &&
	    isspace((unsigned char)c->line->text.data[c->at]))
		c->at++;
}

bool
cursor_more(struct cursor *c)
{
	skip_blanks(c);
	return c->at < c->end;
}

/* A quoted word; c->at is at the quote. */
static char *
quoted(struct cursor *c)
{
	const char *s = c->line->text.data;
	size_t start = c->at++, n = 0;
	char *to = arena_alloc(c->arena, c->end - start + 1);

	while (c->at < c->end && s[c->at] != '"') {
		if (s[c->at] == '\\' && c->at + 1 < c->end &&
		    (s[c->at + 1] == '"' || s[c->at + 1] == '\\'))
			c->at++;
		to[n++] = s[c->at++];
	}
	if (c->at == c->end) {
		cursor_bad(c, start, "open-quote", "the quote is not closed");
		return NULL;
	}
	c->at++;
	return to;
}

char *
cursor_word(struct cursor *c, size_t *off)
{
	const char *s = c->line->text.data;
	size_t start;

	if (!cursor_more(c))
		return NULL;
	*off = start = c->at;
	if (s[start] == '"')
		return quoted(c);
	while (c->at < c->end && !isspace((unsigned char)s[c->at]))
		c->at++;
	return arena_strndup(c->arena, s + start, c->at - start);
}

char *
cursor_rest(struct cursor *c, size_t *off)
{
	const char *s = c->line->text.data;
	size_t start;

	if (!cursor_more(c)) {
		*off = c->at;
		return arena_strdup(c->arena, "");
	}
	*off = start = c->at;
	if (s[start] == '"')
		return quoted(c);
	c->at = c->end;
	while (c->end > start && isspace((unsigned char)s[c->end - 1]))
		c->end--;
	c->at = c->end;
	return arena_strndup(c->arena, s + start, c->end - start);
}

/* Step over what separates items: blanks, one comma, quotes. */
static bool
to_item(struct cursor *c)
{
	const char *s = c->line->text.data;

	while (c->at < c->end &&
	    (isspace((unsigned char)s[c->at]) || s[c->at] == '"'))
		c->at++;
	return c->at < c->end;
}

char *
cursor_item(struct cursor *c, size_t *off)
{
	const char *s = c->line->text.data;
	size_t start;

	while (to_item(c) && s[c->at] == ',') {
		cursor_bad(c, c->at, "empty-item", "nothing before the comma");
		c->at++;
	}
	if (c->at == c->end)
		return NULL;
	*off = c->at;
	while (c->at < c->end && s[c->at] != ',' && s[c->at] != '"' &&
	    !isspace((unsigned char)s[c->at]))
		c->at++;
	start = c->at;
	/* A comma at the end of everything is harmless. */
	if (to_item(c)) {
		if (s[c->at] == ',')
			c->at++;
		else
			cursor_bad(c, c->at, "missing-comma",
			    "a comma is missing before \"%.40s\"", s + c->at);
	}
	return arena_strndup(c->arena, s + *off, start - *off);
}
