/* SPDX-License-Identifier: ISC */
/*
 * Values of directives: one way to read, to store and to name each type, in the
 * table of value.c.
 */
#ifndef VMTA_CONF_VALUE_H
#define VMTA_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/num.h"
#include "conf/directives.h"
#include "conf/lex.h"

/* A network, "10/8", "::1". */
struct conf_net {
	int family;	/* AF_INET, AF_INET6 */
	unsigned bits;
	unsigned char addr[16];
};

/* A limit that holds for the addresses of a network. */
struct conf_net_limit {
	struct conf_net net;
	struct rate rate;	/* of NET_LIMIT only rate.n */
};

struct conf_list {
	const void *items;	/* of what the type says */
	size_t n;
};

/* A word and where it stands. */
struct conf_word {
	const char *text;
	unsigned line, column;
};

/* The members of a domain-macro; items of list are struct conf_word. */
struct conf_macro_value {
	const char *name;
	const struct conf_word *members;
	size_t n;
};

union conf_value {
	bool flag;
	int64_t num;
	struct rate rate;
	const char *text;
	struct conf_list list;
	const struct conf_net_limit *net;
	const struct conf_macro_value *macro;
	const struct conf_record_fields *fields;
};

/* Where a type's function reads: a stretch of a line, and where to complain. */
struct cursor {
	const struct lex_line *line;
	size_t at, end;
	const struct conf_directive *row;
	struct arena *arena;
	struct diags *diags;
};

/*
 * Read the value of row from c->at up to c->end: all of it, or an error.
 * Returns: 0, or -1 (reported).  Ownership: what out points to is the arena's.
 */
int value_parse(struct cursor *c, union conf_value *out);

/* As value_parse for the row's default; out is zero where it has none. */
void value_default(const struct conf_directive *row, struct arena *arena,
    union conf_value *out);

/* Put a value where its row says in base, a struct of that kind. */
void value_store(const struct conf_directive *row, const union conf_value *v,
    void *base);

/* What a value of the type looks like, for tables: "N/[M]unit".  Pure. */
const char *value_syntax(const struct conf_directive *row);

/* The bytes that value_store writes for a type; 0 for none.  Pure. */
size_t value_size(enum conf_type type);

/*
 * The next word, up to a blank, quotes removed; its place in *off.
 * Returns: NULL at the end or (reported) for a quote that isn't closed.
 */
char *cursor_word(struct cursor *c, size_t *off);

/*
 * The next item of a list with commas; quotes may stand around one or all.
 * Returns: NULL at the end.  An empty item is reported and skipped.
 */
char *cursor_item(struct cursor *c, size_t *off);

/* Is anything left but blanks?  Errors: none. */
bool cursor_more(struct cursor *c);

/* What is left, without blanks around it, a pair of quotes around it removed. */
char *cursor_rest(struct cursor *c, size_t *off);

/* Report an error at off.  Returns: -1. */
int cursor_bad(const struct cursor *c, size_t off, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The types' functions, by the file that has them. */
#define VALUE_FN(name) int name(struct cursor *c, union conf_value *out)
/* value_num.c */
VALUE_FN(value_flag);
VALUE_FN(value_int);
VALUE_FN(value_limit);
VALUE_FN(value_percent);
VALUE_FN(value_span);
VALUE_FN(value_spans);
VALUE_FN(value_flag_span);
VALUE_FN(value_size_of);
VALUE_FN(value_rate);
VALUE_FN(value_per_hour);
VALUE_FN(value_data_rate);
VALUE_FN(value_days);
/* value_text.c */
VALUE_FN(value_choice);
VALUE_FN(value_word);
VALUE_FN(value_text);
VALUE_FN(value_line);
VALUE_FN(value_name);
VALUE_FN(value_names);
VALUE_FN(value_path);
VALUE_FN(value_mailbox);
VALUE_FN(value_macro);
VALUE_FN(value_record_fields);
VALUE_FN(value_key);
/* value_net.c */
VALUE_FN(value_host_name);
VALUE_FN(value_server);
VALUE_FN(value_sources);
VALUE_FN(value_hosts);
VALUE_FN(value_net_rate);
VALUE_FN(value_net_per_hour);
VALUE_FN(value_net_limit);
#undef VALUE_FN

/* Read a rate at off.  Returns: 0 or -1 (reported). */
int value_read_rate(const struct cursor *c, const char *word, size_t off,
    struct rate *out);
/* Read a number or "unlimited" (also 0 where the range begins there). */
int value_read_limit(const struct cursor *c, const char *word, size_t off,
    int64_t *out);

/* An address as inet_ntop(3) writes it.  Returns: NULL if it is none. */
const char *value_address(struct arena *arena, const char *word);

/* Read a network.  Returns: 0 or -1.  Errors: -1, pure. */
int conf_net_parse(const char *word, struct conf_net *out);
/* Is the address (as text) in it?  Errors: none, pure. */
bool conf_net_has(const struct conf_net *net, const char *address);

/* May this be a name of a virtual MTA, pool or list?  Errors: none, pure. */
bool conf_name_ok(const char *name);
enum { CONF_NAME_MAX = 64 };

#endif
