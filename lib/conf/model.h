/* SPDX-License-Identifier: ISC */
/*
 * A configuration inside the library: the tree as it was read (parse.c), and
 * what is made of it (build.c, group.c, effective.c).  Programs use conf.h.
 */
#ifndef VMTA_CONF_MODEL_H
#define VMTA_CONF_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "conf/conf.h"
#include "conf/lex.h"
#include "conf/value.h"

/* One directive as it stands in the file. */
struct setting {
	struct setting *next;
	const struct conf_directive *row;
	union conf_value v;
	const char *text;	/* the value as written */
	const char *file;
	unsigned line, column;
};

/* One section as it stands in the file; the top level is one too. */
struct node {
	struct node *next, *parent;
	struct node *first, *last;	/* sections in it */
	struct setting *settings, *last_setting;
	enum conf_section kind;	/* CONF_SECTIONS: unknown, its lines are skipped */
	const char *arg;	/* of the tag, "" for none; of an unknown: its tag */
	const char *file;
	unsigned line, column;
};

/* A domain section that applies to a pattern. */
struct entry {
	struct entry *next;
	const struct node *node;
};

/* [NETWORK] in <domain>, for address literals. */
struct literal {
	struct literal *next;
	struct conf_net net;
	const struct node *node;
};

/*
 * All domain sections of one place (top level, virtual MTA or pool) by their
 * pattern: "" (what stands there directly), "*", "*.x", "[*.]x", "x", "$macro".
 */
struct scope {
	struct map keys;	/* pattern -> first struct entry */
	struct literal *literals;
	bool patterns;		/* some key is "*.x" or "[*.]x" */
};

/* A virtual MTA or pool; pub is first, so that a conf_vmta * is one of these. */
struct vmta {
	struct conf_vmta pub;
	struct scope scope;
	struct vmta *pool;	/* whose <domain> sections it inherits */
	const struct node **nodes;	/* its sections, usually one */
	size_t n_nodes;
	struct map queues;	/* domain -> struct queue */
};

/* A queue; pub is first. */
struct queue {
	struct conf_queue pub;
	const struct node **from;	/* sections that apply, weakest first */
	size_t n_from;
};

/* A domain-macro. */
struct macro {
	const struct setting *set;
	const char *group;	/* "$name", lower case */
	const char **domains;	/* expanded */
	size_t n_domains;
	bool expanding, expanded;
	const struct node *used;	/* first <domain $name> */
	bool split;		/* macro-expands yes */
};

struct conf {
	struct arena arena;
	struct node *root;
	struct conf_global global;
	struct conf_queue defaults;
	struct conf_vmta vmta_defaults;
	struct map vmtas;	/* lower case name -> struct vmta */
	const struct conf_vmta **list;
	size_t n_list;
	struct conf_acct *accts;
	size_t n_accts;
	struct map macros;	/* lower case name -> struct macro */
	struct map groups;	/* domain or pattern -> "$name" */
	bool group_patterns;
	bool macros_over;	/* macros have grown too large, reported */
	bool source_limits;	/* some source-ip-max-* is set */
	struct scope scope;	/* top level */
	uint32_t serial;
	const struct node **scratch;	/* of effective.c */
	size_t cap_scratch;
};

/* parse.c: read all that lx has into c->root, the top level of the file name.
 * Errors: in lx->diags. */
void conf_parse(struct lex *lx, struct conf *c, const char *name);

/*
 * include.c: read the files that an include names; spec is what is written,
 * relative to the file of at.  Errors: in lx->diags, at the place at.
 */
void conf_include(struct lex *lx, const char *spec, const struct diag *at);

/* build.c: make the model of the tree.  Errors: in diags. */
void conf_build(struct conf *c, struct diags *diags);

/* group.c: macros and collective groups; fills c->macros and c->groups. */
void conf_build_macros(struct conf *c, struct diags *diags);
void conf_build_groups(struct conf *c, struct diags *diags);
/*
 * The domains that $macros in a pattern stand for.  Returns: their number, 0
 * after an error that was reported.  Ownership: *out is the arena's.
 */
size_t conf_expand(struct conf *c, const char *pattern, const struct node *at,
    struct diags *diags, const char ***out);

/* effective.c: put a node's <domain> sections into a scope. */
void conf_scope_add(struct conf *c, struct scope *scope,
    const struct node *place, struct diags *diags);
void conf_scope_clear(struct scope *scope);

/* Report at a setting, or at a section's tag.  Errors: none. */
void conf_diag_setting(struct diags *ds, const struct setting *s,
    enum diag_level level, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void conf_diag_node(struct diags *ds, const struct node *n,
    enum diag_level level, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * The value of a setting in one form whatever it is written like: rates, spans,
 * yes and no in their shortest; secrets as "****".  Ownership: the arena's.
 */
const char *conf_setting_text(struct arena *arena, const struct setting *s);

/* The last setting of a directive in a section, NULL for none.  Pure. */
const struct setting *conf_find_setting(const struct node *n,
    enum conf_dir dir);

/* A copy in lower case (ASCII).  Ownership: the arena's. */
char *conf_lower(struct arena *arena, const char *s);

#endif
