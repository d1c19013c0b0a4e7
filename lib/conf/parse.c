/* SPDX-License-Identifier: ISC */
/*
 * Lines into a tree of sections and settings.  What a line may be is in the
 * tables of directives.c and value.c; this file only knows nesting, includes
 * and lines that go on, and never stops at an error.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/model.h"

enum { DEEPEST = 32 };	/* sections in sections */

struct parser {
	struct lex *lx;
	struct conf *conf;
	struct lex_line line;
	struct conf_index index;
	struct node *cur;
	unsigned depth;		/* of cur */
	unsigned ignored;	/* tags that would nest too deep */
	bool said[CONF_DIRECTIVES];	/* [no-effect] was said of it */
	bool said_section[CONF_SECTIONS];
};

#define ERROR(p, off, code, ...)                                               \
	lex_diag((p)->lx->diags, &(p)->line, off, DIAG_ERROR, code, __VA_ARGS__)

static const char *
tag_of(const struct node *n)
{
	return n->kind == CONF_SECTIONS ? n->arg : conf_section(n->kind)->tag;
}

static const char *
place_name(enum conf_section in, char *to, size_t size)
{
	conf_sections_text(1u << in, to, size);
	return to;
}

/* The end of the word at off, up to one of stop. */
static size_t
word_end(const struct parser *p, size_t off, const char *stop)
{
	const char *s = p->line.text.data;

	while (s[off] != '\0' && strchr(stop, s[off]) == NULL)
		off++;
	return off;
}

static size_t
skip_blanks(const struct parser *p, size_t off)
{
	while (isspace((unsigned char)p->line.text.data[off]))
		off++;
	return off;
}

