/* SPDX-License-Identifier: ISC */
/*
 * From the tree to what programs ask for: virtual MTAs, pools, accounting files
 * and the settings of the top level; and the checks that need all of it.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/model.h"

struct build {
	struct conf *c;
	struct diags *diags;
};

char *
conf_lower(struct arena *arena, const char *s)
{
	char *to = arena_strdup(arena, s);

	for (char *p = to; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return to;
}

const struct setting *
conf_find_setting(const struct node *n, enum conf_dir dir)
{
	const struct setting *found = NULL;

	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->id == dir)
			found = s;
	return found;
}

void
conf_diag_setting(struct diags *ds, const struct setting *s,
    enum diag_level level, const char *code, const char *fmt, ...)
{
	struct diag at = { .level = level, .file = (char *)(uintptr_t)s->file,
		.line = s->line, .column = s->column, .code = code };
	va_list ap;

	va_start(ap, fmt);
	diags_addv(ds, &at, fmt, ap);
	va_end(ap);
}

void
conf_diag_node(struct diags *ds, const struct node *n, enum diag_level level,
    const char *code, const char *fmt, ...)
{
	struct diag at = { .level = level, .file = (char *)(uintptr_t)n->file,
		.line = n->line, .column = n->column, .code = code };
	va_list ap;

	va_start(ap, fmt);
	diags_addv(ds, &at, fmt, ap);
	va_end(ap);
}

/* Fill a structure of one kind with the defaults of the table. */
static void
fill_defaults(struct conf *c, enum conf_fill kind, void *base)
{
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);
		union conf_value v;

		if (row->fill != kind)
			continue;
		value_default(row, &c->arena, &v);
		if (row->dflt != NULL)
			value_store(row, &v, base);
	}
}

static void
fill(const struct node *n, enum conf_fill kind, void *base)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->fill == kind)
			value_store(s->row, &s->v, base);
}

static struct vmta *
vmta_by_name(const struct conf *c, const char *name)
{
	char key[CONF_NAME_MAX + 1];
	size_t n = 0;

	for (; name[n] != '\0'; n++) {
		if (n == CONF_NAME_MAX)
			return NULL;
		key[n] = (char)tolower((unsigned char)name[n]);
	}
	key[n] = '\0';
	return map_get(&c->vmtas, key);
}

static struct vmta *
new_vmta(struct build *b, const char *name)
{
	struct conf *c = b->c;
	struct vmta *v = arena_alloc(&c->arena, sizeof(*v));

	v->pub = c->vmta_defaults;
	v->pub.name = name;
	*map_at(&c->vmtas, conf_lower(&c->arena, name)) = v;
	if ((c->n_list & (c->n_list - 1)) == 0)
		c->list = xreallocarray(c->list, c->n_list * 2 + 1,
		    sizeof(*c->list));
	c->list[c->n_list++] = &v->pub;
	return v;
}

static void
add_vmta_node(struct build *b, const struct node *n)
{
	bool pool = n->kind == CONF_SEC_POOL;
	struct vmta *v;

	if (*n->arg == '\0')
		return;
	v = vmta_by_name(b->c, n->arg);
	if (v != NULL && v->n_nodes > 0 && v->pub.is_pool != pool) {
		conf_diag_node(b->diags, n, DIAG_ERROR, "name-taken",
		    "\"%s\" is the name of a virtual MTA and of a pool "
		    "(%s:%u)",
		    n->arg, v->nodes[0]->file, v->nodes[0]->line);
		return;
	}
	if (v != NULL && v->n_nodes > 0)
		conf_diag_node(b->diags, n, DIAG_WARNING, "repeated-section",
		    "<%s %s> stands at %s:%u already; the two are taken "
		    "together",
		    conf_section(n->kind)->tag, n->arg, v->nodes[0]->file,
		    v->nodes[0]->line);
	if (v == NULL)
		v = new_vmta(b, n->arg);
	v->pub.is_pool = pool;
	v->nodes = xreallocarray(v->nodes, v->n_nodes + 1, sizeof(*v->nodes));
	v->nodes[v->n_nodes++] = n;
	conf_scope_add(b->c, &v->scope, n, b->diags);
}

/* The nearest name of a virtual MTA, for a hint. */
static const char *
nearest_vmta(const struct conf *c, const char *name)
{
	size_t best = strlen(name) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < c->n_list; i++) {
		size_t d = conf_distance(name, c->list[i]->name, best - 1);

		if (d < best) {
			best = d;
			found = c->list[i]->name;
		}
	}
	return found;
}

