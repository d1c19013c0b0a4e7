/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conf/model.h"
#include "conf/print.h"

static void
add_spans(struct buf *b, const struct conf_list *l)
{
	const int64_t *s = l->items;

	for (size_t i = 0; i < l->n; i++) {
		char text[32];

		span_format(s[i], text);
		buf_addf(b, "%s%s", i > 0 ? "," : "", text);
	}
}

const char *
conf_setting_text(struct arena *arena, const struct setting *s)
{
	struct buf b = BUF_INIT(0);
	char text[64] = "";
	const char *kept;

	switch ((unsigned)s->row->type) {
	case CONF_T_FLAG:
	case CONF_T_NOT_FLAG:
		return s->v.flag ? "yes" : "no";
	case CONF_T_RATE:
		rate_format(&s->v.rate, text);
		break;
	case CONF_T_SPAN:
		span_format(s->v.num, text);
		break;
	case CONF_T_LIMIT:
		if (s->v.num == INT64_MAX)
			return "unlimited";
		snprintf(text, sizeof(text), "%lld", (long long)s->v.num);
		break;
	case CONF_T_CHOICE:
		return s->v.text;
	case CONF_T_SECRET:
		return s->v.text == NULL ? "\"\"" : "****";
	case CONF_T_SPANS:
		add_spans(&b, &s->v.list);
		kept = arena_strdup(arena, b.data);
		buf_clear(&b);
		return kept;
	default:
		return s->text;
	}
	return arena_strdup(arena, text);
}

static void
add_setting(struct conf *c, struct buf *out, int depth, const struct setting *s)
{
	buf_addf(out, "%*s", depth * 2, "");
	if (s->row->id == CONF_DIR_CATEGORY)
		buf_adds(out, s->text);
	else
		buf_addf(out, "%s ", s->row->name);
	if (s->row->id != CONF_DIR_CATEGORY)
		buf_adds(out, conf_setting_text(&c->arena, s));
	buf_addc(out, '\n');
}

static void
add_macro(struct buf *out, const struct conf_macro_value *m)
{
	enum { WIDTH = 72 };
	size_t width = 0;

	buf_addf(out, "domain-macro %s", m->name);
	for (size_t i = 0; i < m->n; i++) {
		size_t n = strlen(m->members[i].text) + 2;

		if (width + n > WIDTH) {
			buf_adds(out, "\n   ");
			width = 0;
		}
		width += n;
		buf_addf(out, " %s%s", m->members[i].text,
		    i + 1 < m->n ? "," : "");
	}
	buf_addc(out, '\n');
}

static void
add_node(struct conf *c, struct buf *out, int depth, const struct node *n)
{
	const char *tag = conf_section(n->kind)->tag;

	buf_addf(out, "%*s<%s%s%s>\n", depth * 2, "", tag,
	    *n->arg != '\0' ? " " : "", n->arg);
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		add_setting(c, out, depth + 1, s);
	for (const struct node *in = n->first; in != NULL; in = in->next)
		add_node(c, out, depth + 1, in);
	buf_addf(out, "%*s</%s>\n", depth * 2, "", tag);
}

/* A spool that is not the one: it must not come to stand before that. */
static bool
is_second_spool(const struct conf *c, const struct setting *s)
{
	return s->row->id == CONF_DIR_SPOOL && c->global.spool != NULL &&
	    s->v.text != NULL && strcmp(s->v.text, c->global.spool) != 0;
}

void
conf_print(struct conf *c, struct buf *out)
{
	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next)
		if (s->row->type == CONF_T_MACRO)
			add_macro(out, s->v.macro);
		else if (!is_second_spool(c, s))
			add_setting(c, out, 0, s);
	for (const struct node *n = c->root->first; n != NULL; n = n->next)
		if (n->kind != CONF_SECTIONS)
			add_node(c, out, 0, n);
	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next)
		if (is_second_spool(c, s))
			add_setting(c, out, 0, s);
}
