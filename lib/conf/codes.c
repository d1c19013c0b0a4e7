/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/xalloc.h"
#include "conf/codes.h"

#define CLASS_LANGUAGE "language"
#define CLASS_VALUES "values"
#define CLASS_SECTIONS "sections"
#define CLASS_EFFECT "effect"
#define CLASS_LIMITS "limits"
#define CLASS_HOST "host"
#define CLASS_PATTERNS "patterns"

static const struct {
	const char *code, *class_name;
} codes[] = {
#define CONF_CODE(code_, class_) { code_, CLASS_##class_ },
#include "conf/codes.def"
#undef CONF_CODE
};
enum { CODES = sizeof(codes) / sizeof(codes[0]) };

bool
conf_code(size_t i, const char **code, const char **class_name)
{
	if (i >= CODES)
		return false;
	*code = codes[i].code;
	*class_name = codes[i].class_name;
	return true;
}

bool
conf_code_known(const char *word)
{
	for (size_t i = 0; i < CODES; i++)
		if (strcmp(codes[i].code, word) == 0 ||
		    strcmp(codes[i].class_name, word) == 0)
			return true;
	return false;
}

static const char *
class_of(const char *code)
{
	for (size_t i = 0; i < CODES; i++)
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].class_name;
	return "";
}

bool
conf_code_is(const struct diag *d, const char *word)
{
	return strcmp(d->code, word) == 0 ||
	    strcmp(class_of(d->code), word) == 0;
}

static bool
is_disabled(const struct diag *d, const char *const *words, size_t n)
{
	if (d->level == DIAG_ERROR &&
	    strcmp(class_of(d->code), CLASS_HOST) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (conf_code_is(d, words[i]))
			return true;
	return false;
}

void
conf_codes_disable(struct diags *ds, const char *const *words, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < ds->n; i++) {
		struct diag *d = &ds->d[i];

		if (!is_disabled(d, words, n)) {
			ds->d[kept++] = *d;
			continue;
		}
		ds->errors -= d->level == DIAG_ERROR;
		ds->warnings -= d->level == DIAG_WARNING;
		free(d->file);
		free(d->text);
		free(d->source);
	}
	ds->n = kept;
}

struct key {
	size_t file;	/* in the order in which files turn up */
	size_t i;
	struct diag d;
};

static int
compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->d.line != y->d.line)
		return x->d.line < y->d.line ? -1 : 1;
	if (x->d.column != y->d.column)
		return x->d.column < y->d.column ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

void
conf_diags_sort(struct diags *ds)
{
	struct key *keys = xreallocarray(NULL, ds->n + 1, sizeof(*keys));
	struct map files = MAP_INIT;

	for (size_t i = 0; i < ds->n; i++) {
		void **at = map_at(&files, ds->d[i].file);

		if (*at == NULL)
			*at = (void *)(uintptr_t)files.count;
		keys[i] = (struct key){ (size_t)(uintptr_t)*at, i, ds->d[i] };
	}
	qsort(keys, ds->n, sizeof(*keys), compare);
	for (size_t i = 0; i < ds->n; i++)
		ds->d[i] = keys[i].d;
	map_clear(&files, NULL);
	free(keys);
}
