/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "conf/lex.h"

/* A file that is being read. */
struct lex_frame {
	struct lex_frame *up;	/* the one that includes it */
	const char *name;	/* for diagnostics; a marker may change it */
	struct buf data;
	size_t at;
	unsigned line;		/* of the line at at */
	dev_t dev;
	ino_t ino;
	char **more;		/* files to read next, in order */
	size_t n_more;
	struct diag *more_at;	/* where they were asked for */
};

void
lex_init(struct lex *lx, struct arena *arena, struct diags *diags)
{
	*lx = (struct lex){ .arena = arena, .diags = diags };
}

static void
pop(struct lex *lx)
{
	struct lex_frame *f = lx->top;

	lx->top = f->up;
	lx->depth--;
	buf_clear(&f->data);
	free(f);
}

void
lex_clear(struct lex *lx)
{
	while (lx->top != NULL)
		pop(lx);
}

/* The line of a byte, and where that line begins. */
static unsigned
line_of(const struct buf *b, const char *at, const char **start)
{
	unsigned line = 1;
	const char *nl;

	*start = b->data;
	while ((nl = memchr(*start, '\n', (size_t)(at - *start))) != NULL) {
		line++;
		*start = nl + 1;
	}
	return line;
}

/*
 * The first byte that can't stand in UTF-8 (RFC 3629), NULL for none.  Long
 * forms and surrogates don't matter here.
 */
static const char *
not_utf8(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t more = c < 0x80 ? 0 :
		    c >= 0xc2 && c < 0xe0 ? 1 :
		    c >= 0xe0 && c < 0xf0 ? 2 :
		    c >= 0xf0 && c < 0xf5 ? 3 : 4;

		if (more == 4 || i + more >= n + (more == 0))
			return s + i;
		for (size_t k = 1; k <= more; k++)
			if (((unsigned char)s[i + k] & 0xc0) != 0x80)
				return s + i;
		i += more + 1;
	}
	return NULL;
}

/* Is there what no text has? */
static bool
has_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 &&
		    strchr("\t\n\v\f\r\033", s[i]) == NULL)
			return true;
	return false;
}

/*
 * Say once what isn't text.  Of a file with NUL bytes only the lines before the
 * first are read, and none where these aren't text either.
 */
static void
check_bytes(struct lex *lx, struct lex_frame *f, const char *name)
{
	const char *nul, *bad, *start;
	unsigned line;

	if (f->data.len == 0)
		return;
	nul = memchr(f->data.data, '\0', f->data.len);
	if (nul != NULL) {
		line = line_of(&f->data, nul, &start);
		diags_add(lx->diags, DIAG_ERROR, name, line,
		    (unsigned)(nul - start) + 1, "nul-byte", NULL,
		    "a NUL byte; this is no text file");
		f->data.len = (size_t)(start - f->data.data);
		if (not_utf8(f->data.data, f->data.len) != NULL ||
		    has_control(f->data.data, f->data.len))
			f->data.len = 0;
		return;
	}
	bad = lx->flattened ? NULL : not_utf8(f->data.data, f->data.len);
	if (bad == NULL)
		return;
	line = line_of(&f->data, bad, &start);
	diags_add(lx->diags, DIAG_ERROR, name, line,
	    (unsigned)(bad - start) + 1, "not-utf8", NULL,
	    "the byte 0x%02x is no UTF-8; convert the file, with iconv(1) for "
	    "instance",
	    (unsigned)(unsigned char)*bad);
	if (has_control(f->data.data, f->data.len))
		f->data.len = 0;
}

/* Put a frame on top; f->data is filled. */
static void
push(struct lex *lx, struct lex_frame *f, const char *name)
{
	f->up = lx->top;
	f->name = arena_strdup(lx->arena, name);
	f->line = 1;
	lx->top = f;
	lx->depth++;
	lx->files++;
	if (f->data.len >= 3 && memcmp(f->data.data, "\xef\xbb\xbf", 3) == 0)
		f->at = 3;
	check_bytes(lx, f, name);
	if (f->at > f->data.len)
		f->at = f->data.len;
}

void
lex_push_text(struct lex *lx, const char *name, const char *text, size_t n)
{
	struct lex_frame *f = xcalloc(1, sizeof(*f));

	buf_init(&f->data, 0);
	buf_add(&f->data, text, n);
	push(lx, f, name);
}

