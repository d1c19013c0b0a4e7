/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/table.h"
#include "base/tsv.h"
#include "base/xalloc.h"

struct table {
	FILE *to;
	const char *const *cols;
	size_t n;
	enum table_format format;
	char **cells;		/* of rows that wait, n for each */
	size_t rows, cap;
	struct buf line;
};

int
table_format_parse(const char *word, enum table_format *out)
{
	static const struct {
		const char *word;
		enum table_format f;
	} words[] = { { "table", TABLE_TEXT }, { "tsv", TABLE_TSV },
		{ "csv", TABLE_CSV }, { "json", TABLE_JSON } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			*out = words[i].f;
			return 0;
		}
	return -1;
}

static void
put_line(struct table *t)
{
	buf_addc(&t->line, '\n');
	fwrite(t->line.data, 1, t->line.len, t->to);
	buf_reset(&t->line);
}

static void
put_tsv(struct table *t, const char *const *v)
{
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0)
			buf_addc(&t->line, '\t');
		tsv_add(&t->line, v[i] != NULL ? v[i] : "");
	}
	put_line(t);
}

/* RFC 4180, section 2. */
static void
put_csv(struct table *t, const char *const *v)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *s = v[i] != NULL ? v[i] : "";

		if (i > 0)
			buf_addc(&t->line, ',');
		if (strpbrk(s, ",\"\r\n") == NULL) {
			buf_adds(&t->line, s);
			continue;
		}
		buf_addc(&t->line, '"');
		for (; *s != '\0'; s++) {
			if (*s == '"')
				buf_addc(&t->line, '"');
			buf_addc(&t->line, *s);
		}
		buf_addc(&t->line, '"');
	}
	put_line(t);
}

/* A value that is not UTF-8: its bytes above 127 as \xHH, as TSV does others. */
static json_t *
json_bytes(const char *v)
{
	struct buf b = BUF_INIT(0);
	json_t *s;

	for (const unsigned char *p = (const unsigned char *)v; *p != 0; p++)
		if (*p > 127)
			buf_addf(&b, "\\x%02x", *p);
		else
			tsv_add_n(&b, (const char *)p, 1);
	s = json_string(b.data);
	buf_clear(&b);
	if (s == NULL)
		xalloc_exhausted();
	return s;
}

static void
put_json(struct table *t, const char *const *v)
{
	json_t *row = json_object();
	char *text;

	for (size_t i = 0; i < t->n; i++) {
		json_t *s;

		if (v[i] == NULL || v[i][0] == '\0')
			s = json_null();
		else if ((s = json_string(v[i])) == NULL)
			s = json_bytes(v[i]);
		json_object_set_new(row, t->cols[i], s);
	}
	text = json_dumps(row, JSON_COMPACT);
	json_decref(row);
	if (text == NULL)
		xalloc_exhausted();
	buf_adds(&t->line, text);
	free(text);
	put_line(t);
}

struct table *
table_new(FILE *to, const char *const *cols, size_t n, enum table_format format,
    bool header)
{
	struct table *t = xcalloc(1, sizeof(*t));

	if (format == TABLE_AUTO)
		format = isatty(fileno(to)) ? TABLE_TEXT : TABLE_TSV;
	t->to = to;
	t->cols = cols;
	t->n = n;
	t->format = format;
	buf_init(&t->line, 0);
	if (format == TABLE_TEXT)
		table_row(t, cols);
	else if (format == TABLE_CSV)
		put_csv(t, cols);
	else if (format == TABLE_TSV && header)
		put_tsv(t, cols);
	return t;
}

static void
keep(struct table *t, const char *const *v)
{
	if (t->rows == t->cap) {
		t->cap = t->cap != 0 ? t->cap * 2 : 64;
		t->cells = xreallocarray(t->cells, t->cap * t->n,
		    sizeof(t->cells[0]));
	}
	for (size_t i = 0; i < t->n; i++) {
		tsv_add(&t->line, v[i] != NULL ? v[i] : "");
		t->cells[t->rows * t->n + i] = xstrdup(t->line.data);
		buf_reset(&t->line);
	}
	t->rows++;
}

void
table_row(struct table *t, const char *const *values)
{
	switch (t->format) {
	case TABLE_TEXT:
		keep(t, values);
		break;
	case TABLE_CSV:
		put_csv(t, values);
		break;
	case TABLE_JSON:
		put_json(t, values);
		break;
	case TABLE_AUTO:
	case TABLE_TSV:
		put_tsv(t, values);
		break;
	}
}

static bool
is_number(const char *s)
{
	return s[strspn(s, "0123456789.,%-")] == '\0';
}

/* Characters of UTF-8, each taken to be one column wide. */
static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
pad(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_addc(b, ' ');
}

/* Numbers to the right, the rest to the left; two blanks between columns. */
static void
put_text(struct table *t)
{
	size_t *width = xcalloc(t->n, sizeof(*width));
	bool *right = xcalloc(t->n, sizeof(*right));

	for (size_t c = 0; c < t->n; c++) {
		right[c] = t->rows > 1;
		for (size_t r = 0; r < t->rows; r++) {
			const char *s = t->cells[r * t->n + c];

			if (width_of(s) > width[c])
				width[c] = width_of(s);
			if (r > 0 && !is_number(s))
				right[c] = false;
		}
	}
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c < t->n; c++) {
			const char *s = t->cells[r * t->n + c];

			if (c > 0)
				buf_adds(&t->line, "  ");
			if (right[c])
				pad(&t->line, width[c] - width_of(s));
			buf_adds(&t->line, s);
			if (!right[c] && c + 1 < t->n)
				pad(&t->line, width[c] - width_of(s));
		}
		put_line(t);
	}
	free(width);
	free(right);
}

void
table_end(struct table *t)
{
	if (t->format == TABLE_TEXT)
		put_text(t);
	for (size_t i = 0; i < t->rows * t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	buf_clear(&t->line);
	free(t);
}
