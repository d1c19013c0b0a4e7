/* SPDX-License-Identifier: ISC */
/*
 * What every program's command line has in common (vmta(7), OPTIONS): the
 * options that all take, dispatch to subcommands, usage text, the last check of
 * standard output.
 */
#ifndef VMTA_BASE_CLI_H
#define VMTA_BASE_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"

struct cli {
	const char *conf;	/* -C, else $VMTA_CONF, else /etc/vmta/vmta.conf */
	bool conf_given;	/* by -C or $VMTA_CONF */
	const char *spool;	/* --spool, else $VMTA_SPOOL, else NULL: from conf */
	bool quiet;		/* -q */
	bool dry_run;		/* -n */
	bool header;		/* -H */
	enum table_format format;
};

/* Values of the long options that have no letter; programs start at CLI_OPT_OWN. */
enum {
	CLI_OPT_SPOOL = 1000,
	CLI_OPT_FORMAT,
	CLI_OPT_JSON,
	CLI_OPT_VERSION,
	CLI_OPT_OWN = 2000,
};

/* The letters and the long options that every command takes. */
#define CLI_SHORT "C:Hhnq"
#define CLI_LONG                                                       \
	{ "config", required_argument, NULL, 'C' },                    \
	{ "spool", required_argument, NULL, CLI_OPT_SPOOL },           \
	{ "header", no_argument, NULL, 'H' },                          \
	{ "help", no_argument, NULL, 'h' },                            \
	{ "dry-run", no_argument, NULL, 'n' },                         \
	{ "quiet", no_argument, NULL, 'q' },                           \
	{ "format", required_argument, NULL, CLI_OPT_FORMAT },         \
	{ "json", no_argument, NULL, CLI_OPT_JSON },                   \
	{ "version", no_argument, NULL, CLI_OPT_VERSION }

/* One row a subcommand: its name, its function and its synopsis. */
struct cli_cmd {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
	const char *synopsis;	/* after "program name ", as in the manual page */
};

enum cli_result { CLI_DONE, CLI_OTHER, CLI_EXIT };

/*
 * Defaults from the environment; names the program for base/log.h.
 * Errors: none.
 */
void cli_init(struct cli *cli, const char *program);

/*
 * Take one option that getopt_long(3) returned.
 * Returns: CLI_DONE, CLI_OTHER (not a common one: the caller's), or CLI_EXIT with
 * the exit status in *status (-h and --version print on stdout; a bad option, '?'
 * or ':', has been reported, 64).  usage is printed by -h.
 */
enum cli_result cli_option(struct cli *cli, int opt, const char *usage,
    int *status);

/*
 * Say on stderr what is wrong with the arguments, and the synopsis.
 * Returns: 64.  Errors: none.
 */
int cli_usage(const char *synopsis, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Run the subcommand that the first operand names; options that all commands
 * take may stand before it.  -h prints every row's synopsis.  The function gets
 * its own options and operands after argv[0], which is the program's name, as
 * getopt(3) prints it.
 * Returns: the exit status.  Errors: reported.
 */
int cli_dispatch(struct cli *cli, const struct cli_cmd *cmds, size_t n,
    int argc, char **argv);

/*
 * The end of every main: flush standard output and see that it was written.
 * Returns: status, or 74 with a message when the output could not be written; a
 * closed pipe (EPIPE) is an ordinary end: status, silently.
 */
int cli_end(int status);

#endif
