/* SPDX-License-Identifier: ISC */
/*
 * The journal of this process: made at the first claim, space written ahead,
 * synced by a thread that does nothing else (P3, P4).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/journal_impl.h"

/*
 * The next number, never given before: one more than the synced counter and than
 * any journal that is there.  Under lock/recover.
 */
static int
next_number(struct spool *s, uint64_t *out, struct err *err)
{
	struct buf text = BUF_INIT(65536);
	uint64_t *have, v = 0;
	size_t n;
	char line[32];
	int len, rc;

	if (journal_list(s, &have, &n, err) < 0)
		return -1;
	if (fd_read_file(s->fd, "control/journal-number", 64, &text) == 0) {
		if (num_parse_n(text.data, strcspn(text.data, "\n"), &v) < 0)
			v = 0;	/* what is there tells, below */
	} else if (errno != ENOENT) {
		rc = err_sys(err, "cannot read %s/control/journal-number",
		    s->dir);
		goto out;
	}
	if (n > 0 && have[n - 1] > v)
		v = have[n - 1];
	*out = v + 1;
	len = snprintf(line, sizeof(line), "%llu\n", (unsigned long long)*out);
	rc = fd_replace_file(s->fd, "tmp", "control/journal-number", "control",
	    line, (size_t)len);
	if (rc < 0)
		err_sys(err, "cannot write %s/control/journal-number", s->dir);
out:
	free(have);
	buf_clear(&text);
	return rc;
}

/* The thread: sleeps, syncs up to what was wanted, tells. */
static void *
sync_loop(void *arg)
{
	struct journal_writer *w = arg;

	pthread_mutex_lock(&w->mutex);
	while (!w->stop) {
		uint64_t one = 1;
		off_t want;
		int e;

		if (w->want <= w->done || w->error != 0) {
			w->busy = false;
			pthread_cond_broadcast(&w->idle);
			pthread_cond_wait(&w->wake, &w->mutex);
			continue;
		}
		w->busy = true;
		want = w->want;
		pthread_mutex_unlock(&w->mutex);
		e = fdatasync(w->fd) < 0 ? errno : 0;
		pthread_mutex_lock(&w->mutex);
		if (e != 0)
			w->error = e;
		else
			w->done = want;
		if (write(w->event_fd, &one, sizeof(one)) < 0) {
			/* the counter is full: it is readable already */
		}
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

static int
start_thread(struct journal_writer *w, struct err *err)
{
	sigset_t all, old;
	int e;

	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->idle, NULL);
	/* signals are the event loop's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&w->thread, NULL, sync_loop, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e != 0) {
		errno = e;
		return err_sys(err, "cannot start the syncing thread");
	}
	w->running = true;
	return 0;
}

static int
make_file(struct spool *s, struct journal_writer *w,
    const struct journal_header *h, struct err *err)
{
	char tmp[64], path[64], text[JOURNAL_HEADER];

	journal_path(w->number, path);
	snprintf(tmp, sizeof(tmp), "tmp/%s", path + strlen("journal/"));
	w->fd = openat(s->fd, tmp,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (w->fd < 0)
		return err_sys(err, "cannot make %s/%s", s->dir, tmp);
	journal_header_format(h, s->boot_id, text);
	/* locked before it has a name, so that nobody takes it for a dead one */
	if (lock_try(w->fd, 0, 1) != 1 ||
	    fd_write_all(w->fd, text, sizeof(text)) < 0 ||
	    fdatasync(w->fd) < 0 || renameat(s->fd, tmp, s->fd, path) < 0 ||
	    fd_sync_dir(s->fd, "journal") < 0) {
		err_sys(err, "cannot make %s/%s", s->dir, path);
		unlinkat(s->fd, tmp, 0);
		return -1;
	}
	w->off = w->ahead = w->synced = JOURNAL_HEADER;
	w->want = w->done = JOURNAL_HEADER;
	return 0;
}

static void
writer_free(struct journal_writer *w)
{
	if (w->running) {
		pthread_mutex_lock(&w->mutex);
		w->stop = true;
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&w->mutex);
		pthread_join(w->thread, NULL);
		pthread_mutex_destroy(&w->mutex);
		pthread_cond_destroy(&w->wake);
		pthread_cond_destroy(&w->idle);
	}
	if (w->fd >= 0)
		close(w->fd);
	buf_clear(&w->pending);
	free(w);
}

int
journal_create(struct spool *s, uint64_t continues, off_t at, struct err *err)
{
	struct journal_writer *w = xcalloc(1, sizeof(*w));
	struct journal_header h = { .continues = continues,
		.continues_at = at };
	int lock, rc;

	w->fd = -1;
	w->event_fd = s->sync_fd;
	buf_init(&w->pending, 0);
	lock = spool_lock(s, "recover", true, err);
	rc = lock < 0 ? -1 : next_number(s, &w->number, err);
	h.number = w->number;
	if (rc == 0)
		rc = make_file(s, w, &h, err);
	if (lock >= 0)
		close(lock);
	if (rc == 0)
		rc = start_thread(w, err);
	if (rc < 0) {
		writer_free(w);
		return -1;
	}
	if (s->journal != NULL)
		writer_free(s->journal);
	s->journal = w;
	return 0;
}

int
journal_reserve(struct spool *s, size_t n, struct err *err)
{
	struct journal_writer *w = s->journal;
	off_t need = w->off + (off_t)w->pending.len +
	    (off_t)n * JOURNAL_LINE_MAX;
	char *blank;
	int rc = 0;

	if (need <= w->ahead)
		return 0;
	blank = xmalloc((size_t)JOURNAL_STEP);
	memset(blank, '\n', (size_t)JOURNAL_STEP);
	while (rc == 0 && w->ahead < need) {
		if (fd_pwrite_all(w->fd, blank, (size_t)JOURNAL_STEP,
			w->ahead) < 0)
			rc = err_sys(err, "cannot extend the journal of %s",
			    s->dir);
		else
			w->ahead += JOURNAL_STEP;
	}
	free(blank);
	return rc;
}

int
journal_write_pending(struct spool *s, struct err *err)
{
	struct journal_writer *w = s->journal;

	if (w->pending.len == 0)
		return 0;
	if (fd_pwrite_all(w->fd, w->pending.data, w->pending.len, w->off) < 0)
		return err_sys(err, "cannot write the journal of %s", s->dir);
	w->off += (off_t)w->pending.len;
	buf_reset(&w->pending);
	return 0;
}

void
journal_sync_start(struct journal_writer *w)
{
	pthread_mutex_lock(&w->mutex);
	if (w->off > w->want) {
		w->want = w->off;
		if (!w->busy)
			pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->mutex);
}

int
journal_sync_result(struct journal_writer *w, bool wait, off_t *done)
{
	uint64_t count;
	int e;

	if (read(w->event_fd, &count, sizeof(count)) < 0) {
		/* nothing new: the figures below are right all the same */
	}
	pthread_mutex_lock(&w->mutex);
	while (wait && w->error == 0 && w->done < w->want)
		pthread_cond_wait(&w->idle, &w->mutex);
	*done = w->done;
	e = w->error;
	pthread_mutex_unlock(&w->mutex);
	return e;
}

void
journal_end(struct spool *s)
{
	struct journal_writer *w = s->journal;

	/* P4: closed means applied; else the next one to start replays it */
	if (!w->dirty && !w->broken && STAILQ_EMPTY(&s->settled))
		(void)journal_mark_closed(s, w->fd, w->off);
	writer_free(w);
	s->journal = NULL;
}
