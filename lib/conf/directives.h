/* SPDX-License-Identifier: ISC */
/* The tables of the language: its sections, directives and types of value. */
#ifndef VMTA_CONF_DIRECTIVES_H
#define VMTA_CONF_DIRECTIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "conf/conf.h"

enum conf_section {
#define CONF_SECTION(id, ...) CONF_SEC_##id,
#include "conf/sections.def"
#undef CONF_SECTION
	CONF_SECTIONS
};

enum conf_effect {
	CONF_ACTS,
	CONF_LATER,	/* accepted, no effect in this release */
	CONF_NEVER,	/* accepted for the sake of existing files */
};

enum conf_argument { CONF_ARG_NONE, CONF_ARG_MAY, CONF_ARG_MUST };

struct conf_section_row {
	const char *tag;
	uint32_t parents;	/* bits: 1u << enum conf_section */
	enum conf_argument argument;
	bool patterns;		/* its lines hold regular expressions */
	enum conf_effect effect;
	const char *doc;
};

/* The shapes of values; value.c has how each is read, stored and called. */
enum conf_type {
	CONF_T_FLAG,
	CONF_T_NOT_FLAG,	/* "ignore-x yes" makes x false */
	CONF_T_INT,
	CONF_T_LIMIT,
	CONF_T_PORT,
	CONF_T_PERCENT,
	CONF_T_SPAN,
	CONF_T_SPANS,
	CONF_T_FLAG_SPAN,
	CONF_T_SIZE,
	CONF_T_RATE,
	CONF_T_PER_HOUR,
	CONF_T_DATA_RATE,
	CONF_T_DAYS,
	CONF_T_CHOICE,
	CONF_T_WORD,
	CONF_T_TEXT,
	CONF_T_SECRET,
	CONF_T_LINE,
	CONF_T_NAME,
	CONF_T_NAMES,
	CONF_T_PATH,
	CONF_T_MAILBOX,
	CONF_T_HOST_NAME,
	CONF_T_SERVER,
	CONF_T_SOURCES,
	CONF_T_HOSTS,
	CONF_T_NET_RATE,
	CONF_T_NET_PER_HOUR,
	CONF_T_NET_LIMIT,
	CONF_T_MACRO,
	CONF_T_RECORD_FIELDS,
	CONF_T_KEY,
	CONF_T_INCLUDE,
	CONF_T_FILE,
	CONF_TYPES
};

/* Which structure a value goes to. */
enum conf_fill {
	CONF_FILL_NONE,
	CONF_FILL_QUEUE,	/* struct conf_queue */
	CONF_FILL_GLOBAL,	/* struct conf_global */
	CONF_FILL_VMTA,		/* struct conf_vmta */
	CONF_FILL_ACCT,		/* struct conf_acct */
};

struct conf_directive {
	enum conf_dir id;
	const char *name;
	const char *aliases;	/* other names, "a,b", or "" */
	uint32_t sections;	/* bits, where it may stand */
	enum conf_type type;
	const char *range;	/* "MIN..MAX", "this|that", or "" */
	const char *dflt;	/* as one would write it, or NULL */
	enum conf_effect effect;
	enum conf_fill fill;
	size_t offset, size;	/* of the member that it fills */
	const char *doc;
};

/* Returns: the row of a directive.  Ownership: static.  Errors: none, pure. */
const struct conf_directive *conf_directive(enum conf_dir id);

/*
 * What to write or use instead of a directive that has no effect.
 * Returns: NULL where there is nothing.  Ownership: static.  Errors: none, pure.
 */
const char *conf_instead(enum conf_dir id);

/* May the directive stand several times in one section?  Errors: none, pure. */
bool conf_repeatable(const struct conf_directive *row);

/* Returns: the row of a section.  Ownership: static.  Errors: none, pure. */
const struct conf_section_row *conf_section(enum conf_section id);

/*
 * The section that <tag> opens inside parent; any is set when the tag exists
 * somewhere.  Returns: CONF_SECTIONS where it can't stand.  Errors: none, pure.
 */
enum conf_section conf_section_find(const char *tag, enum conf_section parent,
    bool *any);

/* Names to rows, built for one reading of a file. */
struct conf_index {
	struct map names;	/* lower case name or alias -> first row */
	const struct conf_directive *next[CONF_DIRECTIVES]; /* same name */
};

/* Errors: none.  Ownership: freed by conf_index_clear. */
void conf_index_init(struct conf_index *ix);
void conf_index_clear(struct conf_index *ix);

/*
 * The row of a name (any case) in a section; *elsewhere is a row of that name
 * that belongs to other sections, or NULL.
 * Returns: NULL if there is none here.  Errors: none, pure.
 */
const struct conf_directive *conf_index_find(const struct conf_index *ix,
    const char *name, enum conf_section in,
    const struct conf_directive **elsewhere);

/*
 * The name nearest to one that nobody knows, first among those of the section.
 * Returns: NULL when nothing is near.  Ownership: static.  Errors: none, pure.
 */
const char *conf_suggest(const char *name, enum conf_section in);

/* As conf_suggest for a section's tag.  Errors: none, pure. */
const char *conf_suggest_tag(const char *tag);

/*
 * What to write for a word of configurations on the web that no version of
 * PowerMTA has.  Returns: NULL where it is none.  Static.  Errors: none, pure.
 */
const char *conf_invented(const char *word);

/* The distance of two words in edits, any case; more than max is max + 1. */
size_t conf_distance(const char *a, const char *b, size_t max);

/* The sections a directive may stand in, "<virtual-mta>, <domain>".  Pure. */
void conf_sections_text(uint32_t sections, char *to, size_t size);

#endif
