/* SPDX-License-Identifier: ISC */
/* No option: check the file and print what is found. */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "cmds.h"
#include "conf/conf.h"

static void
print_rows(const struct cli *cli, const struct diags *ds)
{
	static const char *const cols[] = { "file", "line", "column", "level",
		"code", "text" };
	static const char *const levels[] = { "note", "warning", "error" };
	struct table *t =
	    table_new(stdout, cols, 6, cli->format, cli->header);

	for (size_t i = 0; i < ds->n; i++) {
		const struct diag *d = &ds->d[i];
		char line[16], column[16];

		if (cli->quiet && d->level == DIAG_NOTE)
			continue;
		snprintf(line, sizeof(line), "%u", d->line);
		snprintf(column, sizeof(column), "%u", d->column);
		table_row(t, (const char *const[]){ d->file, line, column,
		    levels[d->level], d->code, d->text });
	}
	table_end(t);
}

void
print_diags(const struct cli *cli, const struct diags *ds)
{
	int caret = isatty(STDOUT_FILENO);

	if (cli->format != TABLE_AUTO) {
		print_rows(cli, ds);
		return;
	}
	for (size_t i = 0; i < ds->n; i++)
		if (!cli->quiet || ds->d[i].level != DIAG_NOTE)
			diag_print(stdout, &ds->d[i], caret);
}

int
cmd_check(const struct cli *cli)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;
	int status = EX_OK;

	if (conf_load(cli->conf, &ds, &c, &err) < 0)
		status = err_exit(err.cls);
	print_diags(cli, &ds);
	fflush(stdout);
	if (status != EX_OK && err.cls != ERR_CONF)
		log_err(&err);
	else
		log_note("%s: %zu error%s, %zu warning%s", cli->conf,
		    ds.errors, ds.errors == 1 ? "" : "s", ds.warnings,
		    ds.warnings == 1 ? "" : "s");
	conf_free(c);
	diags_clear(&ds);
	return status;
}
