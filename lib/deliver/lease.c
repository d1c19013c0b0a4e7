/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "deliver/lease.h"

struct leases {
	struct ledger *ledger;
	bool locked;
	bool threaded;
	pthread_t thread;
	sem_t wake;
	bool stop; /* written before wake is posted */
};

int
leases_open(const char *spool, const struct clock *clock, struct leases **out,
    struct err *err)
{
	struct ledger *ledger;
	struct leases *l;

	if (ledger_open(spool, clock, &ledger, err) < 0)
		return -1;
	l = xcalloc(1, sizeof(*l));
	l->ledger = ledger;
	*out = l;
	return 0;
}

/* What the disk doesn't have, the limits charge after a reboot (P8): a sync that
 * fails under-uses, and the next one is a second away. */
static void *
sync_thread(void *arg)
{
	struct leases *l = arg;

	for (;;) {
		while (sem_wait(&l->wake) < 0)
			;
		if (l->stop)
			return NULL;
		(void)ledger_sync(l->ledger);
	}
}

static void
start_thread(struct leases *l)
{
	sigset_t all, old;

	sigfillset(&all);
	if (sem_init(&l->wake, 0, 0) < 0)
		return;
	pthread_sigmask(SIG_SETMASK, &all, &old);
	l->threaded = pthread_create(&l->thread, NULL, sync_thread, l) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!l->threaded)
		sem_destroy(&l->wake);
}

void
leases_close(struct leases *l)
{
	if (l == NULL)
		return;
	if (l->threaded) {
		l->stop = true;
		sem_post(&l->wake);
		pthread_join(l->thread, NULL);
		sem_destroy(&l->wake);
	}
	ledger_close(l->ledger);
	free(l);
}

int64_t
leases_now(const struct leases *l)
{
	return ledger_now(l->ledger);
}

int
leases_begin(struct leases *l, struct err *err)
{
	if (l->locked)
		return 0;
	if (ledger_lock(l->ledger) < 0)
		return err_sys(err, "cannot lock the ledger");
	l->locked = true;
	return 0;
}

void
leases_end(struct leases *l)
{
	if (!l->locked)
		return;
	ledger_unlock(l->ledger);
	l->locked = false;
	if (!ledger_sync_due(l->ledger))
		return;
	if (!l->threaded)
		start_thread(l);
	if (l->threaded)
		sem_post(&l->wake);
	else
		(void)ledger_sync(l->ledger);
}

void
lease_init(struct lease *e, const struct grant *g)
{
	e->grant = *g;
	e->r = g->expiry_ms;
	e->renew_ms = e->renew_at = INT64_MAX;
}

bool
lease_is_limited(const struct lease *e)
{
	return e->grant.n != 0;
}

bool
lease_is_live(const struct leases *l, const struct lease *e)
{
	return e->grant.n == 0 || ledger_now(l->ledger) < e->r;
}

int64_t
lease_left_ms(const struct leases *l, const struct lease *e, int64_t unlimited)
{
	return e->grant.n == 0 ? unlimited : e->r - ledger_now(l->ledger);
}

int
lease_start(struct leases *l, struct lease *e, bool renew)
{
	if (e->grant.n == 0)
		return 0;
	if (ledger_start(l->ledger, &e->grant, &e->r) < 0 &&
	    (!renew || ledger_regrant(l->ledger, &e->grant, &e->r) < 0 ||
		ledger_start(l->ledger, &e->grant, &e->r) < 0))
		return -1;
	e->renew_ms = ledger_renew_ms(l->ledger, &e->grant);
	e->renew_at = e->renew_ms == INT64_MAX ?
	    INT64_MAX :
	    ledger_now(l->ledger) + e->renew_ms;
	return 0;
}

int
lease_again(struct leases *l, struct lease *e)
{
	if (e->grant.n == 0)
		return 0;
	ledger_reply(l->ledger, &e->grant, &e->r);
	if (ledger_room(l->ledger, e->grant.line, e->grant.n) != 0)
		return -1;
	ledger_grant(l->ledger, e->grant.line, e->grant.n, &e->grant);
	e->r = e->grant.expiry_ms;
	return lease_start(l, e, false);
}

void
lease_renew(struct leases *l, struct lease *e)
{
	if (e->grant.n == 0)
		return;
	ledger_renew(l->ledger, &e->grant, &e->r);
	e->renew_at = ledger_now(l->ledger) + e->renew_ms;
}

void
lease_reply(struct leases *l, struct lease *e)
{
	if (e->grant.n != 0)
		ledger_reply(l->ledger, &e->grant, &e->r);
}

void
lease_credit(struct leases *l, struct lease *e)
{
	if (e->grant.n != 0)
		ledger_credit(l->ledger, &e->grant, &e->r);
}

/* The lines of the limits, asked again when the ledger's limits have changed. */
static int
connect_lines(struct leases *l, const struct connect_limits *limits,
    uint32_t lines[2], struct err *err)
{
	uint32_t epoch = ledger_epoch(l->ledger);
	int used = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct connect_limit *c = limits->limit[i];

		if (c->line == -1 || c->epoch != epoch) {
			c->line = ledger_budget(
			    l->ledger, c->scope, &c->rate, limits->stamp, err);
			if (c->line < 0)
				return -1;
			c->epoch = ledger_epoch(l->ledger);
		}
		if (c->line != LEDGER_NONE)
			lines[used++] = (uint32_t)c->line;
	}
	return used;
}

int
lease_connect(struct leases *l, const struct connect_limits *limits,
    struct lease *out, int64_t *when, struct err *err)
{
	uint32_t lines[2];
	struct grant g = { .kind = GRANT_GIVEN };
	int used = connect_lines(l, limits, lines, err);

	if (used < 0)
		return -1;
	if (used != 0) {
		*when = ledger_room(l->ledger, lines, (unsigned)used);
		if (*when != 0)
			return 1;
		ledger_grant(l->ledger, lines, (unsigned)used, &g);
	}
	lease_init(out, &g);
	return lease_start(l, out, false);
}
