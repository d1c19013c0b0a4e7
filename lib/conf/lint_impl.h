/* SPDX-License-Identifier: ISC */
/* The rules of lint.h, one function a file. */
#ifndef VMTA_CONF_LINT_IMPL_H
#define VMTA_CONF_LINT_IMPL_H

#include <stddef.h>

#include "base/map.h"
#include "conf/lint.h"
#include "conf/model.h"

struct lint {
	struct conf *c;
	struct diags *ds;
	const struct conf_options *o;
};

#define LINT_WARN(l, s, code, ...)                                             \
	conf_diag_setting((l)->ds, s, DIAG_WARNING, code, __VA_ARGS__)
#define LINT_NOTE(l, s, code, ...)                                             \
	conf_diag_setting((l)->ds, s, DIAG_NOTE, code, __VA_ARGS__)

/* All rules.  Errors: none. */
void conf_lint(struct conf *c, const struct conf_options *o,
    struct diags *diags);

/* Directives that stand twice, and values by themselves. */
void lint_values(const struct lint *l);
/* <domain> sections that stand twice, can't be reached or never count. */
void lint_domains(const struct lint *l);
/* Names of lists, virtual MTAs and sources that nobody defines. */
void lint_names(const struct lint *l);
/* Rates, retries and ages that contradict each other. */
void lint_limits(const struct lint *l);
/* Warm-up schedules. */
void lint_warmup(const struct lint *l);
/* Addresses and files of this machine. */
void lint_host(const struct lint *l);
/* Patterns of replies. */
void lint_patterns(const struct lint *l);

/* The virtual MTA behind what programs see. */
static inline struct vmta *
lint_vmta(const struct conf *c, size_t i)
{
	return (struct vmta *)(uintptr_t)c->list[i];
}

#endif
