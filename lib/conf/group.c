/* SPDX-License-Identifier: ISC */
/*
 * domain-macros and the collective groups that <domain $name> makes of them:
 * one queue and one set of budgets for all domains of the macro, unless the
 * section says macro-expands yes (vmta.conf(5), GROUPS).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/model.h"

/* Macros of macros grow fast. */
enum { DOMAINS_MAX = 500000 };

/* A list of domains while it is being made. */
struct names {
	const char **s;
	size_t n, cap;
};

static void
names_add(struct names *l, const char *s)
{
	if (l->n == l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 16;
		l->s = xreallocarray(l->s, l->cap, sizeof(*l->s));
	}
	l->s[l->n++] = s;
}

/* The list in the arena. */
static const char **
names_keep(struct conf *c, struct names *l)
{
	const char **kept = arena_alloc(&c->arena,
	    (l->n + 1) * sizeof(*kept));

	if (l->n > 0)
		memcpy(kept, l->s, l->n * sizeof(*kept));
	free(l->s);
	return kept;
}

void
conf_build_macros(struct conf *c, struct diags *diags)
{
	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next) {
		char *name;
		struct macro *m;
		void **at;
		size_t n;

		if (s->row->id != CONF_DIR_DOMAIN_MACRO)
			continue;
		name = conf_lower(&c->arena, s->v.macro->name);
		at = map_at(&c->macros, name);
		if (*at != NULL) {
			m = *at;
			conf_diag_setting(diags, s, DIAG_ERROR,
			    "repeated-macro",
			    "domain-macro \"%s\" is defined already, at %s:%u",
			    s->v.macro->name, m->set->file, m->set->line);
			continue;
		}
		m = arena_alloc(&c->arena, sizeof(*m));
		m->set = s;
		n = strlen(name);
		name = arena_alloc(&c->arena, n + 2);
		name[0] = '$';
		for (size_t i = 0; i < n; i++)
			name[i + 1] =
			    (char)tolower((unsigned char)s->v.macro->name[i]);
		m->group = name;
		*at = m;
	}
}

static const char *
nearest_macro(const struct conf *c, const char *name)
{
	const struct map_slot *slot;
	const char *found = NULL;
	size_t at = 0, best = strlen(name) / 3 + 1;

	while ((slot = map_next(&c->macros, &at)) != NULL) {
		size_t d = conf_distance(name, slot->key, best - 1);

		if (d < best) {
			best = d;
			found = slot->key;
		}
	}
	return found;
}

/* Where in the file a pattern stands that is being expanded. */
struct where {
	const char *file;
	unsigned line, column;
};

static void expand(struct conf *c, const char *pattern, struct where at,
    struct diags *diags, struct names *out);

/* Expand the members of a macro, once. */
static void
expand_macro(struct conf *c, struct macro *m, struct diags *diags)
{
	struct names l = { NULL, 0, 0 };
	const struct conf_macro_value *v = m->set->v.macro;

	m->expanding = true;
	for (size_t i = 0; i < v->n; i++)
		expand(c, v->members[i].text,
		    (struct where){ m->set->file, v->members[i].line,
			v->members[i].column },
		    diags, &l);
	m->expanding = false;
	m->expanded = true;
	m->n_domains = l.n;
	m->domains = names_keep(c, &l);
}

static struct macro *
find_macro(struct conf *c, const char *name, struct where at,
    struct diags *diags)
{
	struct macro *m = map_get(&c->macros, name);
	const char *near;

	if (m == NULL) {
		near = nearest_macro(c, name);
		diags_add(diags, DIAG_ERROR, at.file, at.line, at.column,
		    "unknown-macro", NULL,
		    "there is no domain-macro \"%s\"%s%s%s", name,
		    near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
		return NULL;
	}
	if (m->expanding) {
		diags_add(diags, DIAG_ERROR, at.file, at.line, at.column,
		    "macro-loop", NULL,
		    "domain-macro \"%s\" contains itself", name);
		return NULL;
	}
	if (!m->expanded)
		expand_macro(c, m, diags);
	return m;
}

static void
expand(struct conf *c, const char *pattern, struct where at,
    struct diags *diags, struct names *out)
{
	const char *dollar = strchr(pattern, '$'), *rest;
	struct macro *m;

	if (c->macros_over)
		return;
	if (dollar == NULL && out->n == DOMAINS_MAX) {
		c->macros_over = true;
		diags_add(diags, DIAG_ERROR, at.file, at.line, at.column,
		    "macro-size", NULL, "the macros stand for more than %d "
		    "domains",
		    DOMAINS_MAX);
		return;
	}
	if (dollar == NULL) {
		names_add(out, pattern);
		return;
	}
	rest = dollar + 1;
	while (isalnum((unsigned char)*rest) || *rest == '_')
		rest++;
	m = find_macro(c,
	    conf_lower(&c->arena,
		arena_strndup(&c->arena, dollar + 1,
		    (size_t)(rest - dollar - 1))),
	    at, diags);
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_domains && !c->macros_over; i++) {
		struct buf b = BUF_INIT(0);

		buf_add(&b, pattern, (size_t)(dollar - pattern));
		buf_adds(&b, m->domains[i]);
		buf_adds(&b, rest);
		/* The rest may name another macro. */
		expand(c, arena_strdup(&c->arena, b.data), at, diags, out);
		buf_clear(&b);
	}
}

