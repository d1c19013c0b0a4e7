/* SPDX-License-Identifier: ISC */
#ifndef VMTA_CONF_CHECK_CMDS_H
#define VMTA_CONF_CHECK_CMDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cli.h"
#include "conf/conf.h"
#include "conf/diag.h"

#define SYNOPSIS                                                              \
	"[-Hhnq] [-C FILE] [--spool DIR] [--format FORMAT]\n"                  \
	"       [--werror] [--disable CODE] [--root DIR]\n"                    \
	"       [--activate | --directives | --effective QUEUE | --print |\n"  \
	"       --diff OLD | --patterns[=REPLIES] | --match REPLY | --dns]\n"  \
	"       [--from DOMAIN] [--dnsbl ZONE] [FILE | SECTION | NEW]"

/* How findings are printed. */
enum output { OUTPUT_ROWS, OUTPUT_GITHUB, OUTPUT_SARIF };

enum { WORDS_MAX = 64 };

/* A list of words from an option that may be repeated. */
struct words {
	const char *w[WORDS_MAX];
	size_t n;
};

/* The command line. */
struct options {
	struct cli cli;
	enum output output;
	bool werror;
	const char *root;
	struct words disabled;	/* codes and classes */
	struct words from, dnsbl;	/* of --dns */
	const char *queue;	/* of --effective */
	const char *old;	/* of --diff */
	const char *replies;	/* of --patterns, or NULL */
	const char *reply;	/* of --match */
};

/* One function a mode, one file each.  Returns: the exit status. */
int cmd_check(const struct options *o);
int cmd_activate(const struct options *o);
int cmd_effective(const struct options *o);
int cmd_directives(const struct options *o, const char *section);
int cmd_print(const struct options *o);
int cmd_diff(const struct options *o);
int cmd_patterns(const struct options *o);
int cmd_match(const struct options *o);
int cmd_dns(const struct options *o);

/* report.c: print what was found on standard output.  Errors: those of stdio. */
void print_diags(const struct options *o, const struct diags *ds);

/*
 * A configuration that must be right, for all modes but the check itself; where
 * it isn't, its findings are printed.  Returns: NULL with the exit status.
 */
struct conf *load_right(const struct options *o, const char *path,
    int *status);

/* fields.c: columns of accounting files that nobody knows.  Errors: none. */
void check_fields(const struct conf *c, struct diags *ds);

#endif
