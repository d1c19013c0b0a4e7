/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

#include "conf/lint_impl.h"

/* Why no recipient's domain is like this pattern; NULL when one may be. */
static const char *
never_matches(const char *s)
{
	const char *name = s;
	size_t n;

	if (strcmp(s, "*") == 0 || strchr(s, '$') != NULL || *s == '{')
		return NULL;
	if (strncmp(s, "[*.]", 4) == 0)
		name = s + 4;
	else if (*s == '[')
		return NULL;
	else if (strncmp(s, "*.", 2) == 0)
		name = s + 2;
	n = strlen(name);
	if (strchr(name, '*') != NULL)
		return "* stands only alone, as *.NAME or as [*.]NAME";
	if (strpbrk(name, "[]$()|\\^+?") != NULL)
		return "a pattern is no regular expression";
	if (n == 0 || name[n - 1] == '.' || *name == '.' ||
	    strstr(name, "..") != NULL)
		return "a part between two dots is empty";
	return NULL;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcasecmp(s + n - m, end) == 0;
}

static void
word_without_dot(const struct lint *l, const struct node *n, const char *name)
{
	const struct macro *m = map_get(&l->c->macros, name);

	if (m != NULL)
		conf_diag_node(l->ds, n, DIAG_WARNING, "unreachable-domain",
		    "<domain %s> is the domain of that name; the macro is "
		    "<domain $%s>",
		    n->arg, n->arg);
	else if (strcmp(name, "default") == 0 || strcmp(name, "all") == 0)
		conf_diag_node(l->ds, n, DIAG_WARNING, "unreachable-domain",
		    "<domain %s> is the domain of that name; all others are "
		    "<domain *>",
		    n->arg);
	else if (strcmp(name, "localhost") != 0)
		conf_diag_node(l->ds, n, DIAG_WARNING, "unreachable-domain",
		    "<domain %s>: a domain that mail goes to has a dot",
		    n->arg);
}

/* A group of which every domain has its own section has no mail of its own. */
static void
empty_group(const struct lint *l, const struct node *n, const char *name)
{
	const struct macro *m = map_get(&l->c->macros, name + 1);

	if (m == NULL || m->split || m->n_domains == 0)
		return;
	for (size_t i = 0; i < m->n_domains; i++) {
		const char *g = map_get(&l->c->groups, m->domains[i]);

		if (g != NULL && strcmp(g, m->group) == 0)
			return;
	}
	conf_diag_node(l->ds, n, DIAG_WARNING, "unreachable-domain",
	    "each domain of %s has a <domain> of its own: nothing is left of "
	    "the group",
	    m->group);
}

static void
reachable(const struct lint *l, const struct node *n, const char *name)
{
	const char *why = never_matches(name);

	if (why != NULL)
		conf_diag_node(l->ds, n, DIAG_WARNING, "unreachable-domain",
		    "<domain %s> is no domain that mail goes to: %s", n->arg,
		    why);
	else if (*name == '$')
		empty_group(l, n, name);
	else if (ends_with(name, ".rollup") || ends_with(name, ".queue"))
		conf_diag_node(l->ds, n, DIAG_NOTE, "unreachable-domain",
		    "nothing leads to the queue %s: use a domain-macro and "
		    "<domain $NAME>",
		    n->arg);
	else if (strpbrk(name, "*[{$") == NULL && strchr(name, '.') == NULL)
		word_without_dot(l, n, name);
}

/* The <domain> sections of one place. */
static void
place(const struct lint *l, const struct node *in)
{
	struct map seen = MAP_INIT;

	for (const struct node *n = in->first; n != NULL; n = n->next) {
		const struct node *before;
		const char *name;
		void **at;

		if (n->kind != CONF_SEC_DOMAIN || *n->arg == '\0')
			continue;
		name = conf_lower(&l->c->arena, n->arg);
		at = map_at(&seen, name);
		before = *at;
		*at = (void *)(uintptr_t)n;
		if (before != NULL)
			conf_diag_node(l->ds, n, DIAG_WARNING,
			    "repeated-section",
			    "<domain %s> stands here already, at %s:%u; the "
			    "two are taken together, and this one counts "
			    "first",
			    n->arg, before->file, before->line);
		else
			reachable(l, n, name);
	}
	map_clear(&seen, NULL);
}