int
lex_push_file(struct lex *lx, const char *path)
{
	struct lex_frame *f;
	struct stat st;

	if (lx->depth >= LEX_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	if (lx->files >= LEX_FILES) {
		errno = EMFILE;
		return -1;
	}
	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) &&
	    !S_ISFIFO(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	for (f = lx->top; f != NULL; f = f->up)
		if (f->dev == st.st_dev && f->ino == st.st_ino) {
			errno = ELOOP;
			return -1;
		}
	f = xcalloc(1, sizeof(*f));
	buf_init(&f->data, (size_t)LEX_FILE_MAX + 65536);
	if (fd_read_file(AT_FDCWD, path, LEX_FILE_MAX, &f->data) < 0) {
		int e = errno;

		buf_clear(&f->data);
		free(f);
		errno = e;
		return -1;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	push(lx, f, path);
	return 0;
}

/* Why a file can't be read, in words that fit an include. */
static const char *
why_not(int e)
{
	if (e == ELOOP)
		return "it is being read already, or is nested too deep";
	if (e == EMFILE)
		return "too many files";
	if (e == EFBIG)
		return "it is too large";
	return strerror(e);
}

/* Open the next of the files that the top frame waits for. */
static bool
next_of_list(struct lex *lx)
{
	struct lex_frame *f = lx->top;

	while (f->n_more > 0) {
		const char *path = *f->more++;
		const struct diag *at = f->more_at;

		f->n_more--;
		if (lex_push_file(lx, path) == 0)
			return true;
		diags_add(lx->diags, DIAG_ERROR, at->file, at->line,
		    at->column, "include", at->source, "cannot read %s: %s",
		    path, why_not(errno));
	}
	return false;
}

void
lex_push_list(struct lex *lx, char **paths, size_t n, const struct diag *at)
{
	struct lex_frame *f = lx->top;

	f->more = paths;
	f->n_more = n;
	f->more_at = arena_alloc(lx->arena, sizeof(*at));
	*f->more_at = *at;
	if (at->source != NULL)
		f->more_at->source = arena_strdup(lx->arena, at->source);
}

/* The line at the frame's position, without its end; nothing is consumed. */
static size_t
raw_line(const struct lex_frame *f, const char **raw, size_t *next)
{
	const char *start = f->data.data + f->at;
	size_t left = f->data.len - f->at;
	const char *nl = left > 0 ? memchr(start, '\n', left) : NULL;
	size_t n = nl != NULL ? (size_t)(nl - start) : left;

	*raw = start;
	*next = f->at + n + (nl != NULL);
	if (n > 0 && start[n - 1] == '\r')
		n--;
	return n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r';
}

/* Its length without comment and blanks at its end. */
static size_t
strip(const char *s, size_t n, bool patterns)
{
	bool quoted = false;
	size_t end = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '#' && !quoted)
			break;
		if (s[i] == '"' && !patterns)
			quoted = !quoted;
		else if (s[i] == '\\' && quoted && i + 1 < n)
			end = ++i + 1;
		if (!is_blank(s[i]))
			end = i + 1;
	}
	return end;
}

static size_t
leading(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_blank(s[i]))
		i++;
	return i;
}

/* "#line N FILE" in a flattened text sets the place of what follows. */
static void
marker(struct lex *lx, const char *raw, size_t n)
{
	static const char word[] = "#line ";
	const size_t w = sizeof(word) - 1;
	size_t digits = 0;
	uint64_t v;

	if (n <= w || memcmp(raw, word, w) != 0)
		return;
	while (w + digits < n && raw[w + digits] != ' ')
		digits++;
	if (w + digits + 1 >= n || num_parse_n(raw + w, digits, &v) < 0)
		return;
	raw += w + digits + 1;
	n -= w + digits + 1;
	lx->top->line = (unsigned)v;
	if (strlen(lx->top->name) != n || memcmp(lx->top->name, raw, n) != 0)
		lx->top->name = arena_strndup(lx->arena, raw, n);
}

/*
 * Skip blank lines, comments and lines that are too long in the top frame.
 * Returns: false at its end.
 */