size_t
conf_expand(struct conf *c, const char *pattern, const struct node *at,
    struct diags *diags, const char ***out)
{
	struct names l = { NULL, 0, 0 };
	size_t n;

	expand(c, conf_lower(&c->arena, pattern),
	    (struct where){ at->file, at->line, at->column }, diags, &l);
	n = l.n;
	*out = names_keep(c, &l);
	return n;
}

/* The macro of a <domain $name>; NULL for any other pattern. */
static struct macro *
macro_of(struct conf *c, const struct node *n)
{
	const char *s = n->arg;

	if (n->kind != CONF_SEC_DOMAIN || *s++ != '$' ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
		return NULL;
	return map_get(&c->macros, conf_lower(&c->arena, s));
}

/* Look at every <domain>: which macros are used, which domains written out. */
static void
survey(struct conf *c, const struct node *place, struct map *written,
    struct diags *diags)
{
	for (const struct node *n = place->first; n != NULL; n = n->next) {
		const struct setting *s;
		struct macro *m;

		if (n->kind == CONF_SEC_VMTA || n->kind == CONF_SEC_POOL)
			survey(c, n, written, diags);
		if (n->kind != CONF_SEC_DOMAIN)
			continue;
		if (strpbrk(n->arg, "$*[") == NULL) {
			*map_at(written, conf_lower(&c->arena, n->arg)) =
			    (void *)(uintptr_t)n;
			continue;
		}
		m = macro_of(c, n);
		s = conf_find_setting(n, CONF_DIR_MACRO_EXPANDS);
		if (s != NULL && m == NULL)
			conf_diag_setting(diags, s, DIAG_WARNING,
			    "no-effect",
			    "macro-expands means something only in "
			    "<domain $NAME>");
		if (m == NULL)
			continue;
		if (m->used == NULL)
			m->used = n;
		if (s != NULL && s->v.flag)
			m->split = true;
	}
}

static void
note_group(const struct macro *m, struct diags *diags)
{
	const struct setting *rate =
	    conf_find_setting(m->used, CONF_DIR_MAX_MSG_RATE);

	if (rate != NULL)
		conf_diag_node(diags, m->used, DIAG_NOTE, "collective-group",
		    "<domain %s> is one queue: its %zu domains share "
		    "max-msg-rate %s; in PowerMTA each has it for itself, "
		    "which is \"macro-expands yes\" here",
		    m->group, m->n_domains, rate->text);
	else
		conf_diag_node(diags, m->used, DIAG_NOTE, "collective-group",
		    "<domain %s> is one queue with one budget for its %zu "
		    "domains; in PowerMTA each has its own, which is "
		    "\"macro-expands yes\" here",
		    m->group, m->n_domains);
}

/* Put the members of a collective macro into c->groups. */
static void
gather(struct conf *c, const struct macro *m, const struct map *written,
    struct diags *diags)
{
	for (size_t i = 0; i < m->n_domains; i++) {
		const char *d = m->domains[i];
		const struct node *own = map_get(written, d);
		void **at;

		if (own != NULL) {
			conf_diag_node(diags, own, DIAG_NOTE, "left-group",
			    "%s has a <domain> of its own and so is not part "
			    "of %s: it has its own queue and budget",
			    d, m->group);
			continue;
		}
		at = map_at(&c->groups, d);
		if (*at != NULL && strcmp(*at, m->group) != 0)
			conf_diag_node(diags, m->used, DIAG_ERROR,
			    "two-groups", "%s is in two groups, %s and %s", d,
			    (const char *)*at, m->group);
		else
			*at = (void *)(uintptr_t)m->group;
		if (*d == '*' || *d == '[')
			c->group_patterns = true;
	}
}

void
conf_build_groups(struct conf *c, struct diags *diags)
{
	struct map written = MAP_INIT;

	survey(c, c->root, &written, diags);
	/* In the file's order, so that diagnostics come in that order too. */
	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next) {
		struct macro *m;

		if (s->row->id != CONF_DIR_DOMAIN_MACRO)
			continue;
		m = map_get(&c->macros,
		    conf_lower(&c->arena, s->v.macro->name));
		if (m->set != s)
			continue;
		if (!m->expanded)
			expand_macro(c, m, diags);
		if (m->used != NULL && !m->split) {
			note_group(m, diags);
			gather(c, m, &written, diags);
		}
	}
	map_clear(&written, NULL);
}
