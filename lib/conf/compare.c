/* SPDX-License-Identifier: ISC */
/*
 * Which queues come out differently.  A queue is compared when one of the two
 * files says something of its domain; where a virtual MTA is the same in both,
 * only those whose top-level sections changed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/model.h"
#include "conf/print.h"

struct compare {
	struct conf *a, *b;
	void (*fn)(void *arg, const struct conf_change *ch);
	void *arg;
	size_t calls;
};

/* The domains to compare in one virtual MTA, in the order of the files. */
struct domains {
	struct map seen;
	const char **s;
	size_t n;
};

static void
add_domain(struct domains *d, const char *name)
{
	void **at;

	if (*name == '\0' || strlen(name) > 253)
		return;
	at = map_at(&d->seen, name);
	if (*at != NULL)
		return;
	*at = (void *)(uintptr_t)name;
	if ((d->n & (d->n - 1)) == 0)
		d->s = xreallocarray(d->s, d->n * 2 + 1, sizeof(*d->s));
	d->s[d->n++] = name;
}

static void
clear(struct domains *d)
{
	map_clear(&d->seen, NULL);
	free(d->s);
	*d = (struct domains){ .n = 0 };
}

/* Domains of <domain $NAME> that are not part of the group. */
static void
add_expanded(struct conf *c, struct domains *d, const char *name)
{
	const struct macro *m = map_get(&c->macros, name + 1);

	for (size_t i = 0; m != NULL && i < m->n_domains; i++) {
		const char *group = map_get(&c->groups, m->domains[i]);

		if (group == NULL || strcmp(group, name) != 0)
			add_domain(d, m->domains[i]);
	}
}

static void
add_place(struct conf *c, struct domains *d, const struct node *place)
{
	for (const struct node *n = place->first; n != NULL; n = n->next) {
		const char *name;

		if (n->kind != CONF_SEC_DOMAIN)
			continue;
		name = conf_lower(&c->arena, n->arg);
		add_domain(d, name);
		if (*name == '$')
			add_expanded(c, d, name);
	}
}

