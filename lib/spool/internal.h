/* SPDX-License-Identifier: ISC */
/*
 * What the files of lib/spool share and nobody else sees.  The invariants P1 to
 * P16 that comments and tests cite are listed in vmta-spool(5), INVARIANTS.
 */
#ifndef VMTA_SPOOL_INTERNAL_H
#define VMTA_SPOOL_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/map.h"
#include "spool/claim.h"
#include "spool/control.h"
#include "spool/segment.h"
#include "spool/spool.h"

enum {
	BOOT_ID = 36,		/* /proc/sys/kernel/random/boot_id */
	SEGMENT_CACHE = 256,	/* descriptors kept for segments nobody uses */
	SEGMENT_WARM = 12,	/* of them, those whose pages stay mapped in */
};

/* Lock bytes of intake files, far behind their content. */
#define INTAKE_APPEND_BYTE ((off_t)1 << 40)
#define INTAKE_PACK_BYTE (((off_t)1 << 40) + 1)

struct journal_writer;
struct journal_reader;

/* A file of control/ kept in memory until the generation changes. */
struct control_cache {
	uint64_t generation;	/* of what was read */
	bool valid;
};

struct control_state {
	int vmtas_fd;
	struct vmta_row *rows;
	size_t n_rows;
	struct map numbers;		/* "vmta\tsource" -> row + 1 */
	off_t vmtas_read;
	uint64_t *generation;		/* mapped, or NULL */
	struct pause *pauses;
	size_t n_pauses;
	struct control_cache pauses_cache;
	struct map queues;		/* name -> struct queue_state */
	struct control_cache queues_cache;
	int clock_sane;			/* -1: not looked at yet */
};

TAILQ_HEAD(segment_list, segment);
STAILQ_HEAD(claim_list, claim);

/* A journal that carries on another one from at (P11). */
struct continuation {
	uint64_t of;
	off_t at;
};

struct spool {
	char *dir;
	int fd;
	unsigned flags;
	struct clock clock;
	bool test;
	int64_t min_free;
	int64_t batch_memory_s;
	char boot_id[BOOT_ID + 1];
	char host[5];
	int64_t last_us;		/* time part of the last id */

	struct map segments;		/* id -> struct segment, open ones */
	struct segment_list warm, cold;	/* nobody has a reference, oldest first */
	size_t n_warm, n_cold;
	struct map commits;		/* batch -> text of its commit file */

	struct control_state control;

	bool recovered;
	int sync_fd;			/* eventfd: a sync has ended */
	struct journal_writer *journal;	/* NULL until the first claim */
	struct continuation *continuations;	/* of journals up to seen */
	size_t n_continuations;
	uint64_t seen;
	struct claim_list settled;	/* in journal order, not yet applied */
	size_t n_settled;
	size_t n_claims;		/* taken, not yet released or applied */
	struct claim *free_claims;
	claim_done_fn *done;
	void *done_arg;
};

struct segment {
	struct spool *spool;
	char id[NAME_SEGMENT + 1];
	int fd;
	const char *map;
	size_t size;
	unsigned refs;
	uint32_t n_records, n_domains;
	size_t header_len, env_at, dom_at, dom_end, states_at;
	char **domains;			/* n_domains, in one block after it */
	uint32_t *env_off;		/* n_records + 1, made when first needed */
	unsigned char *claimed;		/* a bit a record: our own claims (P2) */
	uint32_t n_claimed;
	char batch[NAME_BATCH + 1];	/* "" for none */
	TAILQ_ENTRY(segment) link;
	enum { IN_USE, WARM, COLD } listed;	/* in spool.warm or spool.cold */
	bool touched;			/* a claim of ours has ended */
};

struct claim {
	struct segment *seg;
	uint32_t index;
	struct state before;		/* as it stood: what release writes back */
	bool doubt;
	bool have_env;
	struct envelope env;
	void *user;
	/* once settled */
	char image[STATE_LINE];
	off_t end;			/* in the journal, after its line */
	char *line;			/* the journal line */
	size_t len, cap, event_at;	/* event_at 0: no event */
	STAILQ_ENTRY(claim) link;
	struct claim *next_free;
};

/* --- segment.c --- */