/* For each directive: who sets it where, to see what hides what. */
struct hiding {
	const struct setting *specific[CONF_DIRECTIVES];	/* top level */
	const struct node *section[CONF_DIRECTIVES];
	size_t n_specific[CONF_DIRECTIVES];
	size_t n_hiding[CONF_DIRECTIVES];	/* virtual MTAs */
	size_t last[CONF_DIRECTIVES];
	size_t vmtas;
};

static bool
is_general(const struct node *n)
{
	return n->kind != CONF_SEC_DOMAIN || strcmp(n->arg, "*") == 0;
}

/* A general setting of a virtual MTA comes before special ones further out. */
static void
hides(const struct lint *l, struct hiding *h, const struct setting *s,
    const struct conf_vmta *v)
{
	enum conf_dir id = s->row->id;

	if ((s->row->sections >> CONF_SEC_DOMAIN & 1) == 0 ||
	    h->n_specific[id] == 0)
		return;
	if (h->last[id] == h->vmtas)
		return;
	h->last[id] = h->vmtas;
	h->n_hiding[id]++;
	LINT_NOTE(l, s, "shadowed",
	    "in %s this comes before \"%s\" of <domain %s> (%s:%u)%s",
	    v->name, s->row->name, h->section[id]->arg,
	    h->specific[id]->file, h->specific[id]->line,
	    h->n_specific[id] > 1 ? " and of others" : "");
}

static void
hides_in(const struct lint *l, struct hiding *h, const struct vmta *v)
{
	for (size_t i = 0; i < v->n_nodes; i++) {
		const struct node *n = v->nodes[i];

		for (const struct setting *s = n->settings; s != NULL;
		    s = s->next)
			hides(l, h, s, &v->pub);
		for (const struct node *d = n->first; d != NULL; d = d->next)
			for (const struct setting *s = d->settings; s != NULL;
			    s = s->next)
				if (is_general(d))
					hides(l, h, s, &v->pub);
	}
}

/* What no virtual MTA leaves through is never in force. */
static void
never_counts(const struct lint *l, const struct hiding *h)
{
	if (strcasecmp(l->c->global.default_vmta, "{default}") == 0)
		return;
	for (const struct node *n = l->c->root->first; n != NULL; n = n->next)
		for (const struct setting *s = n->settings;
		    n->kind == CONF_SEC_DOMAIN && !is_general(n) && s != NULL;
		    s = s->next)
			if (h->n_hiding[s->row->id] == h->vmtas)
				LINT_WARN(l, s, "shadowed",
				    "this never counts: each virtual MTA sets "
				    "\"%s\" for all domains",
				    s->row->name);
}

static void
shadowed(const struct lint *l)
{
	struct hiding h = { .vmtas = 0 };

	for (const struct node *n = l->c->root->first; n != NULL; n = n->next)
		for (const struct setting *s = n->settings;
		    n->kind == CONF_SEC_DOMAIN && !is_general(n) && s != NULL;
		    s = s->next) {
			if (h.n_specific[s->row->id]++ > 0)
				continue;
			h.specific[s->row->id] = s;
			h.section[s->row->id] = n;
		}
	for (size_t i = 0; i < l->c->n_list; i++) {
		const struct vmta *v = lint_vmta(l->c, i);

		if (v->pub.is_pool || v->n_nodes == 0)
			continue;
		h.vmtas++;
		hides_in(l, &h, v);
		if (v->pool != NULL)
			hides_in(l, &h, v->pool);
	}
	if (h.vmtas > 0)
		never_counts(l, &h);
}

void
lint_domains(const struct lint *l)
{
	place(l, l->c->root);
	for (const struct node *n = l->c->root->first; n != NULL; n = n->next)
		if (n->kind == CONF_SEC_VMTA || n->kind == CONF_SEC_POOL)
			place(l, n);
	shadowed(l);
}
