/* SPDX-License-Identifier: ISC */
#include <glob.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "conf/model.h"

static void
bad(struct lex *lx, const struct diag *at, enum diag_level level,
    const char *what, const char *spec)
{
	diags_add(lx->diags, level, at->file, at->line, at->column, "include",
	    at->source, "%s: %s", spec, what);
}

/* The path that spec means, seen from the file that says it. */
static char *
resolve(struct lex *lx, const char *spec, const char *from)
{
	const char *slash = strrchr(from, '/');
	struct buf b = BUF_INIT(0);
	char *path;

	if (*spec == '/' && lx->root != NULL)
		buf_adds(&b, lx->root);
	if (*spec != '/' && slash != NULL)
		buf_add(&b, from, (size_t)(slash - from) + 1);
	buf_adds(&b, spec);
	path = arena_strdup(lx->arena, b.data);
	buf_clear(&b);
	return path;
}

void
conf_include(struct lex *lx, const char *spec, const struct diag *at)
{
	glob_t found = { 0 };
	char *path, **list;
	int rc;

	if (strncasecmp(spec, "http:", 5) == 0 ||
	    strncasecmp(spec, "https:", 6) == 0) {
		bad(lx, at, DIAG_ERROR,
		    "URLs are not fetched; copy it to a file", spec);
		return;
	}
	path = resolve(lx, spec, at->file);
	if (strpbrk(path, "*?[") == NULL) {
		list = arena_alloc(lx->arena, sizeof(*list));
		list[0] = path;
		lex_push_list(lx, list, 1, at);
		return;
	}
	rc = glob(path, 0, NULL, &found);
	if (rc == GLOB_NOMATCH)
		bad(lx, at, DIAG_WARNING, "no file matches", spec);
	else if (rc != 0)
		bad(lx, at, DIAG_ERROR, "cannot read the folder", spec);
	if (rc == 0) {
		list = arena_alloc(lx->arena,
		    found.gl_pathc * sizeof(*list));
		for (size_t i = 0; i < found.gl_pathc; i++)
			list[i] = arena_strdup(lx->arena, found.gl_pathv[i]);
		lex_push_list(lx, list, found.gl_pathc, at);
	}
	globfree(&found);
}