static struct vmta *
need_vmta(struct build *b, const struct setting *s)
{
	struct vmta *v = vmta_by_name(b->c, s->v.text);
	const char *near;

	if (v != NULL)
		return v;
	near = nearest_vmta(b->c, s->v.text);
	conf_diag_setting(b->diags, s, DIAG_ERROR, "unknown-virtual-mta",
	    "there is no virtual MTA \"%s\"%s%s%s", s->v.text,
	    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
	return NULL;
}

static bool
has_domains(const struct vmta *v)
{
	for (size_t i = 0; i < v->n_nodes; i++)
		for (const struct node *n = v->nodes[i]->first; n != NULL;
		    n = n->next)
			if (n->kind == CONF_SEC_DOMAIN)
				return true;
	return false;
}

/* Make m a member of pool, as the setting s says. */
static void
join_pool(struct build *b, struct vmta *pool, struct vmta *m,
    const struct setting *s, const struct conf_vmta ***list)
{
	if (m->pub.is_pool) {
		conf_diag_setting(b->diags, s, DIAG_ERROR, "pool-in-pool",
		    "\"%s\" is a pool and can not be a member of one",
		    s->v.text);
		return;
	}
	*list = xreallocarray(*list, pool->pub.n_members + 1, sizeof(**list));
	(*list)[pool->pub.n_members++] = &m->pub;
	if (m->pool == NULL || m->pool == pool || !has_domains(m->pool)) {
		m->pool = pool;
		return;
	}
	if (has_domains(pool))
		conf_diag_setting(b->diags, s, DIAG_ERROR, "two-pools",
		    "\"%s\" is in two pools with <domain> sections, \"%s\" and "
		    "\"%s\"",
		    m->pub.name, m->pool->pub.name, pool->pub.name);
}

static void
build_pool(struct build *b, struct vmta *pool)
{
	const struct conf_vmta **list = NULL;

	for (size_t i = 0; i < pool->n_nodes; i++)
		for (const struct setting *s = pool->nodes[i]->settings;
		    s != NULL; s = s->next) {
			struct vmta *m;

			if (s->row->id != CONF_DIR_POOL_VIRTUAL_MTA)
				continue;
			m = need_vmta(b, s);
			if (m != NULL)
				join_pool(b, pool, m, s, &list);
		}
	if (list == NULL)
		conf_diag_node(b->diags, pool->nodes[0], DIAG_ERROR,
		    "empty-pool", "the pool \"%s\" has no members",
		    pool->pub.name);
	else
		pool->pub.members = memcpy(arena_alloc(&b->c->arena,
		    pool->pub.n_members * sizeof(*list)), list,
		    pool->pub.n_members * sizeof(*list));
	free(list);
}

/* The last helo-domain, else the first host-name, of one place. */
static const char *
helo_of(const struct node *n)
{
	const struct setting *s = conf_find_setting(n, CONF_DIR_HELO_DOMAIN);

	if (s != NULL)
		return s->v.text;
	for (s = n->settings; s != NULL; s = s->next)
		if (s->row->id == CONF_DIR_HOST_NAME)
			return s->v.text;
	return NULL;
}

/* Append the sources of one place to v's. */
static void
add_sources(struct vmta *v, const struct node *n, struct conf_source **list)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		const struct conf_source *add = s->v.list.items;

		if (s->row->id != CONF_DIR_SMTP_SOURCE_HOST)
			continue;
		/* 0/0 NAME: no address to bind, only a name. */
		if (add[0].address == NULL) {
			v->pub.helo = add[0].host_name;
			continue;
		}
		*list = xreallocarray(*list, v->pub.n_sources + s->v.list.n,
		    sizeof(**list));
		memcpy(*list + v->pub.n_sources, add,
		    s->v.list.n * sizeof(**list));
		v->pub.n_sources += s->v.list.n;
	}
}

static void
build_sources(struct build *b, struct vmta *v)
{
	struct conf *c = b->c;
	struct conf_source *list = NULL, *kept;

	v->pub.helo = helo_of(c->root);
	if (v->pub.helo == NULL)
		v->pub.helo = c->global.host_name;
	for (size_t i = 0; i < v->n_nodes; i++) {
		const char *helo = helo_of(v->nodes[i]);

		if (helo != NULL)
			v->pub.helo = helo;
		add_sources(v, v->nodes[i], &list);
	}
	if (v->pub.n_sources == 0)
		add_sources(v, c->root, &list);
	kept = arena_alloc(&c->arena, (v->pub.n_sources + 1) * sizeof(*kept));
	for (size_t i = 0; list != NULL && i < v->pub.n_sources; i++) {
		kept[i] = list[i];
		if (kept[i].host_name == NULL)
			kept[i].host_name = v->pub.helo;
	}
	free(list);
	v->pub.sources = kept;
}

static void
build_vmta(struct build *b, struct vmta *v)
{
	if (v->pool != NULL)
		for (size_t i = 0; i < v->pool->n_nodes; i++)
			fill(v->pool->nodes[i], CONF_FILL_VMTA, &v->pub);
	for (size_t i = 0; i < v->n_nodes; i++)
		fill(v->nodes[i], CONF_FILL_VMTA, &v->pub);
	build_sources(b, v);
}

