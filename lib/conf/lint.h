/* SPDX-License-Identifier: ISC */
/*
 * What is suspicious in a configuration that can be read: settings that never
 * count, contradict each other, or don't fit this machine.  The rules are in
 * lint_*.c, their codes in codes.def.
 */
#ifndef VMTA_CONF_LINT_H
#define VMTA_CONF_LINT_H

#include <stdbool.h>

#include "conf/conf.h"

struct conf_options {
	const char *root;	/* files of another machine are below; NULL */
	bool host;		/* look at addresses and files as well */
};

/*
 * As conf_load, with all that a checker finds in diags, also where the file has
 * errors; sorted by place.  Returns: as conf_load.
 */
int conf_check(const char *path, const struct conf_options *o,
    struct diags *diags, struct conf **out, struct err *err);

/* The same for a text in memory, named name.  Returns: as conf_load. */
int conf_check_text(const char *name, const char *text,
    const struct conf_options *o, struct diags *diags, struct conf **out,
    struct err *err);

#endif
