/* SPDX-License-Identifier: ISC */
#ifndef VMTA_CONF_CHECK_CMDS_H
#define VMTA_CONF_CHECK_CMDS_H

#include "base/cli.h"
#include "conf/diag.h"

#define SYNOPSIS                                                              \
	"[-Hhnq] [-C FILE] [--spool DIR] [--format FORMAT]\n"                  \
	"       [--activate | --directives | --effective QUEUE] "               \
	"[FILE | SECTION]"

/* One function a mode, one file each.  Returns: the exit status. */
int cmd_check(const struct cli *cli);
int cmd_activate(const struct cli *cli);
int cmd_effective(const struct cli *cli, const char *queue);
int cmd_directives(const struct cli *cli, const char *section);

/* Print what was found on standard output.  Errors: those of stdio. */
void print_diags(const struct cli *cli, const struct diags *ds);

#endif