static void
build_vmtas(struct build *b)
{
	struct conf *c = b->c;

	new_vmta(b, "{default}");
	for (const struct node *n = c->root->first; n != NULL; n = n->next)
		if (n->kind == CONF_SEC_VMTA || n->kind == CONF_SEC_POOL)
			add_vmta_node(b, n);
	for (size_t i = 0; i < c->n_list; i++)
		if (c->list[i]->is_pool)
			build_pool(b, (struct vmta *)(uintptr_t)c->list[i]);
	/* A pool's own limits are its members', each of them. */
	for (size_t i = 0; i < c->n_list; i++)
		if (!c->list[i]->is_pool)
			build_vmta(b, (struct vmta *)(uintptr_t)c->list[i]);
}

static void
build_name_servers(struct conf *c)
{
	const char **list;
	size_t n = 0;

	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next)
		n += s->row->id == CONF_DIR_NAME_SERVER;
	list = arena_alloc(&c->arena, (n + 1) * sizeof(*list));
	for (const struct setting *s = c->root->settings; s != NULL;
	    s = s->next)
		if (s->row->id == CONF_DIR_NAME_SERVER)
			list[c->global.n_name_servers++] = s->v.text;
	c->global.name_servers = list;
}

static void
build_global(struct build *b)
{
	struct conf *c = b->c;
	const char *spool = c->global.spool;
	char host[256];

	fill_defaults(c, CONF_FILL_GLOBAL, &c->global);
	fill(c->root, CONF_FILL_GLOBAL, &c->global);
	for (const struct node *n = c->root->first; n != NULL; n = n->next)
		if (n->kind == CONF_SEC_SPOOL && spool != NULL &&
		    strcmp(n->arg, spool) == 0)
			fill(n, CONF_FILL_GLOBAL, &c->global);
	for (const struct setting *s = c->root->settings;
	    s != NULL && c->global.host_name == NULL; s = s->next)
		if (s->row->id == CONF_DIR_HOST_NAME)
			c->global.host_name = s->v.text;
	if (c->global.host_name == NULL) {
		if (gethostname(host, sizeof(host)) < 0)
			memcpy(host, "localhost", sizeof("localhost"));
		host[sizeof(host) - 1] = '\0';
		c->global.host_name = arena_strdup(&c->arena, host);
	}
	build_name_servers(c);
}

/* record-fields lines, gathered. */
static void
build_record_fields(struct conf *c, const struct node *n, struct conf_acct *a)
{
	struct conf_record_fields *list;

	a->n_record_fields = 0;
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		a->n_record_fields += s->row->id == CONF_DIR_RECORD_FIELDS;
	list = arena_alloc(&c->arena, (a->n_record_fields + 1) * sizeof(*list));
	a->record_fields = list;
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->id == CONF_DIR_RECORD_FIELDS)
			*list++ = *s->v.fields;
}

static void
build_accts(struct conf *c)
{
	size_t n = 0;

	for (const struct node *s = c->root->first; s != NULL; s = s->next)
		n += s->kind == CONF_SEC_ACCT && *s->arg != '\0';
	c->accts = arena_alloc(&c->arena, (n + 1) * sizeof(*c->accts));
	for (const struct node *s = c->root->first; s != NULL; s = s->next) {
		struct conf_acct *a = &c->accts[c->n_accts];

		if (s->kind != CONF_SEC_ACCT || *s->arg == '\0')
			continue;
		c->n_accts++;
		fill_defaults(c, CONF_FILL_ACCT, a);
		fill(s, CONF_FILL_ACCT, a);
		build_record_fields(c, s, a);
		a->path = s->arg;
		a->file = s->file;
		a->line = s->line;
		if (a->rotate_s == 0 && a->move_to != NULL)
			a->rotate_s = a->move_interval_s;
	}
}

/* Is some source-ip-max-* set anywhere?  Most files have none. */
static bool
has_source_limits(const struct node *n)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->type == CONF_T_NET_RATE ||
		    s->row->type == CONF_T_NET_PER_HOUR)
			return true;
	for (const struct node *in = n->first; in != NULL; in = in->next)
		if (has_source_limits(in))
			return true;
	return false;
}

void
conf_build(struct conf *c, struct diags *diags)
{
	struct build b = { c, diags };
	const struct setting *s;

	fill_defaults(c, CONF_FILL_QUEUE, &c->defaults);
	fill_defaults(c, CONF_FILL_VMTA, &c->vmta_defaults);
	build_global(&b);
	conf_build_macros(c, diags);
	conf_build_groups(c, diags);
	conf_scope_add(c, &c->scope, c->root, diags);
	build_vmtas(&b);
	build_accts(c);
	c->source_limits = has_source_limits(c->root);
	s = conf_find_setting(c->root, CONF_DIR_DEFAULT_VIRTUAL_MTA);
	if (s != NULL)
		need_vmta(&b, s);
}
