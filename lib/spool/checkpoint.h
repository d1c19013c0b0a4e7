/* SPDX-License-Identifier: ISC */
/*
 * How far an accounting file has come (P11): journal positions and the files
 * written, in control/acct/KEY, two alternating checksummed blocks of text
 * (vmta-acct(5), CHECKPOINTS).
 */
#ifndef VMTA_SPOOL_CHECKPOINT_H
#define VMTA_SPOOL_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spool/spool.h"

enum { CHECKPOINT_KEY = 256 };	/* bytes of a key with its NUL */

struct checkpoint_pos {
	uint64_t journal;
	off_t pos;
};

struct checkpoint_file {
	char *path;
	ino_t inode;
	off_t len;		/* durable, whole rows up to here */
	int64_t since;		/* when it was begun, seconds since 1970 */
};

/* Starts as { 0 }. */
struct checkpoint {
	struct checkpoint_pos *pos;	/* by journal, ascending */
	size_t n_pos;
	struct checkpoint_file *files;
	size_t n_files;
	uint64_t serial;	/* of the block it was read from, 0: none */
};

/*
 * The key of an acct-file: its path with every byte that a file name can't hold
 * encoded (%2F); at most 200 bytes, longer ones end in a checksum.
 * Ownership: key is the caller's.  Errors: none, pure.
 */
void checkpoint_key(const char *path, char key[CHECKPOINT_KEY]);

/*
 * Read the newest whole block.  What is returned is durable: a journal may be
 * removed, or a file cut, on the strength of it.
 * Returns: 0; 1 when there is none; -1 (ERR_IO, ERR_INPUT: both blocks are
 * damaged).  Ownership: *out is ended by checkpoint_clear, also after 1 and -1.
 */
int checkpoint_read(struct spool *s, const char *key, struct checkpoint *out,
    struct err *err);

/*
 * Write the next block and fdatasync it; the caller holds checkpoint_lock.  The
 * one before stays whole until this one is.  Needs room on the disk only when
 * the content has outgrown the blocks.
 * Returns: 0, or -1 (ERR_IO, ERR_TEMP: disk full); what is on disk is then the
 * state before or this one.  Ownership: c->serial is raised.
 */
int checkpoint_write(struct spool *s, const char *key, struct checkpoint *c,
    struct err *err);

/* Free and empty.  Errors: none. */
void checkpoint_clear(struct checkpoint *c);

/* Returns: the position in a journal, or -1 when c doesn't know it.  Pure. */
off_t checkpoint_get(const struct checkpoint *c, uint64_t journal);
/* Set the position in a journal.  Errors: none. */
void checkpoint_set(struct checkpoint *c, uint64_t journal, off_t pos);
/* Forget journals that are gone: keeps those in numbers (ascending). */
void checkpoint_prune(struct checkpoint *c, const uint64_t *numbers, size_t n);

/* The entry of a file.  Returns: NULL if there is none.  Ownership: c's. */
struct checkpoint_file *checkpoint_file(const struct checkpoint *c,
    const char *path);
/* Add the entry of a file, or find it.  Ownership: c's, until the next add. */
struct checkpoint_file *checkpoint_file_add(struct checkpoint *c,
    const char *path);
/* Forget file number i.  Errors: none. */
void checkpoint_file_drop(struct checkpoint *c, size_t i);

/*
 * Take the writer's lock of a key, to be the only one that writes its files.
 * Returns: a descriptor that holds it (close it to give it back), -2 when
 * another process has it, or -1 err.
 */
int checkpoint_lock(struct spool *s, const char *key, struct err *err);

#endif
