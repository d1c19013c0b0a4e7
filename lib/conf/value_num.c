/* SPDX-License-Identifier: ISC */
/* Flags, numbers, spans, sizes and rates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "conf/value.h"

enum { LIST_MAX = 30, HOUR_MS = 3600 * 1000 };

static bool
flag_of(const char *word, bool *out)
{
	if (strcasecmp(word, "yes") == 0 || strcasecmp(word, "true") == 0)
		*out = true;
	else if (strcasecmp(word, "no") == 0 || strcasecmp(word, "false") == 0)
		*out = false;
	else
		return false;
	return true;
}

int
value_flag(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	if (!flag_of(w, &out->flag))
		return cursor_bad(c, off, "flag-format",
		    "\"%s\" is neither yes nor no", w);
	return 0;
}

/* The two ends of a row's range, read by fn; an absent range is all there is. */
static void
range_of(const char *range, int (*fn)(const char *, int64_t *), int64_t *min,
    int64_t *max)
{
	char low[32];
	const char *dots = strstr(range, "..");

	*min = 0;
	*max = INT64_MAX - 1;
	if (dots == NULL || (size_t)(dots - range) >= sizeof(low))
		return;
	snprintf(low, sizeof(low), "%.*s", (int)(dots - range), range);
	fn(low, min);
	fn(dots + 2, max);
}

static int
any_number(const char *s, int64_t *out)
{
	return num_parse(s, 0, INT64_MAX - 1, out);
}

static int
read_int(const struct cursor *c, const char *w, size_t off, int64_t *out)
{
	int64_t min, max;

	range_of(c->row->range, any_number, &min, &max);
	if (any_number(w, out) < 0)
		return cursor_bad(c, off, "number-format",
		    "\"%s\" is no number", w);
	if (*out < min || *out > max)
		return cursor_bad(c, off, "range",
		    "%s is outside the range %s of \"%s\"", w, c->row->range,
		    c->row->name);
	return 0;
}

int
value_int(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	return w == NULL ? -1 : read_int(c, w, off, &out->num);
}

static void
zero_note(const struct cursor *c, size_t off)
{
	lex_diag(c->diags, c->line, off, DIAG_NOTE, "zero-is-unlimited",
	    "0 means unlimited here; the word is clearer");
}

int
value_read_limit(const struct cursor *c, const char *w, size_t off,
    int64_t *out)
{
	if (strcasecmp(w, "unlimited") == 0) {
		*out = INT64_MAX;
		return 0;
	}
	if (read_int(c, w, off, out) < 0)
		return -1;
	if (*out == 0) {
		zero_note(c, off);
		*out = INT64_MAX;
	}
	return 0;
}

int
value_limit(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	return w == NULL ? -1 : value_read_limit(c, w, off, &out->num);
}

int
value_percent(struct cursor *c, union conf_value *out)
{
	size_t off, n;
	char *w = cursor_word(c, &off);
	double v;
	char *end;

	if (w == NULL)
		return -1;
	n = strlen(w);
	v = strtod(w, &end);
	if (n < 2 || w[n - 1] != '%' || end != w + n - 1 || v < 0 || v > 100 ||
	    strspn(w, "0123456789.") != n - 1)
		return cursor_bad(c, off, "percent-format",
		    "\"%s\" is no percentage; write it as 2.5%%", w);
	out->num = (int64_t)(v * 1000 + 0.5);
	return 0;
}

static int
read_span(const struct cursor *c, const char *w, size_t off, int64_t *out)
{
	int64_t min, max;
	bool ranged = *c->row->range != '\0';

	if (span_parse(w, out) < 0)
		return cursor_bad(c, off, "interval-format",
		    "\"%s\" is no interval; write it as 30s, 10m, 4d12h%s", w,
		    ranged ? "" : " or never");
	range_of(c->row->range, span_parse, &min, &max);
	if (ranged && (*out < min || *out > max))
		return cursor_bad(c, off, "range",
		    "%s is outside the range %s of \"%s\"", w, c->row->range,
		    c->row->name);
	return 0;
}

int
value_span(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	return w == NULL ? -1 : read_span(c, w, off, &out->num);
}

