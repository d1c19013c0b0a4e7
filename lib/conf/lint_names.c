/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/lint_impl.h"

/* Directives that name a section. */
static const struct {
	enum conf_dir id;
	enum conf_section kind;
} lists[] = {
	{ CONF_DIR_SMTP_PATTERN_LIST, CONF_SEC_REPLIES },
	{ CONF_DIR_SUPPRESSION_LISTS, CONF_SEC_ADDRESSES },
	{ CONF_DIR_PATTERN_LIST, CONF_SEC_PATTERNS },
	{ CONF_DIR_REWRITE_LIST, CONF_SEC_REWRITE },
	{ CONF_DIR_SOURCE, CONF_SEC_SOURCE },
	{ CONF_DIR_LISTENER_SOURCE, CONF_SEC_SOURCE },
	{ CONF_DIR_SOURCE_GROUP, CONF_SEC_SOURCE_GROUP },
	{ CONF_DIR_USE_PROXY, CONF_SEC_PROXY },
};

/* Directives that name a virtual MTA or a pool, and the word that is none. */
static const struct {
	enum conf_dir id;
	const char *other;
} vmtas[] = {
	{ CONF_DIR_COLD_VIRTUAL_MTA, "" },
	{ CONF_DIR_REROUTE_TO_VIRTUAL_MTA, "" },
	{ CONF_DIR_GLOBAL_REROUTE_TO_VIRTUAL_MTA, "" },
	{ CONF_DIR_BACKOFF_REROUTE_TO_VIRTUAL_MTA, "" },
	{ CONF_DIR_SOURCE_DEFAULT_VIRTUAL_MTA, "by-smtp-source-ip" },
	{ CONF_DIR_INVALID_VIRTUAL_MTA_FALLBACK, "" },
	{ CONF_DIR_OVERFLOW, "wait" },
};

/* "KIND name" in lower case. */
static void
key_of(enum conf_section kind, const char *name, size_t n, char to[160])
{
	int at = snprintf(to, 160, "%d %.*s", (int)kind,
	    (int)(n < 120 ? n : 120), name);

	for (int i = 0; i < at; i++)
		to[i] = (char)tolower((unsigned char)to[i]);
}

/* The sections that can be named, with their arguments. */
static void
collect(struct map *names, const struct node *in)
{
	char key[160];

	for (const struct node *n = in->first; n != NULL; n = n->next) {
		if (*n->arg != '\0' && n->kind != CONF_SEC_DOMAIN) {
			key_of(n->kind, n->arg, strlen(n->arg), key);
			*map_at(names, key) = (void *)(uintptr_t)n;
		}
		if (n->kind == CONF_SEC_BOUNCES ||
		    n->kind == CONF_SEC_COMPLAINTS)
			collect(names, n);
	}
}

/* The nearest name of a section of the kind. */
static const char *
nearest(const struct map *names, enum conf_section kind, const char *name)
{
	size_t best = strlen(name) / 3 + 1, at = 0;
	const char *found = NULL;
	const struct map_slot *slot;

	while ((slot = map_next(names, &at)) != NULL) {
		const struct node *n = slot->value;
		size_t d;

		if (n->kind != kind)
			continue;
		d = conf_distance(name, n->arg, best - 1);
		if (d < best) {
			best = d;
			found = n->arg;
		}
	}
	return found;
}

static void
list(const struct lint *l, const struct map *names, const struct setting *s,
    enum conf_section kind)
{
	const char *text = s->v.text;
	char key[160], name[128];

	while (text != NULL && *text != '\0') {
		const char *near;
		size_t n = strcspn(text, ", ");

		key_of(kind, text, n, key);
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		near = n > 0 && map_get(names, key) == NULL ?
		    nearest(names, kind, name) : NULL;
		if (n > 0 && map_get(names, key) == NULL)
			LINT_WARN(l, s, "unknown-list",
			    "there is no <%s %s>%s%s%s",
			    conf_section(kind)->tag, name,
			    near != NULL ? "; did you mean \"" : "",
			    near != NULL ? near : "",
			    near != NULL ? "\"?" : "");
		text += n;
		text += strspn(text, ", ");
	}
}

static void
vmta(const struct lint *l, const struct setting *s, const char *name)
{
	if (name == NULL || *name == '\0' || conf_vmta(l->c, name) != NULL)
		return;
	/* 4.x took "NETWORK HOST-NAME" for a cold virtual MTA */
	if (strchr(name, ' ') != NULL)
		return;
	LINT_WARN(l, s, "unknown-virtual-mta",
	    "there is no virtual MTA \"%s\"", name);
}

static void
setting(const struct lint *l, const struct map *names, const struct setting *s)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lists[i].id == s->row->id)
			list(l, names, s, lists[i].kind);
	for (size_t i = 0; i < sizeof(vmtas) / sizeof(vmtas[0]); i++)
		if (vmtas[i].id == s->row->id && s->v.text != NULL &&
		    strcasecmp(s->v.text, vmtas[i].other) != 0)
			vmta(l, s, s->v.text);
	if (s->row->id == CONF_DIR_WARMUP_VIRTUAL_MTA)
		for (size_t i = 0; i < s->v.list.n; i++)
			vmta(l, s, ((const char *const *)s->v.list.items)[i]);
}

static void
walk(const struct lint *l, const struct map *names, const struct node *n)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next)
		setting(l, names, s);
	for (const struct node *in = n->first; in != NULL; in = in->next)
		walk(l, names, in);
}

/* One address in two virtual MTAs has two budgets where it should have one. */
static void
sources(const struct lint *l, struct map *seen, const struct node *n)
{
	for (const struct setting *s = n->settings; s != NULL; s = s->next) {
		const struct conf_source *list_ = s->v.list.items;

		if (s->row->id != CONF_DIR_SMTP_SOURCE_HOST)
			continue;
		for (size_t i = 0; i < s->v.list.n; i++) {
			const struct setting *first;
			void **at;

			if (list_[i].address == NULL)
				continue;
			at = map_at(seen, list_[i].address);
			first = *at;
			if (first == NULL)
				*at = (void *)(uintptr_t)s;
			else
				LINT_WARN(l, s, "source-twice",
				    "%s is a source already, at %s:%u: the "
				    "limits of both hold for it, each by "
				    "itself",
				    list_[i].address, first->file,
				    first->line);
		}
	}
}

void
lint_names(const struct lint *l)
{
	struct map names = MAP_INIT, seen = MAP_INIT;

	collect(&names, l->c->root);
	walk(l, &names, l->c->root);
	for (const struct node *n = l->c->root->first; n != NULL; n = n->next)
		if (n->kind == CONF_SEC_VMTA)
			sources(l, &seen, n);
	map_clear(&names, NULL);
	map_clear(&seen, NULL);
}
