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

#include "base/cli.h"
#include "base/map.h"
#include "conf/conf.h"
#include "conn.h"
#include "deliver/serials.h"
#include "dns/resolve.h"
#include "lane.h"
#include "spool/spool.h"
#include "task.h"

enum {
	TICK_MS = 250, /* timeouts are looked at so often */
	CONTROL_MS = 200, /* control/ is looked at so often, at claims (P7) */
	SLOT_WAIT_MS =
	    60000, /* then lines without a slot are handed back (P10) */
	IDLE_GRACE_MS = 100, /* so long a lane may starve beside a full one */
	STUCK_MS = 2000, /* a full lane that serves nobody blocks no others */
	LATER_MS = 200, /* another process is recovering */
	REFUSED_MS = 30000, /* no more connections beside working ones */
	TARGET_BAD_MS = 300000, /* an address that failed is tried last */
	UNSYNCED_MAX = 20000, /* outcomes that wait for the disk */
	READ_SIZE = 65536,
	TASK_TRIES = 5, /* connections that a task may lose unsent */
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
	struct resolver *resolver; /* NULL until a name must be looked up */
	struct route_memory *memory;
	struct out *out;
	struct input *input;
	struct io_watch *sync_watch, *dns_watch;

	int64_t now; /* loop time: CLOCK_MONOTONIC, milliseconds */
	int64_t tick_at, control_at, wake_at;
	uint64_t generation; /* of control/ when it was looked at */
	size_t n_pauses;

	struct map limits; /* scope -> struct limit */
	struct map sites; /* name -> struct site */
	struct map lanes; /* key -> struct lane, several keys a lane */
	struct lane_list all_lanes, dirty_lanes, blocked_lanes;
	struct conn_list conns, dirty_conns, flush_conns, dead_conns;
	unsigned n_conns;
	size_t held; /* tasks that wait */
	size_t under_way; /* tasks given to connections */
	int64_t renew_ms; /* least of what is under way */

	/* for the ledger */
	struct task_list replies, credits, free_tasks;
	struct conn_list to_rate, to_start, to_stall;
	struct conn_list may_connect, may_start, must_abort; /* its verdicts */
	uint64_t turn; /* rotation over sources without a throttle */
	struct serials serials;

	char *buf; /* READ_SIZE bytes for whoever reads */
	unsigned numbers; /* of connections */
	bool slot_freed;
	bool short_of_files;
	bool eof; /* standard input has ended */
	bool stopping; /* nothing new is begun */
	bool aborting;
	bool signalled;
	int status; /* exit status so far */
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
