/* SPDX-License-Identifier: ISC */
/* Connections and what is said on them. */
#ifndef VMTA_SEND_CONN_H
#define VMTA_SEND_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "deliver/route.h"
#include "lane.h"
#include "smtp/dialogue.h"
#include "smtp/io.h"
#include "throttle/slots.h"

enum conn_state {
	CONN_ROUTE, /* waits for DNS */
	CONN_RATE, /* waits for max-connect-rate */
	CONN_CONNECT,
	CONN_TALK,
	CONN_END, /* to be freed at the end of the turn */
};

struct conn {
	struct send *send;
	TAILQ_ENTRY(conn) link; /* of all connections */
	TAILQ_ENTRY(conn) dirty_link, idle_link, flush_link, work_link;
	bool dirty, idle, flush;
	struct conn_list *work; /* that it is in by work_link */
	enum conn_state state;
	struct lane *lane;
	struct io_conn *io;
	struct dialogue *d;
	struct route *route;
	struct route_target target;
	unsigned targets; /* tried so far */
	char dest[46], local[46]; /* its ends, as text */
	struct slot slots[2];
	struct task *rate; /* holds the lease of the connection itself */
	int64_t rate_at; /* loop time: when to ask for the rate again */
	struct task *trigger; /* claimed, begins the conversation */
	struct task *starting; /* waits for its lease */
	struct task *tasks[2]; /* under way in the dialogue */
	bool ready; /* greeted and EHLO done */
	bool quitting;
	bool refused; /* the ledger has no lease for starting */
	bool aborted; /* by us: not the server's trouble */
	struct err rate_failed;
	int64_t given, delivered; /* messages */
	unsigned epoch;
	int64_t deadline; /* loop time */
	int64_t opened_at;
	int64_t timeout_ms; /* TCP_USER_TIMEOUT, 0: the system's */
	unsigned number; /* for -d */
	struct reply failure; /* of the last target */
	bool failure_local, all_5xx;
};

/* conn.c */
enum open_result { OPEN_OK, OPEN_BLOCKED, OPEN_NOTHING };
enum open_result conn_open(struct send *s, struct lane *l);
void conn_dirty(struct send *s, struct conn *c);
void conn_next_target(struct send *s, struct conn *c);
/* The rate allows it: begin to connect. */
void conn_connect(struct send *s, struct conn *c);
/* Not now: give back all that it has. */
void conn_cancel(struct send *s, struct conn *c);
void conn_quit(struct send *s, struct conn *c);
/* End it; in its dialogue nothing is under way any more. */
void conn_end(struct send *s, struct conn *c);
void conn_free(struct conn *c);
/* The server has seen the connection: its lease is over (P16). */
void conn_counted(struct send *s, struct conn *c);
/* Into one of the lists by work_link, NULL: out of the one it is in. */
void conn_work(struct conn *c, struct conn_list *list);
bool conn_contended(const struct send *s, const struct conn *c);
void conn_idle(struct send *s, struct conn *c, bool idle);
void conns_tick(struct send *s);

/* talk.c */
void conn_begin(struct send *s, struct conn *c);
void conn_io(struct send *s, struct conn *c, unsigned events);
void conns_step(struct send *s);
void conns_act(struct send *s);
void conn_abort(struct send *s, struct conn *c, const char *why);
/* Its lease is good: hand the message in. */
void conn_hand_in(struct send *s, struct conn *c);

/* failed.c */
/* No target is left: settle the trigger, note it for the site. */
void conn_failed(struct send *s, struct conn *c);
void conn_no_source(struct send *s, struct conn *c, const struct err *err);
void task_result(struct send *s, struct conn *c, struct task *t,
    const struct dialogue_result *r);

#endif
