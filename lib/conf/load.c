/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "conf/codes.h"
#include "conf/lint_impl.h"
#include "conf/load.h"
#include "conf/model.h"

static struct conf *
new_conf(void)
{
	return xcalloc(1, sizeof(struct conf));
}

/*
 * Parse what lx has, build the model, with o not NULL look at it as well.
 * Returns: as conf_load; lx is cleared.
 */
static int
finish_with(struct lex *lx, const char *name, const struct conf_options *o,
    struct conf *c, struct conf **out, struct err *err)
{
	struct diags *diags = lx->diags;

	conf_parse(lx, c, name);
	conf_build(c, diags);
	lex_clear(lx);
	if (o != NULL) {
		conf_lint(c, o, diags);
		conf_diags_sort(diags);
	}
	if (diags->errors > 0) {
		conf_free(c);
		return err_set(err, ERR_CONF, "%s: %zu error%s", name,
		    diags->errors, diags->errors == 1 ? "" : "s");
	}
	*out = c;
	return 0;
}

static int
finish(struct lex *lx, const char *name, struct conf *c, struct conf **out,
    struct err *err)
{
	return finish_with(lx, name, NULL, c, out, err);
}

int
conf_check(const char *path, const struct conf_options *o,
    struct diags *diags, struct conf **out, struct err *err)
{
	struct conf *c = new_conf();
	struct lex lx;

	*out = NULL;
	lex_init(&lx, &c->arena, diags);
	lx.root = o->root;
	if (lex_push_file(&lx, path) < 0) {
		conf_free(c);
		return err_set(err, ERR_NOINPUT, "cannot read %s: %s", path,
		    strerror(errno));
	}
	return finish_with(&lx, path, o, c, out, err);
}

int
conf_check_text(const char *name, const char *text,
    const struct conf_options *o, struct diags *diags, struct conf **out,
    struct err *err)
{
	struct conf *c = new_conf();
	struct lex lx;

	*out = NULL;
	lex_init(&lx, &c->arena, diags);
	lx.root = o->root;
	lex_push_text(&lx, name, text, strlen(text));
	return finish_with(&lx, name, o, c, out, err);
}

int
conf_load_flat(const char *path, struct diags *diags, struct buf *flat,
    struct conf **out, struct err *err)
{
	struct conf *c = new_conf();
	struct lex lx;

	*out = NULL;
	lex_init(&lx, &c->arena, diags);
	lx.flat = flat;
	if (lex_push_file(&lx, path) < 0) {
		conf_free(c);
		return err_set(err, ERR_NOINPUT, "cannot read %s: %s", path,
		    strerror(errno));
	}
	return finish(&lx, path, c, out, err);
}

int
conf_load(const char *path, struct diags *diags, struct conf **out,
    struct err *err)
{
	return conf_load_flat(path, diags, NULL, out, err);
}

int
conf_load_text(const char *name, const char *text, size_t n,
    struct diags *diags, struct conf **out, struct err *err)
{
	struct conf *c = new_conf();
	struct lex lx;

	*out = NULL;
	lex_init(&lx, &c->arena, diags);
	lex_push_text(&lx, name, text, n);
	return finish(&lx, name, c, out, err);
}

int
conf_load_running(const char *name, const struct conf_flat *flat,
    struct diags *diags, struct conf **out, struct err *err)
{
	struct conf *c = new_conf();
	struct lex lx;

	*out = NULL;
	c->serial = flat->serial;
	lex_init(&lx, &c->arena, diags);
	lx.flattened = true;
	lex_push_text(&lx, name, flat->text, flat->n);
	return finish(&lx, name, c, out, err);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_list; i++) {
		struct vmta *v = (struct vmta *)(uintptr_t)c->list[i];

		conf_scope_clear(&v->scope);
		map_clear(&v->queues, NULL);
		free(v->nodes);
	}
	conf_scope_clear(&c->scope);
	map_clear(&c->vmtas, NULL);
	map_clear(&c->macros, NULL);
	map_clear(&c->groups, NULL);
	free(c->list);
	free(c->scratch);
	arena_clear(&c->arena);
	free(c);
}

void
conf_set_serial(struct conf *c, uint32_t serial)
{
	c->serial = serial;
}

uint32_t
conf_serial(const struct conf *c)
{
	return c->serial;
}

const struct conf_global *
conf_global(const struct conf *c)
{
	return &c->global;
}

const struct conf_vmta *
conf_vmta(const struct conf *c, const char *name)
{
	char key[CONF_NAME_MAX + 1];
	struct vmta *v;
	size_t n = 0;

	for (; name[n] != '\0'; n++) {
		if (n == CONF_NAME_MAX)
			return NULL;
		key[n] = (char)tolower((unsigned char)name[n]);
	}
	key[n] = '\0';
	v = map_get(&c->vmtas, key);
	return v != NULL ? &v->pub : NULL;
}

const struct conf_vmta *const *
conf_vmtas(const struct conf *c, size_t *n)
{
	*n = c->n_list;
	return c->list;
}

const struct conf_acct *
conf_accts(const struct conf *c, size_t *n)
{
	*n = c->n_accts;
	return c->accts;
}

static const char *
in_node(const struct node *n, enum conf_dir dir, struct conf_place *where)
{
	const struct setting *s = conf_find_setting(n, dir);

	if (s == NULL)
		return NULL;
	*where = (struct conf_place){ s->file, s->line };
	return s->text;
}

const char *
conf_vmta_value(struct conf *c, const struct conf_vmta *vmta,
    enum conf_dir dir, struct conf_place *where)
{
	const struct vmta *v = (const struct vmta *)vmta;
	const char *text = NULL;

	(void)c;
	for (size_t i = v->n_nodes; i-- > 0 && text == NULL;)
		text = in_node(v->nodes[i], dir, where);
	if (v->pool != NULL)
		for (size_t i = v->pool->n_nodes; i-- > 0 && text == NULL;)
			text = in_node(v->pool->nodes[i], dir, where);
	if (text == NULL) {
		*where = (struct conf_place){ NULL, 0 };
		text = conf_directive(dir)->dflt;
	}
	return text;
}

const char *
conf_global_value(struct conf *c, enum conf_dir dir, struct conf_place *where)
{
	const char *text = in_node(c->root, dir, where);

	if (text == NULL) {
		*where = (struct conf_place){ NULL, 0 };
		text = conf_directive(dir)->dflt;
	}
	return text;
}
