/* SPDX-License-Identifier: ISC */
/*
 * Removing journals (P4): closed and applied, the segments durable, every
 * reader past the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xalloc.h"
#include "spool/checkpoint.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"

/* Is every checkpoint past the end of the journal? */
static bool
all_past(const struct checkpoint *c, size_t n, uint64_t journal, off_t end)
{
	for (size_t i = 0; i < n; i++) {
		off_t pos = checkpoint_get(&c[i], journal);

		/* a journal with no line at all holds nothing up */
		if (pos < end && end > JOURNAL_HEADER)
			return false;
	}
	return true;
}

/* Closed by this boot, dead, and behind every checkpoint? */
static int
may_go(struct spool *s, uint64_t number, const struct checkpoint *c, size_t n,
    struct err *err)
{
	struct journal_reader *r;
	const struct journal_header *h;
	int rc = journal_open(s, number, &r, err);

	if (rc != 0)
		return rc > 0 || (err != NULL && err->cls == ERR_INPUT) ? 0 :
									  -1;
	h = journal_head(r);
	rc = strcmp(h->closed_boot, s->boot_id) == 0 &&
	    journal_is_live(r) == 0 && all_past(c, n, number, h->end);
	journal_close(r);
	return rc;
}

static int
remove_all(struct spool *s, const uint64_t *numbers, size_t n, struct err *err)
{
	/*
	 * The state lines were never synced, and a segment that was unlinked comes
	 * back if its folder wasn't: only now may the journal go.
	 */
	if (fd_sync_dir(s->fd, "queue") < 0 || syncfs(s->fd) < 0)
		return err_sys(err, "cannot sync the disk of %s", s->dir);
	for (size_t i = 0; i < n; i++) {
		char path[64];

		journal_path(numbers[i], path);
		if (unlinkat(s->fd, path, 0) < 0 && errno != ENOENT)
			return err_sys(err, "cannot remove %s/%s", s->dir,
			    path);
	}
	return 0;
}

int
journal_reap(struct spool *s, const char *const *keys, size_t n,
    struct err *err)
{
	struct checkpoint *c = xcalloc(n, sizeof(*c));
	uint64_t *numbers = NULL;
	size_t have, gone = 0, k;
	int rc = 0;

	for (k = 0; k < n && rc == 0; k++)
		rc = checkpoint_read(s, keys[k], &c[k], err);
	/* one that never ran holds all of them */
	if (rc == 0)
		rc = journal_list(s, &numbers, &have, err);
	for (size_t i = 0; rc == 0 && i < have; i++) {
		int go = may_go(s, numbers[i], c, n, err);

		if (go < 0)
			rc = -1;
		else if (go)
			numbers[gone++] = numbers[i];
	}
	if (rc == 0 && gone > 0)
		rc = remove_all(s, numbers, gone, err);
	while (k-- > 0)
		checkpoint_clear(&c[k]);
	free(c);
	free(numbers);
	return rc < 0 ? -1 : 0;
}