int
value_spans(struct cursor *c, union conf_value *out)
{
	int64_t *to = arena_alloc(c->arena, LIST_MAX * sizeof(*to));
	size_t n = 0, off = c->at;
	const char *w;
	int rc = 0;

	while ((w = cursor_item(c, &off)) != NULL) {
		if (n == LIST_MAX)
			return cursor_bad(c, off, "list-length",
			    "more than %d intervals", LIST_MAX);
		if (read_span(c, w, off, &to[n]) < 0)
			rc = -1;
		else if (to[n] == SPAN_NEVER)
			rc = cursor_bad(c, off, "interval-format",
			    "\"never\" is no interval to wait");
		n++;
	}
	if (n == 0)
		return cursor_bad(c, off, "missing-argument",
		    "\"%s\" needs an interval", c->row->name);
	out->list = (struct conf_list){ to, n };
	return rc;
}

int
value_flag_span(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);
	bool flag;

	if (w == NULL)
		return -1;
	if (flag_of(w, &flag)) {
		out->num = flag ? 0 : SPAN_NEVER;
		return 0;
	}
	return read_span(c, w, off, &out->num);
}

int
value_size_of(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	if (w == NULL)
		return -1;
	if (size_parse(w, &out->num) < 0)
		return cursor_bad(c, off, "size-format",
		    "\"%s\" is no size; write it as 500k, 50M, 2G or unlimited",
		    w);
	return 0;
}

int
value_read_rate(const struct cursor *c, const char *w, size_t off,
    struct rate *out)
{
	if (rate_parse(w, out) < 0)
		return cursor_bad(c, off, "rate-format",
		    "\"%s\" is no rate; write it as 200/h, 100/15m or unlimited",
		    w);
	if (strcmp(w, "0") == 0)
		zero_note(c, off);
	return 0;
}

int
value_rate(struct cursor *c, union conf_value *out)
{
	size_t off;
	const char *w = cursor_word(c, &off);

	return w == NULL ? -1 : value_read_rate(c, w, off, &out->rate);
}

int
value_per_hour(struct cursor *c, union conf_value *out)
{
	int64_t n;

	if (value_limit(c, out) < 0)
		return -1;
	n = out->num;
	out->rate = n == INT64_MAX ? (struct rate){ RATE_UNLIMITED, 0 } :
				     (struct rate){ n, HOUR_MS };
	return 0;
}

int
value_data_rate(struct cursor *c, union conf_value *out)
{
	size_t off;
	char *w = cursor_word(c, &off), *slash, *count;
	int64_t bytes;

	if (w == NULL)
		return -1;
	if (rate_parse(w, &out->rate) == 0)
		return 0;
	slash = strchr(w, '/');
	if (slash != NULL) {
		*slash = '\0';
		if (size_parse(w, &bytes) == 0) {
			size_t n = strlen(slash + 1) + 32;

			count = arena_alloc(c->arena, n);
			snprintf(count, n, "%lld/%s", (long long)bytes,
			    slash + 1);
			if (rate_parse(count, &out->rate) == 0)
				return 0;
		}
		*slash = '/';
	}
	return cursor_bad(c, off, "rate-format",
	    "\"%s\" is no data rate; write it as 10M/h or unlimited", w);
}

int
value_days(struct cursor *c, union conf_value *out)
{
	int64_t *to = NULL;
	size_t n = 0, off = c->at;
	const char *w;
	int rc = 0;

	while ((w = cursor_item(c, &off)) != NULL) {
		const char *slash = strchr(w, '/');
		uint64_t v;

		if (slash == NULL ||
		    (strcasecmp(slash, "/d") != 0 &&
			strcasecmp(slash, "/day") != 0) ||
		    num_parse_n(w, (size_t)(slash - w), &v) < 0 ||
		    v > INT64_MAX) {
			rc = cursor_bad(c, off, "rate-format",
			    "\"%s\" is no daily number; write it as 200/day",
			    w);
			continue;
		}
		to = xreallocarray(to, n + 1, sizeof(*to));
		to[n++] = (int64_t)v;
	}
	if (n > 0)
		out->list = (struct conf_list){ memcpy(arena_alloc(c->arena,
		    n * sizeof(*to)), to, n * sizeof(*to)), n };
	free(to);
	return rc;
}
