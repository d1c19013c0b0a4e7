/* SPDX-License-Identifier: ISC */
/* What the parts of vmta-acct share. */
#ifndef VMTA_CMD_ACCT_H
#define VMTA_CMD_ACCT_H

#include <stdbool.h>

#include "base/cli.h"

struct options {
	struct cli cli;
	bool once;		/* --once */
	bool convert;		/* --stdin */
	bool columns;		/* --columns */
	const char *fields;	/* --fields, NULL: PowerMTA's columns */
	const char *records;	/* --records, NULL: all */
};

#define ACCT_SYNOPSIS                                                  \
	"[-hq] [-C FILE] [--spool DIR] [--once]\n"                     \
	"       vmta-acct -n [-Hhq] [-C FILE] [--format FORMAT] "      \
	"[--spool DIR]\n"                                              \
	"       vmta-acct --stdin [-hq] [--fields FIELD,...] "         \
	"[--records TYPE,...]\n"                                       \
	"       vmta-acct --columns [-Hh] [--format FORMAT]"

/* Standard input is a doorbell: write all acct-files and counters from the
 * journals until its end.  Returns: the exit status. */
int acct_write(const struct options *o);
/* -n: what acct_write would have to do.  Returns: the exit status. */
int acct_pending(const struct options *o);
/* --stdin: event lines to CSV on standard output.  Returns: the exit status. */
int acct_convert(const struct options *o);
/* --columns: names and meanings.  Returns: the exit status. */
int acct_columns(const struct options *o);

#endif
