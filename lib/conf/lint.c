/* SPDX-License-Identifier: ISC */
#include "conf/lint_impl.h"

void
conf_lint(struct conf *c, const struct conf_options *o, struct diags *diags)
{
	const struct lint l = { c, diags, o };

	lint_values(&l);
	lint_domains(&l);
	lint_names(&l);
	lint_limits(&l);
	lint_warmup(&l);
	lint_patterns(&l);
	if (o->host)
		lint_host(&l);
}
