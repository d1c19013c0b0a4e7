/* SPDX-License-Identifier: ISC */
/*
 * Batches (P6): segments in queue/ that nobody sees until control/batches/ID
 * lists them.  That file is the commit, and the memory of the batch's id.
 *
 * While a batch is being added its injector holds lock/batch-ID; who finds
 * segments of a batch with no commit and no such holder removes them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "spool/inject.h"
#include "spool/internal.h"
#include "spool/segwrite.h"

#define AUTO "auto-"		/* ids of batches that nobody named */
#define COMMIT_MAX (64 * 1024 * 1024)

struct batch {
	struct spool *spool;
	char id[NAME_BATCH + 1];
	int lock_fd;
	struct segwriter *w;
	struct buf segments;		/* published ones, a line each */
	uint64_t n_records;
	/* the present message */
	const struct spool_message *message;
	const struct inject_envelope *envelope;
	bool stored;			/* in the present segment, at: */
	uint64_t at;
	int64_t now;
	char message_id[NAME_SEGMENT + 1];
	uint32_t n_rcpts;
};

static bool
is_batch_id(const char *id)
{
	size_t n = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return id[n] == '\0' && n > 0 && n <= NAME_BATCH && id[0] != '.' &&
	    strcmp(id, "-") != 0;
}

static void
commit_path(const char *id, char path[128])
{
	snprintf(path, 128, "control/batches/%s", id);
}

static void
lock_name(const char *id, char name[96])
{
	snprintf(name, 96, "batch-%s", id);
}

/* Returns 0, 1 (committed before), -1. */
static int
take_id(struct batch *b, struct err *err)
{
	char path[128], name[96];

	lock_name(b->id, name);
	b->lock_fd = spool_lock(b->spool, name, false, err);
	if (b->lock_fd == -2)
		return err_set(err, ERR_TEMP,
		    "batch %s is being added by another process", b->id);
	if (b->lock_fd < 0)
		return -1;
	commit_path(b->id, path);
	if (faccessat(b->spool->fd, path, F_OK, 0) == 0)
		return 1;
	if (errno != ENOENT)
		return err_sys(err, "cannot look for batch %s", b->id);
	return 0;
}

int
batch_begin(struct spool *s, const char *id, struct batch **out,
    struct err *err)
{
	struct batch *b;
	int rc;

	if (id != NULL && (!is_batch_id(id) || strncmp(id, AUTO,
		    strlen(AUTO)) == 0))
		return err_set(err, ERR_USAGE,
		    "batch id \"%s\": it is 1 to %d of A-Z a-z 0-9 . _ - and "
		    "doesn't begin with . or " AUTO, id, NAME_BATCH);
	if (spool_check_space(s, 0, err) < 0)
		return -1;
	b = xcalloc(1, sizeof(*b));
	b->spool = s;
	b->lock_fd = -1;
	buf_init(&b->segments, COMMIT_MAX);
	if (id != NULL) {
		snprintf(b->id, sizeof(b->id), "%s", id);
	} else {
		char unique[NAME_SEGMENT + 1];

		spool_new_id(s, unique);
		snprintf(b->id, sizeof(b->id), AUTO "%s", unique);
	}
	rc = take_id(b, err);
	if (rc != 0) {
		batch_abort(b);
		return rc;
	}
	*out = b;
	return 0;
}

static int
end_segment(struct batch *b, struct err *err)
{
	int rc;

	if (b->w == NULL)
		return 0;
	rc = segwriter_finish(b->w, err);
	if (rc == 0)
		rc = segwriter_publish(b->w, err);
	if (rc == 1)
		rc = err_set(err, ERR_BUG, "segment %s exists already",
		    segwriter_id(b->w));
	if (rc == 0) {
		buf_adds(&b->segments, segwriter_id(b->w));
		if (buf_addc(&b->segments, '\n') < 0)
			rc = err_set(err, ERR_INPUT,
			    "batch %s: too many segments", b->id);
	}
	segwriter_free(b->w);
	b->w = NULL;
	b->stored = false;
	return rc;
}

