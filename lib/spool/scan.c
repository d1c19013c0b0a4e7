/* SPDX-License-Identifier: ISC */
/*
 * The walk over all visible segments that ready, list and show share, and the
 * queues that records belong to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "spool/internal.h"
#include "spool/scan.h"

static void
place_free(void *p)
{
	struct scan_place *place = p;

	free(place->name);
	free(place);
}

void
scan_init(struct scan *sc, struct spool *s, struct conf *c)
{
	*sc = (struct scan){ .spool = s, .conf = c };
}

void
scan_clear(struct scan *sc)
{
	map_clear(&sc->places, place_free);
	free(sc->by_domain);
}

/* What a record of this domain and row of control/vmtas belongs to. */
static struct scan_place *
place_find(struct scan *sc, const char *domain, uint32_t vmta)
{
	char key[NAME_DOMAIN + 16];
	struct scan_place *p;
	const struct vmta_row *row;
	const struct conf_vmta *v;
	void **slot;

	snprintf(key, sizeof(key), "%s/%u", domain, vmta);
	slot = map_at(&sc->places, key);
	if (*slot != NULL)
		return *slot;
	p = xcalloc(1, sizeof(*p));
	row = vmtas_row(sc->spool, vmta);
	p->vmta = row != NULL ? row->vmta : "-";
	p->source = row != NULL ? row->source : "-";
	if (sc->conf != NULL) {
		p->group = conf_group(sc->conf, domain);
		v = conf_vmta(sc->conf, p->vmta);
		if (v != NULL)
			p->queue = conf_queue(sc->conf,
			    p->group != NULL ? p->group : domain, v);
	}
	if (p->queue != NULL) {
		p->name = xstrdup(p->queue->name);
	} else {
		char name[NAME_QUEUE + 2];

		snprintf(name, sizeof(name), "%s/%s",
		    p->group != NULL ? p->group : domain, p->vmta);
		p->name = xstrdup(name);
	}
	*slot = p;
	return p;
}

struct scan_place *
scan_place(struct scan *sc, const struct segment *g, const struct state *st)
{
	struct scan_last *last;

	if (sc->seg != g) {
		if (g->n_domains > sc->cap) {
			sc->cap = g->n_domains;
			sc->by_domain = xreallocarray(sc->by_domain, sc->cap,
			    sizeof(sc->by_domain[0]));
		}
		memset(sc->by_domain, 0,
		    g->n_domains * sizeof(sc->by_domain[0]));
		sc->seg = g;
	}
	last = &sc->by_domain[st->domain];
	if (last->place == NULL || last->vmta != st->vmta) {
		last->vmta = st->vmta;
		last->place = place_find(sc, g->domains[st->domain], st->vmta);
	}
	return last->place;
}

bool
scan_is_orphan(const struct segment *g, uint32_t i)
{
	/* our own claims have no lock that conflicts with us */
	if (g->claimed != NULL && (g->claimed[i / 8] >> (i % 8) & 1))
		return false;
	return lock_held(g->fd, (off_t)(g->states_at + (size_t)i * STATE_LINE),
		   STATE_LINE) == 0;
}

/* A segment that can't be read as one: out of the way, its bytes kept. */
static void
set_aside(struct spool *s, const char *id, const struct err *why)
{
	char from[64], to[64];

	segment_path(id, from);
	snprintf(to, sizeof(to), "damaged/%s.seg", id);
	if (s->flags & SPOOL_READONLY) {
		log_warn("%s", why->msg);
		return;
	}
	if (renameat2(s->fd, from, s->fd, to, RENAME_NOREPLACE) < 0 ||
	    fd_sync_dir(s->fd, "damaged") < 0 ||
	    fd_sync_dir(s->fd, "queue") < 0) {
		log_warn("%s; cannot set it aside: %s", why->msg,
		    strerror(errno));
		return;
	}
	log_warn("%s: set aside as %s/%s, nothing of it is sent", why->msg,
	    s->dir, to);
}

int
scan_segments(struct scan *sc, scan_segment_fn *fn, void *arg, struct err *err)
{
	char **ids;
	size_t n;
	int rc = 0;

	if (segment_ids(sc->spool, &ids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct segment *g;
		struct err e = { .cls = ERR_NONE };
		int got = rc == 0 ? segment_get(sc->spool, ids[i], &g, &e) : 1;

		if (got == 0) {
			sc->seg = NULL;
			rc = fn(arg, sc, g, (uint32_t)i);
			segment_put(g);
		} else if (got < 0 && e.cls == ERR_INPUT) {
			set_aside(sc->spool, ids[i], &e);
		} else if (got < 0) {
			if (err != NULL)
				*err = e;
			rc = -1;
		}
		free(ids[i]);
	}
	free(ids);
	return rc;
}

struct each {
	scan_fn *fn;
	void *arg;
	unsigned flags;
};

static int
each_record(void *arg, struct scan *sc, struct segment *g, uint32_t number)
{
	const struct each *e = arg;

	(void)number;
	for (uint32_t i = 0; i < g->n_records; i++) {
		struct scan_record r = { .seg = g, .index = i };
		int rc;

		if (segment_state(g, i, &r.state) < 0) {
			r.damaged = true;
			r.domain = r.vmta = r.source = r.queue_name = "-";
		} else if (state_is_final(r.state.letter) &&
		    !(e->flags & SCAN_FINAL)) {
			continue;
		} else {
			const struct scan_place *p = scan_place(sc, g,
			    &r.state);

			r.domain = g->domains[r.state.domain];
			r.vmta = p->vmta;
			r.source = p->source;
			r.group = p->group;
			r.queue = p->queue;
			r.queue_name = p->name;
			r.orphan = r.state.letter == STATE_SENDING &&
			    scan_is_orphan(g, i);
		}
		rc = e->fn(e->arg, &r);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
spool_scan(struct spool *s, struct conf *c, unsigned flags, scan_fn *fn,
    void *arg, struct err *err)
{
	struct each e = { fn, arg, flags };
	struct scan sc;
	int rc;

	scan_init(&sc, s, c);
	rc = scan_segments(&sc, each_record, &e, err);
	scan_clear(&sc);
	return rc;
}
