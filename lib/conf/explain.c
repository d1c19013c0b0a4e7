/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/explain.h"
#include "conf/model.h"

struct facts {
	struct conf *c;
	struct conf_fact *f;
	size_t n, cap;
};

/* Where to look for a directive, from the strongest place to the weakest. */
struct places {
	const struct node **node;
	size_t n;
};

static void
add(struct facts *l, const struct conf_fact *f)
{
	if (l->n == l->cap) {
		l->cap = l->cap * 2 + 32;
		l->f = xreallocarray(l->f, l->cap, sizeof(*l->f));
	}
	l->f[l->n++] = *f;
}

static void
add_setting(struct facts *l, const char *scope, const struct setting *s,
    const char *overrode)
{
	add(l, &(struct conf_fact){ scope, s->row->name,
	    conf_setting_text(&l->c->arena, s), { s->file, s->line },
	    overrode });
}

/* Every line of a directive in a section, for those that may be repeated. */
static size_t
add_all(struct facts *l, const char *scope, const struct node *n,
    enum conf_dir dir)
{
	size_t before = l->n;

	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->id == dir)
			add_setting(l, scope, s, NULL);
	return l->n - before;
}

static bool
adds_up(const struct conf_directive *row)
{
	return row->type == CONF_T_NET_RATE ||
	    row->type == CONF_T_NET_PER_HOUR || row->type == CONF_T_NET_LIMIT;
}

/* What a setting comes before: the settings of weaker places, the default. */
static const char *
overridden(struct facts *l, const struct places *in, size_t from,
    const struct conf_directive *row)
{
	struct buf b = BUF_INIT(0);
	const char *text = NULL;

	for (size_t i = from; i < in->n; i++) {
		const struct setting *s =
		    conf_find_setting(in->node[i], row->id);

		if (s != NULL)
			buf_addf(&b, "%s%s %s:%u", b.len > 0 ? ", " : "",
			    conf_setting_text(&l->c->arena, s), s->file,
			    s->line);
	}
	if (row->effect == CONF_ACTS && row->dflt != NULL)
		buf_addf(&b, "%s%s default", b.len > 0 ? ", " : "", row->dflt);
	if (b.len > 0)
		text = arena_strdup(&l->c->arena, b.data);
	buf_clear(&b);
	return text;
}

/* One directive of a scope: what counts, or its default if it acts. */
static void
one(struct facts *l, const char *scope, const struct places *in,
    const struct conf_directive *row)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct setting *s =
		    conf_find_setting(in->node[i], row->id);

		if (s == NULL)
			continue;
		add_setting(l, scope, s, overridden(l, in, i + 1, row));
		return;
	}
	if (row->dflt != NULL && row->effect == CONF_ACTS)
		add(l, &(struct conf_fact){ scope, row->name, row->dflt,
		    { NULL, 0 }, NULL });
}

static void
queue_facts(struct facts *l, const struct queue *q)
{
	struct places in = { xreallocarray(NULL, q->n_from + 1,
	    sizeof(*in.node)), q->n_from };

	for (size_t i = 0; i < in.n; i++)
		in.node[i] = q->from[in.n - 1 - i];
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);
		size_t n = 0;

		if ((row->sections >> CONF_SEC_DOMAIN & 1) == 0 ||
		    row->type == CONF_T_INCLUDE)
			continue;
		for (size_t k = 0; adds_up(row) && k < in.n; k++)
			n += add_all(l, "queue", in.node[k], row->id);
		if (n == 0)
			one(l, "queue", &in, row);
	}
	free(in.node);
}

static size_t
add_nodes(struct places *in, const struct vmta *v)
{
	for (size_t i = v != NULL ? v->n_nodes : 0; i-- > 0;)
		in->node[in->n++] = v->nodes[i];
	return in->n;
}

static void
vmta_facts(struct facts *l, const struct vmta *v)
{
	size_t most = v->n_nodes + (v->pool != NULL ? v->pool->n_nodes : 0);
	struct places in = { xreallocarray(NULL, most + 1, sizeof(*in.node)),
		0 };

	add_nodes(&in, v);
	add_nodes(&in, v->pool);
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);

		if (row->fill == CONF_FILL_VMTA ||
		    row->id == CONF_DIR_HELO_DOMAIN ||
		    row->id == CONF_DIR_COLD_VIRTUAL_MTA)
			one(l, "virtual-mta", &in, row);
	}
	free(in.node);
}

static void
source_facts(struct facts *l, const struct vmta *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_nodes; i++)
		n += add_all(l, "virtual-mta", v->nodes[i],
		    CONF_DIR_SMTP_SOURCE_HOST);
	if (n == 0)
		add_all(l, "global", l->c->root, CONF_DIR_SMTP_SOURCE_HOST);
}

size_t
conf_explain(struct conf *c, const struct conf_queue *q,
    struct conf_fact **out)
{
	const struct vmta *v = (const struct vmta *)q->vmta;
	struct facts l = { c, NULL, 0, 0 };

	queue_facts(&l, (const struct queue *)q);
	vmta_facts(&l, v);
	source_facts(&l, v);
	*out = l.f;
	return l.n;
}

struct conf_queue *
conf_queue_named(struct conf *c, const char *name, struct err *err)
{
	const char *slash = strrchr(name, '/');
	const char *vmta = slash != NULL ? slash + 1 : c->global.default_vmta;
	size_t n = slash != NULL ? (size_t)(slash - name) : strlen(name);
	const struct conf_vmta *v = conf_vmta(c, vmta);
	char *domain;
	struct conf_queue *q;

	if (n == 0) {
		err_set(err, ERR_USAGE,
		    "%s: no domain (a shell takes $name for a variable: "
		    "quote it)",
		    name);
		return NULL;
	}
	if (v == NULL) {
		err_set(err, ERR_USAGE, "%s: there is no virtual MTA \"%s\"",
		    name, vmta);
		return NULL;
	}
	domain = xstrndup(name, n);
	for (char *s = domain; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	q = conf_queue(c, domain, v);
	free(domain);
	return q;
}
