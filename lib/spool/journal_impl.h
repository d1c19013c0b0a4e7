/* SPDX-License-Identifier: ISC */
/* The two sides of a journal, as the files of lib/spool see them (P3, P4). */
#ifndef VMTA_SPOOL_JOURNAL_IMPL_H
#define VMTA_SPOOL_JOURNAL_IMPL_H

#include <pthread.h>

#include "spool/internal.h"
#include "spool/journal.h"

enum { JOURNAL_HEADER = 256, JOURNAL_CLOSED_AT = 128 };
#define JOURNAL_ROLL ((off_t)64 * 1024 * 1024)
#define JOURNAL_STEP ((off_t)1024 * 1024)

/* "journal/NUMBER.jnl" into path.  Errors: none, pure. */
void journal_path(uint64_t number, char path[64]);
/* What a header says. */
struct journal_header {
	uint64_t number;
	uint64_t continues;		/* 0: none */
	off_t continues_at;
	char closed_boot[BOOT_ID + 1];	/* "" while open */
	off_t end;			/* with closed_boot: after the last line */
};
/* Returns 0 or -1 (not a journal).  Pure. */
int journal_header_parse(const char text[JOURNAL_HEADER],
    struct journal_header *h);
void journal_header_format(const struct journal_header *h,
    const char *boot_id, char text[JOURNAL_HEADER]);
/* Mark a journal closed and applied by this boot (P4).  0 or -1. */
int journal_mark_closed(struct spool *s, int fd, off_t end);
/* Append the length, check, payload and newline of one line. */
void journal_frame(struct buf *b, const char *payload, size_t n);
int journal_fd(const struct journal_reader *r);
const struct journal_header *journal_head(const struct journal_reader *r);

struct journal_writer {
	uint64_t number;
	int fd;
	off_t off;			/* next byte to write */
	off_t ahead;			/* newlines are written up to here */
	struct buf pending;		/* lines not yet written */
	off_t synced;			/* durable up to here */
	bool dirty;			/* a state line could not be written */
	bool broken;			/* no line can be written any more */
	/* the syncing thread: it only ever calls fdatasync(2) */
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t wake, idle;
	off_t want, done;		/* under mutex */
	int error;			/* errno of a failed sync, under mutex */
	bool busy, stop;		/* under mutex */
	int event_fd;
};

/* Make the process's journal.  continues: of a journal whose sync failed, or 0. */
int journal_create(struct spool *s, uint64_t continues, off_t at,
    struct err *err);
/* Space for n more lines, written ahead.  0 or -1 (ERR_TEMP on a full disk). */
int journal_reserve(struct spool *s, size_t n, struct err *err);
int journal_write_pending(struct spool *s, struct err *err);
/* Ask the thread for a sync of what is written; take its result. */
void journal_sync_start(struct journal_writer *w);
/* Returns errno of a failed sync or 0; *done is how far it is durable. */
int journal_sync_result(struct journal_writer *w, bool wait, off_t *done);
/* Close it: closing line unless something is not applied, free. */
void journal_end(struct spool *s);

#endif