static void
no_effect(struct parser *p, size_t off, enum conf_effect effect,
    const char *what, const char *hint)
{
	lex_diag(p->lx->diags, &p->line, off, DIAG_WARNING, "no-effect",
	    "%s is accepted and has no effect%s%s%s", what,
	    effect == CONF_LATER ? " in this release" : "",
	    hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

/* The first spool that is named counts, as for conf_find_spool. */
static void
take_spool(struct parser *p, const char *path, size_t off)
{
	const char **spool = &p->conf->global.spool;

	if (path == NULL)
		return;
	if (*spool == NULL)
		*spool = path;
	else if (strcmp(*spool, path) != 0)
		lex_diag(p->lx->diags, &p->line, off, DIAG_WARNING,
		    "second-spool",
		    "a second spool is not used; the first one, %s, is",
		    *spool);
}

/* Check the argument of an opening tag by what the section names with it. */
static bool
argument_ok(struct parser *p, enum conf_section kind, const char *arg,
    size_t off)
{
	switch ((unsigned)kind) {
	case CONF_SEC_VMTA:
	case CONF_SEC_POOL:
		if (conf_name_ok(arg))
			return true;
		ERROR(p, off, "name-format",
		    "\"%s\" is no name: up to %d letters, digits, . - _ { }",
		    arg, CONF_NAME_MAX);
		return false;
	case CONF_SEC_SPOOL:
	case CONF_SEC_ACCT:
		if (*arg == '/' || (*arg == '|' && kind == CONF_SEC_ACCT))
			return true;
		ERROR(p, off, "relative-path",
		    "\"%s\" does not begin with a /", arg);
		return false;
	case CONF_SEC_DOMAIN:
		if (strpbrk(arg, *arg == '[' ? " @<>,;" : " /@<>,;:") == NULL)
			return true;
		ERROR(p, off, "domain-format",
		    "\"%s\" is no domain, pattern or $MACRO", arg);
		return false;
	default:
		return true;
	}
}

static struct node *
new_node(struct parser *p, enum conf_section kind, const char *arg)
{
	struct node *n = arena_alloc(&p->conf->arena, sizeof(*n));
	struct diag at;

	lex_place(&p->line, 0, &at);
	n->kind = kind;
	n->arg = arg;
	n->file = at.file;
	n->line = at.line;
	n->column = at.column;
	n->parent = p->cur;
	return n;
}

static void
unterminated(struct parser *p)
{
	const struct node *n = p->cur;

	diags_add(p->lx->diags, DIAG_ERROR, n->file, n->line, n->column,
	    "unterminated-section", NULL, "<%s%s%s> is not closed", tag_of(n),
	    n->kind != CONF_SECTIONS && *n->arg != '\0' ? " " : "",
	    n->kind != CONF_SECTIONS ? n->arg : "");
	p->cur = n->parent;
	p->depth--;
}

/*
 * Find the section that tag opens here.  Where it can only stand further out,
 * the sections between were not closed.
 */
static enum conf_section
find_section(struct parser *p, const char *tag, size_t off)
{
	enum conf_section kind = CONF_SECTIONS;
	struct node *n;
	const char *near;
	char in[256];
	bool any;

	for (n = p->cur; n != NULL; n = n->parent) {
		if (n->kind == CONF_SECTIONS)
			continue;
		kind = conf_section_find(tag, n->kind, &any);
		if (kind != CONF_SECTIONS)
			break;
	}
	if (kind != CONF_SECTIONS) {
		while (p->cur != n)
			unterminated(p);
		return kind;
	}
	conf_section_find(tag, CONF_SEC_GLOBAL, &any);
	if (p->cur->kind == CONF_SECTIONS)
		return CONF_SECTIONS;
	near = conf_suggest_tag(tag);
	if (!any && conf_invented(tag) != NULL)
		ERROR(p, off, "invented-directive",
		    "no version of PowerMTA has <%s>: %s", tag,
		    conf_invented(tag));
	else if (any)
		ERROR(p, off, "wrong-section", "<%s> can not stand in %s", tag,
		    place_name(p->cur->kind, in, sizeof(in)));
	else if (near != NULL)
		ERROR(p, off, "unknown-section",
		    "unknown section <%s>; did you mean <%s>?", tag, near);
	else
		ERROR(p, off, "unknown-section", "unknown section <%s>", tag);
	return CONF_SECTIONS;
}

static void
open_section(struct parser *p, const char *tag, char *arg, size_t off)
{
	bool inside = p->cur->kind == CONF_SECTIONS;
	enum conf_section kind = find_section(p, tag, 1);
	const struct conf_section_row *row;
	struct node *n;
	char what[96];

	if (kind != CONF_SECTIONS && p->depth == DEEPEST) {
		if (p->ignored++ == 0)
			ERROR(p, 0, "too-deep",
			    "sections are nested more than %d deep", DEEPEST);
		return;
	}
	if (kind == CONF_SECTIONS) {
		/* Unknown in unknown: only the outer one's end counts. */
		if (!inside) {
			p->cur = new_node(p, kind,
			    arena_strdup(&p->conf->arena, tag));
			p->depth++;
		}
		return;
	}
	row = conf_section(kind);
	if (*arg == '\0' && row->argument == CONF_ARG_MUST)
		ERROR(p, 0, "missing-argument", "<%s> needs a name", row->tag);
	n = new_node(p, kind, arg);
	if (*arg != '\0' && !argument_ok(p, kind, arg, off))
		n->arg = "";
	if (p->cur->last != NULL)
		p->cur->last->next = n;
	else
		p->cur->first = n;
	p->cur->last = n;
	p->cur = n;
	p->depth++;
	if (kind == CONF_SEC_SPOOL && *n->arg != '\0')
		take_spool(p, n->arg, off);
	if (row->effect != CONF_ACTS && !p->said_section[kind]) {
		p->said_section[kind] = true;
		snprintf(what, sizeof(what), "<%s>", row->tag);
		no_effect(p, 0, row->effect, what, row->effect == CONF_LATER ?
		    NULL : "nothing here does it");
	}
}

static void
close_section(struct parser *p, const char *tag)
{
	struct node *n = p->cur;

	if (p->ignored > 0 && p->depth == DEEPEST) {
		p->ignored--;
		return;
	}
	while (n->parent != NULL && strcasecmp(tag_of(n), tag) != 0)
		n = n->parent;
	if (n->parent == NULL) {
		if (p->cur->kind != CONF_SECTIONS)
			ERROR(p, 0, "stray-tag",
			    "</%s> closes nothing that is open", tag);
		return;
	}
	while (p->cur != n)
		unterminated(p);
	p->cur = n->parent;
	p->depth--;
}

/* "<tag arg>" or "</tag>", with blanks anywhere but after '<'. */
static void
parse_tag(struct parser *p)
{
	const char *s = p->line.text.data;
	size_t n = p->line.text.len, at, end;
	bool closing = s[1] == '/';
	char *tag, *arg;

	if (s[n - 1] != '>') {
		const char *gt = strrchr(s, '>');

		ERROR(p, gt != NULL ? (size_t)(gt - s) + 1 : n, "tag-format",
		    gt != NULL ? "text after the tag" :
				 "the tag is not closed by \">\"");
		if (gt == NULL)
			return;
		n = (size_t)(gt - s) + 1;
	}
	at = skip_blanks(p, closing ? 2 : 1);
	end = word_end(p, at, " \t>");
	tag = conf_lower(&p->conf->arena,
	    arena_strndup(&p->conf->arena, s + at, end - at));
	if (*tag == '\0') {
		ERROR(p, 0, "tag-format", "a tag without a name");
		return;
	}
	if (closing) {
		close_section(p, tag);
		return;
	}
	at = skip_blanks(p, end);
	for (n--; n > at && isspace((unsigned char)s[n - 1]);)
		n--;
	if (n - at >= 2 && s[at] == '"' && s[n - 1] == '"') {
		at++;
		n--;
	}
	arg = arena_strndup(&p->conf->arena, s + at, n > at ? n - at : 0);
	open_section(p, tag, arg, at);
}

/* Is the line that comes next a tag or a directive, and so not more of this? */
static bool
next_begins(struct parser *p, const char *s, size_t n)
{
	const struct conf_directive *elsewhere;
	char word[64];
	size_t w = 0;

	while (w < n && !isspace((unsigned char)s[w]))
		w++;
	if (s[0] == '<')
		return true;
	if (w == n || w >= sizeof(word))
		return false;
	memcpy(word, s, w);
	word[w] = '\0';
	return conf_index_find(&p->index, word, p->cur->kind, &elsewhere) !=
	    NULL || elsewhere != NULL;
}

/* Append the lines that a comma at the end, or an empty list, asks for. */
static void
join(struct parser *p, const struct conf_directive *row, size_t value)
{
	bool list = row->type == CONF_T_MACRO;

	for (;;) {
		const struct buf *t = &p->line.text;
		const char *next;
		size_t name = word_end(p, value, " \t"), n;
		bool comma = t->len > value && t->data[t->len - 1] == ',';
		bool empty = list && skip_blanks(p, name) == t->len;

		if (!comma && !empty)
			return;
		n = lex_peek(p->lx, &next);
		if (n == 0 || next_begins(p, next, n)) {
			if (comma)
				lex_diag(p->lx->diags, &p->line, t->len - 1,
				    DIAG_WARNING, "trailing-comma",
				    "a comma at the end of the list");
			return;
		}
		lex_more(p->lx, &p->line);
	}
}

static void
unknown(struct parser *p, const char *word,
    const struct conf_directive *elsewhere)
{
	const char *near;
	char where[512], here[256];

	place_name(p->cur->kind, here, sizeof(here));
	if (elsewhere != NULL) {
		conf_sections_text(elsewhere->sections, where, sizeof(where));
		ERROR(p, 0, "wrong-section",
		    "\"%s\" can not stand in %s; it belongs in: %s", word,
		    here, where);
		return;
	}
	near = conf_suggest(word, p->cur->kind);
	if (conf_invented(word) != NULL)
		ERROR(p, 0, "invented-directive",
		    "no version of PowerMTA has \"%s\": %s", word,
		    conf_invented(word));
	else if (near != NULL)
		ERROR(p, 0, "unknown-directive",
		    "unknown directive \"%s\"; did you mean \"%s\"?", word,
		    near);
	else
		ERROR(p, 0, "unknown-directive", "unknown directive \"%s\"",
		    word);
}

static void
add_setting(struct parser *p, const struct conf_directive *row, size_t off,
    const union conf_value *v)
{
	struct setting *s = arena_alloc(&p->conf->arena, sizeof(*s));
	struct diag at;

	lex_place(&p->line, 0, &at);
	s->row = row;
	s->v = *v;
	s->text = arena_strdup(&p->conf->arena, p->line.text.data + off);
	s->file = at.file;
	s->line = at.line;
	s->column = at.column;
	if (p->cur->last_setting != NULL)
		p->cur->last_setting->next = s;
	else
		p->cur->settings = s;
	p->cur->last_setting = s;
	if (row->id == CONF_DIR_SPOOL)
		take_spool(p, v->text, off);
}

static void
include(struct parser *p, const char *spec, size_t off)
{
	struct diag at = { 0 };

	if (spec == NULL)
		return;
	lex_place(&p->line, off, &at);
	at.source = p->line.text.data;
	conf_include(p->lx, spec, &at);
}

/*
 * A place that a template leaves for a value, "{{ip}}" or "__PORT__".  Returns:
 * where it stands in the line, or the line's length.
 */
static size_t
placeholder(const struct buf *line)
{
	const char *s = strstr(line->data, "{{");

	/* what follows a # is a comment: "{{#each}}" ends early */
	if (s != NULL)
		return (size_t)(s - line->data);
	for (s = line->data; (s = strstr(s, "__")) != NULL; s += 2) {
		size_t n = strspn(s + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		if (n > 2 && s[n] == '_' && s[n + 1] == '_')
			return (size_t)(s - line->data);
	}
	return line->len;
}

/* Is an expression begun with a slash and not ended with one? */
static bool
is_open_pattern(const char *s)
{
	if (*s != '/')
		return false;
	for (s++; *s != '\0' && *s != '/'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return *s == '\0';
}

/* An expression that was broken over lines, as editors and web pages do. */
static void
join_pattern(struct parser *p, size_t value)
{
	const char *next;
	size_t n;
	bool said = false;

	while (is_open_pattern(p->line.text.data + value) &&
	    (n = lex_peek(p->lx, &next)) > 0 &&
	    (*next == '/' ? n == 1 || isspace((unsigned char)next[1]) :
			    !next_begins(p, next, n))) {
		if (!said)
			lex_diag(p->lx->diags, &p->line, value, DIAG_WARNING,
			    "broken-line",
			    "the pattern goes on in the next line, where a "
			    "blank is put in; write it in one");
		said = true;
		lex_more(p->lx, &p->line);
	}
}

/* The row that the line's first word names; NULL was reported. */
static const struct conf_directive *
find_row(struct parser *p, const char *word)
{
	const struct conf_directive *elsewhere, *row;
	size_t hole = placeholder(&p->line.text);

	if (hole < p->line.text.len && !conf_section(p->cur->kind)->patterns) {
		ERROR(p, hole, "template",
		    "this is a template: a program must fill in \"%.40s\"",
		    p->line.text.data + hole);
		return NULL;
	}
	row = conf_index_find(&p->index, word, p->cur->kind, &elsewhere);
	if (row == NULL)
		unknown(p, word, elsewhere);
	return row;
}

/* Returns: false for an include, which has no place in a flattened text. */
static bool
parse_directive(struct parser *p)
{
	const struct conf_directive *row;
	const char *s = p->line.text.data;
	size_t end = *s == '/' ? 1 : word_end(p, 0, " \t");
	char *word = arena_strndup(&p->conf->arena, s, end);
	struct cursor c;
	union conf_value v;
	size_t at;

	row = find_row(p, word);
	if (row == NULL)
		return true;
	at = skip_blanks(p, end);
	if (row->id == CONF_DIR_CATEGORY)
		at = 0;
	if (row->id == CONF_DIR_CATEGORY || row->id == CONF_DIR_REPLY)
		join_pattern(p, at);
	else if (!conf_section(p->cur->kind)->patterns)
		join(p, row, at);
	c = (struct cursor){ &p->line, at, p->line.text.len, row,
		&p->conf->arena, p->lx->diags };
	if (value_parse(&c, &v) < 0)
		return true;
	if (row->type == CONF_T_INCLUDE) {
		include(p, v.text, at);
		return false;
	}
	if (row->effect != CONF_ACTS && !p->said[row->id] &&
	    conf_section(p->cur->kind)->effect == CONF_ACTS) {
		char what[96];

		p->said[row->id] = true;
		snprintf(what, sizeof(what), "\"%s\"", row->name);
		no_effect(p, 0, row->effect, what, conf_instead(row->id));
	}
	add_setting(p, row, at, &v);
	return true;
}

static bool
patterns(const struct parser *p)
{
	return p->cur->kind != CONF_SECTIONS &&
	    conf_section(p->cur->kind)->patterns;
}

void
conf_parse(struct lex *lx, struct conf *c, const char *name)
{
	struct parser p = { .lx = lx, .conf = c, .line = LEX_LINE_INIT };

	conf_index_init(&p.index);
	c->root = arena_alloc(&c->arena, sizeof(*c->root));
	c->root->kind = CONF_SEC_GLOBAL;
	c->root->arg = "";
	c->root->file = arena_strdup(&c->arena, name);
	p.cur = c->root;
	while (lex_next(lx, &p.line, patterns(&p))) {
		bool keep = true;

		if (p.line.text.data[0] == '<')
			parse_tag(&p);
		else if (p.cur->kind != CONF_SECTIONS)
			keep = parse_directive(&p);
		if (keep && lx->flat != NULL)
			lex_emit(lx, &p.line);
	}
	while (p.cur != c->root)
		unterminated(&p);
	lex_line_clear(&p.line);
	conf_index_clear(&p.index);
}