static bool
skip_empty(struct lex *lx, bool patterns)
{
	struct lex_frame *f = lx->top;

	while (f->at < f->data.len) {
		const char *raw;
		size_t next, n = raw_line(f, &raw, &next);

		if (n > LEX_LINE_MAX)
			diags_add(lx->diags, DIAG_ERROR, f->name, f->line, 1,
			    "line-too-long", NULL,
			    "the line is longer than %d bytes", LEX_LINE_MAX);
		else if (strip(raw, n, patterns) > 0)
			return true;
		f->at = next;
		f->line++;
		if (lx->flattened && n <= LEX_LINE_MAX)
			marker(lx, raw, n);
	}
	return false;
}

static void
add_piece(struct lex *lx, struct lex_line *line, bool patterns)
{
	struct lex_frame *f = lx->top;
	struct lex_piece *p;
	const char *raw;
	size_t next, n = raw_line(f, &raw, &next), end;

	if (line->n_pieces == line->cap_pieces) {
		line->cap_pieces = line->cap_pieces * 2 + 2;
		line->pieces = xreallocarray(line->pieces, line->cap_pieces,
		    sizeof(line->pieces[0]));
	}
	p = &line->pieces[line->n_pieces++];
	end = strip(raw, n, patterns);
	if (line->text.len > 0)
		buf_addc(&line->text, ' ');
	*p = (struct lex_piece){ line->text.len, leading(raw, end), f->line,
		raw, n };
	buf_add(&line->text, raw + p->skip, end - p->skip);
	f->at = next;
	f->line++;
}

int
lex_next(struct lex *lx, struct lex_line *line, bool patterns)
{
	buf_reset(&line->text);
	line->n_pieces = 0;
	while (lx->top != NULL) {
		if (lx->top->n_more > 0 && next_of_list(lx))
			continue;
		if (skip_empty(lx, patterns)) {
			line->file = lx->top->name;
			add_piece(lx, line, patterns);
			return 1;
		}
		pop(lx);
	}
	return 0;
}

size_t
lex_peek(struct lex *lx, const char **text)
{
	const char *raw;
	size_t next, n, lead;

	if (!skip_empty(lx, false))
		return 0;
	n = raw_line(lx->top, &raw, &next);
	n = strip(raw, n, false);
	lead = leading(raw, n);
	*text = raw + lead;
	return n - lead;
}

void
lex_more(struct lex *lx, struct lex_line *line)
{
	add_piece(lx, line, false);
}

void
lex_emit(struct lex *lx, const struct lex_line *line)
{
	for (size_t i = 0; i < line->n_pieces; i++) {
		const struct lex_piece *p = &line->pieces[i];

		if (lx->flat_file != line->file || lx->flat_line != p->line)
			buf_addf(lx->flat, "#line %u %s\n", p->line,
			    line->file);
		buf_add(lx->flat, p->raw, p->raw_n);
		buf_addc(lx->flat, '\n');
		lx->flat_file = line->file;
		lx->flat_line = p->line + 1;
	}
}

void
lex_line_clear(struct lex_line *line)
{
	buf_clear(&line->text);
	free(line->pieces);
	*line = (struct lex_line)LEX_LINE_INIT;
}

/* The piece that holds a byte of the line. */
static const struct lex_piece *
piece_of(const struct lex_line *line, size_t off)
{
	size_t i = line->n_pieces;

	while (i > 1 && line->pieces[i - 1].off > off)
		i--;
	return &line->pieces[i - 1];
}

void
lex_place(const struct lex_line *line, size_t off, struct diag *at)
{
	const struct lex_piece *p = piece_of(line, off);

	at->file = (char *)(uintptr_t)line->file;
	at->line = p->line;
	at->column = (unsigned)(off - p->off + p->skip + 1);
}

void
lex_diag(struct diags *ds, const struct lex_line *line, size_t off,
    enum diag_level level, const char *code, const char *fmt, ...)
{
	struct diag at = { .level = level, .code = code };
	const struct lex_piece *p = piece_of(line, off);
	va_list ap;

	lex_place(line, off, &at);
	if (p->raw_n <= 512 && !diag_is_secret(line->text.data))
		at.source = xstrndup(p->raw, p->raw_n);
	va_start(ap, fmt);
	diags_addv(ds, &at, fmt, ap);
	va_end(ap);
	free(at.source);
}
