/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration as lines: files within files, comments, lines
 * that go on, and for each byte the place where it was written.  Knows nothing
 * of directives.
 */
#ifndef VMTA_CONF_LEX_H
#define VMTA_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/diag.h"

enum {
	LEX_LINE_MAX = 1 << 20,		/* bytes of a line as written */
	LEX_FILE_MAX = 256 << 20,	/* bytes of a file */
	LEX_DEPTH = 16,			/* files within files */
	LEX_FILES = 10000,		/* files in all */
};

/* One line as written, of the one or more that a logical line is made of. */
struct lex_piece {
	size_t off;		/* where it begins in the logical line */
	size_t skip;		/* bytes of the raw line before that */
	unsigned line;
	const char *raw;	/* in the file's buffer, not terminated */
	size_t raw_n;
};

struct lex_line {
	struct buf text;	/* without comments; pieces joined by a blank */
	const char *file;
	struct lex_piece *pieces;
	size_t n_pieces, cap_pieces;
};

struct lex_frame;

struct lex {
	struct lex_frame *top;
	unsigned depth, files;
	struct arena *arena;	/* file names live there */
	struct diags *diags;
	const char *root;	/* absolute includes are below it; NULL */
	bool flattened;		/* "#line N FILE" sets the place */
	struct buf *flat;	/* NULL, or gets the flattened text */
	const char *flat_file;	/* place of the next line of flat */
	unsigned flat_line;
};

#define LEX_LINE_INIT { .text = BUF_INIT(0) }

/* Begin.  Ownership: ended by lex_clear; arena and diags outlive it.  Errors:
 * none. */
void lex_init(struct lex *lx, struct arena *arena, struct diags *diags);
void lex_clear(struct lex *lx);

/* Read a text in memory (copied) under a name.  Errors: none. */
void lex_push_text(struct lex *lx, const char *name, const char *text,
    size_t n);

/*
 * Go on with a file; the present one follows after its end.
 * Returns: 0, or -1 with errno: ELOOP when it is being read already or is nested
 * too deep, EMFILE for too many files, else as open(2) and read(2).
 */
int lex_push_file(struct lex *lx, const char *path);

/*
 * As lex_push_file for several, one after the other.  Files that can't be read
 * are reported at the place given, with the code "include".
 * Ownership: paths and their strings must live in the arena.
 */
void lex_push_list(struct lex *lx, char **paths, size_t n,
    const struct diag *at);

/*
 * The next line that isn't blank or a comment.  patterns: quotes don't protect
 * a '#' (lists of regular expressions).
 * Returns: 1, or 0 at the end of everything.  Errors: in diags.
 */
int lex_next(struct lex *lx, struct lex_line *line, bool patterns);

/*
 * What the next line of this same file would be, without its comment; not
 * consumed.  Returns: its length, 0 at the file's end.
 */
size_t lex_peek(struct lex *lx, const char **text);

/* Append that line to the logical line.  Errors: none. */
void lex_more(struct lex *lx, struct lex_line *line);

/* Copy the line into lx->flat, with its place.  Errors: none. */
void lex_emit(struct lex *lx, const struct lex_line *line);

/* Free its memory.  Errors: none. */
void lex_line_clear(struct lex_line *line);

/* The place of a byte of the line in at (file, line, column).  Errors: none. */
void lex_place(const struct lex_line *line, size_t off, struct diag *at);

/* Report something at a byte of the line.  Errors: none. */
void lex_diag(struct diags *ds, const struct lex_line *line, size_t off,
    enum diag_level level, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

#endif
