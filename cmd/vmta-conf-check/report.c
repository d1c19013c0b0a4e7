/* SPDX-License-Identifier: ISC */
/* Findings for people, scripts and the services that show them in a review. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "base/version.h"
#include "cmds.h"
#include "conf/codes.h"

static const char *const levels[] = { "note", "warning", "error" };

static bool
is_shown(const struct options *o, const struct diag *d)
{
	return !o->cli.quiet || d->level != DIAG_NOTE;
}

static void
print_rows(const struct options *o, const struct diags *ds)
{
	static const char *const cols[] = { "file", "line", "column", "level",
		"code", "text" };
	struct table *t =
	    table_new(stdout, cols, 6, o->cli.format, o->cli.header);

	for (size_t i = 0; i < ds->n; i++) {
		const struct diag *d = &ds->d[i];
		char line[16], column[16];

		if (!is_shown(o, d))
			continue;
		snprintf(line, sizeof(line), "%u", d->line);
		snprintf(column, sizeof(column), "%u", d->column);
		table_row(t, (const char *const[]){ d->file, line, column,
		    levels[d->level], d->code, d->text });
	}
	table_end(t);
}

/* The workflow commands of GitHub: %, CR and LF are written as in URLs. */
static void
print_escaped(const char *s, const char *also)
{
	for (; *s != '\0'; s++)
		if (*s == '%' || *s == '\r' || *s == '\n' ||
		    strchr(also, *s) != NULL)
			printf("%%%02X", (unsigned)(unsigned char)*s);
		else
			putchar(*s);
}

static void
print_github(const struct options *o, const struct diags *ds)
{
	static const char *const words[] = { "notice", "warning", "error" };

	for (size_t i = 0; i < ds->n; i++) {
		const struct diag *d = &ds->d[i];

		if (!is_shown(o, d))
			continue;
		printf("::%s file=", words[d->level]);
		print_escaped(d->file, ":,");
		if (d->line != 0)
			printf(",line=%u", d->line);
		if (d->line != 0 && d->column != 0)
			printf(",col=%u", d->column);
		printf(",title=%s::", d->code);
		print_escaped(d->text, "");
		putchar('\n');
	}
}

static void
print_json(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 32)
			printf("\\u%04x", (unsigned)(unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void
print_result(const struct diag *d, const char *comma)
{
	printf("%s{\"ruleId\":\"%s\",\"level\":\"%s\",\"message\":{\"text\":",
	    comma, d->code, levels[d->level]);
	print_json(d->text);
	printf("},\"locations\":[{\"physicalLocation\":"
	       "{\"artifactLocation\":{\"uri\":");
	print_json(d->file);
	putchar('}');
	if (d->line != 0)
		printf(",\"region\":{\"startLine\":%u,\"startColumn\":%u}",
		    d->line, d->column != 0 ? d->column : 1);
	printf("}}]}");
}

/* SARIF 2.1.0, OASIS. */
static void
print_sarif(const struct options *o, const struct diags *ds)
{
	const char *code, *class_name, *comma = "";

	printf("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
	       "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":"
	       "{\"name\":\"vmta-conf-check\",\"version\":\"%s\",\"rules\":[",
	    VMTA_VERSION);
	for (size_t i = 0; conf_code(i, &code, &class_name); i++)
		printf("%s{\"id\":\"%s\",\"properties\":{\"tags\":[\"%s\"]}}",
		    i > 0 ? "," : "", code, class_name);
	printf("]}},\"results\":[");
	for (size_t i = 0; i < ds->n; i++) {
		if (!is_shown(o, &ds->d[i]))
			continue;
		print_result(&ds->d[i], comma);
		comma = ",";
	}
	printf("]}]}\n");
}

/* Findings that were made after reading have a place, and no line yet. */
static void
add_source(struct diag *d)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = -1;
	FILE *f = fopen(d->file, "re");

	if (f == NULL)
		return;
	for (unsigned i = 0; i < d->line; i++)
		if ((n = getline(&line, &cap, f)) < 0)
			break;
	fclose(f);
	if (n > 0 && n <= 512 && !diag_is_secret(line)) {
		line[strcspn(line, "\r\n")] = '\0';
		d->source = line;
	} else {
		free(line);
	}
}

void
print_diags(const struct options *o, const struct diags *ds)
{
	int caret = isatty(STDOUT_FILENO);

	if (o->output == OUTPUT_GITHUB) {
		print_github(o, ds);
	} else if (o->output == OUTPUT_SARIF) {
		print_sarif(o, ds);
	} else if (o->cli.format != TABLE_AUTO &&
	    o->cli.format != TABLE_TEXT) {
		print_rows(o, ds);
	} else {
		for (size_t i = 0; i < ds->n; i++) {
			struct diag *d = &ds->d[i];

			if (!is_shown(o, d))
				continue;
			if (caret && d->source == NULL && d->column != 0)
				add_source(d);
			diag_print(stdout, d, caret);
		}
	}
}

struct conf *
load_right(const struct options *o, const char *path, int *status)
{
	struct diags ds = DIAGS_INIT;
	struct conf *c = NULL;
	struct err err;

	if (conf_load(path, &ds, &c, &err) < 0) {
		print_diags(o, &ds);
		fflush(stdout);
		*status = log_err(&err);
	}
	diags_clear(&ds);
	return c;
}
