/* SPDX-License-Identifier: ISC */
/* Queues in other than the ordinary condition: control/queues (P14). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/tsv.h"
#include "base/xalloc.h"
#include "spool/internal.h"

enum { QUEUES_MAX = 64 * 1024 * 1024 };

static const char *const mode_words[] = {
	[QUEUE_NORMAL] = "normal",
	[QUEUE_BACKOFF] = "backoff",
};

/* queue, mode, since, not-before, failures, last reply */
static int
row(struct map *queues, char *line)
{
	char *f[6];
	struct queue_state st = { 0 }, *p;
	int64_t failures;
	void **slot;

	if (tsv_split(line, f, 6) < 6 || num_parse(f[2], 0, INT64_MAX, &st.since) < 0 ||
	    num_parse(f[3], 0, INT64_MAX, &st.not_before) < 0 ||
	    num_parse(f[4], 0, UINT32_MAX, &failures) < 0 ||
	    tsv_unescape(f[5]) < 0)
		return -1;
	if (strcmp(f[1], mode_words[QUEUE_BACKOFF]) == 0)
		st.mode = QUEUE_BACKOFF;
	else if (strcmp(f[1], mode_words[QUEUE_NORMAL]) != 0)
		return -1;
	st.failures = (uint32_t)failures;
	snprintf(st.last, sizeof(st.last), "%s", f[5]);
	slot = map_at(queues, f[0]);
	if (*slot == NULL)
		*slot = xmalloc(sizeof(*p));
	p = *slot;
	*p = st;
	return 0;
}

static int
queues_read(struct spool *s, struct err *err)
{
	struct control_state *c = &s->control;
	struct buf text = BUF_INIT((size_t)QUEUES_MAX);
	uint64_t generation = control_generation(s);
	char *line, *rest;
	int rc = 0;

	map_clear(&c->queues, free);
	if (fd_read_file(s->fd, "control/queues", QUEUES_MAX, &text) < 0 &&
	    errno != ENOENT)
		rc = err_sys(err, "cannot read %s/control/queues", s->dir);
	rest = text.data;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0' && row(&c->queues, line) < 0)
			log_warn("%s/control/queues: a damaged line is ignored: "
			    "that queue is tried as an ordinary one", s->dir);
	buf_clear(&text);
	c->queues_cache = (struct control_cache){ generation, rc == 0 };
	return rc;
}

static void
refresh(struct spool *s)
{
	struct control_cache *c = &s->control.queues_cache;
	struct err err;

	if ((!c->valid || c->generation != control_generation(s)) &&
	    queues_read(s, &err) < 0)
		log_warn("%s", err.msg);
}

const struct queue_state *
queue_state_get(struct spool *s, const char *queue)
{
	refresh(s);
	return map_get(&s->control.queues, queue);
}

const struct queue_state *
queue_state_next(struct spool *s, size_t *at, const char **queue)
{
	const struct map_slot *slot;

	if (*at == 0)
		refresh(s);
	slot = map_next(&s->control.queues, at);
	if (slot == NULL)
		return NULL;
	*queue = slot->key;
	return slot->value;
}

static int
queues_write(struct spool *s, struct err *err)
{
	struct buf text = BUF_INIT(0);
	const struct map_slot *slot;
	size_t at = 0;
	int rc = 0;

	while ((slot = map_next(&s->control.queues, &at)) != NULL) {
		const struct queue_state *q = slot->value;

		buf_addf(&text, "%s\t%s\t%lld\t%lld\t%u\t", slot->key,
		    mode_words[q->mode], (long long)q->since,
		    (long long)q->not_before, q->failures);
		tsv_add(&text, q->last);
		buf_addc(&text, '\n');
	}
	if (fd_replace_file(s->fd, "tmp", "control/queues", "control",
		text.data, text.len) < 0)
		rc = err_sys(err, "cannot write %s/control/queues", s->dir);
	buf_clear(&text);
	control_bump(s);
	return rc;
}

int
queue_state_set(struct spool *s, const char *queue,
    const struct queue_state *st, struct err *err)
{
	int lock = spool_lock(s, "control", true, err), rc;
	void **slot;

	if (lock < 0)
		return -1;
	rc = queues_read(s, err);
	if (rc == 0 && st == NULL) {
		void *old = map_del(&s->control.queues, queue);

		/* ordinary already: the common case after each delivery */
		if (old != NULL)
			rc = queues_write(s, err);
		free(old);
	} else if (rc == 0) {
		slot = map_at(&s->control.queues, queue);
		if (*slot == NULL)
			*slot = xmalloc(sizeof(*st));
		memcpy(*slot, st, sizeof(*st));
		rc = queues_write(s, err);
	}
	close(lock);
	return rc;
}
