/* SPDX-License-Identifier: ISC */
#include "acct/columns.h"
#include "cmds.h"

static void
unknown(const struct conf_acct *a, const struct columns *cols,
    struct diags *ds)
{
	const char *name;

	for (size_t i = 0; (name = columns_unknown(cols, i)) != NULL; i++)
		diags_add(ds, DIAG_WARNING, a->file, a->line, 1,
		    "unknown-field", NULL,
		    "there is no column \"%s\": it stays empty", name);
}

void
check_fields(const struct conf *c, struct diags *ds)
{
	size_t n;
	const struct conf_acct *a = conf_accts(c, &n);

	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };
		unsigned records = records_parse(a[i].records, &err);
		struct columns *cols;

		if (records == 0) {
			diags_add(ds, DIAG_WARNING, a[i].file, a[i].line, 1,
			    "unknown-field", NULL, "%s", err.msg);
			continue;
		}
		if (a[i].fields == NULL)
			continue;
		cols = columns_new(a[i].fields, a[i].n_fields, records, false);
		unknown(&a[i], cols, ds);
		columns_free(cols);
	}
}