static void
add_vmta(struct conf *c, struct domains *d, const struct vmta *v)
{
	for (size_t i = 0; v != NULL && i < v->n_nodes; i++)
		add_place(c, d, v->nodes[i]);
	if (v != NULL && v->pool != NULL)
		add_vmta(c, d, v->pool);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_name(const struct conf_fact *a, const struct conf_fact *b)
{
	return strcmp(a->scope, b->scope) == 0 && strcmp(a->name, b->name) == 0;
}

static void
report(struct compare *cmp, const char *queue, const struct conf_fact *a,
    const struct conf_fact *b)
{
	const struct conf_fact *any = a != NULL ? a : b;
	struct conf_change ch = { .queue = queue, .scope = any->scope,
		.name = any->name };

	if (a != NULL) {
		ch.old_value = a->value;
		ch.old_where = a->where;
	}
	if (b != NULL) {
		ch.new_value = b->value;
		ch.new_where = b->where;
	}
	if (same_text(ch.old_value, ch.new_value))
		return;
	cmp->calls++;
	cmp->fn(cmp->arg, &ch);
}

/* Facts come in one order, so that two lists can be read side by side. */
static void
two_lists(struct compare *cmp, const char *queue, const struct conf_fact *a,
    size_t na, const struct conf_fact *b, size_t nb)
{
	size_t i = 0, k = 0;

	while (i < na || k < nb) {
		size_t ahead = k;

		if (i == na) {
			report(cmp, queue, NULL, &b[k++]);
			continue;
		}
		while (ahead < nb && !same_name(&a[i], &b[ahead]))
			ahead++;
		if (ahead == nb) {
			report(cmp, queue, &a[i++], NULL);
			continue;
		}
		while (k < ahead)
			report(cmp, queue, NULL, &b[k++]);
		report(cmp, queue, &a[i++], &b[k++]);
	}
}

/* Returns: true when the queue is different. */
static bool
queue(struct compare *cmp, const char *domain, const struct conf_vmta *va,
    const struct conf_vmta *vb)
{
	struct conf_fact *fa = NULL, *fb = NULL;
	struct conf_queue *qa = NULL, *qb = NULL;
	size_t na = 0, nb = 0, before = cmp->calls;

	if (va != NULL) {
		qa = conf_queue(cmp->a, domain, va);
		na = conf_explain(cmp->a, qa, &fa);
	}
	if (vb != NULL) {
		qb = conf_queue(cmp->b, domain, vb);
		nb = conf_explain(cmp->b, qb, &fb);
	}
	two_lists(cmp, qa != NULL ? qa->name : qb->name, fa, na, fb, nb);
	free(fa);
	free(fb);
	return cmp->calls != before;
}

/* Do the two say the same in all their sections? */
static bool
same_node(struct compare *cmp, const struct node *a, const struct node *b)
{
	const struct setting *s = a->settings, *t = b->settings;
	const struct node *n = a->first, *m = b->first;

	if (strcmp(a->arg, b->arg) != 0 || a->kind != b->kind)
		return false;
	for (; s != NULL && t != NULL; s = s->next, t = t->next)
		if (s->row != t->row ||
		    strcmp(conf_setting_text(&cmp->a->arena, s),
			conf_setting_text(&cmp->b->arena, t)) != 0)
			return false;
	if (s != NULL || t != NULL)
		return false;
	for (; n != NULL && m != NULL; n = n->next, m = m->next)
		if (!same_node(cmp, n, m))
			return false;
	return n == NULL && m == NULL;
}

static bool
same_vmta(struct compare *cmp, const struct vmta *a, const struct vmta *b)
{
	if (a == NULL || b == NULL || a->n_nodes != b->n_nodes ||
	    (a->pool == NULL) != (b->pool == NULL))
		return false;
	for (size_t i = 0; i < a->n_nodes; i++)
		if (!same_node(cmp, a->nodes[i], b->nodes[i]))
			return false;
	return a->pool == NULL || same_vmta(cmp, a->pool, b->pool);
}

static void
vmta(struct compare *cmp, const struct conf_vmta *va,
    const struct conf_vmta *vb, const struct domains *changed)
{
	struct domains d = { .n = 0 };
	const struct vmta *a = (const struct vmta *)va;
	const struct vmta *b = (const struct vmta *)vb;

	add_domain(&d, "*");
	add_vmta(cmp->a, &d, a);
	add_vmta(cmp->b, &d, b);
	if (same_vmta(cmp, a, b)) {
		for (size_t i = 0; i < changed->n; i++)
			add_domain(&d, changed->s[i]);
	} else if (va != NULL && vb != NULL) {
		add_place(cmp->a, &d, cmp->a->root);
		add_place(cmp->b, &d, cmp->b->root);
	}
	for (size_t i = 0; i < d.n; i++)
		queue(cmp, d.s[i], va, vb);
	clear(&d);
}

/* The directives of the top level that stand there alone. */
static void
top(struct compare *cmp)
{
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);
		const struct setting *s = cmp->a->root->settings;
		const struct setting *t = cmp->b->root->settings;

		if ((row->sections & 1u << CONF_SEC_GLOBAL) == 0 ||
		    row->type == CONF_T_INCLUDE)
			continue;
		for (;;) {
			struct conf_fact f, g;

			while (s != NULL && s->row != row)
				s = s->next;
			while (t != NULL && t->row != row)
				t = t->next;
			if (s == NULL && t == NULL)
				break;
			if (s != NULL)
				f = (struct conf_fact){ "global", row->name,
					conf_setting_text(&cmp->a->arena, s),
					{ s->file, s->line }, NULL };
			if (t != NULL)
				g = (struct conf_fact){ "global", row->name,
					conf_setting_text(&cmp->b->arena, t),
					{ t->file, t->line }, NULL };
			report(cmp, "", s != NULL ? &f : NULL,
			    t != NULL ? &g : NULL);
			s = s != NULL ? s->next : NULL;
			t = t != NULL ? t->next : NULL;
		}
	}
}

size_t
conf_compare(struct conf *a, struct conf *b,
    void (*fn)(void *arg, const struct conf_change *ch), void *arg)
{
	struct compare cmp = { a, b, fn, arg, 0 };
	struct domains all = { .n = 0 }, changed = { .n = 0 };

	top(&cmp);
	add_domain(&all, "*");
	add_place(a, &all, a->root);
	add_place(b, &all, b->root);
	for (size_t i = 0; i < all.n; i++)
		if (queue(&cmp, all.s[i], a->list[0], b->list[0]))
			add_domain(&changed, all.s[i]);
	for (size_t i = 1; i < a->n_list; i++)
		if (!a->list[i]->is_pool)
			vmta(&cmp, a->list[i],
			    conf_vmta(b, a->list[i]->name), &changed);
	for (size_t i = 1; i < b->n_list; i++)
		if (!b->list[i]->is_pool &&
		    conf_vmta(a, b->list[i]->name) == NULL)
			vmta(&cmp, NULL, b->list[i], &changed);
	clear(&all);
	clear(&changed);
	return cmp.calls;
}
