/* SPDX-License-Identifier: ISC */
/*
 * What holds for one queue.  Setting by setting: <domain> in the virtual MTA,
 * what stands directly in it, then the same of its pool, then <domain> at the
 * top level, then the default; within a place the most specific pattern wins:
 * the domain itself or $group, then *.parent before [*.]parent with the longest
 * parent first, then *.  (vmta.conf(5), PRECEDENCE.)
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/model.h"

enum { DOMAIN_MAX = 255 };

static void
add_entry(struct conf *c, struct scope *scope, const char *key,
    const struct node *node)
{
	struct entry *e = arena_alloc(&c->arena, sizeof(*e));
	struct entry **at = (struct entry **)map_at(&scope->keys, key);

	e->node = node;
	while (*at != NULL)
		at = &(*at)->next;
	*at = e;
	if ((key[0] == '*' && key[1] == '.') || key[0] == '[')
		scope->patterns = true;
}

/* A literal pattern is "[NETWORK]"; "[*.]x" is none. */
static bool
add_literal(struct conf *c, struct scope *scope, const struct node *node,
    struct diags *diags)
{
	char net[64];
	const char *s = node->arg;
	size_t n = strlen(s);
	struct literal *l;

	if (*s != '[' || s[1] == '*')
		return false;
	l = arena_alloc(&c->arena, sizeof(*l));
	if (n < 3 || n - 2 >= sizeof(net) || s[n - 1] != ']' ||
	    (memcpy(net, s + 1, n - 2), net[n - 2] = '\0',
		conf_net_parse(net, &l->net) < 0)) {
		conf_diag_node(diags, node, DIAG_ERROR, "network-format",
		    "%s is no address literal; write it as [10.1.0.0/16]", s);
		return true;
	}
	l->node = node;
	l->next = scope->literals;
	scope->literals = l;
	return true;
}

/* What <domain $x> means for domains that have a queue of their own. */
static void
add_expanded(struct conf *c, struct scope *scope, const struct node *node,
    struct diags *diags)
{
	const char **list;
	size_t n = conf_expand(c, node->arg, node, diags, &list);
	const char *key = conf_lower(&c->arena, node->arg);

	for (size_t i = 0; i < n; i++) {
		const char *group = map_get(&c->groups, list[i]);

		if (group == NULL || strcmp(group, key) != 0)
			add_entry(c, scope, list[i], node);
	}
	add_entry(c, scope, key, node);
}

void
conf_scope_add(struct conf *c, struct scope *scope, const struct node *place,
    struct diags *diags)
{
	const struct node *n;

	if (place != c->root)
		add_entry(c, scope, "", place);
	/* What a macro says of a domain is weaker than what is written out. */
	for (n = place->first; n != NULL; n = n->next)
		if (n->kind == CONF_SEC_DOMAIN && strchr(n->arg, '$') != NULL)
			add_expanded(c, scope, n, diags);
	for (n = place->first; n != NULL; n = n->next) {
		if (n->kind != CONF_SEC_DOMAIN || *n->arg == '\0' ||
		    strchr(n->arg, '$') != NULL)
			continue;
		if (!add_literal(c, scope, n, diags))
			add_entry(c, scope, conf_lower(&c->arena, n->arg), n);
	}
}

void
conf_scope_clear(struct scope *scope)
{
	map_clear(&scope->keys, NULL);
}

static void
collect(struct conf *c, size_t *n, const struct node *node)
{
	if (*n == c->cap_scratch) {
		c->cap_scratch = c->cap_scratch * 2 + 16;
		c->scratch = xreallocarray(c->scratch, c->cap_scratch,
		    sizeof(*c->scratch));
	}
	c->scratch[(*n)++] = node;
}

static void
collect_key(struct conf *c, size_t *n, const struct scope *scope,
    const char *key)
{
	for (const struct entry *e = map_get(&scope->keys, key); e != NULL;
	    e = e->next)
		collect(c, n, e->node);
}

static void
collect_prefixed(struct conf *c, size_t *n, const struct scope *scope,
    const char *prefix, const char *domain)
{
	char key[DOMAIN_MAX + 8];
	size_t p = strlen(prefix), d = strlen(domain);

	if (p + d >= sizeof(key))
		return;
	memcpy(key, prefix, p);
	memcpy(key + p, domain, d + 1);
	collect_key(c, n, scope, key);
}

/* Patterns of the domain's parents, from the shortest parent on. */
static void
collect_parents(struct conf *c, size_t *n, const struct scope *scope,
    const char *domain)
{
	for (const char *s = domain + strlen(domain); s > domain; s--) {
		if (s[-1] != '.' || *s == '\0')
			continue;
		collect_prefixed(c, n, scope, "[*.]", s);
		collect_prefixed(c, n, scope, "*.", s);
	}
	collect_prefixed(c, n, scope, "[*.]", domain);
}

