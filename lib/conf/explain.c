/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/explain.h"
#include "conf/model.h"

struct facts {
	struct conf_fact *f;
	size_t n, cap;
};

static void
add(struct facts *l, const char *scope, const struct conf_directive *row,
    const char *value, const struct conf_place *where)
{
	if (value == NULL || (where->file == NULL && row->effect != CONF_ACTS))
		return;
	if (l->n == l->cap) {
		l->cap = l->cap * 2 + 32;
		l->f = xreallocarray(l->f, l->cap, sizeof(*l->f));
	}
	if (row->type == CONF_T_SECRET)
		value = "****";
	l->f[l->n++] = (struct conf_fact){ scope, row->name, value, *where };
}

/* Every line of a directive in a section, for those that may be repeated. */
static size_t
add_all(struct facts *l, const char *scope, const struct node *n,
    enum conf_dir dir)
{
	size_t before = l->n;

	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		if (s->row->id == dir)
			add(l, scope, s->row, s->text,
			    &(struct conf_place){ s->file, s->line });
	return l->n - before;
}

static bool
is_repeatable(const struct conf_directive *row)
{
	return row->type == CONF_T_NET_RATE ||
	    row->type == CONF_T_NET_PER_HOUR || row->type == CONF_T_NET_LIMIT;
}

static void
queue_facts(struct conf *c, const struct conf_queue *queue, struct facts *l)
{
	const struct queue *q = (const struct queue *)queue;

	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);
		struct conf_place where;
		const char *value;
		size_t n = 0;

		if ((row->sections >> CONF_SEC_DOMAIN & 1) == 0 ||
		    row->type == CONF_T_INCLUDE)
			continue;
		for (size_t k = q->n_from; is_repeatable(row) && k-- > 0;)
			n += add_all(l, "queue", q->from[k], row->id);
		if (n > 0)
			continue;
		value = conf_queue_value(c, queue, row->id, &where);
		add(l, "queue", row, value, &where);
	}
}

static void
source_facts(struct conf *c, const struct vmta *v, struct facts *l)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_nodes; i++)
		n += add_all(l, "virtual-mta", v->nodes[i],
		    CONF_DIR_SMTP_SOURCE_HOST);
	if (n == 0)
		add_all(l, "global", c->root, CONF_DIR_SMTP_SOURCE_HOST);
}

size_t
conf_explain(struct conf *c, const struct conf_queue *q,
    struct conf_fact **out)
{
	const struct vmta *v = (const struct vmta *)q->vmta;
	struct facts l = { NULL, 0, 0 };

	queue_facts(c, q, &l);
	for (int i = 0; i < CONF_DIRECTIVES; i++) {
		const struct conf_directive *row =
		    conf_directive((enum conf_dir)i);
		struct conf_place where;
		const char *value;

		if (row->fill == CONF_FILL_VMTA ||
		    row->id == CONF_DIR_HELO_DOMAIN ||
		    row->id == CONF_DIR_COLD_VIRTUAL_MTA) {
			value = conf_vmta_value(c, q->vmta, row->id, &where);
			add(&l, "virtual-mta", row, value, &where);
		}
	}
	source_facts(c, v, &l);
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