int
batch_message(struct batch *b, const struct spool_message *m,
    const struct inject_envelope *e, char id[NAME_SEGMENT + 1],
    struct err *err)
{
	if (b->w != NULL && segwriter_full(b->w) && end_segment(b, err) < 0)
		return -1;
	b->message = m;
	b->envelope = e;
	b->stored = false;
	b->n_rcpts = 0;
	b->now = clock_wall_s(&b->spool->clock);
	spool_new_id(b->spool, b->message_id);
	memcpy(id, b->message_id, NAME_SEGMENT + 1);
	return 0;
}

/* The present message in the present segment, stored when first needed there. */
static int
store(struct batch *b, struct err *err)
{
	if (b->w != NULL && segwriter_records(b->w) >= SEGMENT_RECORDS &&
	    end_segment(b, err) < 0)
		return -1;
	if (b->w == NULL) {
		if (spool_check_space(b->spool, SEGMENT_BYTES, err) < 0 ||
		    segwriter_begin(b->spool, NULL, b->id, NULL, &b->w, err) <
			0)
			return -1;
	}
	if (b->stored)
		return 0;
	if (segwriter_message(b->w, b->message, &b->at, err) < 0)
		return -1;
	b->stored = true;
	return 0;
}

int
batch_rcpt(struct batch *b, const struct inject_rcpt *r, struct err *err)
{
	const struct inject_envelope *c = b->envelope;
	char id[NAME_SEGMENT + 12];
	struct state st = { .letter = STATE_QUEUED,
		.due = r->due != 0 ? r->due : b->now,
		.priority = r->priority };
	struct envelope e = { .size = b->message->len, .queued = b->now, .sender = c->sender,
		.rcpt = r->rcpt, .orcpt = r->orcpt, .vmta = r->vmta,
		.job = c->job, .envid = c->envid, .notify = r->notify,
		.ret = c->ret, .expire = c->expire, .origin = c->origin,
		.origin_mta = c->origin_mta };

	if (store(b, err) < 0 ||
	    vmtas_number(b->spool, r->vmta, "-", &st.vmta, err) < 0)
		return -1;
	snprintf(id, sizeof(id), "%s.%u", b->message_id, b->n_rcpts);
	e.id = id;
	e.at = b->at;
	if (segwriter_record(b->w, &e, r->domain, &st, err) < 0)
		return -1;
	b->n_rcpts++;
	b->n_records++;
	return 0;
}

int
batch_commit(struct batch *b, struct err *err)
{
	struct spool *s = b->spool;
	char path[128];
	int rc = end_segment(b, err);

	/* P6: names durable first, then the one file that makes them visible */
	if (rc == 0 && fd_sync_dir(s->fd, "queue") < 0)
		rc = err_sys(err, "cannot sync %s/queue", s->dir);
	commit_path(b->id, path);
	if (rc == 0 && fd_replace_file(s->fd, "tmp", path, "control/batches",
		b->segments.data, b->segments.len) < 0)
		rc = err_sys(err, "cannot write %s/%s", s->dir, path);
	if (rc == 0)
		buf_reset(&b->segments);	/* they are not ours any more */
	else
		(void)unlinkat(s->fd, path, 0);	/* it may have its name */
	batch_abort(b);
	return rc;
}

void
batch_abort(struct batch *b)
{
	char *line, *rest, path[96], name[96];

	segwriter_free(b->w);
	rest = b->segments.data;
	while (b->segments.len > 0 && (line = strsep(&rest, "\n")) != NULL &&
	    line[0] != '\0') {
		segment_path(line, path);
		unlinkat(b->spool->fd, path, 0);
	}
	if (b->lock_fd >= 0) {
		lock_name(b->id, name);
		snprintf(path, sizeof(path), "lock/%.80s", name);
		unlinkat(b->spool->fd, path, 0);
		close(b->lock_fd);
	}
	buf_clear(&b->segments);
	free(b);
}

uint64_t
batch_records(const struct batch *b)
{
	return b->n_records;
}

/* The list of a committed batch, read once; NULL while there is none. */
static const char *
commit_text(struct spool *s, const char *batch, struct err *err)
{
	struct buf text = BUF_INIT(COMMIT_MAX + 32768);
	char path[128], *have = map_get(&s->commits, batch);

	if (have != NULL)
		return have;
	commit_path(batch, path);
	if (fd_read_file(s->fd, path, COMMIT_MAX, &text) < 0) {
		if (errno != ENOENT)
			err_sys(err, "cannot read %s/%s", s->dir, path);
		else if (err != NULL)
			err->cls = ERR_NONE;
		buf_clear(&text);
		return NULL;
	}
	have = xstrndup(text.data, text.len);
	buf_clear(&text);
	*map_at(&s->commits, batch) = have;
	return have;
}