/* Address literals, "[192.0.2.1]" or "[ipv6:...]", from the widest network. */
static void
collect_literals(struct conf *c, size_t *n, const struct scope *scope,
    const char *domain)
{
	char addr[64];
	size_t len = strlen(domain);
	const char *s = addr;

	if (*domain != '[' || len < 3 || len - 2 >= sizeof(addr))
		return;
	memcpy(addr, domain + 1, len - 2);
	addr[len - 2] = '\0';
	if (strncmp(addr, "ipv6:", 5) == 0)
		s += 5;
	for (unsigned bits = 0; bits <= 128; bits++)
		for (const struct literal *l = scope->literals; l != NULL;
		    l = l->next)
			if (l->net.bits == bits && conf_net_has(&l->net, s))
				collect(c, n, l->node);
}

static void
collect_scope(struct conf *c, size_t *n, const struct scope *scope,
    const char *domain)
{
	collect_key(c, n, scope, "");
	collect_key(c, n, scope, "*");
	if (scope->literals != NULL)
		collect_literals(c, n, scope, domain);
	if (scope->patterns && *domain != '$')
		collect_parents(c, n, scope, domain);
	collect_key(c, n, scope, domain);
}

static struct queue *
make_queue(struct conf *c, const char *domain, struct vmta *v)
{
	struct queue *q = arena_alloc(&c->arena, sizeof(*q));
	size_t n = 0, len;
	char *name;

	collect_scope(c, &n, &c->scope, domain);
	if (v->pool != NULL)
		collect_scope(c, &n, &v->pool->scope, domain);
	collect_scope(c, &n, &v->scope, domain);
	q->n_from = n;
	q->from = arena_alloc(&c->arena, (n + 1) * sizeof(*q->from));
	if (n > 0)
		memcpy(q->from, c->scratch, n * sizeof(*q->from));
	q->pub = c->defaults;
	for (size_t i = 0; i < n; i++)
		for (const struct setting *s = q->from[i]->settings; s != NULL;
		    s = s->next)
			if (s->row->fill == CONF_FILL_QUEUE)
				value_store(s->row, &s->v, &q->pub);
	q->pub.bounce_upon_no_mx = q->pub.bounce_upon_no_mx_after_s == 0;
	len = strlen(domain);
	name = arena_alloc(&c->arena, len + strlen(v->pub.name) + 2);
	memcpy(name, domain, len);
	name[len] = '/';
	memcpy(name + len + 1, v->pub.name, strlen(v->pub.name));
	q->pub.name = name;
	q->pub.domain = arena_strndup(&c->arena, domain, len);
	q->pub.group = *domain == '$' ? q->pub.domain : NULL;
	q->pub.vmta = &v->pub;
	return q;
}

struct conf_queue *
conf_queue(struct conf *c, const char *domain, const struct conf_vmta *vmta)
{
	struct vmta *v = (struct vmta *)(uintptr_t)vmta;
	struct queue *q = map_get(&v->queues, domain);
	const char *group;

	if (q != NULL)
		return &q->pub;
	group = conf_group(c, domain);
	if (group != NULL)
		q = (struct queue *)conf_queue(c, group, vmta);
	else
		q = make_queue(c, domain, v);
	*map_at(&v->queues, domain) = q;
	return &q->pub;
}

const char *
conf_queue_value(struct conf *c, const struct conf_queue *queue,
    enum conf_dir dir, struct conf_place *where)
{
	const struct queue *q = (const struct queue *)queue;

	(void)c;
	for (size_t i = q->n_from; i-- > 0;) {
		const struct setting *s = conf_find_setting(q->from[i], dir);

		if (s != NULL) {
			*where = (struct conf_place){ s->file, s->line };
			return s->text;
		}
	}
	*where = (struct conf_place){ NULL, 0 };
	return conf_directive(dir)->dflt;
}

struct rate
conf_source_rate(struct conf *c, const struct conf_queue *queue,
    enum conf_dir kind, const char *address)
{
	const struct queue *q = (const struct queue *)queue;
	struct rate none = { RATE_UNLIMITED, 0 };

	if (!c->source_limits)
		return none;
	for (size_t i = q->n_from; i-- > 0;) {
		const struct conf_net_limit *best = NULL;

		for (const struct setting *s = q->from[i]->settings; s != NULL;
		    s = s->next)
			if (s->row->id == kind &&
			    conf_net_has(&s->v.net->net, address) &&
			    (best == NULL || s->v.net->net.bits >= best->net.bits))
				best = s->v.net;
		if (best != NULL)
			return best->rate;
	}
	return none;
}

const char *
conf_group(const struct conf *c, const char *domain)
{
	char key[DOMAIN_MAX + 8];
	const char *group = map_get(&c->groups, domain);
	size_t n = strlen(domain);

	if (group != NULL || !c->group_patterns || n > DOMAIN_MAX)
		return group;
	for (const char *s = domain; s != NULL && group == NULL;) {
		memcpy(key, "[*.]", 4);
		memcpy(key + 4, s, n - (size_t)(s - domain) + 1);
		group = map_get(&c->groups, key);
		if (group == NULL && s != domain) {
			/* from "[*.]x" to "*.x" */
			key[2] = '*';
			key[3] = '.';
			group = map_get(&c->groups, key + 2);
		}
		s = strchr(s, '.');
		if (s != NULL)
			s++;
	}
	return group;
}
