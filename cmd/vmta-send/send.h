/* SPDX-License-Identifier: ISC */
/*
 * vmta-send, in one process and one event loop.  A turn of the loop:
 *
 *     io_turn          sockets, standard input and the resolver are read (conn.c,
 *                      lines.c); what has news is put on a list
 *     lanes_step       waiting mail finds idle connections or begins new ones
 *     conns_step       results are settled (task.c), the next messages claimed
 *     ledger_step      all of the turn's calls of the ledger, under one lock
 *     conns_act        connections begin, messages are handed in and written
 *     claim_flush      the turn's outcomes go to the journal in one write
 *
 * A task is a line with what became of it: held -> claimed -> under way -> settled
 * or handed back.  A lane is mail of one queue, source and route; a site is what
 * failures and recoveries are about (a queue, or one domain of a collective one).
 */
#ifndef VMTA_SEND_H
#define VMTA_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/cli.h"
#include "base/map.h"
#include "conf/conf.h"
#include "deliver/lease.h"
#include "deliver/plan.h"
#include "deliver/route.h"
#include "deliver/serials.h"
#include "deliver/settle.h"
#include "dns/resolve.h"
#include "smtp/dialogue.h"
#include "smtp/io.h"
#include "spool/claim.h"
#include "spool/control.h"
#include "spool/spool.h"
#include "throttle/slots.h"

enum {
	TICK_MS = 250,		/* timeouts are looked at so often */
	CONTROL_MS = 200,	/* control/ is looked at so often, at claims (P7) */
	SLOT_WAIT_MS = 60000,	/* then lines without a slot are handed back (P10) */
	IDLE_GRACE_MS = 100,	/* so long a lane may starve beside a full one */
	LATER_MS = 200,		/* another process is recovering */
	REFUSED_MS = 30000,	/* no more connections beside working ones */
	TARGET_BAD_MS = 300000,	/* an address that failed is tried last */
	UNSYNCED_MAX = 20000,	/* outcomes that wait for the disk */
	READ_SIZE = 65536,
	TASK_TRIES = 5,		/* connections that a task may lose unsent */
};

TAILQ_HEAD(task_list, task);
TAILQ_HEAD(conn_list, conn);
TAILQ_HEAD(lane_list, lane);

struct task {
	TAILQ_ENTRY(task) link;	/* of a lane, the ledger's lists, or the free ones */
	struct lane *lane;
	struct conn *conn;	/* that it was given to */
	struct lease lease;
	uint32_t ver;
	uint16_t tries;
	bool used;		/* the receiver may have counted it (P9) */
	char locator[NAME_LOCATOR + 1];
	struct claim *claim;
	const struct envelope *env;	/* of the claim */
	struct spool_message message;
	int64_t held_at;	/* loop time */
	int64_t began_ms;	/* loop time */
	int64_t began_s;	/* wall time */
};

/* max-smtp-out and max-connect-rate of a queue or a virtual MTA. */
struct limit {
	int64_t n;		/* INT64_MAX: none */
	char *scope;		/* of its slots */
	bool wanted, want;	/* our wish stands (P10), or should */
	struct connect_limit connects;
};

struct site {
	char *name;		/* in control/queues */
	bool has_state;
	int64_t not_before;	/* wall time */
	bool proven;		/* a server has greeted us */
	int64_t success_at;	/* loop time of the last delivery */
	int64_t refused_until;	/* loop time: no more connections */
	unsigned opening, open;	/* connections */
	struct lane_list lanes;
};

struct lane {
	TAILQ_ENTRY(lane) link;		/* of all lanes */
	TAILQ_ENTRY(lane) dirty_link, blocked_link;
	bool dirty, blocked;
	struct conf_queue *queue;
	struct site *site;
	TAILQ_ENTRY(lane) site_link;
	struct limit *limits[2];	/* of the queue, of the virtual MTA */
	const char *source;		/* "-": the system chooses */
	const char *helo;
	char *route;			/* domain whose MX is asked, or NULL */
	struct dns_address address;	/* of the source */
	bool has_address;
	struct task_list waiting;
	unsigned n_waiting;
	struct conn_list idle;
	unsigned n_conns, n_opening;
	int64_t blocked_until;	/* loop time; 0: until a slot is free */
	int64_t blocked_at;
	int64_t idle_since;	/* of the first idle connection */
	int64_t bad_until;	/* loop time: its source can't be used */
	int64_t later_until;	/* loop time: nothing is claimed before */
	uint32_t row, asked;	/* control/vmtas: what row (asked, source) has */
};

enum conn_state {
	CONN_ROUTE,	/* waits for DNS */
	CONN_RATE,	/* waits for max-connect-rate */
	CONN_CONNECT,
	CONN_TALK,
	CONN_END,	/* to be freed at the end of the turn */
};

