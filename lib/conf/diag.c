/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "conf/diag.h"

/* A file that is no configuration at all has an error a line: enough is enough. */
enum { KEPT = 10000 };

void
diags_addv(struct diags *ds, const struct diag *at, const char *fmt,
    va_list ap)
{
	struct buf text = BUF_INIT(0);
	char part[1024];

	if (at->level == DIAG_ERROR)
		ds->errors++;
	else if (at->level == DIAG_WARNING)
		ds->warnings++;
	if (ds->n == KEPT)
		return;
	if (ds->n == ds->cap) {
		ds->cap = ds->cap != 0 ? ds->cap * 2 : 16;
		ds->d = xreallocarray(ds->d, ds->cap, sizeof(ds->d[0]));
	}
	vsnprintf(part, sizeof(part), fmt, ap);
	buf_adds(&text, part);
	/* What was read from a file may hold anything. */
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < 32 || text.data[i] == 127)
			text.data[i] = '?';
	ds->d[ds->n] = *at;
	ds->d[ds->n].file = xstrdup(at->file);
	ds->d[ds->n].text = text.cap != 0 ? text.data : xstrdup("");
	ds->d[ds->n].source =
	    at->source != NULL ? xstrdup(at->source) : NULL;
	ds->n++;
}

/* A place is four parameters by itself. */
/* NOLINTBEGIN(readability-function-size) */
void
diags_add(struct diags *ds, enum diag_level level, const char *file,
    unsigned line, unsigned column, const char *code, const char *source,
    const char *fmt, ...)
{
	char nothing[1] = "";
	struct diag at = { level, nothing, line, column, code, nothing, NULL };
	char *f = xstrdup(file), *s = source != NULL ? xstrdup(source) : NULL;
	va_list ap;

	at.file = f;
	at.source = s;
	va_start(ap, fmt);
	diags_addv(ds, &at, fmt, ap);
	va_end(ap);
	free(f);
	free(s);
}
/* NOLINTEND(readability-function-size) */

bool
diag_is_secret(const char *line)
{
	static const char *const words[] = { "password", "secret", "token",
		"api-key", "certificate", "privacy-policy", "auth-" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(line, words[i]) != NULL)
			return true;
	return false;
}

/* The source line with its control bytes made harmless and tabs kept. */
static void
print_source(FILE *to, const char *s, unsigned column)
{
	fputc(' ', to);
	for (const char *p = s; *p != '\0'; p++)
		fputc((unsigned char)*p < 32 && *p != '\t' ? '?' : *p, to);
	fputs("\n ", to);
	for (unsigned i = 1; i < column && s[i - 1] != '\0'; i++)
		fputc(s[i - 1] == '\t' ? '\t' : ' ', to);
	fputs("^\n", to);
}

void
diag_print(FILE *to, const struct diag *d, int caret)
{
	static const char *const level[] = {
		[DIAG_NOTE] = "note",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	fputs(d->file, to);
	if (d->line != 0)
		fprintf(to, ":%u", d->line);
	if (d->line != 0 && d->column != 0)
		fprintf(to, ":%u", d->column);
	fprintf(to, ": %s: %s [%s]\n", level[d->level], d->text, d->code);
	if (caret && d->source != NULL && d->column != 0)
		print_source(to, d->source, d->column);
}

void
diags_clear(struct diags *ds)
{
	for (size_t i = 0; i < ds->n; i++) {
		free(ds->d[i].file);
		free(ds->d[i].text);
		free(ds->d[i].source);
	}
	free(ds->d);
	*ds = (struct diags)DIAGS_INIT;
}
