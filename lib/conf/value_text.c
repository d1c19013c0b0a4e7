/* SPDX-License-Identifier: ISC */
/* Words, names, paths and lists of them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "conf/value.h"

int
value_choice(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	for (const char *s = c->row->range; *s != '\0';) {
		size_t n = strcspn(s, "|");

		if (strlen(w) == n && strncasecmp(w, s, n) == 0) {
			out->text = arena_strndup(c->arena, s, n);
			return 0;
		}
		s += n + (s[n] == '|');
	}
	return cursor_bad(c, off, "choice", "\"%s\" is not one of %s", w,
	    c->row->range);
}

int
value_word(struct cursor *c, union conf_value *out)
{
	size_t off;

	out->text = cursor_word(c, &off);
	if (out->text == NULL)
		return -1;
	if (*out->text == '\0')
		out->text = NULL;
	return 0;
}

int
value_text(struct cursor *c, union conf_value *out)
{
	size_t off;

	out->text = cursor_rest(c, &off);
	if (out->text == NULL)
		return -1;
	/* "" takes back what would be inherited. */
	if (*out->text == '\0')
		out->text = NULL;
	return 0;
}

int
value_line(struct cursor *c, union conf_value *out)
{
	out->text = arena_strndup(c->arena, c->line->text.data + c->at,
	    c->end - c->at);
	c->at = c->end;
	return 0;
}

bool
conf_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > CONF_NAME_MAX)
		return false;
	for (const char *s = name; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr(".-_{}", *s) == NULL)
			return false;
	return true;
}

int
value_name(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	if (!conf_name_ok(w))
		return cursor_bad(c, off, "name-format",
		    "\"%s\" is no name: up to %d letters, digits, . - _ { }",
		    w, CONF_NAME_MAX);
	out->text = w;
	return 0;
}

/* All items of the rest; *n of them in the arena. */
static const char **
items(struct cursor *c, size_t *n)
{
	const char **list = NULL, **kept;
	const char *w;
	size_t off;

	*n = 0;
	while ((w = cursor_item(c, &off)) != NULL) {
		list = xreallocarray(list, *n + 1, sizeof(*list));
		list[(*n)++] = w;
	}
	kept = arena_alloc(c->arena, (*n + 1) * sizeof(*list));
	if (*n > 0)
		memcpy(kept, list, *n * sizeof(*list));
	free(list);
	return kept;
}

int
value_names(struct cursor *c, union conf_value *out)
{
	size_t errors = c->diags->errors;

	out->list.items = items(c, &out->list.n);
	return errors == c->diags->errors ? 0 : -1;
}

int
value_path(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_rest(c, &off);

	if (w == NULL)
		return -1;
	if (*w == '\0')
		return 0;
	if (*w != '/')
		return cursor_bad(c, off, "relative-path",
		    "\"%s\" does not begin with a /", w);
	out->text = w;
	return 0;
}

int
value_mailbox(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_rest(c, &off);

	if (w == NULL)
		return -1;
	if (*w == '\0')
		return 0;
	if (strchr(w, '@') == NULL)
		return cursor_bad(c, off, "mail-address",
		    "\"%s\" is no mail address", w);
	out->text = w;
	return 0;
}

static bool
macro_name_ok(const char *s)
{
	return *s != '\0' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_") == strlen(s);
}

int
value_macro(struct cursor *c, union conf_value *out)
{
	struct conf_macro_value *m = arena_alloc(c->arena, sizeof(*m));
	struct conf_word *list = NULL;
	size_t off, errors = c->diags->errors, n = 0, cap = 0;
	char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	if (!macro_name_ok(w))
		return cursor_bad(c, off, "macro-name",
		    "\"%s\" is no name of a macro: letters, digits and _", w);
	m->name = w;
	while ((w = cursor_item(c, &off)) != NULL) {
		struct diag at;

		if (strpbrk(w, "/<>@;:\\()") != NULL) {
			cursor_bad(c, off, "domain-format",
			    "\"%s\" is no domain", w);
			continue;
		}
		lex_place(c->line, off, &at);
		for (char *s = w; *s != '\0'; s++)
			*s = (char)tolower((unsigned char)*s);
		if (n == cap) {
			cap = cap * 2 + 8;
			list = xreallocarray(list, cap, sizeof(*list));
		}
		list[n++] = (struct conf_word){ w, at.line, at.column };
	}
	if (list == NULL && errors == c->diags->errors)
		cursor_bad(c, c->end, "missing-argument",
		    "domain-macro \"%s\" has no domains", m->name);
	else if (list != NULL)
		m->members = memcpy(arena_alloc(c->arena, n * sizeof(*list)),
		    list, n * sizeof(*list));
	m->n = n;
	free(list);
	out->macro = m;
	return errors == c->diags->errors ? 0 : -1;
}

int
value_record_fields(struct cursor *c, union conf_value *out)
{
	struct conf_record_fields *f = arena_alloc(c->arena, sizeof(*f));
	size_t off, errors = c->diags->errors;

	f->type = cursor_word(c, &off);
	if (f->type == NULL)
		return -1;
	f->columns = items(c, &f->n_columns);
	if (f->n_columns == 0)
		return cursor_bad(c, c->end, "missing-argument",
		    "record-fields \"%s\" has no columns", f->type);
	out->fields = f;
	return errors == c->diags->errors ? 0 : -1;
}

int
value_key(struct cursor *c, union conf_value *out)
{
	size_t start = c->at;

	out->list.items = items(c, &out->list.n);
	if (out->list.n != 3)
		return cursor_bad(c, start, "key-format",
		    "a key is written as SELECTOR,DOMAIN,FILE");
	return 0;
}