struct conn {
	struct send *send;
	TAILQ_ENTRY(conn) link;		/* of all connections */
	TAILQ_ENTRY(conn) dirty_link, idle_link, flush_link, work_link;
	bool dirty, idle, flush;
	struct conn_list *work;		/* that it is in by work_link */
	enum conn_state state;
	struct lane *lane;
	struct io_conn *io;
	struct dialogue *d;
	struct route *route;
	struct route_target target;
	unsigned targets;		/* tried so far */
	char dest[46];
	struct slot slots[2];
	struct task *rate;		/* holds the lease of the connection itself */
	int64_t rate_at;		/* loop time: when to ask for the rate again */
	struct task *trigger;		/* claimed, begins the conversation */
	struct task *starting;		/* waits for its lease */
	struct task *tasks[2];		/* under way in the dialogue */
	bool ready;			/* greeted and EHLO done */
	bool quitting;
	bool refused;			/* the ledger has no lease for starting */
	bool aborted;			/* by us: not the server's trouble */
	struct err rate_failed;
	int64_t given, delivered;	/* messages */
	unsigned epoch;
	int64_t deadline;		/* loop time */
	int64_t opened_at;
	int64_t timeout_ms;		/* TCP_USER_TIMEOUT, 0: the system's */
	unsigned number;		/* for -d */
	struct reply failure;		/* of the last target */
	bool failure_local, all_5xx;
};

struct counts {
	uint64_t sent, delivered, deferred, bounced, back, stale, ungranted,
	    bad, damaged, lost_lines;
};

struct out;
struct input;

struct send {
	const struct cli *cli;
	bool no_limits, debug;
	struct conf *conf;
	struct spool *spool;
	struct io *io;
	struct leases *leases;
	struct slots *slots;
	struct resolver *resolver;	/* NULL until a name must be looked up */
	struct route_memory *memory;
	struct out *out;
	struct input *input;
	struct io_watch *sync_watch, *dns_watch;

	int64_t now;		/* loop time: CLOCK_MONOTONIC, milliseconds */
	int64_t tick_at, control_at, wake_at;
	uint64_t generation;	/* of control/ when it was looked at */
	size_t n_pauses;

	struct map limits;	/* scope -> struct limit */
	struct map sites;	/* name -> struct site */
	struct map lanes;	/* key -> struct lane, several keys a lane */
	struct lane_list all_lanes, dirty_lanes, blocked_lanes;
	struct conn_list conns, dirty_conns, flush_conns, dead_conns;
	unsigned n_conns;
	size_t held;		/* tasks that wait */
	size_t under_way;	/* tasks given to connections */
	int64_t renew_ms;	/* least of what is under way */

	/* for the ledger */
	struct task_list replies, credits, free_tasks;
	struct conn_list to_rate, to_start, to_stall;
	struct conn_list may_connect, may_start, must_abort;	/* its verdicts */
	uint64_t turn;		/* rotation over sources without a throttle */
	struct serials serials;

	char *buf;		/* READ_SIZE bytes for whoever reads */
	unsigned numbers;	/* of connections */
	bool slot_freed;
	bool short_of_files;
	bool eof;		/* standard input has ended */
	bool stopping;		/* nothing new is begun */
	bool aborting;
	bool signalled;
	int status;		/* exit status so far */
	struct counts counts;
};

/* run.c */
int send_run(struct send *s);
int64_t loop_ms(void);
void send_resolved(void *send);
/* Something of ours failed: nothing new is begun, exit with its status. */
void send_fail(struct send *s, const struct err *err);
/* Nothing is begun any more; what is under way is finished. */
void send_stop(struct send *s);

/* lines.c: standard input */
struct input *input_new(struct send *s);
void input_free(struct input *in);
/* After each turn: take up reading again, or hand lines of a full lane back. */
void input_step(struct send *s);
bool input_pending(const struct send *s);

/* lane.c */
struct lane *lane_of(struct send *s, const char *domain,
    const struct plan *p);
/* A lane by what a grant says, NULL if there was none before. */
struct lane *lane_find(struct send *s, const char *domain, const char *vmta,
    const char *source);
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
int64_t site_failed(struct send *s, struct lane *l, const struct reply *r,
    bool dns);
bool site_rests(const struct send *s, const struct site *site);

/* task.c */
struct task *task_new(struct send *s);
void task_free(struct send *s, struct task *t);
enum task_claim { TASK_READY, TASK_GONE, TASK_LATER, TASK_STOP };
/* Claim it and read what is sent.  TASK_GONE: it has been given back or dropped. */
enum task_claim task_claim(struct send *s, struct task *t);
/* Never used: claim and grant go back. */
void task_back(struct send *s, struct task *t);
/* As task_back for a line that was stale. */
void task_stale(struct send *s, struct task *t);
/* To the head of its lane, as if no connection had been tried. */
void task_unclaim(struct send *s, struct task *t);
/* To its lane once more, claim and all, after a connection that was lost. */
void task_again(struct send *s, struct task *t, bool counted);
/* What happened to it, as far as its caller knows; the rest is filled in. */
void task_settle(struct send *s, struct task *t, struct settle_facts *f);
/* A line whose grant is "expire". */
void task_expire(struct send *s, struct task *t, struct conf_queue *q);

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

/* ledger.c */
bool ledger_has_work(const struct send *s);
void ledger_step(struct send *s);
void renew_under_way(struct send *s);

/* out.c: event lines */
struct out *out_new(struct send *s);
void out_line(void *out, const char *line, size_t len);
void out_flush(struct out *o);
/* Wait a little for a slow reader, then count what is lost. */
void out_end(struct out *o);
void out_free(struct out *o);

/* dry.c */
int send_dry(struct send *s);

#endif
