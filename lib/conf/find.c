/* SPDX-License-Identifier: ISC */
/*
 * The spool's folder from a file of which the rest may be wrong (P15): only
 * the lines that matter are looked at.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "conf/model.h"

/* The word at s, and where what follows it begins. */
static size_t
word(const char *s, const char **rest)
{
	size_t n = strcspn(s, " \t>");
	const char *r = s + n;

	while (isspace((unsigned char)*r))
		r++;
	*rest = r;
	return n;
}

static bool
is(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(s, name, n) == 0;
}

/* Copy a value without quotes and, of a tag, without its '>'. */
static void
value(const char *s, bool tag, char *out, size_t size)
{
	size_t n = strlen(s);

	if (tag && n > 0 && s[n - 1] == '>')
		n--;
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	if (n >= 2 && s[0] == '"' && s[n - 1] == '"') {
		s++;
		n -= 2;
	}
	if (n >= size)
		n = 0;
	memcpy(out, s, n);
	out[n] = '\0';
}

/* One line: an include is followed.  Returns: true when out has the path. */
static bool
look_at(struct lex *lx, const struct lex_line *line, char *out, size_t size)
{
	const char *s = line->text.data, *rest;
	bool tag = *s == '<';
	size_t n;

	if (tag)
		for (s++; isspace((unsigned char)*s);)
			s++;
	n = word(s, &rest);
	if (is(s, n, "spool")) {
		value(rest, tag, out, size);
		return *out == '/';
	}
	if (!tag && is(s, n, "include")) {
		struct diag at = { 0 };

		lex_place(line, 0, &at);
		value(rest, false, out, size);
		conf_include(lx, out, &at);
	}
	return false;
}

int
conf_find_spool(const char *given, const char *path, char *out, size_t size,
    struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct diags diags = DIAGS_INIT;
	struct lex_line line = LEX_LINE_INIT;
	struct lex lx;
	bool found = false;

	if (given != NULL) {
		if (*given == '\0' || strlen(given) >= size)
			return err_set(err, ERR_CONF,
			    "\"%s\" is no folder for a spool", given);
		memcpy(out, given, strlen(given) + 1);
		return 0;
	}
	lex_init(&lx, &arena, &diags);
	if (lex_push_file(&lx, path) < 0) {
		arena_clear(&arena);
		return err_set(err, ERR_NOINPUT, "cannot read %s: %s", path,
		    strerror(errno));
	}
	while (!found && lex_next(&lx, &line, false))
		found = look_at(&lx, &line, out, size);
	lex_clear(&lx);
	lex_line_clear(&line);
	diags_clear(&diags);
	arena_clear(&arena);
	if (!found)
		return err_set(err, ERR_CONF,
		    "%s names no spool: write <spool PATH> there, or use "
		    "--spool",
		    path);
	return 0;
}
