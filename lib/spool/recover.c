/* SPDX-License-Identifier: ISC */
/*
 * Recovery (P4): every journal that nobody holds and that this boot has not
 * closed is replayed, by whoever comes first; harmless to repeat, in any order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "spool/checkpoint.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"
#include "spool/recover.h"

/* Returns: 0 done or not needed, 1 somebody has the record's lock, -1. */
static int
apply_image(struct segment *g, uint32_t i, const struct journal_line *l,
    uint64_t journal)
{
	off_t at = (off_t)(g->states_at + (size_t)i * STATE_LINE);
	struct state now, image;
	struct stat f;
	int rc = 0;

	if (state_parse(l->image, &image) < 0)
		return 0;
	/* our own claim: we are its owner now, and know better */
	if (g->claimed != NULL && (g->claimed[i / 8] >> (i % 8) & 1))
		return 0;
	rc = lock_try(g->fd, at, STATE_LINE);
	if (rc < 0)
		return -1;
	if (rc == 0)
		/* P4: busy, and still what the dead one left: look again later */
		return segment_state(g, i, &now) == 0 &&
		    now.letter == STATE_SENDING && now.journal == journal;
	rc = 0;
	if (fstat(g->fd, &f) == 0 && f.st_nlink > 0 && !segment_is_dead(g)) {
		bool damaged = segment_state(g, i, &now) < 0;

		if (damaged || (!state_is_final(now.letter) &&
		    (state_is_final(image.letter) || image.ver > now.ver)))
			rc = fd_pwrite_all(g->fd, l->image, STATE_LINE, at);
	}
	lock_drop(g->fd, at, STATE_LINE);
	return rc;
}

/* Returns 0, 1 (busy), -1. */
static int
replay_line(struct spool *s, const struct journal_line *l, uint64_t journal,
    struct err *err)
{
	char id[NAME_SEGMENT + 1];
	struct segment *g;
	uint32_t i;
	int rc;

	if (locator_parse(l->locator, id, &i) < 0)
		return 0;
	rc = segment_get(s, id, &g, err);
	if (rc > 0)
		return 0;	/* gone or replaced: nothing to mend */
	if (rc < 0)
		/* a damaged segment is the scan's to report and set aside */
		return err != NULL && err->cls == ERR_INPUT ? 0 : -1;
	rc = i < g->n_records ? apply_image(g, i, l, journal) : 0;
	if (rc < 0)
		err_sys(err, "cannot write segment %s", id);
	segment_put(g);
	return rc;
}

/* Replay one dead journal and close it.  Returns 0, 1 (part is busy), -1. */
static int
replay(struct spool *s, struct journal_reader *r, struct err *err)
{
	off_t pos = journal_start(r);
	struct journal_line l;
	bool busy = false;
	int rc;

	while ((rc = journal_next(r, &pos, &l, err)) == 1) {
		rc = replay_line(s, &l, journal_number(r), err);
		if (rc < 0)
			return -1;
		busy = busy || rc > 0;
	}
	if (rc < 0)
		return -1;
	if (journal_bad(r) > 0)
		log_warn("journal %llu: %llu damaged lines skipped",
		    (unsigned long long)journal_number(r),
		    (unsigned long long)journal_bad(r));
	if (busy)
		return 1;
	if (journal_mark_closed(s, journal_fd(r), pos) < 0)
		return err_sys(err, "cannot close journal %llu",
		    (unsigned long long)journal_number(r));
	return 0;
}

static int
recover_one(struct spool *s, uint64_t number, struct err *err)
{
	struct journal_reader *r;
	int rc = journal_open(s, number, &r, err);

	if (rc > 0)
		return 0;
	if (rc < 0) {
		if (err == NULL || err->cls != ERR_INPUT)
			return -1;
		log_warn("%s: not replayed", err->msg);
		return 0;
	}
	/* a closing line of another boot proves nothing about the disk (P4) */
	if (strcmp(journal_head(r)->closed_boot, s->boot_id) != 0 &&
	    journal_is_live(r) == 0)
		rc = replay(s, r, err);
	journal_close(r);
	return rc;
}

/* Under lock/recover.  Returns 0, 1 (something was busy), -1. */
static int
recover_all(struct spool *s, struct err *err)
{
	uint64_t *numbers;
	size_t n;
	int rc = 0, busy = 0;

	if (journal_list(s, &numbers, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = recover_one(s, numbers[i], err);
		busy |= rc == 1;
	}
	free(numbers);
	if (rc < 0)
		return -1;
	s->recovered = true;
	return busy;
}

int
spool_recover(struct spool *s, struct err *err)
{
	int lock = spool_lock(s, "recover", true, err), rc;

	if (lock < 0)
		return -1;
	rc = recover_all(s, err);
	close(lock);
	return rc < 0 ? -1 : 0;
}

int
recover_try(struct spool *s, struct err *err)
{
	int lock = spool_lock(s, "recover", false, err), rc;

	if (lock == -2)
		return 1;
	if (lock < 0)
		return -1;
	rc = recover_all(s, err);
	close(lock);
	return rc;
}