/* Fixed places in the header of a segment (vmta-spool(5), SEGMENT). */
enum {
	SEG_MOVED_AT = 33,
	SEG_MOVED_END = SEG_MOVED_AT + NAME_SEGMENT,
	SEG_HEADER = 512,	/* the shortest header, and its step */
	SEG_TRAILER = 160,
	SEG_CHECK_AT = SEG_TRAILER - 9,
	SEG_MESSAGE_LINE = 64,
};

/* Columns of an envelope line. */
enum envelope_field {
	ENV_ID,
	ENV_AT,
	ENV_SIZE,
	ENV_QUEUED,
	ENV_SENDER,
	ENV_RCPT,
	ENV_ORCPT,
	ENV_VMTA,
	ENV_JOB,
	ENV_ENVID,
	ENV_NOTIFY,
	ENV_RET,
	ENV_EXPIRE,
	ENV_ORIGIN,
	ENV_ORIGIN_MTA,
	ENV_VARS,
	ENV_CHECK,
	ENV_FIELDS
};

/* The fields of an envelope where they stand: not NUL-terminated. */
struct envelope_view {
	const char *f[ENV_FIELDS];
	size_t len[ENV_FIELDS];
};

/* "queue/ID.seg" into path.  Pure. */
void segment_path(const char *id, char path[64]);
/* The whole envelope line i, checked.  Returns 0 or -1 (ERR_INPUT). */
int segment_view(struct segment *g, uint32_t i, struct envelope_view *v,
    struct err *err);
/* Checksum of what is immutable and checked at opening. */
uint32_t segment_check(const char *header, size_t header_len,
    const char *domains, size_t domains_len, const char *trailer);
/* Replaced by a newer one that exists (P5)? */
bool segment_is_dead(struct segment *g);
/* All final: unlink it, if what it replaces is gone (P5).  0 or -1. */
int segment_finish(struct segment *g, struct err *err);
/* The ids of all segments in queue/, sorted.  *out is the caller's: free each. */
int segment_ids(struct spool *s, char ***out, size_t *n, struct err *err);
void segment_close_all(struct spool *s);

/* Add one envelope line, check and newline included (also in intake entries).
 * index: of its record, in the segment or the entry. */
int envelope_add(struct buf *b, const struct envelope *e, uint32_t index);
/* Cut a checked line (with no newline) of record index.  Returns 0 or -1.  Pure. */
int envelope_view(const char *line, size_t n, uint32_t index,
    struct envelope_view *v);

/* Message line of SEG_MESSAGE_LINE bytes, newline last. */
void message_line(uint64_t number, const struct spool_message *m,
    char line[SEG_MESSAGE_LINE + 1]);
/* Read one, and find its text in size bytes at base + at.  0 or -1.  Pure. */
int message_parse(const char *base, size_t size, uint64_t at,
    struct spool_message *m, uint32_t *crc);

/* --- intake.c --- */

enum { INTAKE_HEADER = 64, INTAKE_ENTRY_LINE = 32, INTAKE_END_LINE = 32 };
/* Is the header that of intake file id? */
bool intake_header_ok(const char header[INTAKE_HEADER], const char *id);

/* --- batch.c --- */

/* May a segment of this batch be seen (P6)?  1, 0, or -1 err. */
int batch_visible(struct spool *s, const char *batch, const char *id,
    struct err *err);
/* Remove segments and locks of injectors that died, and old commit files. */
int batch_clean(struct spool *s, struct err *err);

/* --- claim.c --- */

/* End a claim: state line and lock are the caller's.  Errors: none. */
void claim_end(struct claim *c);

/* --- recover.c --- */

/* As spool_recover, but never waits: returns 1 when another process recovers. */
int recover_try(struct spool *s, struct err *err);

/* --- control.c --- */

/* Set up and free what control.c, pause.c and qstate.c keep.  Errors: none. */
void control_init(struct spool *s);
/* Errors: none. */
void control_free(struct spool *s);
/* Say that something in control/ has changed. */
void control_bump(struct spool *s);
/* Take lock/NAME, made if need be.  Returns its descriptor or -1 (err).
 * wait false: -2 when it is busy. */
int spool_lock(struct spool *s, const char *name, bool wait, struct err *err);

/* For tests: pretend to another boot. */
void spool_set_boot_id(struct spool *s, const char *id);

#endif
