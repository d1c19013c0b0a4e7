/* SPDX-License-Identifier: ISC */
/* Lanes, sites and limits: what waits, for what, and why. */
#ifndef VMTA_SEND_LANE_H
#define VMTA_SEND_LANE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "deliver/lease.h"
#include "deliver/plan.h"
#include "dns/wire.h"
#include "task.h"

TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(lane_list, lane);

/* max-smtp-out and max-connect-rate of a queue or a virtual MTA. */
struct limit {
	int64_t n; /* INT64_MAX: none */
	char *scope; /* of its slots */
	bool wanted, want; /* our wish stands (P10), or should */
	struct connect_limit connects;
};

struct site {
	char *name; /* in control/queues */
	bool has_state;
	int64_t not_before; /* wall time */
	bool proven; /* a server has greeted us */
	int64_t success_at; /* loop time of the last delivery */
	int64_t refused_until; /* loop time: no more connections */
	unsigned opening, open; /* connections */
	struct lane_list lanes;
};

struct lane {
	TAILQ_ENTRY(lane) link; /* of all lanes */
	TAILQ_ENTRY(lane) dirty_link, blocked_link;
	bool dirty, blocked;
	struct conf_queue *queue;
	struct site *site;
	TAILQ_ENTRY(lane) site_link;
	struct limit *limits[2]; /* of the queue, of the virtual MTA */
	const char *source; /* "-": the system chooses */
	const char *helo;
	char *route; /* domain whose MX is asked, or NULL */
	struct dns_address address; /* of the source */
	bool has_address;
	struct task_list waiting;
	unsigned n_waiting;
	struct conn_list idle;
	unsigned n_conns, n_opening;
	int64_t blocked_until; /* loop time; 0: until a slot is free */
	int64_t blocked_at;
	int64_t idle_since; /* of the first idle connection */
	int64_t bad_until; /* loop time: its source can't be used */
	int64_t later_until; /* loop time: nothing is claimed before */
	int64_t served_at; /* loop time: when a line left it last */
	uint32_t row, asked; /* control/vmtas: what row (asked, source) has */
};

/* lane.c */
struct lane *lane_of(struct send *s, const char *domain, const struct plan *p);
/* A lane by what a grant says, NULL if there was none before. */
struct lane *lane_find(
    struct send *s, const char *domain, const char *vmta, const char *source);
void lane_add(struct send *s, struct lane *l, struct task *t, bool first);
struct task *lane_pop(struct send *s, struct lane *l);
/* Hand all that waits back. */
void lane_flush(struct send *s, struct lane *l);
void lane_dirty(struct send *s, struct lane *l);
void lane_block(struct send *s, struct lane *l, int64_t until);
void lanes_step(struct send *s);
void lanes_tick(struct send *s);
void lanes_free(struct send *s);
/* Has anything in control/ changed?  At most every CONTROL_MS. */
void control_look(struct send *s);

/* site.c */
struct site *site_of(struct send *s, const char *name);
void site_free(void *site);
void site_read(struct send *s, struct site *site);
void site_delivered(struct send *s, struct site *site);
/* Record a failure of the site.  Returns: when it is tried again, wall time. */
int64_t
site_failed(struct send *s, struct lane *l, const struct reply *r, bool dns);
bool site_rests(const struct send *s, const struct site *site);

#endif
