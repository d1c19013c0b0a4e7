/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/model.h"
#include "conf/patterns.h"

static const struct conf_reply replies[] = {
#define CONF_REPLY(provider_, text_, category_)                                \
	{ .provider = provider_, .text = text_, .category = category_ },
#include "conf/replies.def"
#undef CONF_REPLY
};

const struct conf_reply *
conf_replies(size_t *n)
{
	*n = sizeof(replies) / sizeof(replies[0]);
	return replies;
}

/* The slash that ends an expression which begins behind s[0], NULL for none. */
static const char *
closing_slash(const char *s)
{
	const char *end = NULL;

	/* the last one that a blank or nothing follows: "/a/b/ other" */
	for (const char *p = s + 1; *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '/')
			end = end == NULL || p[1] == '\0' || p[1] == ' ' ||
				p[1] == '\t' ?
			    p : end;
	return end;
}

static void
cut(struct conf_pattern *p, struct arena *arena, const char *text)
{
	const char *end;

	if (*text != '/') {
		p->wrong = "a pattern stands between slashes";
		return;
	}
	end = closing_slash(text);
	if (end == NULL) {
		p->wrong = "the slash at the end of the pattern is missing";
		return;
	}
	p->regex = arena_strndup(arena, text + 1, (size_t)(end - text) - 1);
	for (end++; isspace((unsigned char)*end);)
		end++;
	p->action = arena_strdup(arena, end);
	p->compiled = pattern_new(p->regex, strlen(p->regex), &p->error);
}

static void
add(struct conf_patterns *ps, const char *list, const struct setting *s)
{
	struct conf_pattern *p;

	if ((ps->n & (ps->n - 1)) == 0)
		ps->p = xreallocarray(ps->p, ps->n * 2 + 1, sizeof(*ps->p));
	p = &ps->p[ps->n++];
	*p = (struct conf_pattern){ .list = list,
		.category = s->row->id == CONF_DIR_CATEGORY,
		.regex = "", .action = "", .where = { s->file, s->line },
		.column = s->column };
	cut(p, &ps->arena, s->text);
}

void
conf_patterns_of(const struct conf *c, struct conf_patterns *out)
{
	*out = (struct conf_patterns){ .p = NULL };
	for (const struct node *n = c->root->first; n != NULL; n = n->next)
		for (const struct setting *s = n->settings; s != NULL;
		    s = s->next) {
			if (n->kind == CONF_SEC_REPLIES &&
			    s->row->id == CONF_DIR_REPLY)
				add(out, n->arg, s);
			else if (n->kind == CONF_SEC_CATEGORIES &&
			    s->row->id == CONF_DIR_CATEGORY)
				add(out, "bounce-category", s);
		}
}

void
conf_patterns_free(struct conf_patterns *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		pattern_free(ps->p[i].compiled);
	free(ps->p);
	arena_clear(&ps->arena);
}

/* The enhanced status of a reply, else one made of its code (RFC 3463). */
static int
status_of(const char *reply, char to[16])
{
	const char *s = reply;
	unsigned a, b, c;
	int n = 0;

	if (strspn(s, "0123456789") == 3)
		s += 3 + (s[3] == ' ' || s[3] == '-');
	if (sscanf(s, "%1u.%3u.%3u%n", &a, &b, &c, &n) == 3 && n > 0 &&
	    a >= 2 && a <= 5)
		return snprintf(to, 16, "%u.%u.%u", a, b, c);
	if (*reply < '2' || *reply > '5')
		return snprintf(to, 16, "5.0.0");
	return snprintf(to, 16, "%c.0.0", *reply);
}

bool
conf_pattern_fires(const struct conf_pattern *p, const char *reply)
{
	struct buf b = BUF_INIT(0);
	char status[16];
	bool fires;

	if (p->compiled == NULL)
		return false;
	if (!p->category)
		return pattern_match(p->compiled, reply, strlen(reply), NULL);
	status_of(reply, status);
	buf_addf(&b, "%s;", status);
	buf_adds(&b, reply);
	fires = pattern_match(p->compiled, b.data, b.len, NULL);
	buf_clear(&b);
	return fires;
}