int
batch_visible(struct spool *s, const char *batch, const char *id,
    struct err *err)
{
	struct err e = { .cls = ERR_NONE };
	const char *text;

	if (!is_batch_id(batch))
		return err_set(err, ERR_INPUT, "segment %s: damaged batch id",
		    id);
	text = commit_text(s, batch, &e);
	if (text == NULL && e.cls != ERR_NONE) {
		if (err != NULL)
			*err = e;
		return -1;
	}
	return text != NULL && strstr(text, id) != NULL;
}

/* Is somebody adding this batch now?  1, 0 or -1. */
static int
injector_lives(struct spool *s, const char *batch)
{
	char path[128];
	int fd, held;

	snprintf(path, sizeof(path), "lock/batch-%s", batch);
	fd = openat(s->fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	held = lock_held(fd, 0, 1);
	close(fd);
	return held;
}

/* The batch that the header of an unpublished or unseen segment names. */
static int
read_batch(struct spool *s, const char *id, char batch[NAME_BATCH + 1])
{
	char path[64], head[SEG_HEADER];
	ssize_t n;
	int fd;

	segment_path(id, path);
	fd = openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	n = fd_pread_all(fd, head, sizeof(head), 0);
	close(fd);
	if (n != (ssize_t)sizeof(head) || memcmp(head + 78, "batch ", 6) != 0)
		return -1;
	memcpy(batch, head + 84, NAME_BATCH);
	batch[NAME_BATCH] = '\0';
	batch[strcspn(batch, " ")] = '\0';
	return is_batch_id(batch) ? 0 : -1;
}

static int
clean_one(struct spool *s, const char *id, const char *batch, struct err *err)
{
	char path[64];
	int seen;

	seen = batch_visible(s, batch, id, err);
	if (seen != 0 || injector_lives(s, batch) != 0)
		return seen < 0 ? -1 : 0;
	/* it may have been committed between the two looks: look once more */
	seen = batch_visible(s, batch, id, err);
	if (seen != 0)
		return seen < 0 ? -1 : 0;
	log_note("removed segment %s of batch %s, whose injector died before "
	    "it was complete", id, batch);
	segment_path(id, path);
	unlinkat(s->fd, path, 0);
	return 0;
}

/* Remove a commit file that nothing needs any more. */
static void
forget(struct spool *s, const char *batch, int64_t now)
{
	char path[128];
	struct stat st;

	commit_path(batch, path);
	if (strncmp(batch, AUTO, strlen(AUTO)) != 0 &&
	    (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		now - st.st_mtime < s->batch_memory_s))
		return;
	(void)unlinkat(s->fd, path, 0);
}

/*
 * The commit files, listed before the segments: a batch that commits meanwhile
 * isn't in the list, and of one that is, all segments had their names already.
 */
static int
list_commits(struct spool *s, struct map *commits, struct err *err)
{
	int copy = openat(s->fd, "control/batches",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *e;

	if (d == NULL) {
		err_sys(err, "cannot read %s/control/batches", s->dir);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while ((e = readdir(d)) != NULL)
		if (is_batch_id(e->d_name))
			*map_at(commits, e->d_name) = commits;
	closedir(d);
	return 0;
}

int
batch_clean(struct spool *s, struct err *err)
{
	struct map commits = MAP_INIT;
	const struct map_slot *slot;
	char **ids, batch[NAME_BATCH + 1];
	size_t n, at = 0;
	int rc = 0;

	if (list_commits(s, &commits, err) < 0)
		return -1;
	if (segment_ids(s, &ids, &n, err) < 0) {
		map_clear(&commits, NULL);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && read_batch(s, ids[i], batch) == 0) {
			(void)map_del(&commits, batch);
			rc = clean_one(s, ids[i], batch, err);
		}
		free(ids[i]);
	}
	free(ids);
	while (rc == 0 && (slot = map_next(&commits, &at)) != NULL)
		forget(s, slot->key, clock_wall_s(&s->clock));
	map_clear(&commits, NULL);
	return rc;
}
